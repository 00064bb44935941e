"""What the first bytes of a picture say: its type, and its size in pixels. Pure.

Nothing is decoded or unpacked, and no library sees the bytes. PNG (section 11.2.2), JPEG (ITU-T
T.81, annex B), GIF89a (section 18), WebP (RFC 9649, sections 2.5, 3.4 and 2.7) and AVIF (ISO/IEC
23008-12, `ispe`). What is said is believed for limits alone: the pixels may be others.
"""

from collections.abc import Iterator

from pfpkit.errors import BadImage, TooLarge
from pfpkit.images import describe, media_type, refusal
from pfpkit.media.outcomes import MediaOutcome, Refusal

__all__ = ["Header", "is_avif", "looks_like_svg", "read_header", "refused", "unknown"]

Header = tuple[str, int, int]
"""Media type, width, height. As the file stores its pixels: not turned upright."""

_AVIF = (b"avif", b"avis")
_AVIF_SIZE = (b"meta", b"iprp", b"ipco")
_MAX_PARTS = 10_000
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}


def read_header(data: bytes) -> Header:
    """Return what a PNG, JPEG, GIF, WebP or AVIF says of itself; Refusal when it is none."""
    kind = "image/avif" if is_avif(data) else media_type(data)
    if kind is None:
        raise unknown(data)
    size = _SIZES[kind](data)
    if size is None:
        raise Refusal(MediaOutcome.DAMAGED, "its header is cut short, or does not say its size")
    return kind, *size


def is_avif(data: bytes) -> bool:
    """Return whether the first bytes are those of an AVIF (AVIF 1.1, section 6: its brands)."""
    if data[4:8] != b"ftyp":
        return False
    size = int.from_bytes(data[:4], "big")
    brands = data[8 : min(size, 256)]
    named = {brands[n : n + 4] for n in (0, *range(8, len(brands), 4))}
    return not named.isdisjoint(_AVIF)


def looks_like_svg(data: bytes) -> bool:
    """Return whether bytes begin as an SVG does: markup, and `<svg` near its start."""
    start = data[:8192].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start.startswith(b"<"):
        return False
    start = start.lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return False
    return b"<svg" in start or b":svg" in start


def unknown(data: bytes) -> Refusal:
    """Return the refusal of bytes that are no picture of the five kinds."""
    outcome = MediaOutcome.UNSUPPORTED if describe(data) else MediaOutcome.NOT_A_PICTURE
    return Refusal(outcome, _without_advice(refusal(data)))


def refused(error: Exception, what: str = "") -> Refusal:
    """Return the refusal for an error of a check; `what` stands before its words.

    Whatever is no BadImage is a decoder's word for too many pixels.
    """
    damaged = isinstance(error, BadImage) and not isinstance(error, TooLarge)
    outcome = MediaOutcome.DAMAGED if damaged else MediaOutcome.TOO_LARGE
    return Refusal(outcome, what + _without_advice(str(error)))


def _without_advice(words: str) -> str:
    # What to do about it is said to creators; whoever looks at the picture has not made it.
    return words.partition("; ")[0]


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _gif(data: bytes) -> tuple[int, int] | None:
    return (_little(data[6:8]), _little(data[8:10])) if len(data) >= 10 else None


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return _little(data[24:27]) + 1, _little(data[27:30]) + 1
    if data[12:16] == b"VP8L":
        bits = _little(data[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Return the size in the first frame header, before any scan."""
    at = 2
    for _ in range(_MAX_PARTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        marker, size = data[at + 1 : at + 2], int.from_bytes(data[at + 2 : at + 4])
        if data[at : at + 1] != b"\xff" or not marker or marker[0] == 0xDA:
            return None
        if marker[0] in _JPEG_FRAMES:
            frame = data[at + 5 : at + 9]
            return (
                (int.from_bytes(frame[2:]), int.from_bytes(frame[:2])) if len(frame) == 4 else None
            )
        at += 2 if marker[0] in _JPEG_ALONE else 2 + max(size, 2)
    return None


def _avif(data: bytes) -> tuple[int, int] | None:
    """Return the largest size that any picture in it has; the shown one has no larger."""
    begin, end = 0, len(data)
    for name in _AVIF_SIZE:
        found = next((box for box in _boxes(data, begin, end) if box[0] == name), None)
        if found is None:
            return None
        _, begin, end = found
        begin += 4 if name == b"meta" else 0
    sizes = [
        (int.from_bytes(data[at + 4 : at + 8]), int.from_bytes(data[at + 8 : at + 12]))
        for kind, at, stop in _boxes(data, begin, end)
        if kind == b"ispe" and stop - at == 12
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of each box (ISO/IEC 14496-12) between two offsets."""
    for _ in range(_MAX_PARTS):
        size, kind, head = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == 0:
            size = end - at
        if size < head or at + size > end:
            return
        yield kind, at + head, at + size
        at += size


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


_SIZES = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/webp": _webp,
    "image/avif": _avif,
}
