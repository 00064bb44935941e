"""A DAG on its way to a service: checked whole first, then read as a CAR as often as needed.

Trusts no block: each is hashed against its CID before anything is sent, and the DAG has to be
complete, because a service that misses a block looks for it in the network, for hours. What is
sent is the CARv1 (ipld.io/specs/transport/car/carv1) of the blocks under the root, each one once,
so its length is known before; nothing is held but their CIDs and sizes.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Self

from pfpkit.car import write_car
from pfpkit.cid import CID, Block, varint, verify
from pfpkit.errors import NotPinned, PinError
from pfpkit.pinning import Dag
from pfpkit.unixfs import decode_node

_PIECE = 2**18


@dataclass(frozen=True, slots=True)
class Parcel:
    """A whole DAG. `length` is that of its CAR, `size` that of its blocks."""

    dag: Dag = field(repr=False)
    length: int
    size: int
    _sizes: Mapping[CID, int] = field(repr=False)

    @classmethod
    def of(cls, dag: Dag) -> Self:
        """Return the parcel of `dag`. WrongBytes or NotPinned when a block is wrong or absent."""
        sizes: dict[CID, int] = {}
        links: dict[CID, tuple[CID, ...]] = {}
        for cid, data in dag.blocks:
            verify(cid, data)
            name = cid.as_v1()
            sizes[name] = len(data)
            if found := tuple(link.cid.as_v1() for link in decode_node(cid, data).links):
                links[name] = found
        present = {root.as_v1() for root in dag.present}
        needed: dict[CID, int] = {}
        waiting = [dag.root.as_v1()]
        while waiting:
            cid = waiting.pop()
            if cid in needed or cid in present:
                continue
            if cid not in sizes:
                raise NotPinned(f"{dag.root} was not sent: its block {cid} is absent")
            needed[cid] = sizes[cid]
            waiting.extend(links.get(cid, ()))
        total = sum(needed.values())
        length = len(_header(dag.root)) + sum(_section_size(c, n) for c, n in needed.items())
        return cls(dag, length, total, needed)

    @classmethod
    async def packed(cls, dag: Dag) -> Self:
        """Return the parcel of `dag`; hashing runs in a thread."""
        return await asyncio.to_thread(cls.of, dag)

    @property
    def blocks(self) -> int:
        """How many different blocks it has."""
        return len(self._sizes)

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the CAR's bytes from `start` to `stop`, in pieces of some 256 KiB.

        PinError when the blocks are not those that were checked: a file changed meanwhile.
        """
        offset, held = 0, bytearray()
        stop = self.length if stop is None else stop
        for section in self._sections():
            end = offset + len(section)
            if end > start:
                held += section[max(0, start - offset) : max(0, stop - offset)]
            offset = end
            if len(held) >= _PIECE:
                yield bytes(held)
                held.clear()
            if offset >= stop:
                break
        if held:
            yield bytes(held)

    async def stream(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the same bytes; blocks are read in a thread, because they may be on a disk."""
        pieces = self.pieces(start, stop)
        while piece := await asyncio.to_thread(next, pieces, b""):
            yield piece

    def _sections(self) -> Iterator[bytes]:
        yield _header(self.dag.root)
        missing = dict(self._sizes)
        for cid, data in self.dag.blocks:
            size = missing.pop(cid.as_v1(), None)
            if size is None:
                continue
            if size != len(data):
                break
            yield _section(Block(cid.as_v1(), data))
            if not missing:
                return
        raise PinError(f"the blocks of {self.dag.root} changed while they were sent; run it again")


def _header(root: CID) -> bytes:
    out = BytesIO()
    write_car(out, [root.as_v1()], ())
    return out.getvalue()


def _section(block: Block) -> bytes:
    name = block.cid.encode()
    return varint(len(name) + len(block.data)) + name + block.data


def _section_size(cid: CID, size: int) -> int:
    length = len(cid.encode()) + size
    return len(varint(length)) + length
