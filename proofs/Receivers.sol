// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, implies, svm, vm} from "./Collection.sol";

/// @title A receiver that hands the word to the proof while it is asked
contract Asked {
    Receivers private immutable _proof = Receivers(msg.sender);

    function onERC721Received(address operator, address from, uint256 id, bytes calldata data)
        external
        returns (bytes4)
    {
        return _proof.asked(operator, from, id, data);
    }
}

/// @title What a receiver can do while it is asked (reentrancy)
/// @notice When the receiver is asked, all is written (first and second proof), and nothing is written after
/// its answer, whatever it left (third and fourth). So whatever it does, any number of calls at any depth,
/// is what it could do after a transfer or a mint without a question: the other proofs hold for each call.
contract Receivers is Collection {
    Asked private _receiver;
    bool private _havoc;
    bool private _reenter;
    uint256 private _other;
    bytes4 private _answer = 0x150b7a02;

    // What was found when the receiver was asked.
    uint256 private _id;
    uint256 private _times;
    Token private _seen;
    uint256 private _minted;
    uint256 private _balance;
    address private _operator;
    address private _from;
    bytes32 private _data;
    uint256 private _left;

    function setUp() public override {
        super.setUp();
        _receiver = new Asked();
    }

    function asked(address operator, address from, uint256 id, bytes calldata data) external returns (bytes4) {
        ++_times;
        (_operator, _from, _id, _data) = (operator, from, id, keccak256(data));
        _seen = token(id);
        _minted = totals().minted;
        _balance = balance(address(_receiver));
        if (_havoc) {
            // As if any calls had been made: every counter, role, token, approval and balance is another one.
            write(SLOT_minting, svm.createUint256("minting left"));
            write(SLOT_owner, svm.createUint256("owner left"));
            write(SLOT_pendingOwner, svm.createUint256("pending owner left"));
            write(slotOf(id, SLOT_tokens), svm.createUint256("token left"));
            write(slotOf(id, SLOT_tokens) + 1, svm.createUint256("bundle left"));
            write(slotOf(id, SLOT_approvals), svm.createUint256("approval left"));
            write(slotOf(uint160(from), SLOT_balances), svm.createUint256("balance left"));
            write(slotOf(uint160(address(_receiver)), SLOT_balances), svm.createUint256("balance of the receiver left"));
        }
        if (_reenter) {
            _reenter = false; // once
            address again = svm.createAddress("caller again");
            vm.assume(!mayMove(again, token(_other)));
            anyCall(again);
        }
        _left = svm.snapshotStorage(address(pictures));
        return _answer;
    }

    /// @notice safeTransferFrom asks once, when the token has moved and its approval has ended
    function check_a_safe_transfer_asks_when_all_is_written(
        address caller,
        address from,
        uint256 id,
        bool withData,
        bytes calldata data
    ) external {
        Token memory before = assumeSound(id);
        uint256 had = balance(address(_receiver));
        vm.assume(from != address(_receiver));
        vm.assume(move(caller, from, address(_receiver), id, withData ? 2 : 1, data));
        assert(both(_times == 1, both(_operator == caller, both(_from == from, _id == id))));
        assert(_data == (withData ? keccak256(data) : keccak256("")));
        assert(both(_seen.holder == address(_receiver), _seen.epoch == before.epoch + 1));
        assert(both(!isLive(_seen), both(_seen.batch == before.batch, _seen.bundle == before.bundle)));
        unchecked {
            assert(_balance == had + 1);
        }
    }

    /// @notice safeMint asks once, when the token is counted, held and has its bundle
    function check_a_safe_mint_asks_when_all_is_written(address caller, bytes32 bundle, bytes calldata data)
        external
    {
        uint256 minted = totals().minted;
        vm.assume(minted <= pictures.maxSupply());
        uint256 had = balance(address(_receiver));
        prank(caller);
        (bool done,) =
            address(pictures).call(abi.encodeCall(pictures.safeMint, (address(_receiver), bundle, data)));
        vm.assume(done);
        assert(both(_times == 1, both(_operator == caller, both(_from == address(0), _id == minted + 1))));
        assert(both(_data == keccak256(data), _minted == minted + 1));
        assert(both(both(_seen.holder == address(_receiver), _seen.epoch == 1), _seen.bundle == bundle));
        unchecked {
            assert(_balance == had + 1);
        }
    }

    /// @notice after the receiver's answer safeTransferFrom writes nothing, whatever was left
    function check_a_safe_transfer_writes_nothing_after_the_answer(
        address caller,
        address from,
        uint256 id,
        bool withData,
        bytes calldata data
    ) external {
        assumeSound(id);
        _havoc = true;
        vm.assume(move(caller, from, address(_receiver), id, withData ? 2 : 1, data));
        assert(_left == svm.snapshotStorage(address(pictures)));
    }

    /// @notice after the receiver's answer safeMint writes nothing, and answers with its own id, whatever was left
    function check_a_safe_mint_writes_nothing_after_the_answer(address caller, bytes32 bundle, bytes calldata data)
        external
    {
        uint256 minted = totals().minted;
        vm.assume(minted <= pictures.maxSupply());
        _havoc = true;
        prank(caller);
        (bool done, bytes memory answer) =
            address(pictures).call(abi.encodeCall(pictures.safeMint, (address(_receiver), bundle, data)));
        vm.assume(done);
        assert(_left == svm.snapshotStorage(address(pictures)));
        (uint256 id,,) = abi.decode(answer, (uint256, string, string));
        assert(id == minted + 1);
    }

    /// @notice a contract that answers anything but the selector gets no token
    function check_another_answer_undoes_all(
        address caller,
        address from,
        uint256 id,
        bool withData,
        bytes calldata data,
        bytes32 bundle,
        bytes4 answer
    ) external {
        vm.assume(answer != 0x150b7a02);
        _answer = answer;
        assert(!move(caller, from, address(_receiver), id, withData ? 2 : 1, data));
        prank(caller);
        (bool done,) =
            address(pictures).call(abi.encodeCall(pictures.safeMint, (address(_receiver), bundle, data)));
        assert(!done);
    }

    /// @notice while a receiver is asked, no one call of a stranger to another token changes that token
    function check_a_call_back_leaves_tokens_of_others(address caller, address from, uint256 id, uint256 other)
        external
    {
        Token memory others = assumeExists(other);
        vm.assume(id != other);
        (_reenter, _other) = (true, other);
        prank(caller);
        (bool done,) = address(pictures).call(
            abi.encodeWithSignature("safeTransferFrom(address,address,uint256)", from, address(_receiver), id)
        );
        if (done) assert(same(token(other), others));
    }
}
