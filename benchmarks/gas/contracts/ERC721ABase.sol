// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721A, ERC721ABurnable} from "erc721a/contracts/extensions/ERC721ABurnable.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title ERC721A with one base URI for all tokens; the owner mints
/// @dev What a token shows is a file of the folder at the base URI: nothing is stored for a token.
contract ERC721ABase is ERC721ABurnable, Ownable {
    string private _base;

    constructor(address owner_, string memory base) ERC721A("Profile Pictures", "PFP") Ownable(owner_) {
        _base = base;
    }

    function mint(address to, uint256 quantity) external onlyOwner {
        _mint(to, quantity);
    }

    function safeMint(address to, uint256 quantity) external onlyOwner {
        _safeMint(to, quantity);
    }

    function airdrop(address[] calldata receivers) external onlyOwner {
        for (uint256 i = 0; i < receivers.length; ++i) _mint(receivers[i], 1);
    }

    function _startTokenId() internal pure override returns (uint256) {
        return 1;
    }

    function _baseURI() internal view override returns (string memory) {
        return _base;
    }
}
