"""How large a stranger's picture may be, and what one worker may spend on it. Pure.

Wider than what creators may pin (`pfpkit.images.Limits`), for what is out there is: only the first
frame is decoded, so a long animation costs no memory.
"""

from dataclasses import dataclass

from pfpkit.errors import TooLarge
from pfpkit.images import Limits

__all__ = ["SIZES", "Bounds", "MediaLimits"]

SIZES = (48, 128, 400)
"""Edges in pixels of the squares that are made."""


@dataclass(frozen=True, slots=True)
class MediaLimits(Limits):
    """The largest picture that is decoded.

    >>> MediaLimits().check_canvas(6000, 5000)
    >>> MediaLimits().check_canvas(8192, 8192)
    Traceback (most recent call last):
    pfpkit.errors.TooLarge: 67,108,864 pixels is more than the 33,554,432 that are decoded
    """

    max_bytes: int = 32 * 2**20
    max_width: int = 8192
    max_height: int = 8192
    max_frames: int = 5_000
    max_pixels: int = 2**29
    """Over all frames: none but the first is decoded, but those of an APNG are unpacked."""
    max_canvas: int = 2**25
    """Pixels of one frame; four bytes each while it is decoded."""
    max_svg_bytes: int = 4 * 2**20

    def check_canvas(self, width: int, height: int) -> None:
        """Raise BadImage when a canvas is empty, TooLarge when it is too large."""
        # Not super(): a dataclass with slots is another class than the one written here.
        Limits.check_canvas(self, width, height)
        if width * height > self.max_canvas:
            raise TooLarge(
                f"{width * height:,} pixels is more than the {self.max_canvas:,} that are decoded"
            )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one worker process may spend."""

    memory_bytes: int = 2**30
    """Address space of the whole process, program and libraries included."""
    cpu_s: int = 4
    """Processor time for one picture; the kernel ends the worker up to one second later."""
    wall_s: float = 15.0
    """For one picture, from sending it to the answer."""
    pictures: int = 500
    """After so many a worker is replaced, so that nothing gathers in it."""
