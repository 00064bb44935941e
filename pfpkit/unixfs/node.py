"""UnixFS nodes: what one block means. Pure; trusts no input.

Follows the UnixFS specification (specs.ipfs.tech/unixfs). `decode_node` checks everything that
one block alone can show: the codec, the protobuf form, sizes that add up, names that are safe and
unique, HAMT prefixes that match the bitmap. What needs other blocks is checked while reading.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

from pfpkit.cid import CID, DAG_PB, RAW, codec_name, varint
from pfpkit.errors import BadBlock
from pfpkit.unixfs import dagpb
from pfpkit.unixfs.dagpb import BYTES, FIXED32, VARINT, Link

MURMUR3_X64_64 = 0x22
MAX_FANOUT = 1024  # UnixFS, "HAMT Structure and Parameters": more is CVE-2023-23625


class Kind(Enum):
    """What a block is, named as the specification names it."""

    RAW = "raw bytes"
    FILE = "file"
    DIRECTORY = "directory"
    HAMT = "HAMT directory"
    SYMLINK = "symlink"


_TYPES = {0: Kind.FILE, 1: Kind.DIRECTORY, 2: Kind.FILE, 4: Kind.SYMLINK, 5: Kind.HAMT}


@dataclass(frozen=True, slots=True)
class Node:
    """One block, read.

    `data` holds a file's own bytes, a symlink's target, or a HAMT's bitmap; `size` is the number
    of file bytes here and beneath; `blocksizes` are those of a file's links, one for each.
    """

    kind: Kind
    data: bytes = b""
    links: tuple[Link, ...] = ()
    size: int = 0
    blocksizes: tuple[int, ...] = ()
    fanout: int = 0

    @property
    def is_file(self) -> bool:
        return self.kind in (Kind.RAW, Kind.FILE)

    @property
    def prefix_width(self) -> int:
        """Number of hex digits before each name of a HAMT shard."""
        return len(f"{self.fanout - 1:x}")


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of the UnixFS protobuf message that pfpkit reads or writes."""

    type: int
    data: bytes = b""
    filesize: int | None = None
    blocksizes: Sequence[int] = ()
    hash_type: int | None = None
    fanout: int | None = None

    def encode(self) -> bytes:
        """Return the message's bytes, its fields in the order of their numbers."""
        out = [b"\x08", varint(self.type)]
        if self.data:
            out += b"\x12", varint(len(self.data)), self.data
        if self.filesize is not None:
            out += b"\x18", varint(self.filesize)
        for size in self.blocksizes:
            out += b"\x20", varint(size)
        if self.hash_type is not None:
            out += b"\x28", varint(self.hash_type)
        if self.fanout is not None:
            out += b"\x30", varint(self.fanout)
        return b"".join(out)


# mode and mtime (UnixFS 1.5) are allowed and not kept: they change no byte of a file.
_WIRES = {1: VARINT, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: VARINT, 7: VARINT, 8: BYTES}


def _decode_message(body: bytes) -> Message:
    values: dict[int, int | bytes] = {}
    blocksizes: list[int] = []
    last = 0
    for number, value in dagpb.fields(body, _WIRES):
        if number < last or (number == last and number != 4):
            raise BadBlock("UnixFS: fields are repeated or out of order")
        last = number
        if number == 4 and isinstance(value, int):
            blocksizes.append(value)
        else:
            values[number] = value
    if 1 not in values:
        raise BadBlock("UnixFS: the block has no type")
    if 8 in values:
        _check_mtime(values[8])
    return Message(
        type=_int(values.get(1)) or 0,
        data=_bytes(values.get(2)),
        filesize=_int(values.get(3)),
        blocksizes=tuple(blocksizes),
        hash_type=_int(values.get(5)),
        fanout=_int(values.get(6)),
    )


def _int(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) else None


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _check_mtime(body: int | bytes) -> None:
    read = list(dagpb.fields(_bytes(body), {1: VARINT, 2: FIXED32}))
    numbers = [number for number, _ in read]
    nanoseconds = [value for number, value in read if number == 2 and isinstance(value, int)]
    if numbers not in ([1], [1, 2]) or any(not 1 <= n <= 999_999_999 for n in nanoseconds):
        raise BadBlock("UnixFS: the modification time is malformed")


