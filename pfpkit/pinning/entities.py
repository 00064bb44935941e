"""The blocks and bytes of one part of a DAG, read from a local source block by block.

Reads https://specs.ipfs.tech/unixfs/ files in any range, and the DAG scopes of
https://specs.ipfs.tech/http-gateways/trustless-gateway/#dag-scope-request-query-parameter. Trusts
`get` for hashing; what a node says of the sizes of its children is checked on the way.
"""

from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from pfpkit.cid import CID, Block
from pfpkit.errors import BadBlock
from pfpkit.pinning.ranges import EntityBytes, Span
from pfpkit.unixfs import Kind, Node, Traversal, decode_node, list_directory, walk

Get = Callable[[CID], bytes]

_T = TypeVar("_T")
# What is served was pinned here: its size is the disk's, not an attacker's.
_ALL = 2**62


class File:
    """A UnixFS file or a raw block, readable in any range. BadBlock when it is neither."""

    def __init__(self, cid: CID, get: Get) -> None:
        self.cid = cid
        self._get = get
        self.size = _file_node(cid, get(cid)).size

    def read(self, span: Span) -> Iterator[bytes]:
        """Yield the bytes of `span` in order, in pieces of at most one block."""
        return (piece for _, piece in self.visits(span) if piece)

    def visits(self, span: Span) -> Iterator[tuple[Block, bytes]]:
        """Yield each block that `span` needs, parents first, with those bytes that it holds."""
        waiting = [(self.cid, 0, self.size)]
        while waiting:
            cid, start, size = waiting.pop()
            data = self._get(cid)
            node = _file_node(cid, data)
            if node.size != size:
                raise BadBlock(f"{cid} holds {node.size} bytes, its parent says {size}")
            yield (
                Block(cid, data),
                node.data[_inside(span.start, start) : _inside(span.stop, start)],
            )
            end = start + len(node.data)
            children = []
            for link, child_size in zip(node.links, node.blocksizes, strict=True):
                if end < span.stop and span.start < end + child_size:
                    children.append((link.cid, end, child_size))
                end += child_size
            waiting.extend(reversed(children))


def _file_node(cid: CID, data: bytes) -> Node:
    node = decode_node(cid, data)
    if not node.is_file:
        raise BadBlock(f"{cid} is a {node.kind.value}, not a file")
    return node


def _inside(position: int, start: int) -> int:
    return max(0, position - start)


def is_directory(cid: CID, get: Get) -> bool:
    """Return whether `cid` is a flat or a sharded directory. BadBlock when no UnixFS at all."""
    return decode_node(cid, get(cid)).kind in (Kind.DIRECTORY, Kind.HAMT)


def every_block(cid: CID, get: Get) -> Iterator[Block]:
    """Yield every block under `cid`, depth first, each once."""
    return _traced(walk(cid, _ALL), get)


def entity_blocks(cid: CID, get: Get, part: EntityBytes | None) -> Iterator[Block]:
    """Yield what one needs to read the file or list the directory `cid`; of a file, only `part`."""
    if is_directory(cid, get):
        return _traced(list_directory(cid, max_entries=_ALL), get)
    if part is None:
        return every_block(cid, get)
    file = File(cid, get)
    return (block for block, _ in file.visits(part.span(file.size)))


def _traced(traversal: Traversal[_T], get: Get) -> Generator[Block, None, _T]:
    """Drive `traversal` and yield every block that it reads."""
    try:
        cid = next(traversal)
        while True:
            block = Block(cid, get(cid))
            yield block
            cid = traversal.send(block.data)
    except StopIteration as end:
        result: _T = end.value
        return result
