"""clean, PNG: given chunks that are not the picture, drops and names them;

when a chunk is damaged, twice, misplaced or unknown but critical, refuses.
"""

import struct
import zlib

import pytest
from support.pictures import (
    PROFILE,
    SCRIPT,
    animated,
    encoded,
    noise,
    png_chunk,
    png_of,
    png_with,
    seen,
)

from pfpkit.errors import BadImage
from pfpkit.images import clean

PLAIN = encoded(noise(mode="RGB"), "PNG")
DROPPED = {
    "timestamp (7 bytes)": png_chunk(b"tIME", b"\7\xea\1\2\3\4\5"),
    "print resolution (9 bytes)": png_chunk(b"pHYs", b"\0" * 9),
    "text 'Author' (10 bytes)": png_chunk(b"tEXt", b"Author\0Pip"),
    "XMP (25 bytes)": png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x>"),
    "C2PA manifest (4 bytes)": png_chunk(b"caBX", b"jumb"),
    "private chunk prVt (39 bytes)": png_chunk(b"prVt", SCRIPT),
    "suggested palette (3 bytes)": png_chunk(b"sPLT", b"a\0\1"),
    "unreadable colour profile (39 bytes)": png_chunk(b"iCCP", SCRIPT),
    "text 'a?b' (5 bytes)": png_chunk(b"tEXt", b"a\x1bb\0c"),
}


@pytest.mark.parametrize("words", DROPPED)
def test_clean_png__when_a_chunk_is_not_the_picture__drops_and_names_it(words):
    """What is left is byte for byte the picture without the chunk."""
    cleaned = clean(png_with(PLAIN, DROPPED[words]))
    assert cleaned.data == PLAIN
    assert cleaned.removed == (words,)


def test_clean_png__when_chunks_decide_the_colours__keeps_them():
    """Gamma, chromaticities, sRGB, coding points and the profile stay byte for byte."""
    packed = b"sRGB\0\0" + zlib.compress(PROFILE)
    chunks = [
        png_chunk(b"gAMA", struct.pack(">I", 45_455)),
        png_chunk(b"cHRM", b"\0\0\x7a\x26" * 8),
        png_chunk(b"sRGB", b"\0"),
        png_chunk(b"cICP", b"\1\x0d\0\1"),
        png_chunk(b"iCCP", packed),
        png_chunk(b"tRNS", b"\0\1\0\2\0\3"),
    ]
    data = png_with(PLAIN, *chunks)
    cleaned = clean(data)
    assert (cleaned.data, cleaned.removed) == (data, ())


def test_clean_png__when_the_profile_stream_hides_bytes__drops_it():
    """Bytes after the compressed profile have no place to hide in."""
    body = b"sRGB\0\0" + zlib.compress(PROFILE) + SCRIPT
    cleaned = clean(png_with(PLAIN, png_chunk(b"iCCP", body)))
    assert cleaned.data == PLAIN
    assert cleaned.removed == (f"unreadable colour profile ({len(body):,} bytes)",)


def test_clean_png__when_bytes_follow_the_pixels_inside_idat__cuts_them_off():
    """A pixel stream ends where it ends, though its chunk goes on."""
    at = PLAIN.index(b"IDAT")
    size = int.from_bytes(PLAIN[at - 4 : at], "big")
    body = PLAIN[at + 4 : at + 4 + size]
    longer = PLAIN[: at - 4] + png_chunk(b"IDAT", body + SCRIPT) + PLAIN[at + 8 + size :]
    cleaned = clean(longer)
    assert cleaned.data == PLAIN
    assert cleaned.removed == ("data after the pixels (39 bytes)",)


def _with_bad_crc(kind):
    at = PLAIN.index(kind) + 5
    return PLAIN[:at] + bytes((PLAIN[at] ^ 1,)) + PLAIN[at + 1 :]


