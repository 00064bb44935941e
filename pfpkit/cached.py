"""What a walk asks, through a cache: blocks by CID, and what came of pictures by their hash.

Blocks are hashed again when they are read. That no gateway gave one is believed for `NEGATIVE_S`,
so that a dead token costs one wait, not one a visitor; who wants it `fresh` asks again. What comes
of a picture follows from its bytes and from the renderer's rules, and is kept for ever; that a
worker failed at it may pass, and is kept shortly. Servers of strangers are asked each time.
"""

from collections.abc import Sequence
from dataclasses import replace

from pfpkit.cache import NEGATIVE_S, Cache, Fact
from pfpkit.cid import CID, Block
from pfpkit.errors import BadContent, GatewayError
from pfpkit.evidence import sha256_of
from pfpkit.gateways import Reason
from pfpkit.ipfs_path import IpfsPath
from pfpkit.media import WORKER_FAILED, Rendered, Renderer
from pfpkit.retrieval import Retriever, blocks_of_file
from pfpkit.unixfs import adrive

__all__ = ["CachedBlocks", "CachedPictures"]


class _Unkept(Exception):
    """A block that a file needs is not in the cache."""

    def __init__(self, cid: CID) -> None:
        super().__init__(str(cid))
        self.cid = cid


class CachedBlocks:
    """Blocks and whole files from a cache, and from gateways where it has not got them."""

    def __init__(self, source: Retriever, cache: Cache, *, fresh: bool = False) -> None:
        self._source, self._cache, self._fresh = source, cache, fresh

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`, hashed; raises what the gateways' client raises."""
        return await self._cache.block(cid, lambda: self._asked(cid))

    async def entity(self, place: IpfsPath, *, max_bytes: int) -> Sequence[Block]:
        """Return what `Retriever.entity` returns; no gateway is asked when all of it is kept."""
        found: dict[CID, Block] = {}

        async def get(cid: CID) -> bytes:
            data = await self._cache.kept(cid)
            if data is None:
                raise _Unkept(cid)
            found.setdefault(cid.as_v1(), Block(cid, data))
            return data

        try:
            walk = blocks_of_file(place, max_bytes, self._source.limits.blocks)
            await adrive(walk, get, hashed=True)
            return tuple(found.values())
        except _Unkept as lacking:
            if not self._fresh:
                await self._refuse_absent(lacking.cid)
        blocks = await self._source.entity(place, max_bytes=max_bytes)
        await self._cache.keep([block for block in blocks if block.cid.as_v1() not in found])
        return blocks

    async def folder(self, root: CID, *, max_bytes: int) -> Sequence[Block]:
        """Return what `Retriever.folder` returns; none when it was here before."""
        if await self._cache.kept(root) is not None:
            return ()
        if not self._fresh:
            await self._refuse_absent(root)
        blocks = await self._source.folder(root, max_bytes=max_bytes)
        await self._cache.keep(blocks)
        return blocks

    async def _asked(self, cid: CID) -> bytes:
        if not self._fresh:
            await self._refuse_absent(cid)
        try:
            return await self._source.block(cid)
        except GatewayError as error:
            # When all are out of reach the network is away, and nothing is known of the block.
            if not all(fault.reason is Reason.UNREACHABLE for fault in error.faults):
                await self._cache.note(
                    self._absence(cid), Fact(str(error).encode(), NEGATIVE_S, False)
                )
            raise

    async def _refuse_absent(self, cid: CID) -> None:
        fact = await self._cache.recall(self._absence(cid))
        if fact is not None:
            ago = self._cache.age_s(fact)
            raise GatewayError(f"{fact.data.decode('utf-8', 'replace')} ({ago:.0f} s ago)")

    def _absence(self, cid: CID) -> str:
        # Of these gateways: whoever asks others knows nothing by it. And of this codec: one who
        # knows files alone has no raw block of a file's root, and gives the root all the same.
        return f"absent {cid.as_v1()} {self._source.identity}"


class CachedPictures:
    """What came of pictures, from a cache, and from a renderer where it is not there."""

    def __init__(self, renderer: Renderer, cache: Cache) -> None:
        self._renderer, self._cache = renderer, cache

    async def render(self, data: bytes) -> Rendered:
        """Return what comes of a picture; NoWorker when nobody can say."""

        async def ask() -> Fact:
            rendered = await self._renderer.render(data)
            passing = rendered.outcome in WORKER_FAILED
            return Fact(rendered.to_bytes(), NEGATIVE_S if passing else None, rendered.shown)

        key = f"picture {await sha256_of(None, data)} {self._renderer.rules}"
        fact = await self._cache.fact(key, ask)
        try:
            return replace(Rendered.from_bytes(fact.data), drawn_by=self._renderer.rules)
        except BadContent:
            # By another version, or another hand: as good as not there.
            await self._cache.forget(key)
            return await self._renderer.render(data)
