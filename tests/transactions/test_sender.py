"""Sender: each effect exactly once, whatever the node, the chain and the machine do meanwhile.

given a good node, every token is with its receiver and the journal says so;
killed at any step, the next run goes on and nothing is minted twice;
given lost answers, lost transactions, reorganisations, dear blocks and an account that is used
elsewhere, the same; what cannot go on stops in words.
"""

import asyncio
from random import Random

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.collection import digest
from support.faulty_node import FaultyNode
from support.node import calldata
from support.sending_stage import Killed, LocalSigner

from pfpkit.errors import TransactionFailed
from pfpkit.transactions.signed import Effect


def set_minter(stage, minter):
    """Without a transaction of the account, which would take a nonce."""
    word = f"0x{0:024x}{minter[2:].lower()}"
    stage.chain.rpc("anvil_setStorageAt", stage.contract, "0x" + "00" * 32, word)


STEPS = ["signed", "sent", "mined", "done"]


def test_run__good_node__each_receiver_has_its_token(stage):
    """Twelve tokens in three transactions of five, five and two, and a second run sends none."""
    effects = stage.mints(12)
    stage.run(effects, batch=5)
    stage.check(effects)
    assert stage.count("signed") == 3
    stage.run(effects, batch=5)
    assert stage.count("signed") == 3


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("nth", [1, 3])
def test_run__killed_at_a_step__goes_on_and_mints_nothing_twice(stage, step, nth):
    """The process ends at the first, or the third, time that something happened."""
    effects = stage.mints(6)

    def on(event):
        if event == step and stage.count(step) == nth:
            raise Killed

    stage.on = on
    with pytest.raises(Killed):
        stage.run(effects, batch=1, in_flight=2)
    stage.on = lambda _: None
    stage.run(effects, batch=1, in_flight=2)
    stage.check(effects)


def test_run__killed_between_signature_and_journal__signs_the_nonce_anew(stage, monkeypatch):
    """A signature that is in no journal was in memory alone."""
    effects = stage.mints(2)
    signed = LocalSigner.sign

    def sign(self, request):
        signed(self, request)
        raise Killed

    monkeypatch.setattr(LocalSigner, "sign", sign)
    with pytest.raises(Killed):
        stage.run(effects)
    monkeypatch.undo()
    stage.run(effects)
    stage.check(effects)


def test_run__answers_are_lost_late_failed_and_twice__mints_nothing_twice(stage):
    """Of a third of all requests nobody hears; some arrive twice."""
    effects = stage.mints(20)
    shares = {"lose": 0.2, "fail": 0.1, "twice": 0.2, "late": 0.1}
    with FaultyNode(stage.chain.url, Random(7), **shares, late_s=0.05) as node:
        stage.url = node.url
        stage.run(effects, batch=2)
    assert min(node.faults.values()) > 0, node.faults
    assert len(node.faults) == 4
    stage.check(effects)


def test_run__node_drops_a_transaction__sends_the_same_bytes_again(slow):
    """It was taken, and is gone from the pool."""
    effects = slow.mints(2)

    async def drop():
        await slow.until("sent", 2)
        first = slow.told[0][1]["hash"]
        slow.chain.rpc("anvil_dropTransaction", first)
        await slow.until("dropped")
        await slow.until("sent", 3)
        slow.mine()

    asyncio.run(slow.beside(effects, drop()))
    assert slow.count("signed") == 2
    slow.check(effects)


@pytest.mark.parametrize("depth", [1, 3])
def test_run__blocks_are_reorganised_away__sends_the_same_bytes_again(slow, depth):
    """They were in a block that the chain gave up, before they were done."""
    effects = slow.mints(3)

    async def reorganise():
        await slow.until("sent", 3)
        slow.mine(depth)
        await slow.until("mined", 3)
        slow.chain.rpc("anvil_reorg", depth, [])
        await slow.until("reorganised", 3)
        await slow.until("sent", 6)
        slow.mine(5)

    asyncio.run(slow.beside(effects, reorganise(), confirmations=4))
    assert slow.count("signed") == 3
    slow.check(effects)


def test_run__what_was_done_is_reorganised_away__is_sent_again(slow):
    """No process was there when the chain took another way, deeper than was called done."""
    effects = slow.mints(2)

    async def mine():
        await slow.until("sent", 2)
        slow.mine(2)

    asyncio.run(slow.beside(effects, mine(), confirmations=1))
    slow.chain.rpc("anvil_reorg", 2, [])
    slow.chain.rpc("evm_setAutomine", True)
    slow.run(effects)
    assert slow.count("signed") == 2
    assert slow.count("reorganised") == 2
    slow.check(effects)


