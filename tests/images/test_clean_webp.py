"""clean, WebP: given chunks that are not the picture, drops and names them, and mends the flags;

when sizes disagree or pixels are missing, refuses.
"""

import pytest
from support.pictures import (
    PROFILE,
    SCRIPT,
    animated,
    encoded,
    exif,
    noise,
    seen,
    webp_chunk,
    webp_of,
)

from pfpkit.errors import BadImage
from pfpkit.images import clean

SIMPLE = encoded(noise(mode="RGB"), "WEBP", lossless=True)
PIXELS = SIMPLE[12:]
HEAD = b"\0\0\0\x24\0\0\x1c\0\0"  # reserved, then 37 x 29 less one each


def extended(flags, *chunks):
    return webp_of(webp_chunk(b"VP8X", bytes((flags,)) + HEAD), *chunks)


def test_clean_webp__when_simple__chunks_after_the_pixels_are_dropped():
    """Without a VP8X chunk nothing but pixels counts."""
    cleaned = clean(webp_of(PIXELS, webp_chunk(b"EXIF", exif(6)), webp_chunk(b"evil", SCRIPT)))
    assert cleaned.data == SIMPLE
    assert cleaned.removed == (f"EXIF ({len(exif(6))} bytes)", "private chunk 'evil' (39 bytes)")


def test_clean_webp__when_extended__flags_say_what_is_left():
    """EXIF and XMP leave together with their flags; the profile and its flag stay."""
    icc = webp_chunk(b"ICCP", PROFILE)
    data = extended(0x2C, icc, PIXELS, webp_chunk(b"EXIF", exif(1)), webp_chunk(b"XMP ", b"<x>"))
    cleaned = clean(data)
    assert cleaned.data == extended(0x20, icc, PIXELS)
    assert cleaned.removed[0] == "XMP (3 bytes)"
    assert cleaned.removed[1].startswith("EXIF with camera (")


def test_clean_webp__when_turned__the_flag_and_one_tag_stay():
    """The orientation is all that is left of EXIF."""
    cleaned = clean(extended(0x08, PIXELS, webp_chunk(b"EXIF", exif(6))))
    assert cleaned.data[20] == 0x08
    assert cleaned.data[-34:-26] == b"EXIF\x1a\0\0\0"
    assert seen(cleaned.data)[2] == 6


def test_clean_webp__when_a_profile_is_none__drops_it():
    """Anything could be called a profile."""
    cleaned = clean(extended(0x20, webp_chunk(b"ICCP", SCRIPT), PIXELS))
    assert cleaned.data == extended(0, PIXELS)
    assert cleaned.removed == ("unreadable colour profile (39 bytes)",)


def test_clean_webp__when_a_frame_holds_a_private_chunk__drops_it():
    """Frames of an animation are rebuilt like the file."""
    data = animated("WEBP", 2, lossless=True)
    at = data.index(b"ANMF")
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    body = data[at + 8 : at + 8 + size] + webp_chunk(b"evil", SCRIPT)
    longer = webp_of(data[12:at], webp_chunk(b"ANMF", body), data[at + 8 + size + size % 2 :])
    cleaned = clean(longer)
    assert cleaned.data == data
    assert cleaned.removed == ("private chunk 'evil' (39 bytes)",)
    assert seen(cleaned.data) == seen(longer)


def test_clean_webp__when_the_last_pad_byte_is_missing__adds_it():
    """An odd chunk at the end of a file often lacks its padding."""
    body = PIXELS[8 : 8 + int.from_bytes(PIXELS[4:8], "little") // 2 * 2] + b"\0"
    odd = webp_of(webp_chunk(b"VP8L", body))
    short = odd[:4] + (len(odd) - 9).to_bytes(4, "little") + odd[8:-1]
    assert clean(short).data == odd


BROKEN = {
    "it begins with 'evil'": webp_of(webp_chunk(b"evil", SCRIPT), PIXELS),
    "it has no pixels": webp_of(),
    "its pixels are missing or there twice": extended(0),
    "its VP8X chunk is not as long": webp_of(webp_chunk(b"VP8X", b"\0" * 9), PIXELS),
    "its pixels are not of the size": webp_of(webp_chunk(b"VP8X", b"\0" * 10), PIXELS),
    "it says that it is animated, and is not": extended(0x02, PIXELS),
    "cut short": SIMPLE[:4] + b"\xff\xff\0\0" + SIMPLE[8:],
    "16,384 x 16,384 pixels is more": webp_of(
        webp_chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f" + b"\0" * 9)
    ),
    "its VP8L chunk has no pixels": webp_of(webp_chunk(b"VP8L", SCRIPT)),
    "its VP8 chunk has no pixels": webp_of(webp_chunk(b"VP8 ", SCRIPT)),
}


@pytest.mark.parametrize("words", BROKEN)
def test_clean_webp__when_its_chunks_disagree__refuses(words):
    """Every size has to be the one that was announced."""
    with pytest.raises(BadImage, match=words):
        clean(BROKEN[words])
