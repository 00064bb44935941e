// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Collection, both, vm} from "./Collection.sol";

/// @title What the other proofs assume can be true, and the calls that they make can succeed
/// @notice Each function here claims that something never happens, and has to fail: a counterexample shows
/// that the proofs are not about nothing.
contract Reach is Collection {
    /// @dev With a token that exists, and that the caller may or may not move.
    function never(bytes4 wanted, uint256 id, address caller) private {
        assumeExists(id);
        (bool done, bytes4 selector) = anyCall(caller);
        vm.assume(selector == wanted);
        assert(!done);
    }

    function reach_mint(uint256 id, address caller) external {
        never(pictures.mint.selector, id, caller);
    }

    function reach_safeMint(uint256 id, address caller) external {
        never(pictures.safeMint.selector, id, caller);
    }

    function reach_mintBatch(uint256 id, address caller) external {
        never(pictures.mintBatch.selector, id, caller);
    }

    function reach_airdrop(uint256 id, address caller) external {
        never(pictures.airdrop.selector, id, caller);
    }

    function reach_burn(uint256 id, address caller) external {
        never(pictures.burn.selector, id, caller);
    }

    function reach_approve(uint256 id, address caller) external {
        never(pictures.approve.selector, id, caller);
    }

    function reach_setApprovalForAll(uint256 id, address caller) external {
        never(pictures.setApprovalForAll.selector, id, caller);
    }

    function reach_transferFrom(uint256 id, address caller) external {
        never(pictures.transferFrom.selector, id, caller);
    }

    function reach_safeTransferFrom(uint256 id, address caller) external {
        never(0x42842e0e, id, caller);
    }

    function reach_safeTransferFrom_with_data(uint256 id, address caller) external {
        never(0xb88d4fde, id, caller);
    }

    function reach_setMinter(uint256 id, address caller) external {
        never(pictures.setMinter.selector, id, caller);
    }

    function reach_transferOwnership(uint256 id, address caller) external {
        never(pictures.transferOwnership.selector, id, caller);
    }

    function reach_acceptOwnership(uint256 id, address caller) external {
        never(pictures.acceptOwnership.selector, id, caller);
    }

    function reach_renounceOwnership(uint256 id, address caller) external {
        never(pictures.renounceOwnership.selector, id, caller);
    }

    /// @custom:halmos --array-lengths bundles={5}
    function reach_a_batch_of_five_in_code(address caller, address to, bytes32[] calldata bundles) external {
        Totals memory all = totals();
        vm.assume(both(all.minted > 7, all.minted <= pictures.maxSupply()));
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.mintBatch, (to, bundles)));
        assert(!done || dataOf(all.minted + 1) == 0);
    }

    /// @custom:halmos --array-lengths receivers={4},bundles={4}
    function reach_an_airdrop_of_four_in_code(address caller, address[] calldata receivers, bytes32[] calldata bundles)
        external
    {
        Totals memory all = totals();
        vm.assume(both(all.minted > 7, all.minted <= pictures.maxSupply()));
        prank(caller);
        (bool done,) = address(pictures).call(abi.encodeCall(pictures.airdrop, (receivers, bundles)));
        assert(!done || dataOf(all.minted + 1) == 0);
    }

    function reach_a_token_of_a_batch_that_is_approved(uint256 id, address caller) external view {
        Token memory t = assumeExists(id);
        vm.assume(both(t.batch != 0, isLive(t)));
        assert(!both(mayMove(caller, t), !mayApprove(caller, t)));
    }

    function reach_a_stranger_to_a_token(uint256 id, address caller) external view {
        assert(mayMove(caller, assumeExists(id)));
    }

    function reach_a_burned_id_with_an_approval(uint256 id) external view {
        Token memory t = assumeSound(id);
        assert(exists(t) || t.spenderEpoch == 0);
    }
}
