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
        string metadataURI;
        string imageURI;
    }

    /// @return totals minted, supply
    /// @return roles owner, pending owner, minter
    /// @return tokens 0 to `lastId`
    /// @return balances of `accounts`
    /// @return operators whether account j is an operator of account i, at i * accounts.length + j
    function look(IProfilePicture collection, uint256 lastId, address[] calldata accounts)
        external
        view
        returns (
            uint256[2] memory totals,
            address[3] memory roles,
            Seen[] memory tokens,
            uint256[] memory balances,
            bool[] memory operators
        )
    {
        totals = [collection.totalMinted(), collection.totalSupply()];
        roles = [collection.owner(), collection.pendingOwner(), collection.minter()];
        tokens = new Seen[](lastId + 1);
        for (uint256 id = 0; id <= lastId; ++id) {
            try collection.ownerOf(id) returns (address owner) {
                tokens[id] = Seen(
                    true,
                    owner,
                    collection.getApproved(id),
                    collection.bundleOf(id),
                    collection.tokenURI(id),
                    collection.imageURI(id)
                );
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
