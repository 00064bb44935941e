// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Contracts of strangers, for who reads tokens: one ERC-1155, and others named by their fault.

/// @notice As much of ERC-1155 as is read, for anybody to take.
contract MultiToken {
    mapping(address holder => mapping(uint256 id => uint256)) public balanceOf;

    function take(uint256 id, uint256 amount) external {
        balanceOf[msg.sender][id] += amount;
    }

    function uri(uint256) external pure returns (string memory) {
        return "ipfs://bafkqaaa/{id}.json";
    }

    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == 0xd9b67a26 || interfaceId == 0x01ffc9a7;
    }
}

/// @notice Answers everything with that many zeros.
contract Zeros {
    uint256 public immutable AMOUNT;

    constructor(uint256 amount) {
        AMOUNT = amount;
    }

    fallback() external {
        uint256 amount = AMOUNT;
        assembly {
            return(0, amount)
        }
    }
}

/// @notice Takes all gas, and then reports success where little was left.
contract Spender {
    fallback() external {
        while (gasleft() > 5000) {}
        assembly {
            mstore(0, 1)
            return(0, 32)
        }
    }
}

/// @notice Names another owner when it has little gas, as a contract that catches failures may.
contract NeedsGas {
    function ownerOf(uint256) external view returns (address) {
        return gasleft() > 500_000 ? address(this) : address(0xdead);
    }

    function tokenURI(uint256) external view returns (string memory) {
        return gasleft() > 500_000 ? "ipfs://bafkqaaa/rich" : "ipfs://bafkqaaa/poor";
    }
}

interface IOpenMint {
    function mint(address to, bytes32 bundle) external returns (uint256, string memory, string memory);
}

/// @notice Mints a token of another collection to its accomplice whenever it is asked for an owner.
contract MintsWhenAsked {
    IOpenMint public collection;
    address public accomplice;

    function plot(IOpenMint collection_, address accomplice_) external {
        (collection, accomplice) = (collection_, accomplice_);
    }

    function ownerOf(uint256) external returns (address) {
        collection.mint(accomplice, bytes32(uint256(1)));
        return accomplice;
    }

    function tokenURI(uint256) external pure returns (string memory) {
        return "ipfs://bafkqaaa";
    }
}
