"""Sender beside others: transactions that are not of its journal, and receivers that do things.

given a nonce that another transaction took, what that one did is not done again, and the rest is;
given a block that went while no process was there, what was done in it is looked at again;
given a limit, no more is offered than it leaves; given no limit, no more than is plenty.
"""

import asyncio
from itertools import islice

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.collection import digest
from support.node import calldata
from support.sending_stage import Killed

from pfpkit.cost import Fees
from pfpkit.errors import TransactionFailed
from pfpkit.transactions.fees import is_plenty, raised
from pfpkit.transactions.signed import Effect, Request

FORWARDER = bytes.fromhex(
    "60328060095f395ff36323b872dd60e01b5f523060045261beef602452604435604452"
    "5f5f60645f5f335af15063150b7a0260e01b5f5260205ff3"
)
"""A receiver that passes a token on to 0x…beef as soon as it has it, as a vault may."""


def signed_only(stage, effects, **how):
    """Sign and write down, and end before anything is sent."""

    def end(event):
        if event == "signed":
            raise Killed

    stage.on = end
    with pytest.raises(Killed):
        stage.run(effects, **how)
    stage.on = lambda _: None


def mint_elsewhere(stage, effect):
    """The same mint, by a transaction of the account that the journal does not know."""
    call = calldata("mint(address,bytes32)", effect.to, bytes.fromhex(effect.what))
    stage.chain.node.transact(DEPLOYER, stage.contract, call)


def test_run__nonce_was_taken_by_one_mint_of_a_batch__mints_the_others(stage):
    """Another journal of the account mints one by one: of three, one is there, and two are not."""
    effects = stage.mints(3)
    signed_only(stage, effects, batch=3)
    mint_elsewhere(stage, effects[1])
    stage.run(effects, batch=3)
    with stage.journal() as journal:
        void, done = journal.slots.values()
        assert void.void.happened == (effects[1].what,)
        assert done.effects == (effects[0], effects[2])
        assert journal.of(effects[1]) is void
    stage.check(effects)


def test_run__done_in_a_block_that_went_while_nobody_looked__is_sent_anew(slow):
    """Its nonce was used since, so that the account's nonce alone does not tell."""
    effects = slow.mints(1)

    async def mine():
        await slow.until("sent")
        slow.mine(2)

    asyncio.run(slow.beside(effects, mine(), confirmations=1))
    slow.chain.rpc("anvil_reorg", 2, [])
    slow.chain.rpc("evm_setAutomine", True)
    slow.chain.node.transact(DEPLOYER, HOLDER, b"")
    slow.mine(5)
    slow.run(effects)
    slow.check(effects)
    assert slow.count("reorganised") == 1
    slow.run(effects)
    assert slow.count("reorganised") == 1, "the next run tells of it again"


def test_run__done_in_blocks_that_stay__is_not_looked_at_again(stage):
    """What was seen at a final block is written down, so that runs do not get slower."""
    effects = stage.mints(16)
    stage.run(effects, in_flight=1)  # a block for each
    stage.run(effects)
    with stage.journal() as journal:
        assert journal.final == stage.chain.height
        lines = len((journal.folder / "journal").read_bytes())
    stage.run(effects)
    with stage.journal() as journal:
        assert len((journal.folder / "journal").read_bytes()) == lines


def test_run__receiver_passes_the_token_on__is_done(stage):
    """Two events in one transaction; the move that was meant is one of them."""
    mint = calldata("mint(address,bytes32)", DEPLOYER, digest(0))
    stage.chain.node.transact(DEPLOYER, stage.contract, mint)
    vault = stage.chain.checksummed(stage.chain.node.deploy(HOLDER, FORWARDER))
    stage.run([Effect(stage.contract, DEPLOYER, vault, "1")])
    owner = stage.chain.node.call(stage.contract, calldata("ownerOf(uint256)", 1))
    assert int.from_bytes(owner) == 0xBEEF
    with stage.journal() as journal:
        assert not journal.open


def test_run__limit_leaves_little_more_than_a_gas_costs__is_sent_with_lower_fees(stage):
    """Twice the base fee does not fit, and today's does: a plan that passed is not refused."""
    (effect,) = stage.mints(1)
    call = calldata("mint(address,bytes32)", effect.to, digest(0))
    asked = {"from": DEPLOYER, "to": stage.contract, "data": f"0x{call.hex()}"}
    gas = int(stage.chain.rpc("eth_estimateGas", asked), 16)
    base = int(stage.chain.rpc("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    tip = int(stage.chain.rpc("eth_maxPriorityFeePerGas"), 16)
    limit = gas * 6 // 5 * (base + tip + base // 2)
    stage.run([effect], max_cost=limit)
    with stage.journal() as journal:
        assert journal.slots[1].last.request.most <= limit
    stage.check([effect])


def test_run__nothing_is_ever_mined__offers_plenty_and_no_more(slow):
    """A node that passes nothing on: a tip that grows for ever would be paid in the end."""
    with pytest.raises(TransactionFailed, match="which is plenty, and the node does not get it"):
        slow.run(slow.mints(1), raise_after=0, stall_s=1.0)
    with slow.journal() as journal:
        first, *_, last = (one.request for one in journal.slots[1].versions)
    assert last.tip < 10 * first.tip


def test_is_plenty__market_does_not_move__ends_at_nine_times_the_tip():
    """And never where the base fee has risen over what is offered."""
    market = Fees(10**9, 10**8)

    def bids(request):
        while True:
            yield request
            request = raised(request, market, None)

    first = Request(1, 0, HOLDER, b"", 21_000, 2 * 10**9 + 10**8, 10**8)
    enough = next(one for one in islice(bids(first), 40) if is_plenty(one, market))
    assert 8 * 10**8 <= enough.tip <= 9 * 10**8
    assert not is_plenty(enough, Fees(enough.max_fee, 10**8))
