// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721 as OldERC721} from "openzeppelin-contracts-4/token/ERC721/ERC721.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC1155URIStorage} from "@openzeppelin/contracts/token/ERC1155/extensions/ERC1155URIStorage.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ERC721A} from "erc721a/contracts/ERC721A.sol";
import {ERC721 as SoladyERC721} from "solady/src/tokens/ERC721.sol";
import {ERC1155 as SoladyERC1155} from "solady/src/tokens/ERC1155.sol";
import {ERC721 as SolmateERC721} from "solmate/src/tokens/ERC721.sol";
import {ERC1155 as SolmateERC1155} from "solmate/src/tokens/ERC1155.sol";

/// @dev Tokens that the libraries on npm make, with as little beside them as their users write. Of
/// those of ERC-721, `mint` gives an id its URI, but in ERC721A; those of ERC-1155 have one URI for all.

contract OpenZeppelin is ERC721URIStorage {
    constructor() ERC721("OpenZeppelin", "OZ") {}

    function mint(address to, uint256 id, string calldata uri) external {
        _mint(to, id);
        _setTokenURI(id, uri);
    }

    function burn(uint256 id) external {
        _burn(id);
    }
}

contract OpenZeppelin4 is OldERC721 {
    mapping(uint256 id => string) private _uris;

    constructor() OldERC721("OpenZeppelin 4", "OZ4") {}

    function mint(address to, uint256 id, string calldata uri) external {
        _mint(to, id);
        _uris[id] = uri;
    }

    function burn(uint256 id) external {
        _burn(id);
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireMinted(id);
        return _uris[id];
    }
}

contract Solady is SoladyERC721 {
    mapping(uint256 id => string) private _uris;

    function mint(address to, uint256 id, string calldata uri) external {
        _mint(to, id);
        _uris[id] = uri;
    }

    function burn(uint256 id) external {
        _burn(id);
    }

    function name() public pure override returns (string memory) {
        return "Solady";
    }

    function symbol() public pure override returns (string memory) {
        return "SOLADY";
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        if (!_exists(id)) revert TokenDoesNotExist();
        return _uris[id];
    }
}

contract Solmate is SolmateERC721("Solmate", "SOLMATE") {
    mapping(uint256 id => string) private _uris;

    function mint(address to, uint256 id, string calldata uri) external {
        _mint(to, id);
        _uris[id] = uri;
    }

    function burn(uint256 id) external {
        _burn(id);
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        return _uris[id];
    }
}

/// @notice Ids from 1, and one folder for all of them.
contract Azuki is ERC721A {
    string private _folder;

    constructor(string memory folder) ERC721A("ERC721A", "A") {
        _folder = folder;
    }

    function mint(address to, uint256 quantity) external {
        _mint(to, quantity);
    }

    function burn(uint256 id) external {
        _burn(id);
    }

    function _baseURI() internal view override returns (string memory) {
        return _folder;
    }

    function _startTokenId() internal pure override returns (uint256) {
        return 1;
    }
}

contract OpenZeppelinMulti is ERC1155 {
    constructor(string memory uri) ERC1155(uri) {}

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function burn(address from, uint256 id, uint256 amount) external {
        _burn(from, id, amount);
    }
}

contract OpenZeppelinMultiStorage is ERC1155URIStorage {
    constructor(string memory uri) ERC1155("") {
        _setURI(7, uri);
    }

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function burn(address from, uint256 id, uint256 amount) external {
        _burn(from, id, amount);
    }
}

contract SoladyMulti is SoladyERC1155 {
    string private _uri;

    constructor(string memory uri_) {
        _uri = uri_;
    }

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function burn(address from, uint256 id, uint256 amount) external {
        _burn(from, id, amount);
    }

    function uri(uint256) public view override returns (string memory) {
        return _uri;
    }
}

contract SolmateMulti is SolmateERC1155 {
    string private _uri;

    constructor(string memory uri_) {
        _uri = uri_;
    }

    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }

    function burn(address from, uint256 id, uint256 amount) external {
        _burn(from, id, amount);
    }

    function uri(uint256) public view override returns (string memory) {
        return _uri;
    }
}

/// @notice Draws each token on the chain: an even id as base64 in base64, an odd one as plain text.
contract OnChain is ERC721 {
    using Strings for uint256;

    constructor() ERC721("On-chain", "SVG") {}

    function mint(address to, uint256 id) external {
        _mint(to, id);
    }

    function burn(uint256 id) external {
        _burn(id);
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        string memory svg = string.concat(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'><rect width='100' height='100' fill='",
            id % 3 == 0 ? "teal" : "tomato",
            "'/><circle cx='50' cy='50' r='",
            (10 + id % 40).toString(),
            "' fill='white'/></svg>"
        );
        if (id % 2 == 1) return string.concat("data:application/json;utf8,", _json(id, string.concat("data:image/svg+xml;utf8,", svg)));
        string memory image = string.concat("data:image/svg+xml;base64,", Base64.encode(bytes(svg)));
        return string.concat("data:application/json;base64,", Base64.encode(bytes(_json(id, image))));
    }

    function _json(uint256 id, string memory image) private pure returns (string memory) {
        return string.concat('{"name": "Drawing ', id.toString(), '", "image": "', image, '"}');
    }
}

/// @notice Answers nobody while it is paused, not even who owns a token.
contract PausedViews is ERC721, Pausable {
    constructor() ERC721("Paused", "P") {}

    function mint(address to, uint256 id, string calldata) external {
        _mint(to, id);
    }

    function pause() external {
        _pause();
    }

    function ownerOf(uint256 id) public view override whenNotPaused returns (address) {
        return super.ownerOf(id);
    }
}

/// @notice Keeps owners in an array, and reads behind its end.
contract Listed {
    address[] private _owners;

    function mint(address to, uint256, string calldata) external {
        _owners.push(to);
    }

    function ownerOf(uint256 id) external view returns (address) {
        return _owners[id];
    }
}
