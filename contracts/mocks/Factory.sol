// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Creates what it is given, and passes on why that was refused: a simulated call cannot
/// create a contract itself.
contract Factory {
    function create(bytes memory code) external returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            if iszero(created) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
    }
}
