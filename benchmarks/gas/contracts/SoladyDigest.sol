// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721} from "solady/src/tokens/ERC721.sol";
import {Ownable} from "solady/src/auth/Ownable.sol";
import {BundleURI} from "../../../contracts/libraries/BundleURI.sol";

/// @title Solady's ERC721 with a digest a token; the owner mints
/// @dev Solady has no base32; the encoder is ours, so that the text is the same.
contract SoladyDigest is ERC721, Ownable {
    uint256 private _lastId;
    mapping(uint256 id => bytes32) private _digests;

    constructor(address owner_) {
        _initializeOwner(owner_);
    }

    function mint(address to, bytes32 digest) external onlyOwner returns (uint256 id) {
        id = ++_lastId;
        _mint(to, id);
        _digests[id] = digest;
    }

    function safeMint(address to, bytes32 digest) external onlyOwner returns (uint256 id) {
        id = ++_lastId;
        _digests[id] = digest;
        _safeMint(to, id);
    }

    function mintBatch(address to, bytes32[] calldata digests) external onlyOwner {
        uint256 id = _lastId;
        _lastId = id + digests.length;
        for (uint256 i = 0; i < digests.length; ++i) {
            _mint(to, ++id);
            _digests[id] = digests[i];
        }
    }

    function airdrop(address[] calldata receivers, bytes32[] calldata digests) external onlyOwner {
        uint256 id = _lastId;
        _lastId = id + digests.length;
        for (uint256 i = 0; i < digests.length; ++i) {
            _mint(receivers[i], ++id);
            _digests[id] = digests[i];
        }
    }

    function burn(uint256 id) external {
        _burn(msg.sender, id);
    }

    function name() public pure override returns (string memory) {
        return "Profile Pictures";
    }

    function symbol() public pure override returns (string memory) {
        return "PFP";
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        if (!_exists(id)) revert TokenDoesNotExist();
        return BundleURI.metadata(_digests[id]);
    }
}
