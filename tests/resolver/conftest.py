"""A resolution that is verified, what it leaves on disk, and what visitors of a token find."""

import pytest
from support.clock import Clock
from support.hostile_gateway import HostileGateway
from support.shelves import OWNER, resolution_of, token_shelf
from support.visits import SHELF

from pfpkit.cache import Cache


@pytest.fixture(scope="session")
def resolution():
    """A verified one, asked for its owner."""
    return resolution_of(token_shelf(), OWNER)


@pytest.fixture
def saved(resolution, tmp_path):
    """Its three files."""
    return resolution.save(tmp_path / "avatars", "avatar")


@pytest.fixture
def clock():
    """A clock that stands still until it is set."""
    return Clock()


@pytest.fixture
def cache(tmp_path, clock):
    """A cache that nothing is in."""
    return Cache(tmp_path / "cache", now=clock)


@pytest.fixture
def gateway():
    """A gateway that has what the shelf has."""
    with HostileGateway(SHELF.blocks) as running:
        yield running


@pytest.fixture
def minted(tokens):
    """A token of the shelf, and its holder."""
    (ref,) = tokens.mint(SHELF.root.digest)
    return ref, tokens.people[1]
