"""What one whole reading may take: blocks, bytes and time, over every traversal that it needs.

Traversals bound what they themselves ask for; a reading is several of them, from a path to a file,
and each block that it used is kept as its proof. Trusts `source` for hashing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from pfpkit.cid import CID, Block
from pfpkit.errors import BadBlock, GatewayError

__all__ = ["Budget"]


class Budget:
    """Keeps the blocks of one reading, each asked for once; the time runs from its making."""

    def __init__(
        self,
        source: Callable[[CID], Awaitable[bytes]],
        *,
        max_blocks: int,
        max_bytes: int,
        within_s: float,
    ) -> None:
        self._source = source
        self._max_blocks = max_blocks
        self._max_bytes = max_bytes
        self._within_s = within_s
        self._deadline = time.monotonic() + within_s
        self._bytes = 0
        self._kept: dict[CID, bytes] = {}

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that were asked for, in the order of reading."""
        return tuple(Block(cid, data) for cid, data in self._kept.items())

    @property
    def left_s(self) -> float:
        """How much of its time is left, in seconds; 0 when none is."""
        return max(0.0, self._deadline - time.monotonic())

    async def get(self, cid: CID) -> bytes:
        """Return the bytes of `cid`; BadBlock or GatewayError when the reading takes too much."""
        left_s = self.left_s
        # A block that is kept costs no waiting, so a timeout alone would never end a long loop.
        if not left_s:
            raise self._too_slow(cid)
        if cid in self._kept:
            return self._kept[cid]
        if len(self._kept) == self._max_blocks:
            raise BadBlock(f"{cid}: reading this takes more than {self._max_blocks:,} blocks")
        try:
            async with asyncio.timeout(left_s) as timeout:
                data = await self._source(cid)
        except TimeoutError:
            if not timeout.expired():
                raise
            raise self._too_slow(cid) from None
        self._bytes += len(data)
        if self._bytes > self._max_bytes:
            raise BadBlock(f"{cid}: reading this takes more than {self._max_bytes:,} bytes")
        self._kept[cid] = data
        return data

    def _too_slow(self, cid: CID) -> GatewayError:
        return GatewayError(
            f"{cid}: {len(self._kept):,} blocks came in {self._within_s:g} s, which is all the "
            "time that one reading has; ask a faster gateway"
        )
