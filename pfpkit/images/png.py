"""PNG and APNG, rebuilt from the chunks that decide how the picture looks.

Pure. Follows the PNG specification, third edition (W3C, 2025), section 5 (chunks, CRC, order) and
section 11. Every CRC is checked, and every compressed pixel stream is unpacked in small bounded
steps to prove that it has exactly the bytes its header promises, before any decoder sees it.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pfpkit.console import clipped
from pfpkit.errors import BadImage
from pfpkit.images import exif, icc
from pfpkit.images.container import (
    MAX_PARTS,
    Rebuilt,
    Removed,
    damaged,
    take,
    too_many_parts,
)
from pfpkit.images.limits import Limits

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_STEP = 2**16

# Kept when they stand before the pixels; a number is the only length the chunk may have.
_COLOUR = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"cLLI": 8}
_BEFORE_PALETTE = {*_COLOUR, b"iCCP"} - {b"mDCV", b"cLLI"}
_KEPT_BEFORE_PIXELS = {*_COLOUR, b"iCCP", b"PLTE", b"tRNS", b"acTL"}

_WORDS = {
    b"tIME": "timestamp",
    b"pHYs": "print resolution",
    b"bKGD": "background colour",
    b"hIST": "histogram",
    b"sPLT": "suggested palette",
    b"sBIT": "significant bits",
    b"caBX": "C2PA manifest",
}


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    width: int
    height: int
    depth: int
    colour: int
    interlaced: bool

    def raw_bytes(self, width: int, height: int) -> int:
        """Bytes of the unpacked pixel stream of a frame: each row has one filter byte."""
        bits = _CHANNELS[self.colour] * self.depth
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        total = 0
        for left, top, across, down in passes:
            columns = (width - left + across - 1) // across
            rows = (height - top + down - 1) // down
            if columns > 0 and rows > 0:
                total += rows * (1 + (columns * bits + 7) // 8)
        return total


@dataclass(slots=True)
class _Frame:
    control: bytes | None  # an fcTL body after its sequence number; None for a plain picture
    width: int
    height: int
    data: list[bytes] = field(default_factory=list)


def rebuild(data: bytes, limits: Limits) -> Rebuilt:
    """Return the same picture without anything but pixels, palette, colour and animation."""
    removed = Removed()
    chunks, end = _chunks(data)
    header = _header(chunks[0])
    limits.check_canvas(header.width, header.height)
    before, frames, exif_blocks = _sort(chunks[1:-1], header, limits, removed)
    _check_pixels(frames, header, removed)
    orientation = exif.reduce(exif_blocks, removed)
    removed.after_end(len(data) - end)

    parts = [SIGNATURE, _written(*chunks[0]), *(_written(*chunk) for chunk in before)]
    if orientation is not None:
        parts.append(_written(b"eXIf", orientation))
    parts += _written_frames(frames)
    parts.append(_written(b"IEND", b""))
    return Rebuilt(b"".join(parts), header.width, header.height, len(frames), removed.words())


def _chunks(data: bytes) -> tuple[list[_Chunk], int]:
    """Return every chunk up to IEND, each CRC checked, and the offset after IEND."""
    chunks: list[_Chunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].kind != b"IEND":
        size, kind = struct.unpack(">I4s", take(data, at, 8))
        if not re.fullmatch(rb"[A-Za-z]{4}", kind) or size > 2**31 - 1:
            raise damaged(f"no chunk begins at byte {at:,}")
        body = take(data, at + 8, size)
        crc = int.from_bytes(take(data, at + 8 + size, 4), "big")
        if crc != zlib.crc32(body, zlib.crc32(kind)):
            raise damaged(f"the checksum of its {_name(kind)} chunk at byte {at:,} is wrong")
        chunks.append(_Chunk(kind, body))
        if len(chunks) > MAX_PARTS:
            raise too_many_parts()
        at += 12 + size
    if chunks[-1].body:
        raise damaged("its IEND chunk is not empty")
    return chunks, at


def _header(chunk: _Chunk) -> _Header:
    if chunk.kind != b"IHDR" or len(chunk.body) != 13:
        raise damaged(f"it begins with {_name(chunk.kind)} instead of a 13 byte IHDR chunk")
    width, height, depth, colour, packing, filters, interlace = struct.unpack(
        ">IIBBBBB", chunk.body
    )
    if depth not in _DEPTHS.get(colour, ()) or packing or filters or interlace > 1:
        raise damaged("its IHDR chunk names a kind of pixel that PNG does not have")
    return _Header(width, height, depth, colour, bool(interlace))


def _sort(
    chunks: list[_Chunk], header: _Header, limits: Limits, removed: Removed
) -> tuple[list[_Chunk], list[_Frame], list[bytes]]:
    """Return what is kept before the pixels, the frames, and the EXIF blocks."""
    before: list[_Chunk] = []
    seen: set[bytes] = set()
    exif_blocks: list[bytes] = []
    frames = _Frames(header, limits)
    for kind, body in chunks:
        if kind == b"IDAT" or (frames.animated and kind in (b"fcTL", b"fdAT")):
            frames.add(kind, body)
        elif kind in _KEPT_BEFORE_PIXELS:
            if frames.pixels_seen:
                raise damaged(f"its {_name(kind)} chunk comes after the pixels")
            # Unreadable profiles count too: each costs up to 4 MiB of inflating to know.
            _check_place(kind, seen)
            seen.add(kind)
            if kind == b"iCCP" and not _is_profile(body):
                removed.add("unreadable colour profile", len(body))
                continue
            _check_body(kind, body, header)
            before.append(_Chunk(kind, body))
            frames.animated = frames.animated or kind == b"acTL"
        elif kind == b"eXIf":
            exif_blocks.append(body)
        elif kind[0] & 0x20:  # section 5.4: a lower-case first letter marks what may be ignored
            removed.add(_words(kind, body), len(body))
        else:
            raise damaged(f"its {_name(kind)} chunk is unknown, or comes a second time")
        frames.last = kind
    palette = any(chunk.kind == b"PLTE" for chunk in before)
    if palette != (header.colour == 3) and header.colour not in (2, 6):
        raise damaged("its palette is missing" if not palette else "a grey picture has a palette")
    promised = next((chunk.body for chunk in before if chunk.kind == b"acTL"), None)
    return before, frames.finished(promised), exif_blocks


class _Frames:
    """Gathers IDAT, fcTL and fdAT chunks into frames, in the order that section 11.3.6 asks for."""

    def __init__(self, header: _Header, limits: Limits) -> None:
        self.animated = False
        self.pixels_seen = False
        self.last = b"IHDR"
        self._header, self._limits = header, limits
        self._frames: list[_Frame] = []
        self._sequence = 0
        self._waiting = False  # an fcTL has been read, its data has not

    def add(self, kind: bytes, body: bytes) -> None:
        if kind == b"IDAT":
            self._add_idat(body)
            return
        if len(body) < 4 or int.from_bytes(body[:4], "big") != self._sequence:
            raise damaged("a frame of its animation is missing or out of order")
        self._sequence += 1
        if kind == b"fcTL":
            self._add_control(body[4:])
        else:
            if not self.pixels_seen or not (self._waiting or self.last == b"fdAT"):
                raise damaged("a frame of its animation has no header")
            self._frames[-1].data.append(body[4:])
            self._waiting = False

    def _add_idat(self, body: bytes) -> None:
        if self.pixels_seen and self.last != b"IDAT":
            raise damaged("its pixel chunks are not next to each other")
        if not self._frames:
            self._frames.append(_Frame(None, self._header.width, self._header.height))
        self.pixels_seen, self._waiting = True, False
        self._frames[0].data.append(body)

    def _add_control(self, control: bytes) -> None:
        if self._waiting or len(control) != 22:
            raise damaged("a frame header of its animation is not as it should be")
        width, height, left, top = struct.unpack_from(">IIII", control)
        whole = (width, height, left, top) == (self._header.width, self._header.height, 0, 0)
        inside = left + width <= self._header.width and top + height <= self._header.height
        if not (width and height and inside) or (not self.pixels_seen and not whole):
            raise damaged("a frame of its animation reaches outside the picture")
        if control[20] > 2 or control[21] > 1:
            raise damaged("a frame of its animation is blended in an unknown way")
        self._frames.append(_Frame(control, width, height))
        self._waiting = True
        self._limits.check_frames(len(self._frames), self._header.width, self._header.height)

    def finished(self, promised: bytes | None) -> list[_Frame]:
        if not self.pixels_seen:
            raise damaged("it has no pixels")
        if self._waiting:
            raise damaged("the last frame of its animation has no pixels")
        shown = sum(frame.control is not None for frame in self._frames)
        if promised is not None and not 0 < shown == int.from_bytes(promised[:4], "big"):
            raise damaged("its animation has not as many frames as it says")
        return self._frames


def _check_place(kind: bytes, seen: set[bytes]) -> None:
    if kind in seen:
        raise damaged(f"it has two {_name(kind)} chunks")
    if kind in _BEFORE_PALETTE and b"PLTE" in seen:
        raise damaged(f"its {_name(kind)} chunk comes after the palette")
    if kind == b"PLTE" and b"tRNS" in seen:
        raise damaged("its transparency comes before the palette")


def _check_body(kind: bytes, body: bytes, header: _Header) -> None:
    size = len(body)
    if kind == b"PLTE":
        right = size % 3 == 0 and 3 <= size <= 3 * min(256, 2 ** min(header.depth, 8))
    elif kind == b"tRNS":
        right = size == {0: 2, 2: 6}.get(header.colour) or (header.colour == 3 and 1 <= size <= 256)
    elif kind == b"acTL":
        right = size == 8
    else:
        right = size == _COLOUR.get(kind, size)
    if not right:
        raise damaged(f"its {_name(kind)} chunk is not as long as it has to be")


def _is_profile(body: bytes) -> bool:
    """Return whether an iCCP chunk is a name, one whole zlib stream of one profile, and no more."""
    name, zero, packed = body.partition(b"\0")
    if not zero or not 1 <= len(name) <= 79 or packed[:1] != b"\0":
        return False
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(packed[1:], icc.MAX_BYTES + 1)
    except zlib.error:
        return False
    return unpacker.eof and not unpacker.unused_data and icc.is_profile(profile)


def _check_pixels(frames: list[_Frame], header: _Header, removed: Removed) -> None:
    """Prove that each frame's stream unpacks to its size, and cut off what follows the stream."""
    for frame in frames:
        used = _stream_bytes(frame.data, header.raw_bytes(frame.width, frame.height))
        spare = sum(map(len, frame.data)) - used
        if spare:
            removed.add("data after the pixels", spare)
            frame.data = list(_first(frame.data, used))


