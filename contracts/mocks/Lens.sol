// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProfilePicture} from "../interfaces/IProfilePicture.sol";

/// @notice Reads all that a collection says in one call, for the stateful model.
contract Lens {
    struct Seen {
        bool exists;
        address owner;
        address approved;
        bytes32 bundle;
    }

    /// @notice Tokens 0 to `lastId`, balances of `accounts`, and who of them is whose operator.
    function look(IProfilePicture collection, uint256 lastId, address[] calldata accounts)
        external
        view
        returns (Seen[] memory tokens, uint256[] memory balances, bool[] memory operators)
    {
        tokens = new Seen[](lastId + 1);
        for (uint256 id = 0; id <= lastId; ++id) {
            try collection.ownerOf(id) returns (address owner) {
                tokens[id] = Seen(true, owner, collection.getApproved(id), collection.bundleOf(id));
            } catch {}
        }
        balances = new uint256[](accounts.length);
        operators = new bool[](accounts.length * accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            balances[i] = collection.balanceOf(accounts[i]);
            for (uint256 j = 0; j < accounts.length; ++j) {
                operators[i * accounts.length + j] = collection.isApprovedForAll(accounts[i], accounts[j]);
            }
        }
    }
}
