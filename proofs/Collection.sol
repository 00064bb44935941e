// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProfilePicture} from "../contracts/ProfilePicture.sol";

/// @dev What Halmos offers to a proof: symbolic values, and storage that holds anything.
interface SVM {
    function createUint256(string calldata name) external pure returns (uint256);
    function createUint(uint256 bits, string calldata name) external pure returns (uint256);
    function createAddress(string calldata name) external pure returns (address);
    function createBytes32(string calldata name) external pure returns (bytes32);
    function createBytes4(string calldata name) external pure returns (bytes4);
    function createBytes(uint256 size, string calldata name) external pure returns (bytes memory);
    function createCalldata(string calldata contractName) external pure returns (bytes memory);
    function enableSymbolicStorage(address account) external;
    function snapshotStorage(address account) external returns (uint256);
}

interface VM {
    function assume(bool condition) external pure;
    function prank(address caller) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
}

SVM constant svm = SVM(0xF3993A62377BCd56AE39D773740A5390411E8BC9);
VM constant vm = VM(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

/// @title A contract that takes every token
contract Taker {
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return 0x150b7a02;
    }
}

/// @title A collection about which nothing is known
/// @notice `setUp` deploys ProfilePicture with any arguments that its constructor accepts, and lets every
/// slot of its storage hold anything. A proof then assumes the invariant of the tokens that it looks at.
/// @dev The slots below are compared with the compiler's storage layout by prove.py.
abstract contract Collection {
    uint256 internal constant SLOT_minting = 0;
    uint256 internal constant SLOT_owner = 1;
    uint256 internal constant SLOT_pendingOwner = 2;
    uint256 internal constant SLOT_tokens = 5;
    uint256 internal constant SLOT_batches = 6;
    uint256 internal constant SLOT_approvals = 7;
    uint256 internal constant SLOT_balances = 8;
    uint256 internal constant SLOT_isApprovedForAll = 9;

    ProfilePicture internal pictures;
    Taker internal taker;
    address internal royaltyReceiver;
    uint96 internal royaltyBps;
    bytes32 internal collectionBundle;

    /// @dev All that the storage says of one token.
    struct Token {
        address holder;
        uint256 batch;
        uint256 epoch;
        bytes32 bundle;
        address spender;
        uint256 spenderBatch;
        uint256 spenderEpoch;
    }

    /// @dev The counters and the roles.
    struct Totals {
        uint256 minted;
        uint256 burned;
        address minter;
        address owner;
        address pendingOwner;
    }

    function setUp() public virtual {
        royaltyReceiver = svm.createAddress("royaltyReceiver");
        royaltyBps = uint96(svm.createUint(96, "royaltyBps"));
        collectionBundle = svm.createBytes32("collectionBundle");
        // One path through the constructor; Royalty.sol takes every rate.
        vm.assume(royaltyBps != 0);
        pictures = new ProfilePicture(
            "Pictures",
            "PIC",
            svm.createAddress("firstOwner"),
            svm.createAddress("firstMinter"),
            svm.createUint256("maxSupply"),
            royaltyReceiver,
            royaltyBps,
            collectionBundle
        );
        svm.enableSymbolicStorage(address(pictures));
        // Slots that the constructor wrote keep their values unless they are written again.
        write(SLOT_minting, svm.createUint256("minting"));
        write(SLOT_owner, uint160(svm.createAddress("owner")));
        write(SLOT_pendingOwner, uint160(svm.createAddress("pendingOwner")));
        taker = new Taker();
    }

    // --------------------------------------------------------------------------------------- reading the storage
    function read(uint256 slot) internal view returns (uint256) {
        return uint256(vm.load(address(pictures), bytes32(slot)));
    }

    function write(uint256 slot, uint256 value) internal {
        vm.store(address(pictures), bytes32(slot), bytes32(value));
    }

    function slotOf(uint256 key, uint256 slot) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(key, slot)));
    }

    function token(uint256 id) internal view returns (Token memory found) {
        uint256 holding = read(slotOf(id, SLOT_tokens));
        uint256 approval = read(slotOf(id, SLOT_approvals));
        found.holder = address(uint160(holding));
        found.batch = uint48(holding >> 160);
        found.epoch = holding >> 208;
        found.bundle = bytes32(read(slotOf(id, SLOT_tokens) + 1));
        found.spender = address(uint160(approval));
        found.spenderBatch = uint48(approval >> 160);
        found.spenderEpoch = approval >> 208;
    }

    /// @dev Where the digests of a batch are.
    function dataOf(uint256 batch) internal view returns (uint256) {
        return read(slotOf(batch, SLOT_batches));
    }

    function totals() internal view returns (Totals memory found) {
        uint256 minting = read(SLOT_minting);
        found.minter = address(uint160(minting));
        found.minted = uint48(minting >> 160);
        found.burned = minting >> 208;
        found.owner = address(uint160(read(SLOT_owner)));
        found.pendingOwner = address(uint160(read(SLOT_pendingOwner)));
    }

    function balance(address holder) internal view returns (uint256) {
        return read(slotOf(uint160(holder), SLOT_balances));
    }

    function isOperator(address holder, address operator) internal view returns (bool) {
        return uint8(read(uint256(keccak256(abi.encode(operator, keccak256(abi.encode(holder, SLOT_isApprovedForAll))))))) != 0;
    }

    // ------------------------------------------------------------------------------------------------- invariant
    function exists(Token memory t) internal pure returns (bool) {
        return (uint160(t.holder) | t.batch | t.epoch) != 0;
    }

    function same(Token memory a, Token memory b) internal pure returns (bool) {
        return both(
            both(both(a.holder == b.holder, a.batch == b.batch), both(a.epoch == b.epoch, a.bundle == b.bundle)),
            both(a.spender == b.spender, both(a.spenderBatch == b.spenderBatch, a.spenderEpoch == b.spenderEpoch))
        );
    }

    /// @dev The invariant of one token is taken for granted, and that it was moved fewer than 2^48 - 2 times.
    function assumeSound(uint256 id) internal view returns (Token memory t) {
        t = token(id);
        vm.assume(both(sound(id, t, totals()), t.epoch < type(uint48).max));
    }

    /// @dev Of a token that exists: it was counted as minted, and not as burned.
    function assumeExists(uint256 id) internal view returns (Token memory t) {
        t = assumeSound(id);
        Totals memory all = totals();
        vm.assume(both(exists(t), all.burned < all.minted));
        vm.assume(balance(t.holder) != 0);
    }

    function mints(bytes4 selector) internal view returns (bool) {
        return either(
            either(selector == pictures.mint.selector, selector == pictures.safeMint.selector),
            either(selector == pictures.mintBatch.selector, selector == pictures.airdrop.selector)
        );
    }

    /// @dev Whom ERC-721 lets move and burn the token.
    function mayMove(address caller, Token memory t) internal view returns (bool) {
        bool approved = both(t.spender == caller, isLive(t));
        return either(approved, mayApprove(caller, t));
    }

    function isLive(Token memory t) internal pure returns (bool) {
        return both(t.spender != address(0), both(t.spenderBatch == t.batch, t.spenderEpoch == t.epoch));
    }

    function mayApprove(address caller, Token memory t) internal view returns (bool) {
        return either(caller == t.holder, isOperator(t.holder, caller));
    }

    /// @dev What holds of every id at all times; Invariant.sol proves that no call ends it. An id that exists
    /// was given, has a holder, an epoch and a bundle of its own or of its batch, and no approval of a later
    /// epoch. Of an id that was not given yet, nothing is stored.
    function sound(uint256 id, Token memory t, Totals memory all) internal view returns (bool) {
        bool given = both(id != 0, id <= all.minted);
        bool held = both(t.holder != address(0), both(t.epoch != 0, t.spenderEpoch <= t.epoch));
        bool shown = both(
            implies(t.batch == 0, t.bundle != 0), implies(t.batch != 0, both(t.batch <= id, dataOf(t.batch) != 0))
        );
        bool approved = t.spender != address(0);
        bool nothing = both(both(t.bundle == 0, dataOf(id) == 0), both(!exists(t), !approved));
        return both(
            both(all.minted <= pictures.maxSupply(), either(given, nothing)),
            both(implies(exists(t), both(given, both(held, shown))), approved == (t.spenderEpoch != 0))
        );
    }

    // ---------------------------------------------------------------------------------------------------- calling
    /// @dev The next call is made by `caller`: not by the zero address, of which nobody has the key, nor by an
    /// operator of it, of which there is none (Invariant.sol).
    function prank(address caller) internal {
        vm.assume(both(caller != address(0), !isOperator(address(0), caller)));
        vm.prank(caller);
    }

    /// @dev Move a token by one of the three ways.
    function move(address caller, address from, address to, uint256 id, uint8 way, bytes calldata data)
        internal
        returns (bool done)
    {
        bytes memory call = abi.encodeCall(pictures.transferFrom, (from, to, id));
        if (way == 1) call = abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", from, to, id);
        if (way == 2) {
            call = abi.encodeWithSignature("safeTransferFrom(address,address,uint256,bytes)", from, to, id, data);
        }
        prank(caller);
        (done,) = address(pictures).call(call);
    }

    /// @dev Call any function that is not a view, with any arguments, as `caller`.
    function anyCall(address caller) internal returns (bool done, bytes4 selector) {
        bytes memory data = svm.createCalldata("ProfilePicture");
        prank(caller);
        (done,) = address(pictures).call(data);
        selector = bytes4(data);
    }
}

// Without jumps, so that a condition does not double the paths to explore.
function both(bool a, bool b) pure returns (bool c) {
    assembly {
        c := and(a, b)
    }
}

function either(bool a, bool b) pure returns (bool c) {
    assembly {
        c := or(a, b)
    }
}

function implies(bool a, bool b) pure returns (bool c) {
    assembly {
        c := or(iszero(a), b)
    }
}
