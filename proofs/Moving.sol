// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, either, implies, vm} from "./Collection.sol";

/// @title Who moves a token, and what a move changes
contract Moving is Collection {
    /// @notice nobody but holder, operator or spender moves, burns or approves a token, by any call
    function check_strangers_leave_a_token(uint256 id, address caller) external {
        Token memory before = assumeExists(id);
        vm.assume(!mayMove(caller, before));
        (bool done,) = anyCall(caller);
        if (done) assert(same(token(id), before));
    }

    /// @notice whoever is only approved for one token leaves every other one
    function check_a_spender_leaves_other_tokens(uint256 id, uint256 other, address caller) external {
        Token memory before = assumeExists(id);
        Token memory others = assumeExists(other);
        vm.assume(both(mayMove(caller, before), !mayMove(caller, others)));
        (bool done,) = anyCall(caller);
        if (done) assert(same(token(other), others));
    }

    /// @notice only the holder and its operators approve
    function check_only_holder_and_operators_approve(uint256 id, address caller) external {
        Token memory before = assumeExists(id);
        vm.assume(!mayApprove(caller, before));
        (bool done,) = anyCall(caller);
        if (!done || !exists(token(id))) return;
        address spender = pictures.getApproved(id);
        assert(either(spender == address(0), both(same(token(id), before), spender == before.spender)));
    }

    /// @notice a token that moved, by any call of anybody, has no approval
    function check_no_approval_after_a_move(uint256 id, address caller) external {
        Token memory before = assumeExists(id);
        (bool done,) = anyCall(caller);
        Token memory t = token(id);
        if (!done || !exists(t) || both(t.epoch == before.epoch, t.holder == before.holder)) return;
        assert(pictures.getApproved(id) == address(0));
        assert(pictures.ownerOf(id) == t.holder);
    }

    /// @notice whom a token was approved to before it moved cannot move or burn it again
    function check_an_old_spender_is_refused(
        uint256 id,
        address caller,
        address to,
        uint8 way,
        bytes calldata data,
        address again
    ) external {
        Token memory before = assumeExists(id);
        vm.assume(isLive(before));
        vm.assume(move(caller, before.holder, to, id, way, data));
        vm.assume(both(before.spender != to, !isOperator(to, before.spender)));
        assert(!move(before.spender, to, again, id, 0, data));
        prank(before.spender);
        (bool burned,) = address(pictures).call(abi.encodeCall(pictures.burn, (id)));
        assert(!burned);
    }

    /// @notice a transfer moves one token from its holder, by whom may, and changes nothing else of any token
    function check_a_transfer_moves_one_token(
        address caller,
        address from,
        address to,
        uint256 id,
        uint8 way,
        bytes calldata data,
        uint256 other
    ) external {
        Token memory before = assumeSound(id);
        Token memory others = token(other);
        Totals memory all = totals();
        bool may = mayMove(caller, before);
        vm.assume(move(caller, from, to, id, way, data));
        Token memory t = token(id);
        assert(both(exists(before), both(may, before.holder == from)));
        assert(both(t.holder == to, both(to != address(0), both(t.batch == before.batch, t.bundle == before.bundle))));
        assert(implies(other != id, same(token(other), others)));
        assert(both(totals().minted == all.minted, totals().burned == all.burned));
    }

    /// @notice whoever may transfer can: to a plain account nothing stands in the way
    function check_a_transfer_by_whom_may_is_done(uint256 id, address caller, address to) external {
        Token memory t = assumeExists(id);
        vm.assume(both(mayMove(caller, t), to != address(0)));
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.transferFrom, (t.holder, to, id)));
        assert(done);
    }

    /// @notice a transfer: one less for the sender, one more for the receiver, nothing for a third
    function check_a_transfer_conserves_balances(
        address caller,
        address from,
        address to,
        uint256 id,
        uint8 way,
        bytes calldata data,
        address third
    ) external {
        assumeSound(id);
        uint256 fromHad = balance(from);
        uint256 toHad = balance(to);
        uint256 thirdHad = balance(third);
        vm.assume(move(caller, from, to, id, way, data));
        unchecked {
            if (from == to) assert(balance(from) == fromHad);
            else assert(both(balance(from) == fromHad - 1, balance(to) == toHad + 1));
        }
        assert(implies(both(third != from, third != to), balance(third) == thirdHad));
    }

    /// @notice calls that neither mint, move nor burn change no balance
    function check_other_calls_change_no_balance(address caller, address holder) external {
        uint256 had = balance(holder);
        (bool done, bytes4 selector) = anyCall(caller);
        vm.assume(done);
        bool moves = either(
            either(selector == pictures.transferFrom.selector, selector == pictures.burn.selector),
            either(selector == bytes4(0x42842e0e), selector == bytes4(0xb88d4fde))
        );
        if (!moves && !mints(selector)) assert(balance(holder) == had);
    }

    /// @notice operators are named and dismissed by the holder alone
    function check_only_the_holder_names_operators(address caller, address holder, address operator) external {
        bool was = isOperator(holder, operator);
        (bool done, bytes4 selector) = anyCall(caller);
        if (!done || isOperator(holder, operator) == was) return;
        assert(both(caller == holder, selector == pictures.setApprovalForAll.selector));
    }
}
