"""What all tests share: tests/ on sys.path (for `support`), and people by their roles."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from support import peers
from support.collection import deploy, digest
from support.node import Node
from support.tokens import Tokens

# Doctests are collected from every module; importing these would start what they are for.
collect_ignore_glob = ["support/*", "chaos/*", "resolver/attacks/*"]
collect_ignore = []
if not peers.WANTED:
    collect_ignore.append("peers")  # `make test-peers` installs what they need
if "PFPKIT_BROWSER" not in os.environ:
    collect_ignore.append("browser")  # so does `make test-browser`


def pytest_addoption(parser):
    """`--update-gas` records in tests/gas/snapshot.json what the contract costs now."""
    parser.addoption("--update-gas", action="store_true", help="record the gas that is measured")


@pytest.fixture(scope="session", autouse=True)
def no_explorer():
    """No explorer knows the chain of the tests; Ape would look one up at every call that reverts.

    Without a network that takes a while each time, and minutes where many addresses were sent.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ape_etherscan.explorer.get_supported_chains", list)
        yield


@pytest.fixture(scope="session")
def deployer(accounts):
    """Who deploys, and owns the collection."""
    return accounts[0]


@pytest.fixture(scope="session")
def minter(accounts):
    """Who may mint."""
    return accounts[1]


@pytest.fixture(scope="session")
def holder(accounts):
    """Who is given the first tokens."""
    return accounts[2]


@pytest.fixture(scope="session")
def buyer(accounts):
    """Who tokens move to."""
    return accounts[3]


@pytest.fixture(scope="session")
def operator(accounts):
    """Whom a holder lets move tokens."""
    return accounts[4]


@pytest.fixture(scope="session")
def stranger(accounts):
    """Who may do nothing."""
    return accounts[5]


@pytest.fixture
def collection(project, deployer, minter):
    """A new collection of at most 10 tokens; owner is the deployer."""
    return deploy(project, deployer, owner=deployer, minter=minter)


@pytest.fixture
def token(collection, minter, holder):
    """The id of a token of the holder: 1. Two more of the holder's follow, 2 and 3."""
    collection.mintBatch(holder, [digest(1), digest(2), digest(3)], sender=minter)
    return 1


@pytest.fixture
def node(networks):
    """The anvil that Ape started, spoken to directly."""
    connection = Node(networks.active_provider.web3.provider.endpoint_uri)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def chain_url(networks):
    """The node's address, as a platform would have it in its settings."""
    return networks.active_provider.web3.provider.endpoint_uri


@pytest.fixture
def tokens(node, project, holder, minter, buyer):
    """A new collection; people[0] mints, people[1] holds, people[2] buys."""
    return Tokens(node, project, [str(who.address) for who in (minter, holder, buyer)])
