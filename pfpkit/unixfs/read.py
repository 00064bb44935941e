"""Reading: DAGs become paths, files and listings again. Pure; trusts no block.

A traversal is a generator: it yields the CID that it needs next and is sent that block's verified
bytes, so the same code reads from a disk, a CAR or a gateway. `drive` and `adrive` run one, and
verify each block before the traversal sees it. Every traversal is bounded by numbers its caller
gives, keeps its own stack, and refuses what the UnixFS specification forbids.
"""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeAlias, TypeVar

from pfpkit.cid import CID, verify
from pfpkit.errors import BadBlock, NotFound
from pfpkit.unixfs.dagpb import Link
from pfpkit.unixfs.hamt import index_at, murmur3_x64_64
from pfpkit.unixfs.node import Kind, Node, check_codec, decode_node, prefixes

T = TypeVar("T")
Traversal: TypeAlias = Generator[CID, bytes, T]

MAX_BLOCKS = 2**20  # 1 TiB in chunks of 1 MiB
MAX_DEPTH = 64  # levels of nodes above a file's leaves; real files have at most 5


def drive(traversal: Traversal[T], get: Callable[[CID], bytes], *, hashed: bool = False) -> T:
    """Run `traversal` to its result with blocks from `get`, each one verified (WrongBytes).

    `hashed`: `get` hashes each block itself, or has them from what did.
    """
    data: bytes | None = None
    while True:
        try:
            cid = traversal.send(data) if data is not None else next(traversal)
        except StopIteration as done:
            result: T = done.value
            return result
        data = get(cid)
        if not hashed:
            verify(cid, data)


async def adrive(
    traversal: Traversal[T], get: Callable[[CID], Awaitable[bytes]], *, hashed: bool = False
) -> T:
    """Run `traversal` to its result with blocks from `get`; see `drive`."""
    data: bytes | None = None
    while True:
        try:
            cid = traversal.send(data) if data is not None else next(traversal)
        except StopIteration as done:
            result: T = done.value
            return result
        data = await get(cid)
        if not hashed:
            verify(cid, data)


def read_node(cid: CID) -> Traversal[Node]:
    """Return the node of one block; a codec that is not UnixFS is refused before it is read."""
    check_codec(cid)
    return decode_node(cid, (yield cid))


def resolve(root: CID, path: str) -> Traversal[CID]:
    """Return the CID at `path` beneath `root`, through flat and HAMT directories.

    The block at the path's end is not asked for. Slashes at the ends and doubled ones mean
    nothing; `.` and `..` name no entry. NotFound names the segment that is missing.
    """
    cid = root
    walked = str(root)
    for segment in filter(None, path.split("/")):
        node = yield from read_node(cid)
        if node.kind is Kind.DIRECTORY:
            link = next((link for link in node.links if link.name == segment), None)
        elif node.kind is Kind.HAMT:
            link = yield from _find_in_hamt(cid, node, segment)
        else:
            what = "raw bytes of a file" if node.kind is Kind.RAW else f"a {node.kind.value}"
            raise NotFound(f"{walked} is {what}, so it holds no {segment!r}")
        if link is None:
            raise NotFound(f"{walked} holds no {segment!r}")
        cid = link.cid
        walked += f"/{segment}"
    return cid


def _find_in_hamt(cid: CID, node: Node, name: str) -> Traversal[Link | None]:
    name_hash = murmur3_x64_64(name.encode("utf-8", "surrogatepass"))
    fanout, depth = node.fanout, 0
    while True:
        index = index_at(name_hash, depth, fanout)
        if index is None:
            raise BadBlock(f"{cid}: the HAMT is deeper than its hash is long")
        link = next((x for x in node.links if _prefix_index(node, x) == index), None)
        if link is None or len(link.name) > node.prefix_width:
            found = link is not None and link.name[node.prefix_width :] == name
            return link if found else None
        cid = link.cid
        node = yield from _read_shard(cid, fanout)
        depth += 1


def _prefix_index(node: Node, link: Link) -> int:
    return prefixes(node.fanout)[link.name[: node.prefix_width]]


def _read_shard(cid: CID, fanout: int) -> Traversal[Node]:
    node = yield from read_node(cid)
    if node.kind is not Kind.HAMT:
        raise BadBlock(f"{cid}: a {node.kind.value} stands where a HAMT shard belongs")
    if node.fanout != fanout:
        raise BadBlock(f"{cid}: the shard's fanout is {node.fanout}, its parent's is {fanout}")
    if not node.links:
        raise BadBlock(f"{cid}: the shard is empty")
    return node


