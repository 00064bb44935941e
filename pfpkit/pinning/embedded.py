"""The embedded block store as a pinning back end: always there, asks nobody, never refuses.

The store's calls block on the disk, so each runs in a thread.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Self, TypeVar

from pfpkit.cid import CID
from pfpkit.pinning import Dag, DagSummary, Pace, PinReceipt
from pfpkit.pinning.blockfile import leaving
from pfpkit.pinning.blockstore import BlockStore

_A = TypeVar("_A")
_T = TypeVar("_T")


class EmbeddedPinner:
    """A `Pinner` over a `BlockStore`; whoever serves the store serves what is pinned here."""

    after: str | None = None
    joins = True
    pace = Pace()

    def __init__(self, store: BlockStore) -> None:
        self.store = store
        self.name = store.name

    def refuses(self, dag: DagSummary) -> str | None:
        """Return None: it takes every DAG."""
        return None

    async def ready(self) -> None:
        """Return at once: the store was opened when it was made."""

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Write the blocks and record the root; see `BlockStore.pin`. Labels are not kept."""
        return await self._write(self.store.pin, dag)

    async def has(self, root: CID) -> bool:
        """Return whether `root` is recorded as pinned."""
        return await asyncio.to_thread(self.store.has, root)

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are recorded as pinned."""
        asked = tuple(roots)
        pinned = await asyncio.to_thread(self.store.held, asked)
        return frozenset(root for root in asked if root.as_v1() in pinned)

    async def unpin(self, root: CID) -> bool:
        """Forget the pin of `root`; its blocks stay on disk."""
        return await self._write(self.store.unpin, root)

    async def _write(self, work: Callable[[_A], _T], what: _A) -> _T:
        with leaving():
            return await asyncio.to_thread(work, what)

    async def aclose(self) -> None:
        """Return at once: nothing is open between calls."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
