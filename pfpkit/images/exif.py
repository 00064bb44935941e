"""EXIF reduced to the one tag that changes how a picture is shown: its orientation.

Pure. An EXIF block is a TIFF structure (Exif 3.0, CIPA DC-008, section 4.5) and may hold the place
where a photograph was taken, the camera's serial number and a thumbnail of what was cropped away.
Nothing in it is trusted: a block that cannot be read counts as one without orientation.
"""

import struct
from dataclasses import dataclass

from pfpkit.images.container import Removed

UPRIGHT = 1
_ORIENTATION, _GPS = 0x0112, 0x8825
_TELLING = {0x010F: "camera", 0x0110: "camera", 0x0132: "date", 0x013B: "author", 0x8298: "author"}
_SHORT, _LONG = 3, 4


@dataclass(frozen=True, slots=True)
class Exif:
    """The orientation (1 to 8) of a block, and in words what else it tells."""

    orientation: int = UPRIGHT
    tells: tuple[str, ...] = ()


def minimal(orientation: int) -> bytes:
    """Return the TIFF block that holds this orientation and nothing else (26 bytes).

    >>> read(minimal(6))
    Exif(orientation=6, tells=())
    """
    header = struct.pack("<2sHI", b"II", 42, 8)
    return header + struct.pack("<HHHIHHI", 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)


def read(block: bytes) -> Exif:
    """Return what a TIFF block tells; never raises."""
    try:
        return _read(block.removeprefix(b"Exif\0\0"))
    except struct.error:
        return Exif()


def reduce(blocks: list[bytes], removed: Removed) -> bytes | None:
    """Return the minimal block for the first orientation found, or None when upright.

    Whatever is lost by that is noted in `removed`, with the GPS position named.
    """
    found = [(block, read(block)) for block in blocks]
    orientation = next((e.orientation for _, e in found if e.orientation != UPRIGHT), UPRIGHT)
    kept = minimal(orientation) if orientation != UPRIGHT else None
    for block, exif in found:
        if block != kept:
            removed.add(_words(exif), len(block))
    if kept is not None and len(found) > 1 and all(block == kept for block, _ in found):
        removed.add("repeated EXIF", len(kept) * (len(found) - 1))
    return kept


def _words(exif: Exif) -> str:
    words = "EXIF" + (f" with {' and '.join(exif.tells)}" if exif.tells else "")
    return words if exif.orientation == UPRIGHT else f"{words}, its orientation kept"


def _read(tiff: bytes) -> Exif:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return Exif()
    (at,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, at)
    orientation = UPRIGHT
    tells: list[str] = []
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", tiff, entry)
        if tag == _ORIENTATION and values == 1 and kind in (_SHORT, _LONG):
            (value,) = struct.unpack_from(
                f"{order}{'H' if kind == _SHORT else 'I'}", tiff, entry + 8
            )
            orientation = value if 1 <= value <= 8 else UPRIGHT
        elif tag == _GPS:
            tells.insert(0, "GPS position")
        elif tag in _TELLING:
            tells.append(_TELLING[tag])
    next_at = at + 2 + 12 * count
    if tiff[next_at : next_at + 4].strip(b"\0"):
        tells.append("thumbnail")
    return Exif(orientation, tuple(dict.fromkeys(tells)))
