// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721A, ERC721ABurnable, IERC721A} from "erc721a/contracts/extensions/ERC721ABurnable.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {BundleURI} from "../../../contracts/libraries/BundleURI.sol";

/// @title ERC721A with a digest a token; the owner mints
/// @dev ERC721A has no base32; the encoder is ours, so that the text is the same.
contract ERC721ADigest is ERC721ABurnable, Ownable {
    mapping(uint256 id => bytes32) private _digests;

    constructor(address owner_) ERC721A("Profile Pictures", "PFP") Ownable(owner_) {}

    function mint(address to, bytes32 digest) external onlyOwner returns (uint256 id) {
        id = _nextTokenId();
        _mint(to, 1);
        _digests[id] = digest;
    }

    function safeMint(address to, bytes32 digest) external onlyOwner returns (uint256 id) {
        id = _nextTokenId();
        _digests[id] = digest;
        _safeMint(to, 1);
    }

    function mintBatch(address to, bytes32[] calldata digests) external onlyOwner {
        uint256 id = _nextTokenId();
        _mint(to, digests.length);
        for (uint256 i = 0; i < digests.length; ++i) _digests[id + i] = digests[i];
    }

    function airdrop(address[] calldata receivers, bytes32[] calldata digests) external onlyOwner {
        uint256 id = _nextTokenId();
        for (uint256 i = 0; i < digests.length; ++i) {
            _mint(receivers[i], 1);
            _digests[id + i] = digests[i];
        }
    }

    function tokenURI(uint256 id) public view override(ERC721A, IERC721A) returns (string memory) {
        if (!_exists(id)) _revert(URIQueryForNonexistentToken.selector);
        return BundleURI.metadata(_digests[id]);
    }

    function _startTokenId() internal pure override returns (uint256) {
        return 1;
    }
}
