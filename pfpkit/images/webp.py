"""WebP, rebuilt from the RIFF chunks that decide how the picture looks.

Pure. Follows RFC 9649: the simple formats (a VP8 or VP8L chunk) and the extended one (VP8X with
ICCP, ANIM, ANMF, ALPH, EXIF). Bitstreams are copied byte for byte; sizes and flags are written
anew. Every size a bitstream declares has to be the one that its container declares.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pfpkit.images import exif, icc
from pfpkit.images.container import (
    MAX_PARTS,
    Rebuilt,
    Removed,
    cut_short,
    damaged,
    take,
    too_many_parts,
)
from pfpkit.images.limits import Limits

_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x02
_BITSTREAMS = (b"VP8 ", b"VP8L")


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes


@dataclass(slots=True)
class _Parts:
    width: int
    height: int
    flags: int
    profile: bytes | None = None
    loop: bytes | None = None
    still: list[_Chunk] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    exif_blocks: list[bytes] = field(default_factory=list)


def is_webp(data: bytes) -> bool:
    """Return whether the first twelve bytes are those of a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def rebuild(data: bytes, limits: Limits) -> Rebuilt:
    """Return the same picture without anything but pixels, colour, animation and orientation."""
    removed = Removed()
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise cut_short(len(data))
    chunks = list(_chunks(data, 12, end))
    if not chunks:
        raise damaged("it has no pixels")
    if chunks[0].kind == b"VP8X":
        rebuilt = _extended(chunks, limits, removed)
    else:
        rebuilt = _simple(chunks, limits, removed)
    width, height, frames, body = rebuilt
    removed.after_end(len(data) - end)
    whole = b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
    return Rebuilt(whole, width, height, frames, removed.words())


