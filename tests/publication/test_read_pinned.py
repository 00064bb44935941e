"""read_pinned: what is about to be minted comes back through every route

given that all of it comes, each route was asked for all of it
given one that does not come, its own error is raised, and nothing further is asked for
given one that never came when it was pinned, nothing is asked for
"""

import asyncio
from dataclasses import replace

import pytest
from support.hostile_gateway import HostileGateway
from support.pictures import encoded, noise

from pfpkit.bundle import build
from pfpkit.errors import NotPinned, NotReadBack
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.pins import PinEntry, PinnedBy, ReadBack
from pfpkit.publication import EMBEDDED, Route
from pfpkit.readback import read_pinned

AT = "2026-11-30T12:00:00Z"
BUNDLES = [
    build(clean(encoded(noise(seed=1), "PNG")), TokenMetadata(f"Pip {n}")) for n in range(20)
]
ENTRIES = [
    PinEntry(str(n), b.root, b.image, (PinnedBy("kubo", AT),), (ReadBack("gateway", AT),))
    for n, b in enumerate(BUNDLES)
]


def gateway(bundles=BUNDLES):
    """It has these bundles."""
    return HostileGateway([block for bundle in bundles for block in bundle.blocks])


def test_read_pinned__all_is_there__asks_every_route_for_all():
    """Each bundle's own block once for each file of it, and the two files."""
    with gateway() as one, gateway() as other:
        routes = [Route("one", one.url), Route("other", other.url)]
        asyncio.run(read_pinned(ENTRIES, routes))
        assert len(one.requests) == len(other.requests) == 4 * len(BUNDLES)


def test_read_pinned__many_do_not_come__raises_one_error_and_asks_no_more():
    """One that a command tells in a line, not a group of them."""
    with gateway(BUNDLES[:4]) as some, gateway() as other:
        routes = [Route(EMBEDDED, some.url), Route("other", other.url)]
        with pytest.raises(NotReadBack, match="cannot be read back through embedded"):
            asyncio.run(read_pinned(ENTRIES, routes))
        assert len(some.requests) < 4 * 4 + 16
        assert not other.requests


def test_read_pinned__one_never_came_back__asks_for_nothing():
    """A service said that it holds it, and nobody has seen its bytes."""
    entries = [*ENTRIES[:-1], replace(ENTRIES[-1], read_back=())]
    with gateway() as asked:
        with pytest.raises(NotPinned, match="19 was never read back; run `ape run pin` again"):
            asyncio.run(read_pinned(entries, [Route("gateway", asked.url)]))
        assert not asked.requests
