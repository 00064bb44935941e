"""What a decoded picture shows, as one hash, so that two files of the same pixels are found.

Pure over Pillow's pictures. The hash is of the size, the orientation, and each frame's pixels and
duration; the format, the palette, colour under transparent pixels and the colour profile are not in
it. It warns of copies and proves nothing: what is pinned is bytes, under their CID.
"""

import hashlib

from PIL import Image

__all__ = ["Pixels"]

_ORIENTATION = 0x0112
_STRIP = 2**20  # pixels at once: a large picture is not copied whole


class Pixels:
    """Give it every frame of a picture in order, decoded; then ask for the `digest`."""

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()

    def add(self, frame: Image.Image) -> None:
        """Add the frame that the picture shows now."""
        turned = frame.getexif().get(_ORIENTATION, 1)
        self._hasher.update(repr((frame.size, turned, frame.info.get("duration", 0))).encode())
        width, height = frame.size
        rows = max(1, _STRIP // width)
        for top in range(0, height, rows):
            strip = frame
            if rows < height:
                strip = frame.crop((0, top, width, min(height, top + rows)))
            self._hasher.update(_plain(strip))

    @property
    def digest(self) -> str:
        """32 hex digits: enough, for chance alone has to be kept out."""
        return self._hasher.hexdigest()[:32]


def _plain(picture: Image.Image) -> bytes:
    """Return the pixels in one form, whatever form the file keeps them in.

    >>> blue = (0, 0, 255)
    >>> one, two = Image.new("RGB", (2, 2), blue), Image.new("RGBA", (2, 2), (*blue, 255))
    >>> _plain(one) == _plain(two.convert("P")) == _plain(two)
    True
    """
    if picture.mode.startswith(("I", "F")):
        # 16 bits a pixel, which Pillow would cut off.
        return picture.mode.encode() + picture.tobytes()
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema() != (255, 255):
            # Multiplied by alpha: what cannot be seen is 0.
            return picture.convert("RGBa").tobytes()
    return picture.tobytes() if picture.mode == "RGB" else picture.convert("RGB").tobytes()
