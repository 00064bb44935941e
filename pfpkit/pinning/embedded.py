"""The embedded block store as a pinning back end: always there, asks nobody, never refuses.

The store's calls block on the disk, so each runs in a thread. What is pinned at one time waits for
the disk together: while one group is written, the next one gathers.
"""

import asyncio
from collections.abc import Iterable
from typing import Self

from pfpkit.cid import CID
from pfpkit.pinning import Dag, DagSummary, Pace, PinReceipt
from pfpkit.pinning.blockstore import BlockStore


class EmbeddedPinner:
    """A `Pinner` over a `BlockStore`; whoever serves the store serves what is pinned here."""

    after: str | None = None
    joins = True
    pace = Pace()

    def __init__(self, store: BlockStore) -> None:
        self.store = store
        self.name = store.name
        self._waiting: list[tuple[Dag, asyncio.Future[PinReceipt]]] = []
        self._writing: asyncio.Task[None] | None = None

    def refuses(self, dag: DagSummary) -> str | None:
        """Return None: it takes every DAG."""
        return None

    async def ready(self) -> None:
        """Return at once: the store was opened when it was made."""

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Write the blocks and record the root; see `BlockStore.pin`. Labels are not kept."""
        receipt: asyncio.Future[PinReceipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((dag, receipt))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await receipt

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                try:
                    found = await asyncio.to_thread(self.store.pin_many, [dag for dag, _ in group])
                except Exception as error:  # noqa: BLE001 - it is raised where each is awaited
                    for _, receipt in group:
                        _settle(receipt, error)
                    continue
                for (_, receipt), answer in zip(group, found, strict=True):
                    _settle(receipt, answer)
        finally:
            self._writing = None

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
        return await asyncio.to_thread(self.store.unpin, root)

    async def aclose(self) -> None:
        """Return at once: nothing is open between calls."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _settle(receipt: "asyncio.Future[PinReceipt]", answer: PinReceipt | Exception) -> None:
    if receipt.done():
        return  # whoever asked was cancelled
    if isinstance(answer, Exception):
        receipt.set_exception(answer)
    else:
        receipt.set_result(answer)
