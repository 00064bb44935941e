// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProfilePicture} from "../interfaces/IProfilePicture.sol";

/// @title Words in the code of a contract of their own
/// @notice A byte of code costs 200 gas where a byte of a storage slot costs 690. Code is as lasting: what
/// `write` deploys begins with STOP, so that it runs nothing and can never be destroyed. The idea is known
/// as SSTORE2 (by 0xsequence; Solmate and Solady have it too).
library SSTORE2 {
    /// @notice Deploy a contract whose code is a zero byte (STOP) and the words.
    /// @dev At most 767, which are 24,545 bytes of code of the 24,576 allowed (EIP-170).
    /// @return data Where it is.
    function write(bytes32[] calldata words) internal returns (address data) {
        if (words.length > 767) revert IProfilePicture.BatchTooLarge(words.length, 767);
        // PUSH1 11, CODESIZE, SUB, DUP1, PUSH1 11, PUSH0, CODECOPY, PUSH0, RETURN: return all that follows
        // these 11 bytes.
        bytes memory creation = abi.encodePacked(hex"600b380380600b5f395ff3", hex"00", words);
        assembly ("memory-safe") {
            data := create(0, add(creation, 32), mload(creation))
        }
        // Nothing else than too little gas is left to end the creation early.
        if (data == address(0)) revert IProfilePicture.BatchNotStored(words.length);
    }

    /// @notice The word at `index`, which has to be one of those written.
    function read(address data, uint256 index) internal view returns (bytes32 word) {
        assembly ("memory-safe") {
            extcodecopy(data, 0, add(1, mul(index, 32)), 32)
            word := mload(0)
        }
    }
}
