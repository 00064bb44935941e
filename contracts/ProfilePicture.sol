// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProfilePicture} from "./interfaces/IProfilePicture.sol";
import {BundleURI} from "./libraries/BundleURI.sol";
import {Packed} from "./libraries/Packed.sol";
import {Receiver} from "./libraries/Receiver.sol";
import {SSTORE2} from "./libraries/SSTORE2.sol";

/// @title Profile pictures: tokens whose metadata is fixed when they are minted
/// @notice What each function promises, and what owner and minter can never do: see IProfilePicture.
/// @dev Addresses share their slots with counters, as the comments at the storage variables say.
/// An epoch starts at 1 and grows with each transfer. An approval counts while its epoch is the token's,
/// so that a transfer by the holder or an operator ends it without touching its slot. An empty approval
/// slot has epoch 0 and therefore never counts, and neither does any slot for a burned token.
/// A batch is named by its first id. Its digests are the code of one contract, instead of a slot each.
contract ProfilePicture is IProfilePicture {
    using Packed for uint256;

    struct Token {
        uint256 holding; // holder: 160 bits | batch: 48 | epoch: 48; zero when there is no such token
        bytes32 bundle; // the digest of a token of no batch; it stays after a burn, where no function reads it
    }

    uint256 private constant ONE_EPOCH = 1 << 208;
    uint256 private constant ONE_MINTED = 1 << 160;
    uint256 private constant ONE_BURNED = 1 << 208;

    /// @inheritdoc IProfilePicture
    uint256 public immutable maxSupply;
    address private immutable _royaltyReceiver;
    uint256 private immutable _royaltyBps;
    bytes32 private immutable _collectionBundle;

    uint256 private _minting; // minter: 160 bits | ids given: 48 | tokens burned: 48
    /// @inheritdoc IProfilePicture
    address public owner;
    /// @inheritdoc IProfilePicture
    address public pendingOwner;
    /// @inheritdoc IProfilePicture
    string public name;
    /// @inheritdoc IProfilePicture
    string public symbol;
    mapping(uint256 id => Token) private _tokens;
    mapping(uint256 batch => address) private _batches; // the data contract of its digests
    mapping(uint256 id => uint256) private _approvals; // spender: 160 bits | batch and epoch of the token then: 96
    mapping(address holder => uint256) private _balances;
    /// @inheritdoc IProfilePicture
    mapping(address holder => mapping(address operator => bool)) public isApprovedForAll;

    modifier onlyOwner() {
        if (msg.sender != owner) revert OwnableUnauthorizedAccount(msg.sender);
        _;
    }

    /// @dev `owner_` is not zero; `minter_` may be, when the owner will choose it later. `maxSupply_` is 1 to
    /// 2^48 - 1. `royaltyBps` is in 1/10,000 of a price. A `collectionBundle` of zero is refused, for it
    /// could never be set later.
    constructor(
        string memory name_, string memory symbol_, address owner_, address minter_, uint256 maxSupply_,
        address royaltyReceiver, uint96 royaltyBps, bytes32 collectionBundle
    ) {
        if (owner_ == address(0)) revert OwnableInvalidOwner(owner_);
        if (maxSupply_ == 0 || maxSupply_ > type(uint48).max) revert InvalidMaxSupply(maxSupply_);
        bool unpaid = royaltyBps != 0 && royaltyReceiver == address(0);
        if (unpaid || royaltyBps > 10_000) revert InvalidRoyalty(royaltyReceiver, royaltyBps);
        if (collectionBundle == 0) revert ZeroBundle();
        name = name_;
        symbol = symbol_;
        maxSupply = maxSupply_;
        _royaltyReceiver = royaltyReceiver;
        _royaltyBps = royaltyBps;
        _collectionBundle = collectionBundle;
        _setOwner(owner_);
        _setMinter(minter_);
    }

    // -------------------------------------------------------------------------------------------- minting, burning
    // solc warns that the result `imageURI` is named like the view: both names are the ABI's.
    /// @inheritdoc IProfilePicture
    function mint(address to, bytes32 bundle)
        external returns (uint256 id, string memory metadataURI, string memory imageURI)
    {
        id = _takeIds(1);
        _credit(to, 1);
        _create(to, id, bundle, 0);
        (metadataURI, imageURI) = BundleURI.both(bundle);
    }

    /// @inheritdoc IProfilePicture
    function safeMint(address to, bytes32 bundle, bytes calldata data)
        external returns (uint256 id, string memory metadataURI, string memory imageURI)
    {
        id = _takeIds(1);
        _credit(to, 1);
        _create(to, id, bundle, 0);
        Receiver.ask(to, address(0), id, data);
        (metadataURI, imageURI) = BundleURI.both(bundle);
    }

    /// @inheritdoc IProfilePicture
    function mintBatch(address to, bytes32[] calldata bundles) external returns (uint256 firstId) {
        firstId = _takeIds(bundles.length);
        _credit(to, bundles.length);
        uint256 batch = _storeBatch(firstId, bundles);
        unchecked {
            for (uint256 i = 0; i < bundles.length; ++i) _create(to, firstId + i, bundles[i], batch);
        }
    }

    /// @inheritdoc IProfilePicture
    function airdrop(address[] calldata receivers, bytes32[] calldata bundles) external returns (uint256 firstId) {
        if (receivers.length != bundles.length) revert LengthMismatch(receivers.length, bundles.length);
        firstId = _takeIds(bundles.length);
        uint256 batch = _storeBatch(firstId, bundles);
        unchecked {
            for (uint256 i = 0; i < bundles.length; ++i) {
                _credit(receivers[i], 1);
                _create(receivers[i], firstId + i, bundles[i], batch);
            }
        }
    }

    /// @inheritdoc IProfilePicture
    function burn(uint256 id) external {
        uint256 holding = _holdingOf(id);
        _spend(holding, id);
        address holder = holding.account();
        unchecked {
            // A holder's balance is the number of its tokens, and no more are burned than minted.
            --_balances[holder];
            _minting += ONE_BURNED;
        }
        delete _tokens[id].holding;
        emit Transfer(holder, address(0), id);
    }

    // ------------------------------------------------------------------------------------------------------ moving
    /// @inheritdoc IProfilePicture
    function approve(address spender, uint256 id) external {
        uint256 holding = _holdingOf(id);
        address holder = holding.account();
        if (msg.sender != holder && !isApprovedForAll[holder][msg.sender]) {
            revert ERC721InvalidApprover(msg.sender);
        }
        // An empty slot says the same as a zero spender, and clearing it is refunded.
        _approvals[id] = spender == address(0) ? 0 : holding.withAccount(spender);
        emit Approval(holder, spender, id);
    }

    /// @inheritdoc IProfilePicture
    function setApprovalForAll(address operator, bool approved) external {
        if (operator == address(0)) revert ERC721InvalidOperator(operator);
        isApprovedForAll[msg.sender][operator] = approved;
        emit ApprovalForAll(msg.sender, operator, approved);
    }

    /// @inheritdoc IProfilePicture
    function transferFrom(address from, address to, uint256 id) external {
        _transfer(from, to, id);
    }

    /// @inheritdoc IProfilePicture
    function safeTransferFrom(address from, address to, uint256 id) external {
        _transfer(from, to, id);
        Receiver.ask(to, from, id, "");
    }

    /// @inheritdoc IProfilePicture
    function safeTransferFrom(address from, address to, uint256 id, bytes calldata data) external {
        _transfer(from, to, id);
        Receiver.ask(to, from, id, data);
    }

    // -------------------------------------------------------------------------------------------- owner and minter
    /// @inheritdoc IProfilePicture
    function setMinter(address newMinter) external onlyOwner {
        _setMinter(newMinter);
    }

    /// @inheritdoc IProfilePicture
    function transferOwnership(address newOwner) external onlyOwner {
        pendingOwner = newOwner;
        emit OwnershipTransferStarted(msg.sender, newOwner);
    }

    /// @inheritdoc IProfilePicture
    function acceptOwnership() external {
        if (msg.sender != pendingOwner) revert OwnableUnauthorizedAccount(msg.sender);
        _setOwner(msg.sender);
    }

    /// @inheritdoc IProfilePicture
    function renounceOwnership() external onlyOwner {
        _setOwner(address(0));
    }

    // ------------------------------------------------------------------------------------------------------- views
    /// @inheritdoc IProfilePicture
    function bundleOf(uint256 id) public view returns (bytes32) {
        uint256 batch = uint48(_holdingOf(id) >> 160);
        return batch == 0 ? _tokens[id].bundle : SSTORE2.read(_batches[batch], id - batch);
    }

    /// @inheritdoc IProfilePicture
    function imageURI(uint256 id) external view returns (string memory) {
        return BundleURI.image(bundleOf(id));
    }

    /// @inheritdoc IProfilePicture
    function tokenURI(uint256 id) external view returns (string memory) {
        return BundleURI.metadata(bundleOf(id));
    }

    /// @inheritdoc IProfilePicture
    function contractURI() external view returns (string memory) {
        return BundleURI.metadata(_collectionBundle);
    }

    /// @inheritdoc IProfilePicture
    function totalMinted() public view returns (uint256) {
        return uint48(_minting >> 160);
    }

    /// @inheritdoc IProfilePicture
    function totalSupply() external view returns (uint256) {
        return totalMinted() - (_minting >> 208);
    }

    /// @inheritdoc IProfilePicture
    function minter() public view returns (address) {
        return _minting.account();
    }

    /// @inheritdoc IProfilePicture
    function balanceOf(address holder) external view returns (uint256) {
        if (holder == address(0)) revert ERC721InvalidOwner(holder);
        return _balances[holder];
    }

    /// @inheritdoc IProfilePicture
    function ownerOf(uint256 id) external view returns (address) {
        return _holdingOf(id).account();
    }

    /// @inheritdoc IProfilePicture
    function getApproved(uint256 id) external view returns (address) {
        uint256 approval = _approvals[id];
        return _holdingOf(id).rest() == approval.rest() ? approval.account() : address(0);
    }

    /// @inheritdoc IProfilePicture
    function royaltyInfo(uint256, uint256 salePrice) external view returns (address receiver, uint256 royaltyAmount) {
        // The price by parts: exact, and no price is too large to multiply.
        return (_royaltyReceiver, salePrice / 10_000 * _royaltyBps + salePrice % 10_000 * _royaltyBps / 10_000);
    }

    /// @inheritdoc IProfilePicture
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == 0x01ffc9a7 // ERC-165
            || interfaceId == 0x80ac58cd // ERC-721
            || interfaceId == 0x5b5e139f // ERC-721 Metadata
            || interfaceId == 0x2a55205a; // ERC-2981
    }

    // ---------------------------------------------------------------------------------------------------- internal
    /// @dev Reserve the next `count` ids for the minter, who has to be the caller.
    function _takeIds(uint256 count) private returns (uint256 firstId) {
        uint256 minting = _minting;
        if (msg.sender != minting.account()) revert NotMinter(msg.sender);
        if (count == 0) revert EmptyBatch();
        unchecked {
            // No more than maxSupply ids are given, so that neither line wraps or leaves its bits.
            uint256 given = uint48(minting >> 160);
            uint256 left = maxSupply - given;
            if (count > left) revert SupplyExceeded(count, left);
            _minting = minting + count * ONE_MINTED;
            return given + 1;
        }
    }

    /// @dev Keep the digests in a data contract, and return the batch as it stands in `holding`: zero for
    /// fewer than four, because it costs less when each of them keeps its own.
    function _storeBatch(uint256 firstId, bytes32[] calldata bundles) private returns (uint256 batch) {
        if (bundles.length < 4) return 0;
        _batches[firstId] = SSTORE2.write(bundles);
        return firstId << 160;
    }

    function _credit(address to, uint256 count) private {
        if (to == address(0)) revert ERC721InvalidReceiver(to);
        unchecked {
            // The sum of all balances is at most maxSupply.
            _balances[to] += count;
        }
    }

    /// @dev In a batch, the bundle is stored already.
    function _create(address to, uint256 id, bytes32 bundle, uint256 batch) private {
        if (bundle == 0) revert ZeroBundle();
        Token storage token = _tokens[id];
        token.holding = (ONE_EPOCH | batch).withAccount(to);
        if (batch == 0) token.bundle = bundle;
        emit Transfer(address(0), to, id);
    }

    function _transfer(address from, address to, uint256 id) private {
        if (to == address(0)) revert ERC721InvalidReceiver(to);
        uint256 holding = _holdingOf(id);
        if (holding.account() != from) revert ERC721IncorrectOwner(from, id, holding.account());
        _spend(holding, id);
        unchecked {
            // `from` holds this token; 2^48 transfers of it are out of reach, and would wrap the epoch alone.
            --_balances[from];
            ++_balances[to];
            // `from` is the address in `holding`; `to` takes its place, in the next epoch.
            _tokens[id].holding = (holding ^ uint160(from) ^ uint160(to)) + ONE_EPOCH;
        }
        emit Transfer(from, to, id);
    }

    /// @dev Revert unless the caller may move the token; an approval is used up.
    function _spend(uint256 holding, uint256 id) private {
        address holder = holding.account();
        if (msg.sender == holder || isApprovedForAll[holder][msg.sender]) return;
        if (_approvals[id] != holding.withAccount(msg.sender)) {
            revert ERC721InsufficientApproval(msg.sender, id);
        }
        // The epoch ends it anyway; clearing is refunded.
        delete _approvals[id];
    }

    function _setOwner(address newOwner) private {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
        delete pendingOwner;
    }

    function _setMinter(address newMinter) private {
        emit MinterChanged(minter(), newMinter);
        _minting = _minting.withAccount(newMinter);
    }

    /// @dev The holder and epoch of a token that exists.
    function _holdingOf(uint256 id) private view returns (uint256 holding) {
        holding = _tokens[id].holding;
        if (holding == 0) revert ERC721NonexistentToken(id);
    }
}
