"""unfinished: what became of a deployment that a run sent and did not record

given its contract on the chain, it is found, if it was made with the same arguments
given a node that does not know all of it yet, nothing is forgotten and nothing is deployed
given a nonce that is free, the next one takes it; given one that was used, it is forgotten
"""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.anvil import DEPLOYER, HOLDER

from pfpkit.chain import Node
from pfpkit.deployments import pending_path
from pfpkit.errors import ChainError, TransactionFailed
from pfpkit.flow.unfinished import refuse_another_nonce, unfinished
from pfpkit.transaction_plan import created_address


@dataclass
class Recorded:
    """Of a session, where its network is recorded."""

    path: Path

    def record(self):
        return self.path


@dataclass
class Planned:
    """Of a plan, the address of the contract that it makes."""

    creates: str


@pytest.fixture
def look(stage):
    """What is found of a draft, which is left in its place."""

    def run(node=Node, **changed):
        draft = replace(stage.record, transaction="", **changed)
        draft.save_draft(stage.path)

        async def work():
            async with node(stage.chain.url) as one:
                return await unfinished(Recorded(stage.path), one)

        return asyncio.run(work())

    return run


def nonce(stage):
    """The account's next nonce."""
    return int(stage.chain.rpc("eth_getTransactionCount", DEPLOYER, "latest"), 16)


def test_unfinished__is_on_the_chain__is_found(stage, look):
    """With its transaction and block, from its first event."""
    assert look() == stage.record


def test_unfinished__was_deployed_with_other_arguments__is_not_recorded(stage, look):
    """A run before it had the same nonce, and its transaction came first."""
    other = {**stage.record.arguments, "maxSupply": 11}
    with pytest.raises(TransactionFailed, match="with other arguments than the last run had"):
        look(arguments=other)
    assert not pending_path(stage.path).exists()


def test_unfinished__node_has_no_events_yet__deploys_nothing(stage, look):
    """Of several nodes behind one name, one may be ahead of another."""

    class Behind(Node):
        async def first_log(self, contract, block):
            return None

    with pytest.raises(ChainError, match="run this again in a minute"):
        look(Behind)
    assert pending_path(stage.path).exists()


def test_unfinished__nonce_is_free__only_the_same_nonce_is_taken(stage, look):
    """It may come yet: of two transactions with one nonce, one is mined."""
    lost = created_address(DEPLOYER, nonce(stage))
    assert look(address=lost) is None
    refuse_another_nonce(Recorded(stage.path), Planned(lost))
    with pytest.raises(TransactionFailed, match="may still come"):
        refuse_another_nonce(Recorded(stage.path), Planned(created_address(HOLDER, 0)))


def test_unfinished__nonce_was_used__is_forgotten(stage, look):
    """For something that made no such contract."""
    used = created_address(DEPLOYER, nonce(stage))
    stage.chain.node.transact(DEPLOYER, HOLDER, b"")
    assert look(address=used) is None
    assert not pending_path(stage.path).exists()


def test_unfinished__is_under_way__names_its_nonce(stage, look):
    """In the pool, and in no block."""
    at = nonce(stage)
    stage.chain.rpc("evm_setAutomine", False)
    try:
        stage.chain.rpc("eth_sendTransaction", {"from": DEPLOYER, "to": HOLDER})
        with pytest.raises(TransactionFailed, match=f"send a transaction with nonce {at} and"):
            look(address=created_address(DEPLOYER, at))
    finally:
        stage.chain.rpc("evm_setAutomine", True)
        stage.chain.rpc("evm_mine")
