"""GIF, rebuilt from its screen, palettes, frames, frame controls and loop count.

Pure. Follows the GIF89a specification (CompuServe, 1990), sections 17 to 27, and the loop
extension NETSCAPE2.0 that every browser knows. LZW data is copied byte for byte.
"""

from dataclasses import dataclass, field

from pfpkit.images.container import Rebuilt, Removed, cut_short, damaged, take
from pfpkit.images.limits import Limits

SIGNATURES = (b"GIF87a", b"GIF89a")

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _COMMENT, _PLAIN_TEXT, _APPLICATION = 0xF9, 0xFE, 0x01, 0xFF
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_WORDS = {_COMMENT: "comment", _PLAIN_TEXT: "plain text"}


@dataclass(slots=True)
class _Parts:
    width: int
    height: int
    written: list[bytes] = field(default_factory=list)
    control: bytes | None = None
    looped: bool = False
    frames: int = 0


def rebuild(data: bytes, limits: Limits) -> Rebuilt:
    """Return the same picture without comments, texts and application data."""
    removed = Removed()
    width, height = (int.from_bytes(take(data, at, 2), "little") for at in (6, 8))
    limits.check_canvas(width, height)
    at = 13 + _palette_bytes(take(data, 10, 3)[0])
    parts = _Parts(width, height, [take(data, 0, at)])
    while (mark := take(data, at, 1)[0]) != _TRAILER:
        if mark == _EXTENSION:
            at = _add_extension(parts, data, at, removed)
        elif mark == _IMAGE:
            at = _add_frame(parts, data, at)
            limits.check_frames(parts.frames, width, height)
        elif mark == 0:  # some writers end a block twice; decoders step over it
            removed.add("stray zero", 1)
            at += 1
        else:
            raise damaged(f"no block begins at byte {at:,}")
    if not parts.frames:
        raise damaged("it has no pixels")
    if parts.control is not None:
        removed.add("frame control without a frame", len(parts.control))
    removed.after_end(len(data) - at - 1)
    whole = b"".join(parts.written) + bytes((_TRAILER,))
    return Rebuilt(whole, width, height, parts.frames, removed.words())


def _palette_bytes(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks_end(data: bytes, at: int) -> int:
    """Return the offset after a row of sub-blocks and the empty one that ends it."""
    end = len(data)
    while at < end and (size := data[at]):
        at += 1 + size
    if at >= end:
        raise cut_short(end)
    return at + 1


def _add_extension(parts: _Parts, data: bytes, at: int, removed: Removed) -> int:
    label = take(data, at + 1, 1)[0]
    end = _blocks_end(data, at + 2)
    if label == _CONTROL:
        if end - at != 8 or data[at + 2] != 4:
            raise damaged("a frame control is not as long as it has to be")
        if parts.control is not None:
            raise damaged("it has two frame controls before one frame")
        parts.control = data[at:end]
    elif (
        label == _APPLICATION
        and data[at + 3 : at + 14] in _LOOPS
        and data[at + 14 : at + 16] == b"\x03\x01"
    ):
        if parts.looped:
            removed.add("repeated loop count", end - at)
        else:
            parts.looped = True
            parts.written.append(take(data, at, 18) + b"\0")
            if end - at > 19:
                removed.add("data in the loop extension", end - at - 19)
    else:
        removed.add(_words(label, data[at + 3 : at + 14]), end - at)
    return end


def _words(label: int, application: bytes) -> str:
    if label == _APPLICATION:
        if application == b"XMP DataXMP":
            return "XMP"
        name = "".join(chr(c) if 0x20 <= c < 0x7F else "?" for c in application)
        return f"application data {name!r}"
    return _WORDS.get(label, f"private extension {label:02X}")


def _add_frame(parts: _Parts, data: bytes, at: int) -> int:
    head = take(data, at, 10)
    left, top, width, height = (int.from_bytes(head[n : n + 2], "little") for n in (1, 3, 5, 7))
    if not width or not height or left + width > parts.width or top + height > parts.height:
        raise damaged(f"its frame {parts.frames + 1:,} is empty or reaches outside the picture")
    pixels_at = at + 10 + _palette_bytes(head[9])
    if not 2 <= take(data, pixels_at, 1)[0] <= 8:
        raise damaged(f"the pixels of its frame {parts.frames + 1:,} cannot be unpacked")
    end = _blocks_end(data, pixels_at + 1)
    if parts.control is not None:
        parts.written.append(parts.control)
        parts.control = None
    parts.written.append(data[at:end])
    parts.frames += 1
    return end
