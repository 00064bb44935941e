// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, either, implies, svm, vm} from "./Collection.sol";

/// @title Who mints, and which ids
contract Minting is Collection {
    /// @notice only the minter mints, by the four minting functions alone; no call lowers the count or passes maxSupply
    function check_only_the_minter_mints(uint256 id, address caller) external {
        assumeSound(id);
        Totals memory before = totals();
        (bool done, bytes4 selector) = anyCall(caller);
        vm.assume(done);
        uint256 minted = totals().minted;
        assert(both(minted >= before.minted, minted <= pictures.maxSupply()));
        assert(implies(minted != before.minted, both(caller == before.minter, mints(selector))));
    }

    /// @notice a token appears only with the next ids: none below, none above
    function check_tokens_appear_in_order(uint256 id, address caller) external {
        Token memory t = assumeSound(id);
        uint256 minted = totals().minted;
        vm.assume(!exists(t));
        (bool done,) = anyCall(caller);
        if (!done || !exists(token(id))) return;
        assert(both(id > minted, id <= totals().minted));
        assert(both(token(id).epoch == 1, pictures.getApproved(id) == address(0)));
    }

    /// @notice mint gives the next id, to the receiver, with the bundle, and touches no other token
    function check_mint(address caller, address to, bytes32 bundle, uint256 other, address third) external {
        Before memory b = look(other, to, third);
        prank(caller);
        (bool done, bytes memory answer) = address(pictures).call(abi.encodeCall(pictures.mint, (to, bundle)));
        vm.assume(done);
        (uint256 id,,) = abi.decode(answer, (uint256, string, string));
        assert(id == b.all.minted + 1);
        given(id, to, bundle, 0);
        compare(b, 1);
    }

    /// @notice safeMint does the same, to a plain account or a contract that takes it
    function check_safe_mint(
        address caller,
        address to,
        bytes32 bundle,
        bytes calldata data,
        uint256 other,
        address third
    ) external {
        Before memory b = look(other, to, third);
        prank(caller);
        (bool done, bytes memory answer) =
            address(pictures).call(abi.encodeCall(pictures.safeMint, (to, bundle, data)));
        vm.assume(done);
        (uint256 id,,) = abi.decode(answer, (uint256, string, string));
        assert(id == b.all.minted + 1);
        given(id, to, bundle, 0);
        compare(b, 1);
    }

    /// @notice mintBatch gives the next ids in order, and touches no other token
    /// @custom:halmos --array-lengths bundles={1,2,3,4,5}
    function check_mint_batch(address caller, address to, bytes32[] calldata bundles, uint256 other, address third)
        external
    {
        Before memory b = look(other, to, third);
        prank(caller);
        (bool done, bytes memory answer) = address(pictures).call(abi.encodeCall(pictures.mintBatch, (to, bundles)));
        vm.assume(done);
        assert(bundles.length != 0);
        uint256 firstId = abi.decode(answer, (uint256));
        assert(firstId == b.all.minted + 1);
        uint256 batch = batchOf(firstId, bundles);
        for (uint256 i = 0; i < bundles.length; ++i) given(firstId + i, to, bundles[i], batch);
        compare(b, bundles.length);
    }

    /// @notice airdrop gives the next ids in order, one to each receiver, and touches no other token
    /// @custom:halmos --array-lengths receivers={1,2,4},bundles={1,2,4}
    function check_airdrop(address caller, address[] calldata receivers, bytes32[] calldata bundles, uint256 other)
        external
    {
        Before memory b = look(other, address(0), address(0));
        prank(caller);
        (bool done, bytes memory answer) =
            address(pictures).call(abi.encodeCall(pictures.airdrop, (receivers, bundles)));
        vm.assume(done);
        assert(receivers.length == bundles.length && bundles.length != 0);
        uint256 firstId = abi.decode(answer, (uint256));
        assert(firstId == b.all.minted + 1);
        uint256 batch = batchOf(firstId, bundles);
        for (uint256 i = 0; i < bundles.length; ++i) given(firstId + i, receivers[i], bundles[i], batch);
        assert(untouched(b, bundles.length));
    }

    /// @notice airdrop gives each receiver as many as it is named times, and nobody else any
    /// @custom:halmos --array-lengths receivers={1,2,3},bundles={1,2,3}
    function check_airdrop_balances(
        address caller,
        address[] calldata receivers,
        bytes32[] calldata bundles,
        address holder
    ) external {
        vm.assume(totals().minted <= pictures.maxSupply());
        uint256 had = balance(holder);
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.airdrop, (receivers, bundles)));
        vm.assume(done);
        unchecked {
            for (uint256 i = 0; i < receivers.length; ++i) had += number(receivers[i] == holder);
        }
        assert(balance(holder) == had);
    }

    /// @notice the minter mints while ids are left: to any receiver but zero, any bundle but zero
    function check_mint_is_refused_for_its_reasons_alone(address caller, address to, bytes32 bundle) external {
        Totals memory all = totals();
        vm.assume(all.minted <= pictures.maxSupply());
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.mint, (to, bundle)));
        bool may = both(caller == all.minter, all.minted < pictures.maxSupply());
        assert(done == both(may, both(to != address(0), bundle != 0)));
    }

    /// @notice a batch is minted whole or not at all, for its reasons alone
    /// @custom:halmos --array-lengths bundles={0,1,2,3,4}
    function check_batch_is_refused_for_its_reasons_alone(address caller, address to, bytes32[] calldata bundles)
        external
    {
        Totals memory all = totals();
        vm.assume(all.minted <= pictures.maxSupply());
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.mintBatch, (to, bundles)));
        bool fits = both(bundles.length != 0, all.minted + bundles.length <= pictures.maxSupply());
        bool whole = true;
        for (uint256 i = 0; i < bundles.length; ++i) whole = both(whole, bundles[i] != 0);
        assert(done == both(both(caller == all.minter, to != address(0)), both(fits, whole)));
    }

    // ---------------------------------------------------------------------------------------- what a mint leaves
    struct Before {
        Totals all;
        uint256 other;
        Token others;
        address to;
        uint256 toHad;
        address third;
        uint256 thirdHad;
    }

    function look(uint256 other, address to, address third) private view returns (Before memory b) {
        b.all = totals();
        vm.assume(b.all.minted <= pictures.maxSupply());
        b.other = other;
        b.others = token(other);
        (b.to, b.toHad) = (to, balance(to));
        (b.third, b.thirdHad) = (third, balance(third));
    }

    /// @dev The new token, and its bundle: its own, or its word in the code of its batch.
    function given(uint256 id, address to, bytes32 bundle, uint256 batch) private view {
        Token memory t = token(id);
        assert(both(both(t.holder == to, to != address(0)), both(t.epoch == 1, bundle != 0)));
        assert(t.batch == batch);
        if (batch == 0) assert(t.bundle == bundle);
    }

    /// @dev From four on, the code of the data contract is STOP and the digests.
    function batchOf(uint256 firstId, bytes32[] calldata bundles) private view returns (uint256 batch) {
        if (bundles.length < 4) return 0;
        bytes memory code = address(uint160(dataOf(firstId))).code;
        assert(code.length == 1 + 32 * bundles.length && code[0] == 0);
        for (uint256 i = 0; i < bundles.length; ++i) {
            bytes32 word;
            assembly {
                word := mload(add(code, add(33, mul(32, i))))
            }
            assert(word == bundles[i]);
        }
        return firstId;
    }

    function untouched(Before memory b, uint256 count) private view returns (bool) {
        Totals memory all = totals();
        bool isNew = both(b.other > b.all.minted, b.other <= b.all.minted + count);
        return both(
            both(all.minted == b.all.minted + count, all.minted <= pictures.maxSupply()),
            both(
                both(all.burned == b.all.burned, all.minter == b.all.minter),
                either(isNew, same(token(b.other), b.others))
            )
        );
    }

    function compare(Before memory b, uint256 count) private view {
        assert(untouched(b, count));
        unchecked {
            assert(balance(b.to) == b.toHad + count);
        }
        assert(implies(b.third != b.to, balance(b.third) == b.thirdHad));
    }

    function number(bool yes) private pure returns (uint256 n) {
        assembly {
            n := yes
        }
    }
}
