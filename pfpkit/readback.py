"""Read many bundles back through gateways, several at once; each route has its own pace.

What counts is `publication.read_back`: every block hashed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack

from pfpkit.cid import CID
from pfpkit.collection import CollectionEntry
from pfpkit.errors import NotPinned, NotReadBack, PfpkitError
from pfpkit.ledger import Ledger
from pfpkit.pinning.pressure import Clock
from pfpkit.pins import ReadBack
from pfpkit.publication import EMBEDDED, Route, RouteReader
from pfpkit.timestamp import now
from pfpkit.upload import Missing

__all__ = ["read_all", "read_blocks"]

_AT_ONCE = 8
_IN_A_ROW = 20

Wanted = Sequence[tuple[Route, Sequence[CollectionEntry]]]
Told = Callable[[str, CollectionEntry, bool], None]
Mend = Callable[[CollectionEntry], Awaitable[None]]


async def read_all(
    wanted: Wanted,
    ledger: Ledger,
    told: Told,
    mend: Mend | None = None,
    clock: Clock | None = None,
) -> list[Missing]:
    """Read each route's entries back and return what did not come; what came is in the ledger.

    `told` is called with a route's name and each entry that was read there, well or not. `mend`
    puts an entry back into the embedded store when the embedded gateway does not give it, and it
    is read once more.
    """
    missing: list[Missing] = []
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for route, entries in wanted:
            reader = await stack.enter_async_context(RouteReader(route, clock))
            reading = _Reading(reader, deque(entries), ledger, told, mend, missing)
            for _ in range(min(_AT_ONCE, len(entries))):
                group.create_task(reading.work())
    return missing


class _Reading:
    """One route's entries, read by several tasks."""

    def __init__(
        self,
        reader: RouteReader,
        entries: deque[CollectionEntry],
        ledger: Ledger,
        told: Told,
        mend: Mend | None,
        missing: list[Missing],
    ) -> None:
        self._reader = reader
        self._route = route = reader.route
        self._entries = entries
        self._ledger = ledger
        self._told = told
        self._mend = mend if route.name == EMBEDDED else None
        self._missing = missing
        self._failed = 0
        self._stopped: str | None = None

    async def work(self) -> None:
        while self._entries:
            entry = self._entries.popleft()
            self._told(self._route.name, entry, await self._one(entry))

    async def _one(self, entry: CollectionEntry) -> bool:
        try:
            if self._stopped is not None:
                raise NotPinned(self._stopped)
            await self._read(entry)
        except PfpkitError as error:
            self._failed += 1
            self._missing.append(Missing.of(entry.key, self._route.name, error))
            if self._failed >= _IN_A_ROW and self._stopped is None and self._mend is None:
                self._stopped = f"not asked after {self._failed} in a row had failed: {error}"
            return False
        self._failed = 0
        self._ledger_read(entry)
        return True

    def _ledger_read(self, entry: CollectionEntry) -> None:
        self._ledger.read(entry.root, ReadBack(self._route.name, now()))

    async def _read(self, entry: CollectionEntry) -> None:
        try:
            await self._reader.read(entry.root, entry.image, entry.made.blocks)
        except NotReadBack:
            if self._mend is None:
                raise
            await self._mend(entry)
            await self._reader.read(entry.root, entry.image, entry.made.blocks)


async def read_blocks(route: Route, cids: Iterable[CID], clock: Clock | None = None) -> None:
    """Read blocks back through a route, several at once; NotReadBack for one that does not come."""
    waiting = deque(cids)
    async with RouteReader(route, clock) as reader:

        async def work() -> NotReadBack | None:
            while waiting:
                try:
                    await reader.read_block(waiting.popleft())
                except NotReadBack as error:
                    waiting.clear()
                    return error
            return None

        ends = await asyncio.gather(*(work() for _ in range(min(_AT_ONCE, len(waiting)))))
    for error in ends:
        if error is not None:
            raise error
