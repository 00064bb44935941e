// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, implies, vm} from "./Collection.sol";

/// @title A burned id never comes back
contract Burning is Collection {
    /// @dev A burned id, with any approval that was given before.
    function assumeBurned(uint256 id) private view returns (Token memory t) {
        t = assumeSound(id);
        vm.assume(both(!exists(t), both(id != 0, id <= totals().minted)));
    }

    /// @notice no call of anybody brings a burned id back
    function check_a_burned_id_stays_burned(uint256 id, address caller) external {
        assumeBurned(id);
        (bool done,) = anyCall(caller);
        if (done) assert(!exists(token(id)));
        if (done) assert(id <= totals().minted);
    }

    /// @notice whom a burned id was approved to cannot move, approve or burn it, from zero or anybody
    function check_the_spender_of_a_burned_id_is_refused(
        uint256 id,
        address from,
        address to,
        uint8 way,
        bytes calldata data
    ) external {
        Token memory t = assumeBurned(id);
        vm.assume(t.spender != address(0));
        assert(!move(t.spender, from, to, id, way, data));
        assert(!move(t.spender, address(0), to, id, way, data));
        prank(t.spender);
        (bool approved,) = address(pictures).call(abi.encodeCall(pictures.approve, (to, id)));
        prank(t.spender);
        (bool burned,) = address(pictures).call(abi.encodeCall(pictures.burn, (id)));
        assert(!approved && !burned);
    }

    /// @notice approve, transfer and burn of what does not exist are refused, whoever calls
    function check_what_does_not_exist_is_refused(
        uint256 id,
        address caller,
        address from,
        address to,
        uint8 way,
        bytes calldata data
    ) external {
        vm.assume(!exists(assumeSound(id)));
        assert(!move(caller, from, to, id, way, data));
        prank(caller);
        (bool approved,) = address(pictures).call(abi.encodeCall(pictures.approve, (to, id)));
        prank(caller);
        (bool burned,) = address(pictures).call(abi.encodeCall(pictures.burn, (id)));
        assert(!approved && !burned);
    }

    /// @notice a burn by whom may ends one token, one of its holder's balance and of the supply, nothing else
    function check_a_burn_ends_one_token(uint256 id, address caller, uint256 other, address third) external {
        Token memory before = assumeExists(id);
        Token memory others = token(other);
        Totals memory all = totals();
        uint256 had = balance(before.holder);
        uint256 thirdHad = balance(third);
        uint256 supply = pictures.totalSupply();
        bool may = mayMove(caller, before);
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.burn, (id)));
        assert(done == may);
        if (!done) return;
        assert(!exists(token(id)));
        assert(implies(other != id, same(token(other), others)));
        assert(both(balance(before.holder) == had - 1, implies(third != before.holder, balance(third) == thirdHad)));
        assert(both(totals().minted == all.minted, totals().minter == all.minter));
        assert(pictures.totalSupply() == supply - 1);
    }
}
