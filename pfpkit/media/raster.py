"""A stranger's pixels as squares: decoded, turned upright, cut, brought to sRGB, written anew.

Runs in a worker (`pfpkit.media.worker`), for it gives bytes from strangers to decoders written in
C. PNG, JPEG, GIF and WebP come here rebuilt from allowed parts (`pfpkit.images.rebuild`): sizes and
frames are checked, texts and unreadable colour profiles are gone. The square is the centre of the
picture, for platforms show avatars as circles and hexagons, in which bars would be seen. Pictures
smaller than a square keep their pixels sharp, as pixel art wants it.
"""

import math
from io import BytesIO

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps

from pfpkit.errors import BadImage
from pfpkit.images import media_type, rebuild
from pfpkit.images.decode import reason_of
from pfpkit.media.bounds import MediaLimits
from pfpkit.media.header import is_avif, refused, unknown
from pfpkit.media.outcomes import MediaOutcome, Refusal
from pfpkit.media.rendered import Rendered, Rendition

__all__ = ["decoded", "written"]

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_PIXEL_ART = 96
"""Pictures of at most this width and height are enlarged without blurring."""
_QUALITY = 85
_ORIENTATION, _LYING = 0x0112, (5, 6, 7, 8)

# Threads would need memory of their own, and one picture is decoded at a time.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def decoded(data: bytes, limits: MediaLimits, edge: int) -> tuple[Rendered, Image.Image]:
    """Return what a raster picture is, and its first frame's square, of `edge` pixels or fewer.

    Refusal when it is not shown. The square is upright, in sRGB, RGB or RGBA.
    """
    kind, data, frames = _checked(data, limits)
    Image.MAX_IMAGE_PIXELS = limits.max_canvas
    name = kind.removeprefix("image/").upper()
    try:
        with Image.open(BytesIO(data), formats=[name]) as opened:
            limits.check_canvas(*opened.size)
            if kind == "image/avif":
                frames = getattr(opened, "n_frames", 1)
            about, picture = _first_frame(opened, kind, frames, edge)
    except (BadImage, Image.DecompressionBombError) as error:
        raise refused(error) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        words = f"its pixels cannot be decoded: {reason_of(error)}"
        raise Refusal(MediaOutcome.DAMAGED, words) from error
    return about, picture


def written(square: Image.Image, sizes: tuple[int, ...]) -> tuple[Rendition, ...]:
    """Return the square in each size, as WebP and as PNG; the same pixels give the same bytes."""
    sharp = max(square.size) <= _PIXEL_ART
    renditions: list[Rendition] = []
    for edge in sizes:
        picture = _sized(square, edge)
        # Whatever Pillow has kept of the file would be written into the next one.
        picture.info = {}
        for kind, options in (
            ("WEBP", {"quality": _QUALITY, "method": 4, "lossless": sharp}),
            ("PNG", {"compress_level": 6}),
        ):
            out = BytesIO()
            picture.save(out, kind, **options)
            renditions.append(Rendition(edge, f"image/{kind.lower()}", out.getvalue()))
    return tuple(renditions)


def _checked(data: bytes, limits: MediaLimits) -> tuple[str, bytes, int]:
    """Return type, rebuilt bytes and frames of what may be decoded; Refusal otherwise."""
    try:
        limits.check_bytes(len(data))
        if media_type(data) is not None:
            kind, rebuilt = rebuild(data, limits)
            return kind, rebuilt.data, rebuilt.frames
    except BadImage as error:
        raise refused(error) from error
    if is_avif(data):
        return "image/avif", data, 1
    raise unknown(data)


def _first_frame(
    opened: Image.Image, kind: str, frames: int, edge: int
) -> tuple[Rendered, Image.Image]:
    notes: list[str] = []
    if frames > 1:
        notes.append(f"animated, {frames} frames; the first is shown")
        if opened.info.get("default_image"):
            # An APNG may begin with a still picture that is no part of the animation.
            opened.seek(1)
    full = opened.size
    opened.draft(None, (2 * edge, 2 * edge))  # a JPEG is decoded smaller: four times faster
    opened.load()
    profile = opened.info.get("icc_profile")
    picture = ImageOps.exif_transpose(opened)
    if opened.getexif().get(_ORIENTATION) in _LYING:
        full = full[::-1]
    picture = _in_srgb(_square(_plain(picture), edge), profile, notes)
    return Rendered(MediaOutcome.SHOWN, "", kind, *full, tuple(notes)), picture


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in one of the modes that can be scaled: L, LA, RGB, RGBA or CMYK."""
    if picture.mode.startswith(("I", "F")):
        # 16 bits a pixel, which Pillow would cut off at 255 instead of dividing.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("RGB", "RGBA", "CMYK", "LA") and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    return picture if picture.mode == "L" else picture.convert("RGB")


def _square(picture: Image.Image, edge: int) -> Image.Image:
    """Return the centre of the picture, scaled down to `edge` when it is larger."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    box = (left, top, left + side, top + side)
    if side <= edge:
        return picture.crop(box)
    return picture.resize((edge, edge), Image.Resampling.LANCZOS, box, reducing_gap=3.0)


def _in_srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """Return the picture as RGB or RGBA in sRGB, and without colour where it is transparent."""
    wanted = "RGBA" if picture.mode in ("LA", "RGBA") else "RGB"
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(BytesIO(profile))
            if given.profile.xcolor_space.strip() == "RGB" and picture.mode in ("L", "LA"):
                picture = picture.convert(wanted)
            turned = ImageCms.profileToProfile(picture, given, _SRGB, outputMode=wanted)
            picture = turned if turned is not None else picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            notes.append("its colour profile cannot be applied; the colours are taken as sRGB")
    if picture.mode != wanted:
        picture = picture.convert(wanted)
    # Multiplied by alpha and back: what cannot be seen is 0.
    return picture.convert("RGBa").convert("RGBA") if wanted == "RGBA" else picture


def _sized(square: Image.Image, edge: int) -> Image.Image:
    if square.width == edge:
        return square.copy()
    if square.width < edge and square.width <= _PIXEL_ART:
        # A whole number of times first, so that each pixel stays a sharp square.
        times = math.ceil(edge / square.width)
        square = square.resize((square.width * times,) * 2, Image.Resampling.NEAREST)
        return square.resize((edge, edge), Image.Resampling.BOX)
    return square.resize((edge, edge), Image.Resampling.LANCZOS)
