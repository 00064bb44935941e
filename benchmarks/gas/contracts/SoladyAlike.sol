// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721} from "solady/src/tokens/ERC721.sol";
import {ERC2981} from "solady/src/tokens/ERC2981.sol";
import {Ownable} from "solady/src/auth/Ownable.sol";
import {BundleURI} from "../../../contracts/libraries/BundleURI.sol";

/// @title Every feature of ProfilePicture, from Solady's parts: for the deployment at equal features
/// @dev Solady's handover (requestOwnershipHandover, completeOwnershipHandover) is the second step.
contract SoladyAlike is ERC721, ERC2981, Ownable {
    error NotMinter(address account);
    error SupplyExceeded(uint256 wanted, uint256 left);
    error LengthMismatch(uint256 receivers, uint256 bundles);
    error EmptyBatch();
    error ZeroBundle();

    event MinterChanged(address indexed previousMinter, address indexed newMinter);

    uint256 public immutable maxSupply;
    bytes32 private immutable _collectionBundle;
    address public minter;
    uint48 private _minted;
    uint48 private _burned;
    string private _name;
    string private _symbol;
    mapping(uint256 id => bytes32) private _bundles;

    constructor(
        string memory name_,
        string memory symbol_,
        address owner_,
        address minter_,
        uint256 maxSupply_,
        address royaltyReceiver,
        uint96 royaltyBps,
        bytes32 collectionBundle
    ) {
        if (maxSupply_ > type(uint48).max) revert SupplyExceeded(maxSupply_, type(uint48).max);
        _name = name_;
        _symbol = symbol_;
        maxSupply = maxSupply_;
        _collectionBundle = collectionBundle;
        _initializeOwner(owner_);
        _setDefaultRoyalty(royaltyReceiver, royaltyBps);
        _setMinter(minter_);
    }

    function mint(address to, bytes32 bundle)
        external
        returns (uint256 id, string memory metadataURI, string memory image)
    {
        id = _take(1);
        _create(to, id, bundle);
        return (id, BundleURI.metadata(bundle), BundleURI.image(bundle));
    }

    function safeMint(address to, bytes32 bundle, bytes calldata data)
        external
        returns (uint256 id, string memory metadataURI, string memory image)
    {
        id = _take(1);
        if (bundle == 0) revert ZeroBundle();
        _bundles[id] = bundle;
        _safeMint(to, id, data);
        return (id, BundleURI.metadata(bundle), BundleURI.image(bundle));
    }

    function mintBatch(address to, bytes32[] calldata bundles) external returns (uint256 firstId) {
        firstId = _take(bundles.length);
        for (uint256 i = 0; i < bundles.length; ++i) _create(to, firstId + i, bundles[i]);
    }

    function airdrop(address[] calldata receivers, bytes32[] calldata bundles) external returns (uint256 firstId) {
        if (receivers.length != bundles.length) revert LengthMismatch(receivers.length, bundles.length);
        firstId = _take(bundles.length);
        for (uint256 i = 0; i < bundles.length; ++i) _create(receivers[i], firstId + i, bundles[i]);
    }

    function burn(uint256 id) external {
        _burn(msg.sender, id);
        ++_burned;
    }

    function setMinter(address newMinter) external onlyOwner {
        _setMinter(newMinter);
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    function totalMinted() external view returns (uint256) {
        return _minted;
    }

    function totalSupply() external view returns (uint256) {
        return _minted - _burned;
    }

    function bundleOf(uint256 id) public view returns (bytes32) {
        if (!_exists(id)) revert TokenDoesNotExist();
        return _bundles[id];
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        return BundleURI.metadata(bundleOf(id));
    }

    function imageURI(uint256 id) external view returns (string memory) {
        return BundleURI.image(bundleOf(id));
    }

    function contractURI() external view returns (string memory) {
        return BundleURI.metadata(_collectionBundle);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC2981) returns (bool) {
        return ERC721.supportsInterface(interfaceId) || ERC2981.supportsInterface(interfaceId);
    }

    function _take(uint256 count) private returns (uint256 firstId) {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        if (count == 0) revert EmptyBatch();
        uint256 minted = _minted;
        if (count > maxSupply - minted) revert SupplyExceeded(count, maxSupply - minted);
        _minted = uint48(minted + count);
        return minted + 1;
    }

    function _create(address to, uint256 id, bytes32 bundle) private {
        if (bundle == 0) revert ZeroBundle();
        _mint(to, id);
        _bundles[id] = bundle;
    }

    function _setMinter(address newMinter) private {
        emit MinterChanged(minter, newMinter);
        minter = newMinter;
    }
}
