// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProfilePicture} from "../contracts/ProfilePicture.sol";
import {Collection, implies, svm, vm} from "./Collection.sol";

/// @title The invariant that every other proof assumes of the tokens it looks at
contract Invariant is Collection {
    /// @notice a new collection keeps the invariant of every id, and the zero address has no operator
    function check_invariant_of_a_new_collection(
        address owner,
        address minter,
        uint256 maxSupply,
        address receiver,
        uint96 bps,
        bytes32 bundle,
        uint256 id,
        address operator
    ) external {
        pictures = new ProfilePicture("Pictures", "PIC", owner, minter, maxSupply, receiver, bps, bundle);
        assert(sound(id, token(id), totals()));
        assert(totals().minted == 0 && totals().burned == 0);
        assert(!isOperator(address(0), operator));
    }

    /// @notice no call of anybody ends the invariant of any id, or names an operator of the zero address
    function check_invariant_after_any_call(uint256 id, address caller, address operator) external {
        assumeSound(id);
        vm.assume(!isOperator(address(0), operator));
        (bool done,) = anyCall(caller);
        if (done) assert(sound(id, token(id), totals()));
        if (done) assert(!isOperator(address(0), operator));
    }

    /// @notice a call moves a token once at most
    function check_epoch_grows_by_one_at_most(uint256 id, address caller) external {
        Token memory before = assumeExists(id);
        (bool done,) = anyCall(caller);
        Token memory t = token(id);
        if (done && exists(t)) assert(t.epoch - before.epoch <= 1);
        if (done && exists(t)) assert(implies(t.holder != before.holder, t.epoch == before.epoch + 1));
    }
}