GAMMA = png_chunk(b"gAMA", b"\0\0\xb1\x8f")
PALETTE = encoded(noise(mode="P"), "PNG")
BROKEN = {
    "the checksum of its IHDR chunk at byte 8 is wrong": _with_bad_crc(b"IHDR"),
    "the checksum of its IDAT chunk": _with_bad_crc(b"IDAT"),
    "it has two gAMA chunks": png_with(PLAIN, GAMMA, GAMMA),
    "its gAMA chunk comes after the pixels": png_with(PLAIN, GAMMA, before=b"IEND"),
    "its gAMA chunk comes after the palette": png_with(PALETTE, GAMMA),
    "its transparency comes before the palette": png_with(
        PALETTE, png_chunk(b"tRNS", b"\0"), before=b"PLTE"
    ),
    "its tRNS chunk is not as long": png_with(PLAIN, png_chunk(b"tRNS", b"\0")),
    "its gAMA chunk is not as long": png_with(PLAIN, png_chunk(b"gAMA", b"\0")),
    "its CgBI chunk is unknown": png_with(PLAIN, png_chunk(b"CgBI", b"\0")),
    "it begins with gAMA instead": png_with(PLAIN, GAMMA, before=b"IHDR"),
    "its pixel chunks are not next to each other": png_with(
        PLAIN, png_chunk(b"tIME", b"\0" * 7), png_chunk(b"IDAT", b""), before=b"IEND"
    ),
    "its palette is missing": png_of(1, 1, colour=3, raw=b"\0\0"),
    "a grey picture has a palette": png_with(
        png_of(1, 1, colour=0, raw=b"\0\0"), png_chunk(b"PLTE", b"\0\0\0")
    ),
    "kind of pixel that PNG does not have": png_of(1, 1, colour=2, depth=4, raw=b"\0\0\0\0"),
    "more pixels than its header says": png_of(1, 1, raw=b"\0" * 5),
    "pixels are missing": png_of(1, 1, raw=b"\0" * 3),
    "no chunk begins at byte 33": PLAIN[:33] + b"\0\0\0\0<scr" + PLAIN[33:],
}


@pytest.mark.parametrize("words", BROKEN)
def test_clean_png__when_its_chunks_break_the_rules__refuses(words):
    """The refusal names the chunk and says what to do."""
    with pytest.raises(BadImage, match=words) as caught:
        clean(BROKEN[words], source="7.png")
    assert str(caught.value).startswith("7.png: ")
    assert "again" in str(caught.value)


def test_clean_png__when_its_first_picture_is_hidden__keeps_it():
    """An APNG may have a still picture for viewers that do not animate."""
    data = animated("PNG", 3, default_image=True)
    cleaned = clean(data)
    assert cleaned.frames == 3
    assert seen(cleaned.data) == seen(data)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"acTL\0\0\0\4", b"acTL\0\0\0\5", "not as many frames as it says"),
        (b"fdAT\0\0\0\2", b"fdAT\0\0\0\7", "missing or out of order"),
        (b"fcTL\0\0\0\1\0\0\0\x25", b"fcTL\0\0\0\1\0\0\0\x26", "reaches outside the picture"),
    ],
)
def test_clean_png__when_its_animation_is_inconsistent__refuses(old, new, words):
    """Frames are counted, in order, and inside the canvas."""
    data = animated("PNG")
    assert data.count(old) == 1
    at = data.index(old)
    size = int.from_bytes(data[at - 4 : at], "big")
    body = new[4:] + data[at + len(old) : at + 4 + size]
    with pytest.raises(BadImage, match=words):
        clean(data[: at - 4] + png_chunk(old[:4], body) + data[at + 8 + size :])


def test_clean_png__when_frames_have_no_animation_control__drops_them():
    """Without acTL there is no animation, whatever else is there."""
    cleaned = clean(png_with(PLAIN, png_chunk(b"fdAT", b"\0\0\0\0" + SCRIPT), before=b"IEND"))
    assert cleaned.data == PLAIN
    assert cleaned.removed == ("private chunk fdAT (43 bytes)",)


def test_clean_png__when_it_has_two_unreadable_profiles__refuses():
    """Each costs up to 4 MiB of inflating; thousands of them once cost half a minute."""
    twice = png_chunk(b"iCCP", SCRIPT) * 2
    with pytest.raises(BadImage, match="two iCCP chunks"):
        clean(png_with(PLAIN, twice))
