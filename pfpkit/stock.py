"""The blocks of one walk: those that came together before they were asked for, and the others.

One request brings a file or a bundle instead of one a block; what it does not bring is asked for
block by block. Trusts no source: each block is hashed before it is given.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from pfpkit.cid import CID, RAW, Block, verify
from pfpkit.errors import GatewayError, NotFound, PfpkitError
from pfpkit.ipfs_path import IpfsPath
from pfpkit.sources import Blocks, Entities

__all__ = ["Stock"]

BUNDLE_BYTES = 4 * 2**20
"""Up to here a bundle is asked for as a whole."""


class Stock:
    """The blocks of one walk's source, some of which came before they were asked for."""

    def __init__(self, source: Blocks) -> None:
        self._source = source
        self._blocks: dict[CID, bytes] = {}

    async def fill(self, place: IpfsPath, max_bytes: int, within_s: float) -> None:
        """Ask for all blocks of a file at once, where there are several and the source can.

        What does not come is asked for block by block, and that is what the proof speaks of.
        """
        single = not place.path and place.root.codec == RAW
        if single or not isinstance(self._source, Entities):
            return
        with suppress(PfpkitError, TimeoutError):
            async with asyncio.timeout(within_s):
                blocks = await self._source.entity(place, max_bytes=max_bytes)
            self._keep(blocks)

    async def fill_bundle(self, root: CID, within_s: float) -> bool:
        """Ask for a small directory of which all will be read; return whether it came."""
        if not isinstance(self._source, Entities):
            return False
        with suppress(PfpkitError, TimeoutError):
            async with asyncio.timeout(within_s):
                blocks = await self._source.folder(root, max_bytes=BUNDLE_BYTES)
            self._keep(blocks)
            return bool(blocks)
        return False

    def holds(self, cid: CID) -> bool:
        """Return whether a block came before it was asked for, and waits."""
        return cid.as_v1() in self._blocks

    def _keep(self, blocks: Sequence[Block]) -> None:
        self._blocks.update((block.cid.as_v1(), block.data) for block in blocks)

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`, hashed."""
        if (stocked := self._blocks.pop(cid.as_v1(), None)) is not None:
            verify(cid, stocked)
            return stocked
        try:
            data = await self._source.block(cid)
        except NotFound as error:
            # Here NotFound means that a directory has no such entry, which is a proof.
            raise GatewayError(str(error)) from error
        verify(cid, data)
        return data
