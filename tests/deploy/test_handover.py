"""handover: the contract is offered, then accepted

given a contract as the new owner, it is offered and told what to send, which works
given an ordinary account, it has to be meant
given somebody who may not, or a limit, nothing is sent
"""

import asyncio

import pytest
from support.collection import deploy
from support.node import calldata
from support.programs import MULTISIG

from pfpkit.accounts import Session
from pfpkit.cost import Terms
from pfpkit.deployments import Deployment
from pfpkit.errors import BadInput, TransactionFailed
from pfpkit.flow.handover import handover
from pfpkit.reference import NOBODY


@pytest.fixture
def collection(project, deployer, minter):
    return deploy(project, deployer, owner=deployer, minter=minter)


@pytest.fixture
def run(networks, node, tmp_path, collection, capsys):
    """Run handover as an account; returns what it printed, how many it sent, and owners after."""

    def as_(account, **options):
        session = Session(networks.active_provider, account)
        session.root = tmp_path
        record = Deployment(
            session.chain_id, session.genesis, str(collection.address), "0x00", 1, "", {}, {}
        )
        record.save(session.record())
        height = networks.active_provider.get_block("latest").number
        try:
            asyncio.run(handover(session, **options))
        except Exception:
            assert networks.active_provider.get_block("latest").number == height
            raise
        return capsys.readouterr().out

    return as_


@pytest.fixture
def multisig(node, deployer):
    return node.deploy(str(deployer.address), MULTISIG)


def test_handover__to_a_multisig__prints_what_it_has_to_send(
    run, node, collection, deployer, stranger, multisig
):
    """And what it prints makes it the owner, whoever tells the multisig to send it."""
    said = run(deployer, to=multisig)
    assert collection.owner() == deployer
    assert collection.pendingOwner().lower() == multisig.lower()
    assert f"  to     {collection.address}\n  value  0\n  data   0x79ba5097, accept" in said
    call = bytes(12) + bytes.fromhex(str(collection.address)[2:]) + calldata("acceptOwnership()")
    node.transact(str(stranger.address), multisig, call)
    assert collection.owner().lower() == multisig.lower()
    assert collection.pendingOwner() == NOBODY


def test_handover__run_twice__offers_once(run, collection, deployer, multisig, networks):
    """The second run says how it stands, and what is still to be sent."""
    run(deployer, to=multisig)
    height = networks.active_provider.get_block("latest").number
    assert "0x79ba5097" in run(deployer, to=multisig)
    assert "0x79ba5097" in run(deployer)
    assert networks.active_provider.get_block("latest").number == height


def test_handover__to_an_account__has_to_be_meant(run, collection, deployer, buyer, monkeypatch):
    """A multisig of another chain would never accept here."""
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    with pytest.raises(TransactionFailed, match=r"nothing was sent.*--no-contract"):
        run(deployer, to=str(buyer.address))
    assert collection.pendingOwner() == NOBODY
    run(deployer, to=str(buyer.address), no_contract=True)
    assert collection.pendingOwner() == buyer


def test_handover__to_an_account_that_borrows_code__has_to_be_meant(
    run, node, deployer, monkeypatch
):
    """EIP-7702 gives it code, and the key still decides."""
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    borrower = "0x" + "ab" * 20
    node.rpc("anvil_setCode", borrower, "0xef0100" + "cd" * 20)
    with pytest.raises(TransactionFailed, match="--no-contract"):
        run(deployer, to=borrower)


def test_handover__accepted__names_both(run, collection, deployer, buyer, stranger):
    """By whom it was offered to, and nobody else."""
    run(deployer, to=str(buyer.address), no_contract=True)
    with pytest.raises(TransactionFailed, match="may not accept; the contract is offered to"):
        run(stranger, accept=True)
    said = run(buyer, accept=True)
    assert f"  owner   {buyer.address}\n  before  {deployer.address}\n" in said
    assert collection.owner() == buyer


def test_handover__by_a_stranger__is_refused(run, stranger, multisig):
    """Before anything is sent."""
    with pytest.raises(TransactionFailed, match="may not offer it"):
        run(stranger, to=multisig)


def test_handover__nothing_offered__cannot_be_accepted(run, buyer):
    """The message says that it is offered to nobody."""
    with pytest.raises(TransactionFailed, match="offered to nobody"):
        run(buyer, accept=True)


def test_handover__to_nobody_or_the_owner__is_refused(run, deployer, multisig):
    """A contract is not thrown away by a mistyped address."""
    for address in (NOBODY, str(deployer.address)):
        with pytest.raises(BadInput, match="cannot be the new owner"):
            run(deployer, to=address)
    with pytest.raises(BadInput, match="run one after the other"):
        run(deployer, to=multisig, accept=True)


def test_handover__over_a_limit__sends_nothing(run, collection, deployer, multisig):
    """The limits hold for every command that sends."""
    with pytest.raises(TransactionFailed, match="more than --max-cost"):
        run(deployer, to=multisig, terms=Terms(max_cost=1))
    assert collection.pendingOwner() == NOBODY
