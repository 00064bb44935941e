"""Read many bundles back through gateways, several at once; each route has its own pace.

What counts is `publication.read_back`: every block hashed. A gateway on another machine may need a
moment to find what was just pinned, so it is asked again; the embedded one is not.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from pfpkit.collection import CollectionEntry
from pfpkit.errors import NotPinned, PfpkitError
from pfpkit.ledger import Ledger
from pfpkit.pins import ReadBack
from pfpkit.publication import EMBEDDED, Route, read_back, reader
from pfpkit.retrieval import Retriever
from pfpkit.upload import Missing, now

__all__ = ["read_all"]

_AT_ONCE = 8
_TRIES = 3
_PAUSE_S = 2.0
_IN_A_ROW = 20

Mend = Callable[[CollectionEntry], Awaitable[None]]


async def read_all(
    wanted: Sequence[tuple[Route, Sequence[CollectionEntry]]],
    ledger: Ledger,
    told: Callable[[], None],
    mend: Mend | None = None,
) -> list[Missing]:
    """Read each route's entries back and return what did not come; what came is in the ledger.

    `told` is called after each. `mend` puts an entry back into the embedded store when the
    embedded gateway does not give it, and it is read once more.
    """
    missing: list[Missing] = []
    async with asyncio.TaskGroup() as group:
        for route, entries in wanted:
            reading = _Reading(route, deque(entries), ledger, told, mend, missing)
            for _ in range(min(_AT_ONCE, len(entries))):
                group.create_task(reading.work())
    return missing


class _Reading:
    """One route's entries, read by several tasks."""

    def __init__(
        self,
        route: Route,
        entries: deque[CollectionEntry],
        ledger: Ledger,
        told: Callable[[], None],
        mend: Mend | None,
        missing: list[Missing],
    ) -> None:
        self._route = route
        self._entries = entries
        self._ledger = ledger
        self._told = told
        self._mend = mend if route.name == EMBEDDED else None
        self._missing = missing
        self._failed = 0
        self._stopped: str | None = None

    async def work(self) -> None:
        async with reader(self._route) as gateway:
            while self._entries:
                await self._one(self._entries.popleft(), gateway)
                self._told()

    async def _one(self, entry: CollectionEntry, gateway: Retriever) -> None:
        try:
            if self._stopped is not None:
                raise NotPinned(self._stopped)
            await self._read(entry, gateway)
        except PfpkitError as error:
            self._failed += 1
            self._missing.append(Missing(entry.key, self._route.name, str(error)))
            if self._failed >= _IN_A_ROW and self._stopped is None and self._mend is None:
                self._stopped = f"not asked after {self._failed} in a row had failed: {error}"
        else:
            self._failed = 0
            self._ledger_read(entry)

    def _ledger_read(self, entry: CollectionEntry) -> None:
        self._ledger.read(entry.root, ReadBack(self._route.name, now()))

    async def _read(self, entry: CollectionEntry, gateway: Retriever) -> None:
        if self._mend is not None:
            try:
                await read_back(entry.root, entry.image, self._route, gateway)
            except NotPinned:
                await self._mend(entry)
                await read_back(entry.root, entry.image, self._route, gateway)
            return
        tries = 1 if self._route.name == EMBEDDED else _TRIES
        for tried in range(1, tries + 1):
            try:
                await read_back(entry.root, entry.image, self._route, gateway)
                return
            except NotPinned:
                if tried == tries:
                    raise
                # Jitter, so that many do not ask again at one moment.
                await asyncio.sleep(_PAUSE_S * tried * random.uniform(0.5, 1.0))  # noqa: S311
