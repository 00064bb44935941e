// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Makes many calls that write nothing, in one: for the stateful model, which asks every view
/// after each step.
contract Lens {
    /// @param asked for each call: 1 byte, the length of its calldata; its calldata
    /// @return answers for each call: 1 byte, whether it was done; 4 bytes, the length of the answer;
    /// the answer, or the revert's data
    function look(address target, bytes calldata asked) external view returns (bytes memory answers) {
        assembly ("memory-safe") {
            answers := mload(0x40)
            let begin := add(answers, 32)
            let at := begin
            let end := add(asked.offset, asked.length)
            for { let call_ := asked.offset } lt(call_, end) {} {
                let size := byte(0, calldataload(call_))
                calldatacopy(at, add(call_, 1), size)
                let done := staticcall(gas(), target, at, size, 0, 0)
                mstore(at, or(shl(248, done), shl(216, returndatasize())))
                returndatacopy(add(at, 5), 0, returndatasize())
                at := add(at, add(5, returndatasize()))
                call_ := add(call_, add(1, size))
            }
            mstore(answers, sub(at, begin))
            mstore(0x40, and(add(at, 31), not(31)))
        }
    }
}
