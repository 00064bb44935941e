"""clean, JPEG: given segments that are not the picture, drops and names them;

when a segment decides the colours, keeps it; when its structure is broken, refuses.
"""

from io import BytesIO

import pytest
from support.pictures import PROFILE, SCRIPT, encoded, exif, jpeg_segment, jpeg_with, noise, seen

from pfpkit.errors import BadImage
from pfpkit.images import clean, inspect

PLAIN = clean(encoded(noise(mode="RGB"), "JPEG")).data
ICC = b"ICC_PROFILE\0"
DROPPED = {
    "comment (39 bytes)": jpeg_segment(0xFE, SCRIPT),
    "XMP (32 bytes)": jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>"),
    "index of further pictures (MPF) (6 bytes)": jpeg_segment(0xE2, b"MPF\0II"),
    "C2PA manifest (4 bytes)": jpeg_segment(0xEB, b"JPxx"),
    "Photoshop and IPTC data (18 bytes)": jpeg_segment(0xED, b"Photoshop 3.0\x008BIM"),
    "thumbnail (6 bytes)": jpeg_segment(0xE0, b"JFXX\0\x10"),
    "application segment APP5 (2 bytes)": jpeg_segment(0xE5, b"zz"),
    "unreadable colour profile (39 bytes)": jpeg_segment(0xE2, ICC + b"\1\1" + SCRIPT),
    "fill bytes (3 bytes)": b"\xff\xff\xff",
    "stray bytes between segments (4 bytes)": b"\xff\xfe\0\2PK\3\4",
    "segment F7 (1 byte)": jpeg_segment(0xF7, b"z"),
    "stray marker (2 bytes)": b"\xff\x01",
}


@pytest.mark.parametrize("words", DROPPED)
def test_clean_jpeg__when_a_segment_is_not_the_picture__drops_and_names_it(words):
    """What is left is byte for byte the picture without the segment."""
    cleaned = clean(jpeg_with(PLAIN, DROPPED[words]))
    assert cleaned.data == PLAIN
    assert words in cleaned.removed


def test_clean_jpeg__when_a_comment_is_between_two_scans__drops_it():
    """Segments between the scans of a progressive picture are judged like the first ones."""
    data = clean(encoded(noise(mode="RGB"), "JPEG", progressive=True)).data
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    cleaned = clean(data[:second] + jpeg_segment(0xFE, SCRIPT) + exif_segment() + data[second:])
    assert cleaned.data == data
    assert cleaned.removed == ("comment (39 bytes)", f"EXIF ({len(exif(6))} bytes)")


def exif_segment():
    """An APP1 segment that would turn the picture, were it not too late."""
    return jpeg_segment(0xE1, exif(6))


def test_clean_jpeg__when_the_profile_is_in_parts__keeps_it_whole():
    """Parts are joined by their numbers, in whatever order they came."""
    half = len(PROFILE) // 2
    parts = (ICC + b"\1\2" + PROFILE[:half], ICC + b"\2\2" + PROFILE[half:])
    cleaned = clean(jpeg_with(PLAIN, *(jpeg_segment(0xE2, part) for part in reversed(parts))))
    assert seen(cleaned.data)[0][3] == PROFILE
    assert cleaned.removed == ()


def test_clean_jpeg__when_a_part_of_the_profile_is_missing__drops_the_rest():
    """Half a profile is none."""
    part = ICC + b"\1\2" + PROFILE
    cleaned = clean(jpeg_with(PLAIN, jpeg_segment(0xE2, part)))
    assert cleaned.data == PLAIN
    assert cleaned.removed == (f"unreadable colour profile ({len(PROFILE):,} bytes)",)


def test_clean_jpeg__when_adobe_decides_the_colours__keeps_it():
    """Without APP14 a CMYK picture comes out inverted."""
    data = encoded(noise(mode="CMYK"), "JPEG")
    assert b"Adobe" in data
    cleaned = clean(data)
    assert b"\xff\xee\x00\x0eAdobe" in cleaned.data
    assert seen(cleaned.data) == seen(data)


