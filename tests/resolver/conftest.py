"""A resolution that is verified, and what it leaves on disk."""

import pytest
from support.shelves import OWNER, resolution_of, token_shelf
from support.tokens import Tokens


@pytest.fixture(scope="session")
def resolution():
    """A verified one, asked for its owner."""
    return resolution_of(token_shelf(), OWNER)


@pytest.fixture
def saved(resolution, tmp_path):
    """Its three files."""
    return resolution.save(tmp_path / "avatars", "avatar")


@pytest.fixture(scope="session")
def chain_url(networks):
    """The node's address, as a platform would have it in its settings."""
    return networks.active_provider.web3.provider.endpoint_uri


@pytest.fixture
def tokens(node, project, holder, minter, buyer):
    """A new collection; people[0] mints, people[1] holds, people[2] buys."""
    return Tokens(node, project, [str(who.address) for who in (minter, holder, buyer)])
