"""A picture file, checked and cleaned, so that nothing unwanted is pinned for ever.

PNG, JPEG, GIF and WebP, told apart by their bytes. `clean` checks the size before it decodes,
rebuilds the container from allowed parts (pixel data byte for byte, palette, transparency, colour
profile, animation), drops everything else with all bytes after the end, and decodes the product
completely to prove that it is a picture. Trusts nothing in the file. Pixel data itself is not
changed, so what somebody hid in the pixels stays in them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pfpkit.errors import BadImage
from pfpkit.images import gif, jpeg, png, webp
from pfpkit.images.container import Rebuilt
from pfpkit.images.decode import decode
from pfpkit.images.kinds import describe, media_type, refusal
from pfpkit.images.limits import Limits
from pfpkit.images.pixels import Pixels

__all__ = [
    "CleanImage",
    "ImageInfo",
    "Limits",
    "clean",
    "describe",
    "inspect",
    "media_type",
    "rebuild",
    "refusal",
]

_DEFAULT = Limits()
_REBUILD: dict[str, Callable[[bytes, Limits], Rebuilt]] = {
    "image/png": png.rebuild,
    "image/jpeg": jpeg.rebuild,
    "image/gif": gif.rebuild,
    "image/webp": webp.rebuild,
}


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture that has been decoded in full and holds nothing but itself."""

    data: bytes
    media_type: str
    width: int
    height: int
    frames: int
    removed: tuple[str, ...]
    pixels: str = ""
    """The hash of what it shows (`images.pixels`); empty when it was not decoded."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What a picture is, after it has been decoded in full."""

    media_type: str
    width: int
    height: int
    frames: int


def clean(
    data: bytes, limits: Limits = _DEFAULT, source: str = "image", *, decoding: bool = True
) -> CleanImage:
    """Return the same picture in a container rebuilt from allowed parts; BadImage names `source`.

    `removed` says in words what was left out. Cleaning the result again changes nothing.
    `decoding=False` is for whoever compares the result's CID with that of a picture which was
    decoded before: the pixels are then not looked at again, which is most of the work.
    """
    try:
        kind, rebuilt = rebuild(data, limits)
        size = (rebuilt.width, rebuilt.height)
        pixels = Pixels()
        if decoding:
            decode(rebuilt.data, kind, size, rebuilt.frames, limits, pixels)
    except BadImage as error:
        raise BadImage(f"{source}: {error}") from error
    shown = pixels.digest if decoding else ""
    return CleanImage(rebuilt.data, kind, *size, rebuilt.frames, rebuilt.removed, shown)


def inspect(data: bytes, limits: Limits = _DEFAULT, source: str = "image") -> ImageInfo:
    """Return what a picture is, decoding the bytes as they are; BadImage names `source`."""
    try:
        kind, rebuilt = rebuild(data, limits)
        size = (rebuilt.width, rebuilt.height)
        decode(data, kind, size, rebuilt.frames, limits)
    except BadImage as error:
        raise BadImage(f"{source}: {error}") from error
    return ImageInfo(kind, *size, rebuilt.frames)


def rebuild(data: bytes, limits: Limits) -> tuple[str, Rebuilt]:
    """Return the media type, and the container rebuilt from allowed parts; nothing is decoded.

    BadImage when it is none of the four or damaged, TooLarge when it is over a limit.
    """
    limits.check_bytes(len(data))
    kind = media_type(data)
    if kind is None:
        raise BadImage(refusal(data))
    return kind, _REBUILD[kind](data, limits)
