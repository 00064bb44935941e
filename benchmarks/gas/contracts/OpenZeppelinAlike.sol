// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721Burnable} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721Burnable.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Every feature of ProfilePicture, from OpenZeppelin's parts: for the deployment at equal features
contract OpenZeppelinAlike is ERC721URIStorage, ERC721Burnable, ERC2981, Ownable2Step {
    error NotMinter(address account);
    error SupplyExceeded(uint256 wanted, uint256 left);
    error LengthMismatch(uint256 receivers, uint256 uris);
    error EmptyBatch();

    event MinterChanged(address indexed previousMinter, address indexed newMinter);

    uint256 public immutable maxSupply;
    address public minter;
    uint256 public totalMinted;
    uint256 private _burned;
    string public contractURI;

    modifier onlyMinter() {
        if (msg.sender != minter) revert NotMinter(msg.sender);
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        address owner_,
        address minter_,
        uint256 maxSupply_,
        address royaltyReceiver,
        uint96 royaltyBps,
        string memory contractURI_
    ) ERC721(name_, symbol_) Ownable(owner_) {
        maxSupply = maxSupply_;
        contractURI = contractURI_;
        _setDefaultRoyalty(royaltyReceiver, royaltyBps);
        _setMinter(minter_);
    }

    function mint(address to, string calldata uri) external onlyMinter returns (uint256 id) {
        id = _take(1);
        _mint(to, id);
        _setTokenURI(id, uri);
    }

    function safeMint(address to, string calldata uri, bytes calldata data) external onlyMinter returns (uint256 id) {
        id = _take(1);
        _setTokenURI(id, uri);
        _safeMint(to, id, data);
    }

    function mintBatch(address to, string[] calldata uris) external onlyMinter returns (uint256 firstId) {
        firstId = _take(uris.length);
        for (uint256 i = 0; i < uris.length; ++i) {
            _mint(to, firstId + i);
            _setTokenURI(firstId + i, uris[i]);
        }
    }

    function airdrop(address[] calldata receivers, string[] calldata uris)
        external
        onlyMinter
        returns (uint256 firstId)
    {
        if (receivers.length != uris.length) revert LengthMismatch(receivers.length, uris.length);
        firstId = _take(uris.length);
        for (uint256 i = 0; i < uris.length; ++i) {
            _mint(receivers[i], firstId + i);
            _setTokenURI(firstId + i, uris[i]);
        }
    }

    function burn(uint256 id) public override {
        super.burn(id);
        ++_burned;
    }

    function setMinter(address newMinter) external onlyOwner {
        _setMinter(newMinter);
    }

    function totalSupply() external view returns (uint256) {
        return totalMinted - _burned;
    }

    function tokenURI(uint256 id) public view override(ERC721, ERC721URIStorage) returns (string memory) {
        return super.tokenURI(id);
    }

    function supportsInterface(bytes4 interfaceId)
        public
        view
        override(ERC721, ERC721URIStorage, ERC2981)
        returns (bool)
    {
        return super.supportsInterface(interfaceId);
    }

    function _take(uint256 count) private returns (uint256 firstId) {
        if (count == 0) revert EmptyBatch();
        uint256 minted = totalMinted;
        if (count > maxSupply - minted) revert SupplyExceeded(count, maxSupply - minted);
        totalMinted = minted + count;
        return minted + 1;
    }

    function _setMinter(address newMinter) private {
        emit MinterChanged(minter, newMinter);
        minter = newMinter;
    }
}
