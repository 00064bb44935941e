"""Plan: transactions before they are sent, on a node and on a fork of it

given a node, gas, cost, nonces and the address of a contract to be, as they come true
given a fork, each transaction sees the one before it, and the node sees nothing
given an OP Stack chain, the fee for data is asked of its oracle; elsewhere the plan says what it is
given a limit, an empty account or a refusal, one message and nothing is sent
"""

import asyncio
import json
from pathlib import Path

import pytest
from support.anvil import DEPLOYER, HOLDER, Anvil

from pfpkit.chain import Node
from pfpkit.cost import COIN, GWEI, NO_TERMS, TRANSACTION_GAS, Terms
from pfpkit.errors import NodeUnreachable, TransactionFailed
from pfpkit.fork import forked
from pfpkit.transaction_plan import GAS_PRICE_ORACLE, DataFee, Intended, created_address, plan

TURNSTILE = bytes.fromhex(
    "6014806009 5f395ff3 5f355f5414600b575f5ffd5b5f54600101 5f5500".replace(" ", "")
)
"""A contract that lets calls pass in their order alone: 0, 1, 2."""
ORACLE = "0x60243561 03e8025f5260205ff3".replace(" ", "")
"""Answers `getL1Fee(bytes)` with 1,000 wei for each byte that it is given."""


@pytest.fixture(scope="module")
def chain():
    """A chain that is left as it is by every test."""
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def planned(chain):
    """Plan the deployer's transactions, `fork=True` on a fork; the chain stays as it is."""

    def run(*intended, terms=NO_TERMS, fork=False, on=chain, account=DEPLOYER):
        async def work():
            options = {"account": account, "network": "net", "terms": terms}
            async with Node(on.url) as node:
                if not fork:
                    return await plan(node, "a run", intended, **options)
                async with forked(on.url) as copy:
                    return await plan(node, "a run", intended, fork=copy, **options)

        height, nonce = on.height, on.rpc("eth_getTransactionCount", DEPLOYER, "pending")
        try:
            return asyncio.run(work())
        finally:
            assert on.height == height
            assert on.rpc("eth_getTransactionCount", DEPLOYER, "pending") == nonce

    return run


def passing(contract, number):
    return Intended(f"pass {number}", contract, number.to_bytes(32))


DEPLOY = Intended("deploy", None, TURNSTILE)


def test_plan__on_a_node__comes_true(chain, planned):
    """Gas, nonce and address are those of the transaction when it is sent."""
    nonce = int(chain.rpc("eth_getTransactionCount", DEPLOYER, "latest"), 16)
    found = planned(DEPLOY)
    (step,) = found.steps
    receipt = chain.node.transact(DEPLOYER, None, TURNSTILE)
    assert step.nonce == nonce
    assert step.creates == chain.checksummed(receipt["contractAddress"])
    used = int(receipt["gasUsed"], 16)
    assert used <= step.gas <= used + used // 10
    assert step.gas < step.limit <= step.gas * 6 // 5
    assert found.balance > found.cost == step.gas * found.price.fees.each
    assert found.forked_at is None
    assert f"contract  {step.creates}" in found.text()


def test_plan__on_a_fork__runs_one_after_another(chain, planned):
    """The second and third pass only after the one before them, and the gas is what they take."""
    contract = created_address(
        DEPLOYER, int(chain.rpc("eth_getTransactionCount", DEPLOYER, "latest"), 16)
    )
    found = planned(DEPLOY, *(passing(contract, n) for n in range(3)), fork=True)
    assert [step.what for step in found.steps] == ["deploy", "pass 0", "pass 1", "pass 2"]
    assert [s.nonce - found.steps[0].nonce for s in found.steps] == [0, 1, 2, 3]
    assert found.forked_at == chain.height
    first, second = (step.gas for step in found.steps[1:3])
    assert first == second + 17_100 - 12  # a slot set, not changed (EIP-2200); a byte of 0, not 1
    assert f"run on a fork of block {chain.height:,}" in found.text()


@pytest.mark.parametrize("fork", [False, True])
def test_plan__contract_refuses__says_which(chain, planned, fork):
    """A call out of its order is refused before anything is sent."""
    contract = chain.checksummed(chain.node.deploy(DEPLOYER, TURNSTILE))
    with pytest.raises(TransactionFailed, match=r"the contract refuses pass 7: .*nothing was sent"):
        planned(passing(contract, 7), fork=fork)
    assert planned(passing(contract, 0), fork=fork).gas > 21_000


def test_plan__account_is_empty__is_shown_and_refused(planned):
    """The plan can be looked at; the check says what is missing."""
    poor = "0x" + "ab" * 20
    found = planned(DEPLOY, fork=True, account=poor)
    assert found.balance == 0
    assert "left  " in found.text().replace("      ", "  ")
    with pytest.raises(TransactionFailed, match=r"has 0\.000000 ETH, and this costs .*send it"):
        found.check(NO_TERMS)


def test_plan__base_fee_is_stated__is_the_one_shown(planned):
    """The node's own still decides whether the account can pay, and what may be spent."""
    stated = planned(DEPLOY, terms=Terms(base_fee=100 * GWEI))
    assert stated.price.fees.stated
    assert stated.cost == stated.gas * (100 * GWEI + stated.now.tip)
    assert stated.now.base < 2 * GWEI
    with pytest.raises(TransactionFailed, match="more than --max-fee 50 gwei"):
        stated.check(Terms(max_fee=50 * GWEI))
    free = planned(DEPLOY, terms=Terms(base_fee=0))
    with pytest.raises(TransactionFailed, match="more than --max-cost"):
        free.check(Terms(max_cost=stated.now.each))