def test_run__back_in_the_pool_after_many_blocks__is_sent_as_it_was(slow):
    """It waits since the reorganisation alone, not since it was first sent."""
    effects = slow.mints(1)

    async def reorganise():
        await slow.until("sent")
        slow.mine(8)
        await slow.until("mined")
        slow.chain.rpc("anvil_reorg", 8, [])
        await slow.until("reorganised")
        await slow.until("sent", 2)
        slow.mine(10)

    asyncio.run(slow.beside(effects, reorganise(), confirmations=9))
    assert slow.count("replaced") == 0
    slow.check(effects)


def test_run__base_fee_rises__is_sent_with_fees_an_eighth_higher(slow):
    """Both versions are in the journal, and one is in a block."""
    effects = slow.mints(1)

    async def spike():
        await slow.until("sent")
        slow.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
        slow.mine()
        await slow.until("replaced")
        await slow.until("sent", 2)
        slow.mine()

    asyncio.run(slow.beside(effects, spike()))
    with slow.journal() as journal:
        (slot,) = journal.slots.values()
        first, second = (one.request for one in slot.versions)
        assert second.max_fee * 8 >= first.max_fee * 9
        assert second.tip * 8 >= first.tip * 9
    slow.check(effects)


def test_run__base_fee_is_over_the_limit__waits_and_stops_in_words(slow):
    """No more than --max-fee is offered; the transaction stays under way, and goes on later."""
    effects = slow.mints(1)

    async def spike():
        await slow.until("sent")
        slow.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
        slow.mine()

    with pytest.raises(ExceptionGroup) as stopped:
        asyncio.run(slow.beside(effects, spike(), max_fee=5 * 10**9, stall_s=1.0))
    (error,) = stopped.value.exceptions
    assert isinstance(error, TransactionFailed)
    assert "the limits allow no more" in str(error)
    assert "run it again" in str(error)
    assert slow.count("replaced") == 0
    slow.chain.rpc("evm_setAutomine", True)
    slow.run(effects)
    slow.check(effects)


def test_run__nonce_was_taken_elsewhere__sends_its_tokens_with_another(stage):
    """Signed and never sent; meanwhile the account used the nonce for something else."""
    effects = stage.mints(3)
    stage.on = lambda event: (_ for _ in ()).throw(Killed)
    with pytest.raises(Killed):
        stage.run(effects, batch=3)
    stage.on = lambda _: None
    stage.chain.node.transact(DEPLOYER, HOLDER, b"")
    stage.run(effects, batch=3)
    assert stage.count("void") == 1
    with stage.journal() as journal:
        void, done = journal.slots.values()
        assert void.void is not None
        assert done.nonce == void.nonce + 1
    stage.check(effects)


def test_run__nonce_was_taken_by_the_same_mint__does_not_send_it_again(stage):
    """Another journal of the account minted the bundle with the very nonce."""
    effects = stage.mints(1)
    stage.on = lambda event: (_ for _ in ()).throw(Killed)
    with pytest.raises(Killed):
        stage.run(effects)
    stage.on = lambda _: None
    call = calldata("mint(address,bytes32)", effects[0].to, digest(0))
    stage.chain.node.transact(DEPLOYER, stage.contract, call)
    stage.run(effects)
    assert stage.count("void") == 0
    assert stage.count("signed") == 1
    height = stage.chain.height
    stage.run(effects)
    assert stage.chain.height == height


def test_run__account_has_others_in_the_pool__signs_nothing(slow):
    """They are of no journal here: what they do is not known."""
    effects = slow.mints(1)
    slow.chain.rpc("eth_sendTransaction", {"from": DEPLOYER, "to": HOLDER})
    with pytest.raises(TransactionFailed, match="the account is used elsewhere"):
        slow.run(effects)
    assert slow.count("signed") == 0
    slow.chain.rpc("evm_setAutomine", True)
    slow.mine()
    slow.run(effects)
    slow.check(effects)


def test_run__same_bundle_is_minted_elsewhere_after_the_plan__signs_nothing(stage):
    """What was planned at one block may be done at the next: the nonce tells."""
    effects = stage.mints(2)

    def mint():
        call = calldata("mint(address,bytes32)", effects[0].to, digest(0))
        stage.chain.node.transact(DEPLOYER, stage.contract, call)

    stage.before_signing = mint
    with pytest.raises(TransactionFailed, match="plans anew from the chain"):
        stage.run(effects)
    assert stage.count("signed") == 0
    stage.before_signing = lambda: None
    stage.run(effects)
    stage.check(effects)


