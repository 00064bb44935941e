"""The next blocks of a file, fetched while the first ones are read.

A traversal asks for one block after another; which ones a file will need is known from its nodes.
Fetched ahead are a few at a time, and only what a file's own node names: a directory's other
entries are nobody's business. Trusts `source` for hashing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from pfpkit.cid import CID, DAG_PB
from pfpkit.errors import BadContent
from pfpkit.unixfs import Kind, decode_node

__all__ = ["AT_ONCE", "Ahead"]

AT_ONCE = 8
"""With blocks of 1 MiB, and none over 2 MiB, 16 MiB at most wait to be read."""


class Ahead:
    """A source of blocks that looks ahead, for a reader that keeps them.

    Use as `async with Ahead(source) as ahead:`.
    """

    def __init__(self, source: Callable[[CID], Awaitable[bytes]], at_once: int = AT_ONCE) -> None:
        self._source = source
        self._at_once = at_once
        self._coming: dict[CID, asyncio.Task[bytes]] = {}
        self._next: deque[CID] = deque()
        self._asked: set[CID] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._coming.values():
            task.cancel()
        await asyncio.gather(*self._coming.values(), return_exceptions=True)

    async def get(self, cid: CID) -> bytes:
        """Return the bytes of `cid`, asked for now or before; its error is raised here."""
        task = self._coming.pop(cid, None)
        # Whoever asks keeps it: a part that occurs again is not asked for again.
        self._asked.add(cid)
        self._fill()
        data = await (self._source(cid) if task is None else _result(task))
        if cid.codec == DAG_PB:
            self._plan(cid, data)
            self._fill()
        return data

    def _plan(self, cid: CID, data: bytes) -> None:
        # What is no node is the traversal's to refuse.
        with suppress(BadContent):
            node = decode_node(cid, data)
            if node.kind is Kind.FILE:
                # Depth first, as files are read: these come before what waits already.
                self._next.extendleft(link.cid for link in reversed(node.links))

    def _fill(self) -> None:
        while self._next and len(self._coming) < self._at_once:
            cid = self._next.popleft()
            if cid not in self._asked:
                self._asked.add(cid)
                self._coming[cid] = asyncio.create_task(self._fetch(cid))

    async def _fetch(self, cid: CID) -> bytes:
        return await self._source(cid)


async def _result(task: "asyncio.Task[bytes]") -> bytes:
    try:
        return await task
    except asyncio.CancelledError:
        task.cancel()
        raise
