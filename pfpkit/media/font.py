"""The one font that drawings are written in: the one inside Pillow, the same on every machine.

A drawing's own choice of font would give another picture on another machine. Pillow carries a
subset of Aileron Regular (CC0): the letters of ASCII and a few signs. What else a drawing writes is
refused, for a box is not the letter.
"""

import functools
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import ImageFont

__all__ = ["Font"]

_UNASSIGNED = "\uffff"


class Font:
    """A copy of the font in `folder`, for resvg reads fonts from files alone."""

    def __init__(self, folder: Path) -> None:
        font = ImageFont.load_default(24)
        if not isinstance(font, ImageFont.FreeTypeFont) or not isinstance(font.path, BytesIO):
            raise RuntimeError("this Pillow has no font inside; install one with FreeType")
        self.name = str(font.getname()[0])
        self._font = font
        self._path = folder / "font.ttf"
        self._path.write_bytes(font.path.getvalue())
        self._box = bytes(font.getmask(_UNASSIGNED))
        self._has = functools.lru_cache(4096)(self._draws)

    def missing(self, text: str) -> str:
        """Return the letters of a text that the font has not, each once, in order."""
        return "".join(c for c in dict.fromkeys(text) if not c.isspace() and not self._has(c))

    @contextmanager
    def readable(self) -> Iterator[str]:
        """Yield the font's path; meanwhile a worker may open the one file that it needs."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        try:
            yield str(self._path)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def _draws(self, letter: str) -> bool:
        return bytes(self._font.getmask(letter)) != self._box
