"""clean: given a file that is no accepted picture, says what it is, which, and what to do;

when a picture is too large or a bomb, refuses from its header, fast and in little memory.
"""

import time
import tracemalloc
import zlib

import pytest
from PIL import ImageFile
from support.pictures import (
    animated,
    encoded,
    noise,
    png_chunk,
    png_of,
    png_with,
    webp_of,
)

from pfpkit.errors import BadImage
from pfpkit.images import Limits, clean, media_type

EXPORT = "export it as PNG, JPEG, GIF or WebP"
OTHERS = {
    "empty": (b"", "an empty file; copy the picture again"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", f"an SVG drawing; {EXPORT}"),
    "svg with declaration": (
        b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>",
        f"an SVG drawing; {EXPORT}",
    ),
    "svg with script": (
        b"<svg onload='x()'><script>alert(1)</script></svg>",
        f"an SVG drawing with a script; {EXPORT}",
    ),
    "html": (b" \n<!DOCTYPE html><title>x</title>", f"an HTML page; {EXPORT}"),
    "bmp": (encoded(noise(mode="RGB"), "BMP"), f"a BMP picture; {EXPORT}"),
    "tiff": (encoded(noise(mode="RGB"), "TIFF"), f"a TIFF picture; {EXPORT}"),
    "ico": (encoded(noise(16, 16), "ICO"), f"a Windows icon; {EXPORT}"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", f"a HEIC picture; {EXPORT}"),
    "avif": (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", f"an AVIF picture; {EXPORT}"),
    "mp4": (b"\0\0\0\x18ftypisom\0\0\0\0mp42isom", f"an MP4 or QuickTime video; {EXPORT}"),
    "jpeg xl": (b"\xff\x0a" + b"\0" * 20, f"a JPEG XL picture; {EXPORT}"),
    "pdf": (b"%PDF-1.7\n" + b"x" * 20, f"a PDF document; {EXPORT}"),
    "zip": (b"PK\x03\x04" + b"\0" * 20, f"a ZIP archive; {EXPORT}"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt ", f"a RIFF file, but no WebP; {EXPORT}"),
    "text": (b"just some words", f"a text; {EXPORT}"),
    "unknown": (b"\x00\x01\x02\x03" * 9, f"not a picture that pfpkit knows; {EXPORT}"),
    "png in words": (
        b"\x89PN",
        "cut short: it ends at byte 3, before the picture does; copy it again",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_clean__when_another_kind_of_file__says_what_it_is(name):
    """One sentence: which file, what it is, what to do. The extension plays no part."""
    data, sentence = OTHERS[name]
    assert media_type(data) is None
    with pytest.raises(BadImage) as caught:
        clean(data, source="images/3.png")
    assert str(caught.value) == f"images/3.png: {sentence}"


@pytest.mark.parametrize(
    ("width", "height"), [(4097, 1), (1, 4097), (20_000, 20_000), (9_380, 9_380)]
)
def test_clean__when_larger_than_allowed__refuses_by_the_header(width, height):
    """88 and 400 megapixel bombs are refused before a single pixel is unpacked."""
    with pytest.raises(BadImage, match=r"more than the 4,096 x 4,096 allowed; scale it down"):
        clean(png_of(width, height))


def test_clean__when_exactly_as_large_as_allowed__accepts():
    """The limit itself is allowed."""
    limits = Limits(max_width=37, max_height=29)
    assert clean(encoded(noise(), "PNG"), limits).width == 37
    with pytest.raises(BadImage, match="37 x 29 pixels is more than the 37 x 28 allowed"):
        clean(encoded(noise(), "PNG"), Limits(max_width=37, max_height=28))


def test_clean__when_the_file_is_too_large__refuses():
    """Bytes are bounded too."""
    with pytest.raises(BadImage, match=r"10,485,761 bytes is more than the 10,485,760 allowed"):
        clean(b"\x89PNG\r\n\x1a\n".ljust(10 * 2**20 + 1))


def test_clean__when_the_header_is_zero_pixels__refuses():
    """A picture without area is none."""
    with pytest.raises(BadImage, match="it says that it is 0 x 5 pixels"):
        clean(png_of(0, 5))


PNG = b"\x89PNG\r\n\x1a\n"
GIF = b"GIF89a\1\0\1\0\0\0\0"
PIXELS = encoded(noise(mode="RGB"), "WEBP")[12:]


def _idat_bomb():
    return png_of(64, 64, raw=b"\0" * 2**26)


def _text_bomb():
    data = png_with(
        encoded(noise(), "PNG"), png_chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 2**26))
    )
    assert len(data) < 2**18
    return data


def _profile_bomb():
    packed = zlib.compress(b"\0" * 2**26, 9)
    return png_with(encoded(noise(), "PNG"), png_chunk(b"iCCP", b"a\0\0" + packed))


def _frames_bomb():
    gif = encoded(noise(8, 8, "P"), "GIF")
    frame = gif[gif.index(b"\x2c\0\0\0\0") : -1]
    return gif[:-1] + frame * 20_000 + b";"


PARTS = "more than 50,000 parts, which no ordinary picture has"
BOMBS = {
    "a PNG of empty chunks": (lambda: PNG + png_chunk(b"prVt", b"") * 800_000, PARTS),
    "a JPEG of empty segments": (lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 2_600_000, PARTS),
    "a JPEG of empty tables": (lambda: b"\xff\xd8" + b"\xff\xdb\0\2" * 2_600_000, PARTS),
    "a GIF of empty extensions": (lambda: GIF + b"\x21\xfe\0" * 3_400_000, PARTS),
    "a WebP of empty chunks": (lambda: webp_of(PIXELS, b"evil\0\0\0\0" * 1_300_000), PARTS),
    "more pixels than the header says": (_idat_bomb, "more pixels than its header says"),
    "20,000 frames": (_frames_bomb, "more than the 500 frames allowed"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_clean__when_a_bomb__refuses_fast_in_little_memory(name):
    """A few kilobytes must not cost minutes or gigabytes, on a busy machine either."""
    make, sentence = BOMBS[name]
    data = make()
    seconds, peak = _cost(data, sentence)
    assert seconds < 15
    assert peak < 64 * 2**20


def _cost(data, sentence=None):
    tracemalloc.start()
    start = time.perf_counter()
    try:
        if sentence is None:
            clean(data)
        else:
            with pytest.raises(BadImage, match=sentence):
                clean(data)
        return time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("make", "word"), [(_text_bomb, "text 'a'"), (_profile_bomb, "unreadable colour profile")]
)
def test_clean__when_a_bomb_is_in_a_side_chunk__drops_it_unopened(make, word):
    """What is thrown away is not unpacked, and a profile only up to its bound."""
    data = make()
    seconds, peak = _cost(data)
    assert seconds < 10
    assert peak < 32 * 2**20
    assert clean(data).removed[0].startswith(word)


def test_clean__when_frames_are_too_many_pixels_together__refuses():
    """The bound is on all frames together; one frame fewer passes."""
    data = animated("GIF", 4)
    assert clean(data, Limits(max_pixels=4 * 37 * 29)).frames == 4
    for kind in ("GIF", "PNG", "WEBP"):
        with pytest.raises(BadImage, match=r"4 frames of 37 x 29 are more than the 4,291 pixels"):
            clean(animated(kind, 4), Limits(max_pixels=4 * 37 * 29 - 1))
        with pytest.raises(BadImage, match="more than the 3 frames allowed"):
            clean(animated(kind, 4), Limits(max_frames=3))


def test_clean__when_pillow_is_lenient_elsewhere__stays_strict():
    """A program that told Pillow to load truncated pictures does not change what is accepted."""
    gif = clean(encoded(noise(mode="P"), "GIF")).data
    pixels_at = gif.index(b"\x2c\0\0\0\0") + 11
    while gif[pixels_at] != 255:
        pixels_at += 1
    cut = gif[: pixels_at + 256] + b"\0;"
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with pytest.raises(BadImage, match="its pixels cannot be decoded"):
            clean(cut)
        assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
