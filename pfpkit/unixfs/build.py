"""Building: files and directories become blocks. Pure; reads only the stream it is given.

Follows the UnixFS specification and IPIP-0499 (balanced layout). Blocks go to a sink one by one,
children before parents, the root last; what is held in memory is one chunk and one unfinished
node for each level of the tree, whatever the size of the file.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pfpkit.cid import CID, DAG_PB, RAW, Block, varint
from pfpkit.errors import BadInput
from pfpkit.unixfs import dagpb, hamt
from pfpkit.unixfs.dagpb import Link
from pfpkit.unixfs.node import Message, bad_name
from pfpkit.unixfs.profile import UNIXFS_V1_2025, Profile

Sink = Callable[[Block], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished DAG: its root, the bytes of all its blocks, and the file bytes in it.

    A block that occurs twice counts twice in `tsize`, as Tsize in UnixFS does.
    """

    cid: CID
    tsize: int
    size: int


def add_file(
    source: bytes | BinaryIO, profile: Profile = UNIXFS_V1_2025, sink: Sink | None = None
) -> Entry:
    """Return the DAG of a file, read from `source` to its end in one pass.

    >>> str(add_file(b"hello world").cid)
    'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
    """
    leaf = _raw_leaf if profile.raw_leaves else _dag_pb_leaf
    levels: list[list[Entry]] = [[]]
    for chunk in _chunks(source, profile.chunk_size):
        _append(levels, 0, leaf(chunk, profile, sink), profile, sink)
    return _root(levels, profile, sink)


def _append(
    levels: list[list[Entry]], height: int, entry: Entry, profile: Profile, sink: Sink | None
) -> None:
    if height == len(levels):
        levels.append([])
    level = levels[height]
    # A full level is closed by the entry after it: exactly `width` leaves need one parent only.
    if len(level) == profile.width:
        _append(levels, height + 1, _file_node(level, profile, sink), profile, sink)
        level.clear()
    level.append(entry)


def _root(levels: list[list[Entry]], profile: Profile, sink: Sink | None) -> Entry:
    height = 0
    while height < len(levels) - 1 or len(levels[height]) > 1:
        # All leaves are at one depth, so a level's last parent may have a single child.
        parent = _file_node(levels[height], profile, sink)
        height += 1
        _append(levels, height, parent, profile, sink)
    return levels[height][0]


def _chunks(source: bytes | BinaryIO, size: int) -> Iterator[memoryview]:
    """Yield `source` in pieces of `size` bytes, the last one shorter; at least one, if empty.

    A piece is valid until the next one is asked for: a stream's share one buffer.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        view = memoryview(source).cast("B")
        for offset in range(0, len(view) or 1, size):
            yield view[offset : offset + size]
        return
    buffer = memoryview(bytearray(size))
    filled = _fill(source, buffer)
    yield buffer[:filled]
    while filled == size and (filled := _fill(source, buffer)):
        yield buffer[:filled]


def _fill(source: BinaryIO, buffer: memoryview) -> int:
    """Fill `buffer` from `source`, which may give less than it is asked for; return the count."""
    readinto = getattr(source, "readinto", None)
    filled = 0
    while filled < len(buffer):
        rest = buffer[filled:]
        if readinto is not None:
            count = readinto(rest)
        else:
            data = source.read(len(rest))
            count = len(data)
            rest[:count] = data
        if count is None:
            raise BadInput("the stream has no bytes ready; give one that waits for them")
        if not count:
            break
        filled += count
    return filled


def _raw_leaf(chunk: memoryview, profile: Profile, sink: Sink | None) -> Entry:
    cid = CID(1, RAW, hashlib.sha256(chunk).digest())
    if sink is not None:
        sink(Block(cid, bytes(chunk)))
    return Entry(cid, len(chunk), len(chunk))


def _dag_pb_leaf(chunk: memoryview, profile: Profile, sink: Sink | None) -> Entry:
    # The chunk stands in the middle of the block; it is hashed in its place, not copied.
    size = len(chunk)
    head = b"\x08\x02" + (b"\x12" + varint(size) if size else b"")
    tail = b"\x18" + varint(size)
    length = len(head) + size + len(tail)
    head = b"\x0a" + varint(length) + head
    hasher = hashlib.sha256(head)
    hasher.update(chunk)
    hasher.update(tail)
    cid = CID(profile.cid_version, DAG_PB, hasher.digest())
    if sink is not None:
        sink(Block(cid, b"".join((head, chunk, tail))))
    return Entry(cid, len(head) + size + len(tail), size)


def _file_node(children: list[Entry], profile: Profile, sink: Sink | None) -> Entry:
    size = sum(child.size for child in children)
    message = Message(2, filesize=size, blocksizes=[child.size for child in children])
    links = [Link(child.cid, "", child.tsize) for child in children]
    return Entry(*_emit(links, message, profile, sink), size)


def add_directory(
    entries: Mapping[str, Entry], profile: Profile = UNIXFS_V1_2025, sink: Sink | None = None
) -> Entry:
    """Return the DAG of a directory, flat or HAMT as the profile says.

    `entries` were added before, under the same profile, in any order; a name that cannot stand in
    a path raises BadInput.

    >>> str(add_directory({}).cid)
    'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
    """
    for name in entries:
        if reason := bad_name(name) or _not_utf8(name):
            raise BadInput(f"no entry of a directory can be named {name!r}, {reason}")
    size = sum(entry.size for entry in entries.values())
    links = [Link(entry.cid, name, entry.tsize) for name, entry in entries.items()]
    links.sort(key=lambda link: link.name.encode())
    message = Message(1)
    if _directory_size(links, message, profile) <= profile.hamt_threshold:
        return Entry(*_emit(links, message, profile, sink), size)

    def emit(shard_links: list[Link], shard: Message) -> tuple[CID, int]:
        return _emit(shard_links, shard, profile, sink)

    return Entry(*hamt.build(links, profile.hamt_fanout, emit), size)


def _not_utf8(name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "which is not UTF-8"
    return None


def _directory_size(links: Iterable[Link], message: Message, profile: Profile) -> int:
    if profile.directory_size == "links-bytes":
        return sum(len(link.name.encode()) + len(link.cid.encode()) for link in links)
    return len(dagpb.encode(list(links), message.encode()))


def _emit(
    links: list[Link], message: Message, profile: Profile, sink: Sink | None
) -> tuple[CID, int]:
    """Hash a node and give it to the sink; return its CID and the bytes of its whole DAG."""
    block = dagpb.encode(links, message.encode())
    cid = CID(profile.cid_version, DAG_PB, hashlib.sha256(block).digest())
    if sink is not None:
        sink(Block(cid, block))
    return cid, len(block) + sum(link.tsize for link in links)
