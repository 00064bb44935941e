"""CARs: many blocks in one stream. Pure over file objects; trusts no byte it reads.

Follows the CARv1 specification (ipld.io/specs/transport/car/carv1). Every block is hashed as it
is read. A CAR that ends between two blocks is well formed, so being cut short there shows only in
what is absent: unless a reader asks for parts (`whole=False`), each root and each block that a
block links to has to come, or BadCar is raised at the end.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from pfpkit.cid import (
    CID,
    DAG_PB,
    IDENTITY,
    MAX_BLOCK_BYTES,
    MAX_DIGEST_BYTES,
    RAW,
    SHA2_256,
    Block,
    hash_name,
    read_varint,
    varint,
    verify,
)
from pfpkit.errors import BadBlock, BadCar, BadCID, BadInput
from pfpkit.unixfs import dagpb

MAX_HEADER_BYTES = 2**20  # about 25,000 roots
MAX_BLOCKS = 2**20
_CHUNK = 2**16
_MAX_CID_BYTES = MAX_DIGEST_BYTES + 30


def write_car(out: BinaryIO, roots: Sequence[CID], blocks: Iterable[Block]) -> int:
    """Write a CARv1 and return the number of its bytes. The blocks are written as they come."""
    header = _encode_header(roots)
    written = out.write(varint(len(header)) + header)
    for cid, data in blocks:
        written += out.write(section_head(cid, len(data)))
        written += out.write(data)
    return written


def section_head(cid: CID, size: int) -> bytes:
    """Return what stands in a CAR before a block of `size` bytes: the section's length, the CID."""
    name = cid.encode()
    return varint(len(name) + size) + name


def read_car(
    stream: BinaryIO, *, max_block_bytes: int = MAX_BLOCK_BYTES, whole: bool = True
) -> tuple[list[CID], Iterator[Block]]:
    """Return the roots, and the blocks as the stream gives them, each one verified.

    The iterator raises WrongBytes for a block that is not the one its CID names, and BadCar for
    everything else that is wrong; only an iterator that ended without an error was a whole CAR.

    >>> import io
    >>> from pfpkit.cid import cid_of
    >>> file = io.BytesIO()
    >>> write_car(file, [cid_of(b"a")], [Block(cid_of(b"a"), b"a")])
    97
    >>> _ = file.seek(0)
    >>> roots, blocks = read_car(file)
    >>> [block.data for block in blocks]
    [b'a']
    """
    decoder = CarDecoder(max_block_bytes=max_block_bytes, whole=whole)
    first: list[Block] = []
    while decoder.roots is None:
        data = stream.read(_CHUNK)
        first += decoder.feed(data)
        if not data:
            decoder.close()
    return decoder.roots, _blocks(stream, decoder, first)


def _blocks(stream: BinaryIO, decoder: "CarDecoder", first: list[Block]) -> Iterator[Block]:
    yield from first
    while data := stream.read(_CHUNK):
        yield from decoder.feed(data)
    decoder.close()


class CarDecoder:
    """Reads a CARv1 of at most `max_blocks` blocks from pieces of any size.

    Holds one unfinished section at most; with `whole`, also the CIDs of the blocks that came and
    that are still to come, at most `max_blocks` of each. A block that comes twice counts twice.
    """

    def __init__(
        self,
        *,
        max_block_bytes: int = MAX_BLOCK_BYTES,
        max_blocks: int = MAX_BLOCKS,
        whole: bool = True,
    ) -> None:
        self.roots: list[CID] | None = None
        self._max_block_bytes = max_block_bytes
        self._max_blocks = max_blocks
        self._whole = whole
        self._buffer = bytearray()
        self._blocks = 0
        self._came: set[CID] = set()
        self._missing: dict[CID, None] = {}

    def feed(self, data: bytes) -> list[Block]:
        """Return the blocks that `data` completes, verified; raise BadCar or WrongBytes."""
        self._buffer += data
        blocks: list[Block] = []
        offset = 0
        while (section := self._section(offset)) is not None:
            body, offset = section
            if self.roots is None:
                self._start(_decode_header(body))
            else:
                blocks.append(self._block(body))
        del self._buffer[:offset]
        return blocks

    def close(self) -> None:
        """Return when the CAR is complete; raise BadCar otherwise."""
        if self.roots is None:
            raise BadCar("the CAR is cut short: its header is incomplete")
        if self._buffer:
            raise BadCar(f"the CAR is cut short in block {self._blocks + 1}")
        if self._missing:
            first = next(iter(self._missing))
            raise BadCar(
                f"the CAR is cut short: {len(self._missing)} of the blocks that it names are "
                f"absent, the first one is {first}"
            )

    def _section(self, offset: int) -> tuple[bytes, int] | None:
        """Return the section at `offset` and the offset behind it, or None when it is incomplete.

        Its length is checked before its bytes are waited for.
        """
        head = self._buffer[offset : offset + 10]
        if len(head) < 10 and all(byte >= 0x80 for byte in head):
            return None
        length, size = read_varint(head, 0, error=BadCar)
        limit = MAX_HEADER_BYTES if self.roots is None else self._max_block_bytes + _MAX_CID_BYTES
        what = "header" if self.roots is None else f"block {self._blocks + 1}"
        if length == 0:
            raise BadCar(f"the CAR's {what} has a length of zero")
        if length > limit:
            raise BadCar(f"the CAR's {what} has {length} bytes, over the limit of {limit}")
        start = offset + size
        if len(self._buffer) < start + length:
            return None
        return bytes(self._buffer[start : start + length]), start + length

    def _start(self, roots: list[CID]) -> None:
        self.roots = roots
        if self._whole:
            if not roots:
                raise BadCar("the CAR names no root, so nothing shows whether it is whole")
            for root in roots:
                self._expect(root)

    def _block(self, section: bytes) -> Block:
        number = self._blocks + 1
        if number > self._max_blocks:
            raise BadCar(f"the CAR has more than {self._max_blocks} blocks")
        try:
            cid, offset = CID.read(section)
        except BadCID as error:
            raise BadCar(f"the CAR's block {number} has no CID: {error}") from None
        data = section[offset:]
        if len(data) > self._max_block_bytes:
            raise BadCar(f"{cid}: the block is over the limit of {self._max_block_bytes} bytes")
        _check_hash(cid)
        verify(cid, data)
        self._blocks = number
        if self._whole:
            self._arrive(cid, data)
        return Block(cid, data)

    def _arrive(self, cid: CID, data: bytes) -> None:
        if cid in self._came:
            return
        self._came.add(cid)
        self._missing.pop(cid, None)
        if cid.codec == RAW:
            return
        if cid.codec != DAG_PB:
            raise BadCar(f"{cid}: the links of this codec are not read; read the CAR in parts")
        try:
            links, _ = dagpb.decode(data)
        except BadBlock as error:
            raise BadCar(f"{cid}: {error}") from None
        for link in links:
            self._expect(link.cid)

    def _expect(self, cid: CID) -> None:
        _check_hash(cid)
        if cid not in self._came:
            self._missing[cid] = None
            if len(self._missing) > self._max_blocks:
                raise BadCar(f"the CAR names more than {self._max_blocks} blocks")


