// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, either, implies, vm} from "./Collection.sol";

/// @title What the owner and the minter can do, and cannot
contract Roles is Collection {
    /// @notice only the owner sets the minter
    function check_only_the_owner_sets_the_minter(address caller) external {
        Totals memory before = totals();
        (bool done, bytes4 selector) = anyCall(caller);
        if (!done || totals().minter == before.minter) return;
        assert(both(caller == before.owner, selector == pictures.setMinter.selector));
    }

    /// @notice ownership goes to the proposed one when it accepts, or to nobody when the owner renounces
    function check_ownership_changes_in_two_steps(address caller) external {
        Totals memory before = totals();
        (bool done, bytes4 selector) = anyCall(caller);
        vm.assume(done);
        Totals memory all = totals();
        bool accepted = both(
            both(caller == before.pendingOwner, selector == pictures.acceptOwnership.selector),
            both(all.owner == caller, all.pendingOwner == address(0))
        );
        bool renounced = both(
            both(caller == before.owner, selector == pictures.renounceOwnership.selector),
            both(all.owner == address(0), all.pendingOwner == address(0))
        );
        bool proposed = both(caller == before.owner, selector == pictures.transferOwnership.selector);
        assert(implies(all.owner != before.owner, either(accepted, renounced)));
        assert(implies(all.pendingOwner != before.pendingOwner, either(proposed, either(accepted, renounced))));
    }

    /// @notice one who is owner and minter at once leaves the tokens and approvals of others
    function check_owner_and_minter_leave_tokens_of_others(uint256 id, address caller) external {
        Token memory before = assumeExists(id);
        Totals memory all = totals();
        vm.assume(both(caller == all.owner, caller == all.minter));
        vm.assume(!mayMove(caller, before));
        (bool done,) = anyCall(caller);
        if (done) assert(same(token(id), before));
    }
}
