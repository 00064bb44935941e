"""A collection on the anvil that Ape started, reached by its URL."""

import pytest
from support.tokens import Tokens


@pytest.fixture(scope="session")
def chain_url(networks):
    """The node's address, as a platform would have it in its settings."""
    return networks.active_provider.web3.provider.endpoint_uri


@pytest.fixture
def tokens(node, project, holder, minter, buyer):
    """A new collection; people[0] mints, people[1] holds, people[2] buys."""
    return Tokens(node, project, [str(who.address) for who in (minter, holder, buyer)])