def test_clean_jpeg__when_the_adobe_segment_is_longer__keeps_its_12_bytes():
    """Nothing hides behind it."""
    data = clean(encoded(noise(mode="CMYK"), "JPEG")).data
    at = data.index(b"\xff\xee")
    longer = data[:at] + jpeg_segment(0xEE, data[at + 4 : at + 16] + SCRIPT) + data[at + 16 :]
    cleaned = clean(longer)
    assert cleaned.data == data
    assert cleaned.removed == ("data in the Adobe segment (39 bytes)",)


def test_clean_jpeg__when_jfif_has_a_thumbnail__drops_the_thumbnail():
    """What was cropped away must not come back as a preview."""
    at = PLAIN.index(b"JFIF")
    payload = PLAIN[at : at + 12] + b"\2\2" + b"RGB" * 4
    longer = PLAIN[: at - 4] + jpeg_segment(0xE0, payload) + PLAIN[at + 14 :]
    cleaned = clean(longer)
    assert cleaned.data == PLAIN
    assert cleaned.removed == ("thumbnail (12 bytes)",)


def test_clean_jpeg__when_it_is_two_pictures__keeps_the_first():
    """A multi-picture file (MPO) holds a second view after the first."""
    second = noise(mode="RGB", seed=2)
    data = encoded(noise(mode="RGB"), "MPO", save_all=True, append_images=[second])
    cleaned = clean(data)
    assert cleaned.frames == 1
    assert any("MPF" in words for words in cleaned.removed)
    assert cleaned.removed[-1].endswith("bytes after the end")
    assert b"MPF" not in cleaned.data


def _frame(marker, bits=8, channels=3):
    body = bytes((bits, 0, 8, 0, 8, channels)) + b"\1\x11\0" * channels
    return b"\xff\xd8" + jpeg_segment(marker, body) + b"\xff\xd9"


SCAN = PLAIN[PLAIN.index(b"\xff\xda") : -2]
BROKEN = {
    "it has two sizes": jpeg_with(PLAIN, _frame(0xC0)[2:-2]),
    "a second picture begins inside it": jpeg_with(PLAIN, b"\xff\xd8\0\2"),
    r"a kind of JPEG \(marker C3\)": _frame(0xC3),
    r"a kind of JPEG \(marker C9\)": _frame(0xC9),
    "12 bits in 3 channels": _frame(0xC1, bits=12),
    "8 bits in 2 channels": _frame(0xC0, channels=2),
    "it has no pixels": _frame(0xC0),
    "its pixels come before its size": b"\xff\xd8" + SCAN + b"\xff\xd9",
    "more than 100 scans": PLAIN[:-2] + SCAN * 100 + b"\xff\xd9",
    "has no length": b"\xff\xd8\xff\xe0\0\1",
    "it says that it is 8 x 0 pixels": b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\x08\1\1\x11\0\xff\xd9",
}


@pytest.mark.parametrize("words", BROKEN)
def test_clean_jpeg__when_its_structure_is_broken__refuses(words):
    """Nothing that decoders read in different ways gets through."""
    with pytest.raises(BadImage, match=words):
        clean(BROKEN[words])


def test_clean_jpeg__when_turned__shows_the_same_way():
    """All eight orientations survive as a block of one tag."""
    for orientation in range(2, 9):
        data = encoded(noise(mode="RGB"), "JPEG", exif=exif(orientation, gps=True))
        cleaned = clean(data)
        assert seen(cleaned.data)[2] == orientation
        assert b"Exif" in cleaned.data
        assert b"Canon" not in cleaned.data


def test_inspect__when_a_camera_added_an_index_of_further_pictures__is_one_picture():
    """Pillow counts the pictures of an MPF index; what is shown is the first one."""
    out = BytesIO()
    noise(mode="RGB").save(out, "MPO", save_all=True, append_images=[noise(mode="RGB", seed=2)])
    assert inspect(out.getvalue()).frames == 1