def _chunks(data: bytes, at: int, end: int) -> Iterator[_Chunk]:
    """Yield the chunks of a RIFF list; the byte that pads an odd one may be missing at the end."""
    for count in itertools.count(1):
        if at >= end:
            return
        if count > MAX_PARTS:
            raise too_many_parts()
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if size > end - at - 8:
            raise cut_short(len(data))
        kind = data[at : at + 4]
        yield _Chunk(kind, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2


def _simple(chunks: list[_Chunk], limits: Limits, removed: Removed) -> tuple[int, int, int, bytes]:
    picture = chunks[0]
    if picture.kind not in _BITSTREAMS:
        raise damaged(f"it begins with {_name(picture.kind)!r} instead of pixels")
    width, height = _bitstream_size(picture)
    limits.check_canvas(width, height)
    for kind, body in chunks[1:]:
        removed.add(_words(kind), len(body))
    return width, height, 1, _written(*picture)


def _extended(
    chunks: list[_Chunk], limits: Limits, removed: Removed
) -> tuple[int, int, int, bytes]:
    head = chunks[0].body
    if len(head) != 10:
        raise damaged("its VP8X chunk is not as long as it has to be")
    parts = _Parts(_u24(head, 4) + 1, _u24(head, 7) + 1, head[0])
    limits.check_canvas(parts.width, parts.height)
    for chunk in chunks[1:]:
        if not _keep(parts, chunk, limits, removed):
            removed.add(_words(chunk.kind), len(chunk.body))
    orientation = exif.reduce(parts.exif_blocks, removed)
    pixels = b"".join(_written_pixels(parts, removed))
    flags = (
        (_ICC_FLAG if parts.profile else 0)
        | parts.flags & (_ALPHA_FLAG | _ANIMATION_FLAG)
        | (_EXIF_FLAG if orientation else 0)
    )
    body = _written(b"VP8X", bytes((flags, 0, 0, 0)) + head[4:])
    if parts.profile:
        body += _written(b"ICCP", parts.profile)
    body += pixels
    if orientation:
        body += _written(b"EXIF", orientation)
    return parts.width, parts.height, max(len(parts.frames), 1), body


def _keep(parts: _Parts, chunk: _Chunk, limits: Limits, removed: Removed) -> bool:
    """Keep a chunk that decides how the picture looks; return whether it was one."""
    kind, body = chunk
    animated = bool(parts.flags & _ANIMATION_FLAG)
    if kind == b"ICCP" and parts.profile is None and icc.is_profile(body):
        parts.profile = body
    elif kind == b"ANIM" and animated and parts.loop is None:
        if len(body) != 6:
            raise damaged("its ANIM chunk is not as long as it has to be")
        parts.loop = body
    elif kind == b"ANMF" and animated:
        parts.frames.append(_frame(parts, body, removed))
        limits.check_frames(len(parts.frames), parts.width, parts.height)
    elif kind in (b"ALPH", *_BITSTREAMS) and not animated and not _complete(parts.still):
        parts.still.append(chunk)
    elif kind == b"EXIF":
        parts.exif_blocks.append(body)
    else:
        return False
    return True


def _complete(pixels: list[_Chunk]) -> bool:
    return bool(pixels) and pixels[-1].kind in _BITSTREAMS


def _written_pixels(parts: _Parts, removed: Removed) -> Iterator[bytes]:
    if parts.flags & _ANIMATION_FLAG:
        if parts.loop is None or not parts.frames:
            raise damaged("it says that it is animated, and is not")
        yield _written(b"ANIM", parts.loop)
        for frame in parts.frames:
            yield _written(b"ANMF", frame)
    else:
        yield _checked_pixels(parts.still, parts.width, parts.height)


def _frame(parts: _Parts, body: bytes, removed: Removed) -> bytes:
    """Return an ANMF body: its header of 16 bytes, and the pixels alone."""
    head = take(body, 0, 16)
    left, top = 2 * _u24(head, 0), 2 * _u24(head, 3)
    width, height = _u24(head, 6) + 1, _u24(head, 9) + 1
    if left + width > parts.width or top + height > parts.height:
        raise damaged("a frame of its animation reaches outside the picture")
    pixels: list[_Chunk] = []
    for chunk in _chunks(body, 16, len(body)):
        if chunk.kind in (b"ALPH", *_BITSTREAMS) and not _complete(pixels):
            pixels.append(chunk)
        else:
            removed.add(_words(chunk.kind), len(chunk.body))
    return head + _checked_pixels(pixels, width, height)


def _checked_pixels(pixels: list[_Chunk], width: int, height: int) -> bytes:
    """Return [ALPH,] VP8 or VP8L as bytes, once their size is the one that was announced."""
    kinds = [chunk.kind for chunk in pixels]
    if kinds not in ([b"VP8 "], [b"VP8L"], [b"ALPH", b"VP8 "]):
        raise damaged("its pixels are missing or there twice")
    if _bitstream_size(pixels[-1]) != (width, height):
        raise damaged("its pixels are not of the size that it says")
    return b"".join(_written(*chunk) for chunk in pixels)


def _bitstream_size(chunk: _Chunk) -> tuple[int, int]:
    """Return width and height as the bitstream has them (RFC 9649 section 2.5 and 3.4)."""
    body = chunk.body
    if chunk.kind == b"VP8L":
        if take(body, 0, 5)[0] != 0x2F:
            raise damaged("its VP8L chunk has no pixels")
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if take(body, 0, 10)[3:6] != b"\x9d\x01\x2a" or body[0] & 1:
        raise damaged("its VP8 chunk has no pixels")
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(
        body[8:10], "little"
    ) & 0x3FFF


def _u24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _written(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _words(kind: bytes) -> str:
    known = {
        b"EXIF": "EXIF",
        b"XMP ": "XMP",
        b"ICCP": "unreadable colour profile",
        b"C2PA": "C2PA manifest",
    }
    return known.get(kind, f"private chunk {_name(kind)!r}")


def _name(kind: bytes) -> str:
    return "".join(chr(c) if 0x20 <= c < 0x7F else "?" for c in kind)
