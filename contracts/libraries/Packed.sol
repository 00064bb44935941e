// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A slot that holds an address in its low 160 bits and something else above them
library Packed {
    /// @notice The address.
    function account(uint256 word) internal pure returns (address) {
        return address(uint160(word));
    }

    /// @notice What is above the address.
    function rest(uint256 word) internal pure returns (uint256) {
        return word >> 160;
    }

    /// @notice `word` with another address, and the same above it.
    function withAccount(uint256 word, address other) internal pure returns (uint256) {
        return (word >> 160 << 160) | uint160(other);
    }
}
