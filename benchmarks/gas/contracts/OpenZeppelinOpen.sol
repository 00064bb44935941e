// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Burnable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Burnable.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";

/// @title OpenZeppelin's ERC721URIStorage where anybody mints: the least that a tutorial shows
contract OpenZeppelinOpen is ERC721URIStorage, ERC721Burnable {
    uint256 private _lastId;

    constructor() ERC721("Profile Pictures", "PFP") {}

    function mint(address to, string memory uri) public returns (uint256 id) {
        id = ++_lastId;
        _mint(to, id);
        _setTokenURI(id, uri);
    }

    function safeMint(address to, string memory uri) external returns (uint256 id) {
        id = ++_lastId;
        _safeMint(to, id);
        _setTokenURI(id, uri);
    }

    function mintBatch(address to, string[] calldata uris) external {
        for (uint256 i = 0; i < uris.length; ++i) mint(to, uris[i]);
    }

    function airdrop(address[] calldata receivers, string[] calldata uris) external {
        for (uint256 i = 0; i < uris.length; ++i) mint(receivers[i], uris[i]);
    }

    function tokenURI(uint256 id) public view override(ERC721, ERC721URIStorage) returns (string memory) {
        return super.tokenURI(id);
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC721URIStorage) returns (bool) {
        return super.supportsInterface(interfaceId);
    }
}