def test_run__nonce_is_taken_elsewhere_in_the_middle__stops_and_plans_anew(slow):
    """What was signed never comes, and the rest of the plan is not trusted any more."""
    effects = slow.mints(4)

    async def take():
        await slow.until("sent", 2)
        for _, fields in [one for one in slow.told if one[0] == "sent"]:
            slow.chain.rpc("anvil_dropTransaction", fields["hash"])
        fees = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11)}
        nonce = {"nonce": "0x1"}
        slow.chain.rpc("eth_sendTransaction", {"from": DEPLOYER, "to": HOLDER} | fees | nonce)
        for _ in range(30):
            slow.mine()
            await asyncio.sleep(0.05)

    with pytest.raises(ExceptionGroup) as stopped:
        asyncio.run(slow.beside(effects, take(), in_flight=2, look_s=0.2))
    assert "the account is used elsewhere" in str(stopped.value.exceptions[0])
    slow.chain.rpc("evm_setAutomine", True)
    slow.mine()
    slow.run(effects)
    slow.check(effects)


def first_is_mined(stage, effects, before=lambda: None, **how):
    """Send, and mine the first version of the first transaction, though the node took none of its
    replacements; return why the run stopped."""

    async def mine(node):
        await stage.until("sent", len(effects))
        node.refuses = "not now"
        stage.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
        stage.mine()
        await stage.until("replaced", len(effects))
        with stage.journal(holding=False) as journal:
            first = journal.slots[1].versions[0]
        before()
        stage.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        # The pool has forgotten it.
        stage.chain.rpc("eth_sendRawTransaction", f"0x{first.raw.hex()}")
        stage.mine()

    with FaultyNode(stage.chain.url, Random(1)) as node:
        stage.url = node.url
        with pytest.raises(ExceptionGroup) as stopped:
            asyncio.run(stage.beside(effects, mine(node), **how))
    (error,) = stopped.value.exceptions
    return str(error)


def test_run__first_version_is_mined_though_others_were_refused__is_not_held_against_it(slow):
    """What stands still is the nonce behind it; what the node said of this one is over."""
    why = first_is_mined(slow, slow.mints(2), stall_s=2.0)
    assert slow.count("done") == 1
    assert "the node does not take the transaction with nonce 2: not now" in why


def test_run__contract_refuses__signs_nothing(stage):
    """The minter was changed: the node says so before anything is signed."""
    call = calldata("setMinter(address)", HOLDER)
    stage.chain.node.transact(DEPLOYER, stage.contract, call)
    with pytest.raises(TransactionFailed, match="the contract refuses airdrop of 2: "):
        stage.run(stage.mints(2), batch=2)
    assert stage.count("signed") == 0


def test_run__transaction_fails_in_its_block__says_so_and_goes_on_later(slow):
    """It was right when it was signed; the minter was changed before it was mined."""
    effects = slow.mints(2)

    async def change():
        await slow.until("sent")
        set_minter(slow, HOLDER)
        slow.mine()

    with pytest.raises(ExceptionGroup) as stopped:
        asyncio.run(slow.beside(effects, change(), batch=2))
    assert "failed in block" in str(stopped.value.exceptions[0])
    with slow.journal() as journal:
        assert [slot.void.why for slot in journal.slots.values()] == ["it failed"]
    set_minter(slow, DEPLOYER)
    slow.chain.rpc("evm_setAutomine", True)
    slow.run(effects, batch=2)
    slow.check(effects)


def test_run__first_version_fails_in_its_block__is_the_one_that_is_named(slow):
    """There is another one with higher fees, which no explorer knows."""
    why = first_is_mined(slow, slow.mints(1), before=lambda: set_minter(slow, HOLDER))
    first = next(fields["hash"] for name, fields in slow.told if name == "signed")
    assert f"{first} failed in block" in why


def test_run__costs_more_than_the_limit__stops_in_words(stage):
    """What fits into --max-cost is sent, the rest is not."""
    effects = stage.mints(4)
    with pytest.raises(TransactionFailed, match="more than --max-cost leaves"):
        stage.run(effects, max_cost=6 * 10**14, in_flight=1)
    assert 1 <= stage.count("done") < 4
    stage.run(effects)
    stage.check(effects)


def test_run__token_is_moved_and_comes_back__is_sent_again_only_when_asked(stage):
    """The journal has the move as done; another one is another wish."""
    stage.run([stage.mints(1)[0]])
    mint = calldata("mint(address,bytes32)", DEPLOYER, digest(99))
    stage.chain.node.transact(DEPLOYER, stage.contract, mint)
    move = Effect(stage.contract, DEPLOYER, HOLDER, "2")
    stage.run([move])
    back = calldata("transferFrom(address,address,uint256)", HOLDER, DEPLOYER, 2)
    stage.chain.node.transact(HOLDER, stage.contract, back)
    signed = stage.count("signed")
    stage.run([move])
    assert stage.count("signed") == signed
    stage.run([move], again=True)
    assert stage.count("signed") == signed + 1
