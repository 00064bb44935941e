"""Batches: as many effects in a call as gas, the block and one data contract hold.

given many, each call is below EIP-7825's cap and none is lost;
given a small block, calls are smaller; one that fits no block is refused.
"""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.anvil import DEPLOYER, HOLDER
from support.collection import digest
from support.node import calldata

from pfpkit.chain import Node
from pfpkit.cost import Fees
from pfpkit.errors import TransactionFailed
from pfpkit.reference import NOBODY
from pfpkit.transactions.batches import MOST_MINTS, Batches
from pfpkit.transactions.fees import first_fees, raised
from pfpkit.transactions.signed import Effect, Request
from pfpkit.transactions.wire import Wire

CAP = 16_777_216


def calls(stage, effects, block=None, most=MOST_MINTS):
    """All calls for these effects, with a block limit of `block`."""

    async def all_of_them():
        async with Node(stage.chain.url) as node, Wire(stage.chain.url, DEPLOYER) as wire:
            look = await wire.look([], [])
            look = replace(look, gas_limit=block or look.gas_limit)
            batches = Batches(node, DEPLOYER, effects, most=most)
            outline = await batches.outline(look)
            found = []
            while (call := await batches.next(look)) is not None:
                found.append(call)
            return outline, found

    return asyncio.run(all_of_them())


def test_next__thousand_receivers__each_call_is_below_the_cap(stage):
    """A thousand tokens to as many new receivers are a few calls, and every one is in one."""
    effects = stage.mints(1000)
    outline, found = calls(stage, effects)
    assert all(call.gas <= CAP for call in found)
    assert [effect for call in found for effect in call.effects] == effects
    assert len(found) == len(outline) <= 6
    assert sum(gas for _, gas in outline) == pytest.approx(55_000 * 1000, rel=0.02)


def test_next__one_receiver__is_a_batch_for_one_and_not_over_a_data_contract(stage):
    """Digests past 767 fit into no contract's code."""
    effects = [Effect(stage.contract, NOBODY, HOLDER, digest(n).hex()) for n in range(900)]
    _, found = calls(stage, effects)
    assert all(call.gas <= CAP and len(call.effects) <= MOST_MINTS for call in found)
    mint_batch = calldata("mintBatch(address,bytes32[])", HOLDER, [])[:4]
    assert all(call.data[:4] == mint_batch for call in found)
    assert len(found) == 3


@pytest.mark.parametrize(("block", "most"), [(2_000_000, 28), (400_000, 4)])
def test_next__small_blocks__are_not_outgrown(stage, block, most):
    """A chain with small blocks gets small calls."""
    _, found = calls(stage, stage.mints(30), block=block)
    assert all(call.gas <= block for call in found)
    assert max(len(call.effects) for call in found) <= most


def test_next__block_is_too_small_for_one__is_refused(stage):
    """Nothing could ever be mined."""
    with pytest.raises(TransactionFailed, match="the network allows 50,000"):
        calls(stage, stage.mints(1), block=50_000)


@given(
    fee=st.integers(0, 10**13),
    tip=st.integers(0, 10**12),
    base=st.integers(0, 10**13),
    market_tip=st.integers(0, 10**12),
    cap=st.none() | st.integers(0, 10**13),
)
def test_raised__any_fees__are_an_eighth_higher_and_below_the_limit(
    fee, tip, base, market_tip, cap
):
    """Both of them, or there is no replacement."""
    old = Request(1, 0, HOLDER, b"", 21_000, max(fee, tip), tip)
    new = raised(old, Fees(base, market_tip), cap)
    if new is None:
        assert cap is not None
        return
    assert new.max_fee * 8 >= old.max_fee * 9
    assert new.tip * 8 >= old.tip * 9
    assert new.max_fee > old.max_fee
    assert new.tip > old.tip
    assert new.tip <= new.max_fee
    assert cap is None or new.max_fee <= cap
    assert (new.chain_id, new.nonce, new.to, new.data, new.gas) == (1, 0, HOLDER, b"", 21_000)


@given(base=st.integers(0, 10**13), tip=st.integers(0, 10**12), cap=st.integers(0, 10**13))
def test_first_fees__any_market__is_mined_now_or_not_offered(base, tip, cap):
    """The tip is below what a gas may cost, and that is not over the limit."""
    found = first_fees(Fees(base, tip), cap)
    if found is None:
        assert cap < base + tip
    else:
        assert base + tip <= found[0] <= cap
        assert found[1] == tip
