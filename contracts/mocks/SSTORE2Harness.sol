// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "../libraries/SSTORE2.sol";

/// @notice Lets the tests write words into code, beside the plain way: an array in storage.
contract SSTORE2Harness {
    address public data;
    bytes32[] private _reference;

    /// @notice Keep the words in both ways.
    function write(bytes32[] calldata words) external {
        data = SSTORE2.write(words);
        _reference = words;
    }

    /// @notice Keep the words in code alone.
    function writeCode(bytes32[] calldata words) external {
        data = SSTORE2.write(words);
    }

    /// @notice All words, from the code.
    function words(uint256 count) external view returns (bytes32[] memory found) {
        found = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) found[i] = SSTORE2.read(data, i);
    }

    /// @notice All words, from storage.
    function referenceWords() external view returns (bytes32[] memory) {
        return _reference;
    }
}
