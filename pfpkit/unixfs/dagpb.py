"""DAG-PB: the outer form of every UnixFS block that is not raw bytes. Pure; trusts no input.

Follows the DAG-PB specification (ipld.io/specs/codecs/dag-pb/spec). Written: links, then data.
Read: strictly one form of each message, except that data may also stand before the links, which
the specification allows. Unknown or repeated fields, other orders and spare bytes are refused,
so that nothing can hide in a block beside what we read from it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pfpkit.cid import CID, read_varint, varint
from pfpkit.errors import BadBlock, BadCID

VARINT, FIXED32, BYTES = 0, 5, 2


@dataclass(frozen=True, slots=True)
class Link:
    """A named reference to a block; `tsize` is what its writer says the DAG beneath holds."""

    cid: CID
    name: str
    tsize: int = 0


def encode(links: Sequence[Link], data: bytes) -> bytes:
    """Return the block of a node with these links, in this order, and this data."""
    out = [b"\x12" + varint(len(body)) + body for body in map(_link, links)]
    out.append(b"\x0a" + varint(len(data)) + data)
    return b"".join(out)


def _link(link: Link) -> bytes:
    cid, name = link.cid.encode(), link.name.encode()
    head = b"\x0a" + varint(len(cid)) + cid + b"\x12" + varint(len(name)) + name
    return head + b"\x18" + varint(link.tsize)


def decode(block: bytes) -> tuple[tuple[Link, ...], bytes]:
    """Return the links and the data of a node; raise BadBlock."""
    links: list[Link] = []
    data: bytes | None = None
    links_ended = False
    for number, value in fields(block, {1: BYTES, 2: BYTES}):
        assert isinstance(value, bytes)
        if number == 1:
            if data is not None:
                raise BadBlock("dag-pb: the node has two data fields")
            data, links_ended = value, bool(links)
        else:
            if links_ended:
                raise BadBlock("dag-pb: links stand on both sides of the data")
            links.append(_decode_link(value))
    return tuple(links), data or b""


def _decode_link(body: bytes) -> Link:
    cid: CID | None = None
    name, tsize, last = "", 0, 0
    for number, value in fields(body, {1: BYTES, 2: BYTES, 3: VARINT}):
        if number <= last:
            raise BadBlock("dag-pb: the fields of a link are repeated or out of order")
        last = number
        if isinstance(value, int):
            tsize = value
        elif number == 1:
            try:
                cid = CID.decode(value)
            except BadCID as error:
                raise BadBlock(f"dag-pb: a link holds no CID: {error}") from None
        else:
            try:
                name = value.decode()
            except UnicodeDecodeError:
                raise BadBlock(f"dag-pb: a link's name is not UTF-8: {value[:40]!r}") from None
    if cid is None:
        raise BadBlock("dag-pb: a link has no CID")
    return Link(cid, name, tsize)


def fields(message: bytes, wires: dict[int, int]) -> Iterator[tuple[int, int | bytes]]:
    """Yield each field's number and value of a protobuf message.

    `wires` maps the numbers that may occur to their wire types. BYTES fields come as bytes,
    VARINT and FIXED32 fields as int. Raise BadBlock for anything else.
    """
    offset = 0
    while offset < len(message):
        tag, offset = read_varint(message, offset, bits=64, error=BadBlock)
        number, wire = tag >> 3, tag & 7
        if wires.get(number) != wire:
            raise BadBlock(f"protobuf: field {number} of wire type {wire} is unknown here")
        if wire == FIXED32:
            end = offset + 4
        else:
            value, offset = read_varint(message, offset, bits=64, error=BadBlock)
            if wire == VARINT:
                yield number, value
                continue
            end = offset + value
        if end > len(message):
            raise BadBlock(f"protobuf: field {number} is cut short")
        raw = message[offset:end]
        yield number, int.from_bytes(raw, "little") if wire == FIXED32 else raw
        offset = end