def decode_node(cid: CID, data: bytes) -> Node:
    """Return what the block `data`, named by `cid`, means; raise BadBlock that names `cid`.

    The bytes must have been verified before: nothing is hashed here.
    """
    if cid.codec == RAW:
        return Node(Kind.RAW, data=data, size=len(data))
    check_codec(cid)
    try:
        links, body = dagpb.decode(data)
        return _node(links, _decode_message(body))
    except BadBlock as error:
        raise BadBlock(f"{cid}: {error}") from None


def check_codec(cid: CID) -> None:
    """Return when UnixFS has blocks of this codec; raise BadBlock otherwise."""
    if cid.codec not in (RAW, DAG_PB):
        raise BadBlock(f"{cid}: codec {codec_name(cid.codec)} is not UnixFS (raw or dag-pb)")


def _node(links: tuple[Link, ...], message: Message) -> Node:
    kind = _TYPES.get(message.type)
    if kind is None:
        raise BadBlock(f"UnixFS: type {message.type} is not read")
    if kind is Kind.FILE:
        return _file(links, message)
    if kind is Kind.SYMLINK:
        if links:
            raise BadBlock("UnixFS: a symlink has links")
        return Node(kind, message.data)
    if message.blocksizes:
        raise BadBlock("UnixFS: a directory has block sizes")
    if kind is Kind.DIRECTORY:
        check_names([link.name for link in links])
        return Node(kind, links=links)
    return _shard(links, message)


def _file(links: tuple[Link, ...], message: Message) -> Node:
    if len(links) != len(message.blocksizes):
        raise BadBlock(
            f"UnixFS: a file has {len(links)} links and {len(message.blocksizes)} block sizes"
        )
    if any(link.name for link in links):
        raise BadBlock("UnixFS: a part of a file has a name")
    size = len(message.data) + sum(message.blocksizes)
    if (message.filesize or 0) != size:
        raise BadBlock(f"UnixFS: the file says {message.filesize or 0} bytes, its parts say {size}")
    return Node(Kind.FILE, message.data, links, size, tuple(message.blocksizes))


def _shard(links: tuple[Link, ...], message: Message) -> Node:
    if message.hash_type != MURMUR3_X64_64:
        raise BadBlock(f"UnixFS: HAMT hash {message.hash_type} is not murmur3-x64-64")
    fanout = message.fanout or 0
    if not 8 <= fanout <= MAX_FANOUT or fanout & (fanout - 1):
        raise BadBlock(f"UnixFS: HAMT fanout {fanout} is no power of two from 8 to {MAX_FANOUT}")
    node = Node(Kind.HAMT, message.data, links, fanout=fanout)
    indexes = prefixes(fanout)
    bitmap, names = 0, []
    for link in links:
        index = indexes.get(link.name[: node.prefix_width])
        if index is None or bitmap >> index & 1:
            raise BadBlock(f"UnixFS: HAMT link {link.name[:80]!r} has a wrong or repeated prefix")
        bitmap |= 1 << index
        if len(link.name) > node.prefix_width:
            names.append(link.name[node.prefix_width :])
    if int.from_bytes(message.data, "big") != bitmap:
        raise BadBlock("UnixFS: the HAMT bitmap does not match the links")
    check_names(names)
    return node


@cache
def prefixes(fanout: int) -> dict[str, int]:
    """Return the index of each prefix that a link of a HAMT shard can have, in their order."""
    width = len(f"{fanout - 1:x}")
    return {f"{index:0{width}X}": index for index in range(fanout)}


def check_names(names: Sequence[str]) -> None:
    """Return when every name is safe as a name on disk and occurs once; raise BadBlock."""
    for name in names:
        if reason := bad_name(name):
            raise BadBlock(f"UnixFS: a directory has the name {name[:80]!r}, {reason}")
    if len(set(names)) != len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise BadBlock(f"UnixFS: a directory has the name {twice[:80]!r} twice")


def bad_name(name: str) -> str | None:
    """Return why no directory entry may have this name, or None when it may."""
    if name in ("", ".", ".."):
        return "which paths give another meaning"
    if "/" in name or "\0" in name:
        return "which has a slash or a zero byte in it"
    return None
