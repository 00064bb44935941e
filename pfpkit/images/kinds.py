"""Which kind of file bytes are, by the bytes alone: never by a name or an extension.

Pure. Four kinds of picture are accepted. The others are recognised only so that the refusal can
say what was given, and what to do about it. An SVG is a program that draws, never a picture here.
"""

from pfpkit.images import gif, jpeg, png, webp

_SIGNATURES = (png.SIGNATURE, jpeg.SIGNATURE, *gif.SIGNATURES, b"RIFF")
_EXPORT = "export it as PNG, JPEG, GIF or WebP"
_OTHERS = (
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"II+\0", "a TIFF picture"),
    (b"MM\0+", "a TIFF picture"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\3\4", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x1aE\xdf\xa3", "a WebM or Matroska video"),
    (b"RIFF", "a RIFF file, but no WebP"),
)
_BRANDS = {b"avif": "an AVIF picture", b"avis": "an AVIF picture"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def media_type(data: bytes) -> str | None:
    """Return the media type of a PNG, JPEG, GIF or WebP; None for anything else.

    >>> media_type(b"GIF89a...")
    'image/gif'
    >>> media_type(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is None
    True
    """
    if data.startswith(png.SIGNATURE):
        return "image/png"
    if data.startswith(jpeg.SIGNATURE):
        return "image/jpeg"
    if data.startswith(gif.SIGNATURES):
        return "image/gif"
    return "image/webp" if webp.is_webp(data) else None


def refusal(data: bytes) -> str:
    """Return one sentence on bytes that are none of the four: what they are, and what to do.

    >>> refusal(b"BM6...")
    'a BMP picture; export it as PNG, JPEG, GIF or WebP'
    """
    if not data:
        return "an empty file; copy the picture again"
    if len(data) < 12 and any(signature.startswith(data[:8]) for signature in _SIGNATURES):
        return f"cut short: it ends at byte {len(data):,}, before the picture does; copy it again"
    what = describe(data)
    if what is None:
        return f"not a picture that pfpkit knows; {_EXPORT}"
    return f"{what}; {_EXPORT}"


def describe(data: bytes) -> str | None:
    """Return what bytes are that are none of the four, or None when nothing is recognised.

    >>> describe(b"%PDF-1.7")
    'a PDF document'
    """
    if data[4:8] == b"ftyp":
        if data[8:12] in _HEIF_BRANDS:
            return "an AVIF picture" if b"avif" in data[16:64] else "a HEIC picture"
        return _BRANDS.get(data[8:12], "an MP4 or QuickTime video")
    known = next((words for signature, words in _OTHERS if data.startswith(signature)), None)
    return known or _text(data[:4096])


def _text(start: bytes) -> str | None:
    text = start.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    if text.startswith(("<!doctype html", "<html", "<script", "<body")):
        return "an HTML page"
    if "<svg" in text and text.startswith("<"):
        return "an SVG drawing with a script" if "<script" in text else "an SVG drawing"
    if (
        text
        and b"\0" not in start
        and len(start.decode("utf-8", "ignore").encode()) >= len(start) - 3
    ):
        return "a text"
    return None
