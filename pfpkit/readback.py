"""Read many bundles back through gateways, several at once; each route has its own pace.

What counts is `publication.read_back`: every block hashed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from pfpkit.cid import CID
from pfpkit.collection import CollectionEntry
from pfpkit.errors import NotPinned, NotReadBack, PfpkitError
from pfpkit.ledger import Ledger
from pfpkit.pinning.pressure import Clock
from pfpkit.pins import PinEntry, ReadBack
from pfpkit.publication import EMBEDDED, Route, RouteReader
from pfpkit.timestamp import now
from pfpkit.upload import Missing

__all__ = ["read_all", "read_blocks", "read_pinned"]

_T = TypeVar("_T")

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

    async def through(route: Route, entries: Sequence[CollectionEntry]) -> None:
        async with RouteReader(route, clock) as reader:
            await reader.each(entries, _Reading(reader, ledger, told, mend, missing).one)

    async with asyncio.TaskGroup() as group:
        for route, entries in wanted:
            group.create_task(through(route, entries))
    return missing


class _Reading:
    """One route's entries, read by several tasks."""

    def __init__(
        self,
        reader: RouteReader,
        ledger: Ledger,
        told: Told,
        mend: Mend | None,
        missing: list[Missing],
    ) -> None:
        self._reader = reader
        self._route = route = reader.route
        self._ledger = ledger
        self._told = told
        self._mend = mend if route.name == EMBEDDED else None
        self._missing = missing
        self._failed = 0
        self._stopped: str | None = None

    async def one(self, entry: CollectionEntry) -> None:
        self._told(self._route.name, entry, await self._try(entry))

    async def _try(self, entry: CollectionEntry) -> bool:
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
        self._ledger.read(entry.root, ReadBack(self._route.name, now()))
        return True

    async def _read(self, entry: CollectionEntry) -> None:
        try:
            await self._reader.read(entry.root, entry.image, entry.made.blocks)
        except NotReadBack:
            if self._mend is None:
                raise
            await self._mend(entry)
            await self._reader.read(entry.root, entry.image, entry.made.blocks)


async def read_pinned(entries: Sequence[PinEntry], routes: Iterable[Route]) -> None:
    """Read bundles of the record back through every route; NotReadBack for one that does not come,
    and NotPinned, before any is read, for one that never came when it was pinned."""
    for entry in entries:
        if not entry.read_back:
            raise NotPinned(f"{entry.key} was never read back; run `ape run pin` again")

    async def read(reader: RouteReader, entry: PinEntry) -> None:
        await reader.read(entry.bundle, entry.image, entry.blocks)

    for route in routes:
        await _each(route, entries, read)


async def read_blocks(route: Route, cids: Iterable[CID], clock: Clock | None = None) -> None:
    """Read blocks back through a route, several at once; NotReadBack for one that does not come."""
    await _each(route, cids, RouteReader.read_block, clock)


async def _each(
    route: Route,
    items: Iterable[_T],
    read: Callable[[RouteReader, _T], Awaitable[object]],
    clock: Clock | None = None,
) -> None:
    """Read items through a route; the first that does not come ends it, and is raised as it is."""
    failed: list[NotReadBack] = []
    async with RouteReader(route, clock) as reader:

        async def one(item: _T) -> None:
            try:
                if not failed:
                    await read(reader, item)
            except NotReadBack as error:
                failed.append(error)

        await reader.each(items, one)
    if failed:
        raise failed[0]
