"""All bundles of a collection as one UnixFS directory, so that one CID holds everything.

    <root>/collection          the collection's own bundle
    <root>/7                   the bundle of token 7: image, metadata.json

Pure. The directory is a HAMT when it is large (from about 4,900 tokens on, by the profile
`unixfs-v1-2025`). Its own blocks are few and small; everything beneath lies in the bundles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pfpkit.cid import CID, Block
from pfpkit.unixfs import Entry, add_directory

__all__ = ["Directory"]


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory's own `blocks`, the root first, and the `bundles` that it leads to.

    >>> empty = add_directory({})
    >>> str(Directory.of({"1": (empty.cid, empty.tsize)}).root)
    'bafybeiakfe73jiw7lcknzihrikvutja4j25o2sjqongvvpc5ypfyqvk4na'
    """

    root: CID
    blocks: tuple[Block, ...] = field(repr=False)
    bundles: frozenset[CID] = field(repr=False)

    @classmethod
    def of(cls, bundles: Mapping[str, tuple[CID, int]]) -> Self:
        """Return the directory of bundles by name, each with the bytes of its whole DAG."""
        blocks: list[Block] = []
        entries = {name: Entry(cid, tsize, 0) for name, (cid, tsize) in bundles.items()}
        root = add_directory(entries, sink=blocks.append).cid
        own = dict(reversed(blocks))  # two shards may be one block
        ordered = tuple(Block(cid, data) for cid, data in own.items())
        return cls(root, ordered, frozenset(cid for cid, _ in bundles.values()))

    @property
    def bytes(self) -> int:
        """The bytes of its own blocks."""
        return sum(len(block.data) for block in self.blocks)
