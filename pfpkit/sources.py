"""Whom a walk to a picture asks: for blocks, for URLs, and for what a picture is."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pfpkit.cid import CID, Block
from pfpkit.ipfs_path import IpfsPath
from pfpkit.media import Rendered
from pfpkit.web import Download

__all__ = ["Blocks", "Entities", "Pictures", "WebSource"]


class Blocks(Protocol):
    """Where blocks come from. Whatever it returns is hashed before it is used."""

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`."""


@runtime_checkable
class Entities(Blocks, Protocol):
    """A source that can also give many blocks at once, each one hashed, or a PfpkitError."""

    async def entity(self, place: IpfsPath, *, max_bytes: int) -> Sequence[Block]:
        """Return all blocks of one file, with those that lead to it."""

    async def folder(self, root: CID, *, max_bytes: int) -> Sequence[Block]:
        """Return all blocks of a small directory, or none."""


class WebSource(Protocol):
    """Where the content of URLs comes from; `pfpkit.web.Web` is one."""

    async def fetch(self, url: str, *, max_bytes: int | None = None) -> Download:
        """Return what `url` gives."""


class Pictures(Protocol):
    """Who says what comes of a picture; `pfpkit.media.Renderer` is one."""

    async def render(self, data: bytes) -> Rendered:
        """Return it; NoWorker when nobody can say."""
