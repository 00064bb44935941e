"""JPEG, rebuilt from the segments that decide how the picture looks.

Pure. Follows ITU-T T.81 annex B (markers and segments), T.871 (JFIF) and, for the colour profile
in APP2, ICC.1:2022 annex B.4. Tables and entropy-coded data are copied byte for byte. Baseline,
extended and progressive Huffman pictures of 8 bits are read, for these are what browsers show.
A scan that ends early but is closed in order is shown in grey by every decoder, and is kept so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pfpkit.errors import BadImage
from pfpkit.images import exif, icc
from pfpkit.images.container import (
    MAX_PARTS,
    RESAVE,
    Rebuilt,
    Removed,
    cut_short,
    damaged,
    take,
    too_many_parts,
)
from pfpkit.images.limits import Limits

SIGNATURE = b"\xff\xd8\xff"
# Each scan walks over the whole picture once more: a small file of many scans is a bomb.
MAX_SCANS = 100

_SOI, _EOI, _SOS, _DQT, _DHT, _DRI = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD
_FRAMES = (0xC0, 0xC1, 0xC2)
_OTHER_FRAMES = {0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xDC, 0xDE, 0xDF}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_APP0, _APP1, _APP2, _APP14, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff]")
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_EXIF = b"Exif\0\0"
_ICC = b"ICC_PROFILE\0"
_ICC_PART = 65_519

_WORDS = (
    (_APP0, b"JFXX", "thumbnail"),
    (_APP1, _EXIF, "EXIF"),
    (_APP1, b"http://ns.adobe.com/x", "XMP"),
    (_APP2, b"MPF\0", "index of further pictures (MPF)"),
    (0xEB, b"JP", "C2PA manifest"),
    (0xED, b"Photoshop", "Photoshop and IPTC data"),
    (_COM, b"", "comment"),
)


@dataclass(slots=True)
class _Parts:
    """What has been read so far. `body` is written after the APP segments."""

    jfif: bytes | None = None
    adobe: bytes | None = None
    exif_blocks: list[bytes] = field(default_factory=list)
    profile: dict[tuple[int, int], bytes] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)
    size: tuple[int, int] | None = None
    scans: int = 0


def rebuild(data: bytes, limits: Limits) -> Rebuilt:
    """Return the same picture without anything but pixels, tables, colour and orientation."""
    removed, parts = Removed(), _Parts()
    at = 2
    while True:
        marker, at = _next_marker(data, at, removed)
        if marker == _EOI:
            break
        if marker in _ALONE:
            removed.add("stray marker", 2)
            continue
        size = int.from_bytes(take(data, at, 2), "big")
        payload = take(data, at + 2, max(size - 2, 0))
        if size < 2:
            raise damaged(f"the segment at byte {at - 2:,} has no length")
        at += size
        if marker == _SOS:
            at = _add_scan(parts, data, payload, at)
        else:
            _add_segment(parts, marker, payload, limits, removed)
    if parts.size is None or not parts.scans:
        raise damaged("it has no pixels")
    removed_after = len(data) - at
    head = b"".join(_written_head(parts, removed))
    removed.after_end(removed_after)
    width, height = parts.size
    whole = b"\xff\xd8" + head + b"".join(parts.body) + b"\xff\xd9"
    return Rebuilt(whole, width, height, 1, removed.words())


def _next_marker(data: bytes, at: int, removed: Removed) -> tuple[int, int]:
    """Return the next marker and the offset after it, as decoders find it: by skipping."""
    found = _NEXT_MARKER.search(data, at)
    if found is None:
        raise cut_short(len(data))
    skipped = data[at : found.start()]
    if skipped:
        fill = not skipped.strip(b"\xff")
        removed.add("fill bytes" if fill else "stray bytes between segments", len(skipped))
    return data[found.end() - 1], found.end()


def _add_scan(parts: _Parts, data: bytes, payload: bytes, at: int) -> int:
    """Copy one scan, restart markers included, and return the offset of the marker after it."""
    if parts.size is None:
        raise damaged("its pixels come before its size")
    if len(payload) < 6 or len(payload) != 4 + 2 * payload[0]:
        raise damaged("a scan header is not as long as it says")
    parts.scans += 1
    if parts.scans > MAX_SCANS:
        raise BadImage(f"more than {MAX_SCANS} scans, which no ordinary picture has; {RESAVE}")
    end = _END_OF_SCAN.search(data, at)
    if end is None:
        raise cut_short(len(data))
    parts.body += [_written(_SOS, payload), data[at : end.start()]]
    return end.start()


def _add_segment(
    parts: _Parts, marker: int, payload: bytes, limits: Limits, removed: Removed
) -> None:
    if len(parts.body) > MAX_PARTS:
        raise too_many_parts()
    if marker in (_DQT, _DHT, _DRI):
        parts.body.append(_written(marker, payload))
    elif marker in _FRAMES:
        parts.size = _frame_size(parts, payload)
        limits.check_canvas(*parts.size)
        parts.body.append(_written(marker, payload))
    elif marker == _SOI:
        raise damaged("a second picture begins inside it")
    elif marker in _OTHER_FRAMES:
        raise BadImage(f"a kind of JPEG (marker {marker:02X}) that browsers do not show; {RESAVE}")
    elif not _add_app(parts, marker, payload, removed):
        removed.add(_words(marker, payload), len(payload))


def _add_app(parts: _Parts, marker: int, payload: bytes, removed: Removed) -> bool:
    """Keep an APP segment that decides how the picture looks; return whether it was one."""
    if parts.scans:  # decoders have settled the colours by then
        return False
    if marker == _APP1 and payload.startswith(_EXIF):
        parts.exif_blocks.append(payload[6:])
        return True
    if marker == _APP0 and payload[:5] == b"JFIF\0" and len(payload) >= 14 and not parts.jfif:
        parts.jfif = payload[:12] + b"\0\0"
        if payload[12:] != b"\0\0":
            removed.add("thumbnail", len(payload) - 14)
        return True
    if marker == _APP2 and payload.startswith(_ICC) and len(payload) > 14:
        return _add_profile_part(parts.profile, (payload[12], payload[13]), payload[14:])
    if marker == _APP14 and payload[:5] == b"Adobe" and len(payload) >= 12:
        # Decides between YCbCr and RGB, YCCK and CMYK: without it the colours are others.
        if parts.adobe is not None:
            removed.add("repeated Adobe segment", len(parts.adobe))
        parts.adobe = payload[:12]
        if len(payload) > 12:
            removed.add("data in the Adobe segment", len(payload) - 12)
        return True
    return False


def _add_profile_part(
    profile: dict[tuple[int, int], bytes], number: tuple[int, int], part: bytes
) -> bool:
    new = number not in profile
    if new:
        profile[number] = part
    return new


def _frame_size(parts: _Parts, payload: bytes) -> tuple[int, int]:
    if parts.size is not None:
        raise damaged("it has two sizes")
    if len(payload) < 9 or len(payload) != 6 + 3 * payload[5]:
        raise damaged("its frame header is not as long as it says")
    if payload[0] != 8 or payload[5] not in (1, 3, 4):
        raise BadImage(f"{payload[0]} bits in {payload[5]} channels; {RESAVE} with 8 bits")
    return int.from_bytes(payload[3:5], "big"), int.from_bytes(payload[1:3], "big")


def _written_head(parts: _Parts, removed: Removed) -> Iterator[bytes]:
    if parts.jfif:
        yield _written(_APP0, parts.jfif)
    orientation = exif.reduce(parts.exif_blocks, removed)
    if orientation is not None:
        yield _written(_APP1, _EXIF + orientation)
    yield from _written_profile(parts.profile, removed)
    if parts.adobe:
        yield _written(_APP14, parts.adobe)


def _written_profile(found: dict[tuple[int, int], bytes], removed: Removed) -> Iterator[bytes]:
    """Yield the APP2 segments of a profile, when all of its numbered parts are there once."""
    count = len(found)
    profile = b"".join(found.get((number, count), b"") for number in range(1, count + 1))
    if len(profile) != sum(map(len, found.values())) or (found and not icc.is_profile(profile)):
        removed.add("unreadable colour profile", sum(map(len, found.values())))
        return
    parts = [profile[at : at + _ICC_PART] for at in range(0, len(profile), _ICC_PART)]
    for number, part in enumerate(parts, 1):
        yield _written(_APP2, _ICC + bytes((number, len(parts))) + part)


def _written(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _words(marker: int, payload: bytes) -> str:
    for known, prefix, words in _WORDS:
        if marker == known and payload.startswith(prefix):
            return words
    if _APP0 <= marker <= 0xEF:
        return f"application segment APP{marker - _APP0}"
    return f"segment {marker:02X}"
