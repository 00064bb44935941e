"""Proof by decoding: every frame of a picture is unpacked by Pillow, and thrown away.

Trusts Pillow to decode, and nothing else: the format is named in advance, sizes and frames have
been checked from the header before (`pfpkit.images.limits`) and have to be what Pillow finds.
Pillow's bounds are settings of the whole process, so one picture is decoded at a time; that also
bounds the memory of a server that checks many.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image, ImageFile, UnidentifiedImageError

from pfpkit.errors import BadImage
from pfpkit.images.container import RESAVE
from pfpkit.images.limits import Limits
from pfpkit.images.pixels import Pixels

_lock = threading.Lock()


def decode(
    data: bytes,
    media_type: str,
    size: tuple[int, int],
    frames: int,
    limits: Limits,
    pixels: Pixels | None = None,
) -> None:
    """Decode every frame; BadImage unless they are `frames` frames of `size` in that format.

    `pixels` is given each of them.
    """
    name = media_type.removeprefix("image/").upper()
    with _strict(limits):
        try:
            with Image.open(BytesIO(data), formats=[name]) as picture:
                # Pillow counts the pictures that an MPF index adds to a JPEG; a JPEG is the first.
                count = 1 if name == "JPEG" else getattr(picture, "n_frames", 1)
                found = (picture.size, count)
                for frame in range(min(frames, found[1])):
                    picture.seek(frame)
                    picture.load()
                    if pixels is not None:
                        pixels.add(picture)
                # Again, for a GIF may grow while its frames are read.
                found = (picture.size, found[1])
        except Exception as error:
            raise BadImage(
                f"its pixels cannot be decoded ({reason_of(error)}); {RESAVE}"
            ) from error
    if found != (size, frames):
        raise BadImage(
            f"its header says {frames} of {size[0]} x {size[1]} pixels, but decoding gives "
            f"{found[1]} of {found[0][0]} x {found[0][1]}; {RESAVE}"
        )


@contextmanager
def _strict(limits: Limits) -> Iterator[None]:
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS = limits.max_width * limits.max_height
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def reason_of(error: Exception) -> str:
    """Return why Pillow could not decode, in a few words that are the same each time."""
    if isinstance(error, UnidentifiedImageError):
        return "only its first bytes are those of a picture"
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")[:120]
