"""A cache in a folder of its own, and its clock."""

import pytest
from support.clock import Clock

from pfpkit.cache import Cache


@pytest.fixture
def clock():
    """A clock that gives last uses an order."""
    return Clock(step=0.001)


@pytest.fixture
def folder(tmp_path):
    """Where the cache is; not there yet."""
    return tmp_path / "cache"


@pytest.fixture
def cache(folder, clock):
    """A cache of the usual size."""
    return Cache(folder, now=clock)