def _stream_bytes(data: list[bytes], expected: int) -> int:
    """Return how many bytes of `data` the zlib stream takes; BadImage when it is not `expected`."""
    unpacker = zlib.decompressobj()
    unpacked = used = 0
    try:
        for piece in _pieces(data):
            rest = piece
            while True:
                unpacked += len(unpacker.decompress(rest, _STEP))
                rest = unpacker.unconsumed_tail
                if unpacked > expected:
                    raise damaged("it holds more pixels than its header says")
                if not rest:
                    break
            used += len(piece) - len(unpacker.unused_data)
            if unpacker.eof:
                break
        while not unpacker.eof and (more := unpacker.decompress(b"", _STEP)):
            unpacked += len(more)
    except zlib.error as error:
        raise damaged("its pixels cannot be unpacked") from error
    if unpacked != expected or not unpacker.eof:
        raise BadImage("cut short: pixels are missing at its end; copy it again")
    return used


def _pieces(data: list[bytes]) -> Iterator[bytes]:
    # zlib copies what it has not consumed at every step: small pieces keep that cheap.
    for part in data:
        for at in range(0, len(part), _STEP):
            yield part[at : at + _STEP]


def _first(data: list[bytes], size: int) -> Iterator[bytes]:
    for part in data:
        if size > 0:
            yield part[:size]
        size -= len(part)


def _written_frames(frames: list[_Frame]) -> Iterator[bytes]:
    sequence = 0
    for index, frame in enumerate(frames):
        if frame.control is not None:
            yield _written(b"fcTL", sequence.to_bytes(4, "big") + frame.control)
            sequence += 1
        for part in frame.data:
            if index == 0:
                yield _written(b"IDAT", part)
            else:
                yield _written(b"fdAT", sequence.to_bytes(4, "big") + part)
                sequence += 1


def _written(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I4s", len(body), kind) + body + crc.to_bytes(4, "big")


def _words(kind: bytes, body: bytes) -> str:
    if kind in (b"tEXt", b"zTXt", b"iTXt"):
        keyword = body[:80].partition(b"\0")[0].decode("latin-1")
        if keyword == "XML:com.adobe.xmp":
            return "XMP"
        return f"text {clipped(keyword, 80)!r}"
    return _WORDS.get(kind, f"private chunk {_name(kind)}")


def _name(kind: bytes) -> str:
    return kind.decode("ascii", "replace")
