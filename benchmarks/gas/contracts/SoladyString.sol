// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721} from "solady/src/tokens/ERC721.sol";
import {Ownable} from "solady/src/auth/Ownable.sol";

/// @title Solady's ERC721 with a string a token; the owner mints
contract SoladyString is ERC721, Ownable {
    uint256 private _lastId;
    mapping(uint256 id => string) private _uris;

    constructor(address owner_) {
        _initializeOwner(owner_);
    }

    function mint(address to, string calldata uri) external onlyOwner returns (uint256 id) {
        id = ++_lastId;
        _mint(to, id);
        _uris[id] = uri;
    }

    function safeMint(address to, string calldata uri) external onlyOwner returns (uint256 id) {
        id = ++_lastId;
        _uris[id] = uri;
        _safeMint(to, id);
    }

    function mintBatch(address to, string[] calldata uris) external onlyOwner {
        uint256 id = _lastId;
        _lastId = id + uris.length;
        for (uint256 i = 0; i < uris.length; ++i) {
            _mint(to, ++id);
            _uris[id] = uris[i];
        }
    }

    function airdrop(address[] calldata receivers, string[] calldata uris) external onlyOwner {
        uint256 id = _lastId;
        _lastId = id + uris.length;
        for (uint256 i = 0; i < uris.length; ++i) {
            _mint(receivers[i], ++id);
            _uris[id] = uris[i];
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
        return _uris[id];
    }
}