def test_plan__more_gas_than_a_transaction_may_have__is_refused(planned):
    """EIP-7825, which anvil does not hold unless it is told to."""
    with pytest.raises(TransactionFailed, match="no transaction may have more than 16,777,216"):
        planned(Intended("too much", HOLDER, b"", gas=TRANSACTION_GAS + 1))


def test_plan__stated_gas__is_not_asked_for(planned):
    """For a transaction that works only after the one before it."""
    found = planned(Intended("later", HOLDER, b"\x01", gas=123_456))
    assert found.gas == 123_456


def test_plan__as_json__adds_up(planned):
    """Amounts are decimal texts, for they do not fit into a JSON number."""
    terms = Terms.parse({"price": "3000usd"})
    told = json.loads(
        json.dumps(planned(DEPLOY, Intended("pay", HOLDER, b""), terms=terms).as_json())
    )
    assert int(told["balance"]) - int(told["cost"]) == int(told["left"])
    assert sum(int(step["cost"]) for step in told["transactions"]) == int(told["cost"])
    assert [step["creates"] is None for step in told["transactions"]] == [False, True]
    assert told["price"] == {"amount": "3000", "currency": "USD"}


@pytest.fixture(scope="module")
def optimism():
    """A chain with the id of OP Mainnet, and nothing else of it."""
    with Anvil("--chain-id", "10") as anvil:
        yield anvil


def test_plan__op_stack__adds_the_fee_for_data(optimism, planned):
    """What the oracle says of the unsigned transaction; a longer one costs more."""
    optimism.rpc("anvil_setCode", GAS_PRICE_ORACLE, ORACLE)
    found = planned(
        Intended("short", HOLDER, b""), Intended("long", HOLDER, bytes(1000)), on=optimism
    )
    short, long = (step.data_wei for step in found.steps)
    assert 40 * 1000 < short < 80 * 1000
    assert 1000 * 1000 < long - short < 1010 * 1000
    assert found.cost == found.gas * found.price.fees.each + short + long
    assert found.data_fee == DataFee.INCLUDED
    assert DataFee.INCLUDED in found.text()


@pytest.mark.parametrize("code", ["0x", "0x5f5ffd"])
def test_plan__op_stack_without_its_oracle__says_that_the_fee_is_missing(optimism, planned, code):
    """Absent, or refusing: the plan does not pretend that it is all."""
    optimism.rpc("anvil_setCode", GAS_PRICE_ORACLE, code)
    found = planned(Intended("short", HOLDER, b""), on=optimism)
    assert found.data_fee == DataFee.UNKNOWN
    assert "it is not included" in found.head()


def test_plan__other_chains__say_nothing_of_data_or_where_it_is(planned):
    """Arbitrum's gas holds the fee already."""
    assert planned(Intended("short", HOLDER, b"")).data_fee == DataFee.NONE
    with Anvil("--chain-id", "42161") as arbitrum:
        found = planned(Intended("short", HOLDER, b""), on=arbitrum)
    assert found.data_fee == DataFee.IN_GAS


def test_plan__on_polygon__is_in_its_coin(planned):
    """POL, whatever the network's plug-in says."""
    with Anvil("--chain-id", "137") as polygon:
        assert "POL" in planned(Intended("short", HOLDER, b""), on=polygon).head()


def test_fork__of_a_node__is_of_its_chain_and_ends(chain):
    """What is sent stays there; the address is on no command line, and the process is gone."""
    secret = chain.url.replace("127.0.0.1", "user:s3cret@127.0.0.1")

    async def work():
        async with forked(secret) as fork:
            lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
            assert not any(b"s3cret" in line for line in lines)
            assert await fork.send(HOLDER, DEPLOYER, b"") == (21_000, 21_000)
            async with Node(fork.url) as copy:
                assert await copy.chain_id() == 31337
                assert await copy.nonce(HOLDER) == 1
            return fork.url

    url = asyncio.run(work())
    assert int(chain.rpc("eth_getTransactionCount", HOLDER, "latest"), 16) == 0
    with pytest.raises(NodeUnreachable):
        asyncio.run(_height(url))


async def _height(url):
    async with Node(url) as node:
        return (await node.block()).number


def test_fork__node_does_not_answer__says_so_without_its_address(chain):
    """In one line, and the key in its path is not in it."""

    async def work():
        async with forked(f"{chain.url}/v3/s3cret"):
            pass

    with pytest.raises(NodeUnreachable, match="cannot be forked") as refusal:
        asyncio.run(work())
    assert "s3cret" not in str(refusal.value)


def test_fork__no_anvil__says_how_to_get_it(monkeypatch, chain):
    """The environment was not activated."""
    monkeypatch.setenv("PATH", "/nowhere")

    async def work():
        async with forked(chain.url):
            pass

    with pytest.raises(NodeUnreachable, match="activate the environment"):
        asyncio.run(work())


def test_fee_cap__base_fee_doubles__is_still_enough(planned):
    """Room for one doubling, and no limit passed."""
    found = planned(DEPLOY)
    assert found.fee_cap(NO_TERMS) == 2 * found.now.base + found.now.tip
    assert found.fee_cap(Terms(max_cost=COIN // 100)) * found.limit <= COIN // 100