def read_file(
    cid: CID, *, write: Callable[[bytes], None], max_bytes: int, max_blocks: int = MAX_BLOCKS
) -> Traversal[int]:
    """Write a file's bytes in order and return their number.

    A file that says it is over `max_bytes` raises BadBlock before anything is written, and so
    does what is no file. A block that brings the file over `max_blocks`, counting each part as
    often as it occurs, raises BadBlock before its parts are remembered. A part that has another
    size than its parent says raises BadBlock when it is reached, after the parts before it were
    written.
    """
    written = blocks = 0
    pending: list[tuple[CID, int | None, int]] = [(cid, None, 0)]
    while pending:
        cid, expected, depth = pending.pop()
        blocks += 1
        node = yield from read_node(cid)
        if not node.is_file:
            raise BadBlock(f"{cid}: a {node.kind.value} is no file")
        if expected is not None and node.size != expected:
            raise BadBlock(f"{cid}: its parent says {expected} bytes, it has {node.size}")
        if expected is None and node.size > max_bytes:
            raise BadBlock(f"{cid}: the file has {node.size} bytes, over the limit of {max_bytes}")
        # What waits takes memory too: it is counted before it is remembered.
        if blocks + len(pending) + len(node.links) > max_blocks:
            raise BadBlock(f"{cid}: the file has more than {max_blocks} blocks")
        if node.links and depth == MAX_DEPTH:
            raise BadBlock(f"{cid}: the file has more than {MAX_DEPTH} levels")
        if node.data:
            write(node.data)
            written += len(node.data)
        parts = zip(node.links, node.blocksizes, strict=True)
        pending += [(link.cid, size, depth + 1) for link, size in parts][::-1]
    return written


def list_directory(cid: CID, *, max_entries: int) -> Traversal[dict[str, Link]]:
    """Return the entries of a flat or HAMT directory by name, in the order of its blocks.

    BadBlock when it is no directory, when it has more than `max_entries`, or when a name of a
    HAMT stands elsewhere than its hash says, where `resolve` would never find it.
    """
    node = yield from read_node(cid)
    if node.kind is Kind.DIRECTORY:
        if len(node.links) > max_entries:
            raise BadBlock(f"{cid}: the directory has more than {max_entries} entries")
        return {link.name: link for link in node.links}
    if node.kind is not Kind.HAMT:
        what = "a file" if node.is_file else f"a {node.kind.value}"
        raise BadBlock(f"{cid}: {what} is no directory")
    return (yield from _list_hamt(cid, node, max_entries))


def _list_hamt(root: CID, node: Node, max_entries: int) -> Traversal[dict[str, Link]]:
    entries: dict[str, Link] = {}
    fanout, width = node.fanout, node.prefix_width
    # Each item is a link and the indexes that lead to its shard.
    todo: list[tuple[Link, CID, tuple[int, ...]]] = [(x, root, ()) for x in reversed(node.links)]
    while todo:
        # No shard is empty, so each link that waits is one entry at least.
        if len(entries) + len(todo) > max_entries:
            raise BadBlock(f"{root}: the directory has more than {max_entries} entries")
        link, shard, place = todo.pop()
        place = (*place, prefixes(fanout)[link.name[:width]])
        name = link.name[width:]
        if name:
            _check_place(shard, name, place, fanout)
            entries[name] = Link(link.cid, name, link.tsize)
            continue
        if index_at(0, len(place), fanout) is None:
            raise BadBlock(f"{link.cid}: the HAMT is deeper than its hash is long")
        child = yield from _read_shard(link.cid, fanout)
        todo += [(inner, link.cid, place) for inner in reversed(child.links)]
    return entries


def _check_place(shard: CID, name: str, place: tuple[int, ...], fanout: int) -> None:
    name_hash = murmur3_x64_64(name.encode())
    if any(index_at(name_hash, depth, fanout) != index for depth, index in enumerate(place)):
        raise BadBlock(f"{shard}: the HAMT holds {name[:80]!r} where its hash does not belong")


def walk(cid: CID, max_blocks: int) -> Traversal[None]:
    """Ask for every block of a DAG once, depth first, the root first, in the order of links.

    A DAG of more than `max_blocks` blocks raises BadBlock, as soon as so many are named.
    """
    seen: set[CID] = set()
    pending: dict[CID, None] = {cid: None}
    while pending:
        if len(seen) + len(pending) > max_blocks:
            raise BadBlock(f"{cid}: the DAG has more than {max_blocks} blocks")
        child, _ = pending.popitem()
        seen.add(child)
        node = yield from read_node(child)
        for link in reversed(node.links):
            if link.cid not in seen:
                # What waits already is asked for earlier now: depth first.
                pending.pop(link.cid, None)
                pending[link.cid] = None
