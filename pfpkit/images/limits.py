"""How large a picture may be, checked from its header before anything is decoded.

Pure. A compressed picture says nothing about the memory that it needs once decoded, so every
bound is checked against the numbers the container itself declares, and the decoder is never
reached by a picture that is over one of them.
"""

from dataclasses import dataclass

from pfpkit.errors import BadImage, TooLarge


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest picture that is accepted. Pixels are counted over all frames together.

    >>> Limits().check_canvas(512, 512)
    >>> Limits().check_canvas(9000, 10)
    Traceback (most recent call last):
    pfpkit.errors.TooLarge: 9,000 x 10 pixels is more than the 4,096 x 4,096 allowed; scale it down
    """

    max_bytes: int = 10 * 2**20
    max_width: int = 4096
    max_height: int = 4096
    max_frames: int = 500
    max_pixels: int = 2**27

    def check_bytes(self, size: int) -> None:
        """Raise TooLarge when a file of `size` bytes is too large."""
        if size > self.max_bytes:
            raise TooLarge(
                f"{size:,} bytes is more than the {self.max_bytes:,} allowed; "
                "scale the picture down or compress it more"
            )

    def check_canvas(self, width: int, height: int) -> None:
        """Raise BadImage when a canvas is empty, TooLarge when it is too large."""
        if width < 1 or height < 1:
            raise BadImage(f"it says that it is {width} x {height} pixels; export it again")
        if width > self.max_width or height > self.max_height:
            raise TooLarge(
                f"{width:,} x {height:,} pixels is more than the "
                f"{self.max_width:,} x {self.max_height:,} allowed; scale it down"
            )
        if width * height > self.max_pixels:
            raise TooLarge(
                f"{width * height:,} pixels is more than the {self.max_pixels:,} allowed; "
                "scale it down"
            )

    def check_frames(self, frames: int, width: int, height: int) -> None:
        """Raise TooLarge when `frames` frames are too many, or too many pixels together.

        A frame counts as the whole canvas, for a viewer has to compose it there.
        """
        if frames > self.max_frames:
            raise TooLarge(
                f"more than the {self.max_frames:,} frames allowed; shorten the animation"
            )
        if frames * width * height > self.max_pixels:
            raise TooLarge(
                f"{frames:,} frames of {width:,} x {height:,} are more than the "
                f"{self.max_pixels:,} pixels allowed; scale or shorten the animation"
            )