def _check_hash(cid: CID) -> None:
    if cid.hash_code == IDENTITY:
        raise BadCar(f"{cid}: the CID holds the bytes themselves (identity); this is not read")
    if cid.hash_code != SHA2_256:
        raise BadCar(f"{cid}: hash function {hash_name(cid.hash_code)} is not verified here")


# The header is DAG-CBOR: {"roots": [CID, ...], "version": 1}, and nothing else.
_MAP_ROOTS = b"\xa2\x65roots"
_VERSION_1 = b"\x67version\x01"
_CID_TAG = b"\xd8\x2a"


def _encode_header(roots: Sequence[CID]) -> bytes:
    if not roots:
        raise BadInput("a CAR needs at least one root")
    names = [b"\0" + root.encode() for root in roots]
    body = b"".join(_CID_TAG + _cbor_head(2, len(name)) + name for name in names)
    header = _MAP_ROOTS + _cbor_head(4, len(roots)) + body + _VERSION_1
    if len(header) > MAX_HEADER_BYTES:
        raise BadInput(f"{len(roots)} roots are more than one CAR can name; write several CARs")
    return header


def _decode_header(header: bytes) -> list[CID]:
    if not header.startswith(_MAP_ROOTS) or not header.endswith(_VERSION_1):
        raise BadCar("the CAR's header is not that of version 1: {roots, version: 1}")
    count, offset = _read_cbor_head(header, len(_MAP_ROOTS), 4)
    roots: list[CID] = []
    for _ in range(count):
        if header[offset : offset + 2] != _CID_TAG:
            raise BadCar("the CAR's header has a root that is no CID")
        length, offset = _read_cbor_head(header, offset + 2, 2)
        name = header[offset : offset + length]
        if len(name) != length or name[:1] != b"\0":
            raise BadCar("the CAR's header has a root that is no CID")
        try:
            roots.append(CID.decode(name[1:]))
        except BadCID as error:
            raise BadCar(f"the CAR's header has a root that is no CID: {error}") from None
        offset += length
    if header[offset:] != _VERSION_1:
        raise BadCar("the CAR's header has something else than roots and version 1")
    return roots


def _cbor_head(major: int, value: int) -> bytes:
    if value < 24:
        return bytes((major << 5 | value,))
    for extra, size in ((24, 1), (25, 2), (26, 4)):
        if value < 1 << 8 * size:
            return bytes((major << 5 | extra,)) + value.to_bytes(size, "big")
    raise BadInput(f"{value} is too large for a CAR's header")


def _read_cbor_head(header: bytes, offset: int, major: int) -> tuple[int, int]:
    first = header[offset : offset + 1]
    if not first or first[0] >> 5 != major or first[0] & 31 > 26:
        raise BadCar("the CAR's header is not the DAG-CBOR of a root list")
    size = {24: 1, 25: 2, 26: 4}.get(first[0] & 31, 0)
    end = offset + 1 + size
    value = int.from_bytes(header[offset + 1 : end], "big") if size else first[0] & 31
    if _cbor_head(major, value) != header[offset:end]:
        raise BadCar("the CAR's header has a number that is not in its shortest form")
    return value, end
