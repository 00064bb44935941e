// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Answers each function with the bytes it was told, and reverts at every other one.
contract Impostor {
    mapping(bytes4 selector => bytes answer) private _answers;
    mapping(bytes4 selector => bool) private _known;

    function answer(bytes4 selector, bytes calldata data) external {
        (_answers[selector], _known[selector]) = (data, true);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        require(_known[msg.sig]);
        return _answers[msg.sig];
    }
}

/// @notice A token URI of one mebibyte.
contract HugeURI {
    function ownerOf(uint256) external view returns (address) {
        return address(this);
    }

    function tokenURI(uint256) external pure returns (string memory) {
        return string(new bytes(1 << 20));
    }
}

/// @notice A token URI that takes all gas.
contract BottomlessURI {
    function ownerOf(uint256) external view returns (address) {
        return address(this);
    }

    function tokenURI(uint256) external pure returns (string memory) {
        for (uint256 i = 0; i <= i; ++i) {}
        return "";
    }
}

interface IMintAndBurn {
    function mintBatch(address to, bytes32[] calldata bundles) external returns (uint256 firstId);
    function burn(uint256 id) external;
}

/// @notice A minter that mints and burns in one transaction, so that no block has the token.
contract MintsAndBurns {
    function run(IMintAndBurn collection, bytes32[] calldata bundles) external {
        uint256 firstId = collection.mintBatch(address(this), bundles);
        for (uint256 i = 0; i < bundles.length; ++i) {
            collection.burn(firstId + i);
        }
    }
}
