"""Small WebP copies of pictures, remembered by the picture's CID, so that each is made once.

Trusts the bytes that it is given to be a picture of the limits in `pfpkit.images`, which was
decoded in full before.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from pfpkit.cid import CID
from pfpkit.errors import BadImage

__all__ = ["SIDE", "Thumbnail", "Thumbnails", "thumbnail_of"]

SIDE = 256
_PIXEL_ART = 96
"""Pictures of at most this width and height are kept as they are, for each pixel counts."""
_QUALITY = 70
_PROFILE = 4096


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A WebP of at most 256 x 256 pixels."""

    data: bytes
    width: int
    height: int

    @property
    def is_pixel_art(self) -> bool:
        """Whether it is shown larger than it is, with sharp pixels."""
        return max(self.width, self.height) <= _PIXEL_ART


def thumbnail_of(data: bytes, media_type: str) -> Thumbnail:
    """Return a small copy of a picture's first frame; BadImage when it cannot be decoded."""
    name = media_type.removeprefix("image/").upper()
    try:
        with Image.open(BytesIO(data), formats=[name]) as opened:
            opened.draft(
                "RGB", (2 * SIDE, 2 * SIDE)
            )  # a JPEG is decoded smaller: four times faster
            profile = opened.info.get("icc_profile") or b""
            clear = opened.has_transparency_data
            picture = opened.convert("RGBA" if clear else "RGB")
        tiny = max(picture.size) <= _PIXEL_ART
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        out = BytesIO()
        picture.save(
            out,
            "WEBP",
            quality=_QUALITY,
            lossless=tiny,
            method=1,  # measured: faster than 2 and as small
            icc_profile=profile if len(profile) <= _PROFILE else b"",
        )
    except Exception as error:
        raise BadImage(f"no thumbnail could be made of it: {error}; export it again") from error
    return Thumbnail(out.getvalue(), *picture.size)


class Thumbnails:
    """A folder of thumbnails, each named by the CID of its picture. Any file may be missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, image: CID, make: Callable[[], Thumbnail]) -> Thumbnail:
        """Return the thumbnail that is kept, or the one that `make` gives, and keep it."""
        path = self._folder / f"{image}.webp"
        kept = _kept(path)
        if kept is None:
            kept = make()
            # A cache: without room for it, it is made again next time.
            with contextlib.suppress(OSError):
                self._keep(path, kept.data)
        return kept

    def keep_only(self, images: Iterable[CID]) -> None:
        """Remove every thumbnail of another picture."""
        names = {f"{image}.webp" for image in images}
        for path in self._others(names):
            with contextlib.suppress(OSError):
                path.unlink()

    def _others(self, names: set[str]) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (path for path in self._folder.iterdir() if path.name not in names)

    def _keep(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(temporary, path)


def _kept(path: Path) -> Thumbnail | None:
    """Return a whole thumbnail; None when there is none, or a torn one."""
    try:
        data = path.read_bytes()
        # RIFF: the size of what follows the first eight bytes.
        if int.from_bytes(data[4:8], "little") + 8 != len(data):
            return None
        with Image.open(BytesIO(data), formats=["WEBP"]) as picture:
            return Thumbnail(data, *picture.size)
    except OSError:
        return None
