"""read_header and HeaderReader: type and size by the first bytes, and nothing decoded

given a picture of each kind, its type and size; given a part of it, as much or a refusal
given an SVG, or no picture, or one over a limit, refused by the word that a renderer has for it
"""

import asyncio

import pytest
from PIL import Image
from support.pictures import encoded, exif, jpeg_segment, jpeg_with, noise, png_of

from pfpkit.media import HeaderReader, MediaLimits, MediaOutcome
from pfpkit.media.header import read_header
from pfpkit.media.outcomes import Refusal

PICTURES = {
    "png": ("image/png", encoded(noise(), "PNG")),
    "jpeg": ("image/jpeg", encoded(noise(mode="RGB"), "JPEG")),
    "progressive": ("image/jpeg", encoded(noise(mode="RGB"), "JPEG", progressive=True)),
    "gif": ("image/gif", encoded(noise(mode="RGB"), "GIF")),
    "webp": ("image/webp", encoded(noise(mode="RGB"), "WEBP")),
    "webp with alpha": ("image/webp", encoded(noise(), "WEBP")),
    "webp lossless": ("image/webp", encoded(noise(), "WEBP", lossless=True)),
    "avif": ("image/avif", encoded(noise(mode="RGB"), "AVIF")),
    "avif with alpha": ("image/avif", encoded(noise(), "AVIF")),
}


def read(data, limits=None):
    return asyncio.run(HeaderReader(limits).render(data))


@pytest.mark.parametrize(("kind", "data"), PICTURES.values(), ids=PICTURES)
def test_read_header__of_each_kind__has_its_size(kind, data):
    """As the file stores it."""
    assert read_header(data) == (kind, 37, 29)
    found = read(data)
    assert (found.outcome, found.accepted, found.shown) == ("not-decoded", True, False)
    assert str(found) == f"{kind}, 37 x 29, by its header alone; no pixel was decoded"


@pytest.mark.parametrize(("kind", "data"), PICTURES.values(), ids=PICTURES)
def test_read_header__of_any_beginning__has_the_same_size_or_refuses(kind, data):
    """No cut gives another size, and none another error."""
    said = set()
    for end in range(min(len(data), 700)):
        try:
            said.add(read_header(data[:end]))
        except Refusal:
            continue
    assert said == {(kind, 37, 29)}


def test_read_header__of_a_jpeg_with_parts_before__passes_over_them():
    """A thumbnail in EXIF is no picture of its own; fill bytes are none either."""
    plain = PICTURES["jpeg"][1]
    thumbnail = jpeg_segment(0xE1, exif(6) + plain)
    assert read_header(jpeg_with(plain, thumbnail)) == ("image/jpeg", 37, 29)
    assert read_header(plain[:2] + b"\xff\xff" + plain[2:]) == ("image/jpeg", 37, 29)


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", MediaOutcome.NOT_A_PICTURE),
        (b"<html>", MediaOutcome.UNSUPPORTED),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', MediaOutcome.UNSUPPORTED),
        (b"%PDF-1.7", MediaOutcome.UNSUPPORTED),
        (b"\xff\xd8\xff\xda" + bytes(99), MediaOutcome.DAMAGED),
        (b"\xff\xd8" + b"\xff\xe0\0\2" * 20_000, MediaOutcome.DAMAGED),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + b"\0\0\0\0meta" * 9, MediaOutcome.DAMAGED),
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1" + b"\0\0\0\1free" + b"\xff" * 8, "damaged"),
        (png_of(0, 0), MediaOutcome.DAMAGED),
        (png_of(9_000, 9), MediaOutcome.TOO_LARGE),
        (png_of(8_000, 8_000, raw=b"\0"), MediaOutcome.TOO_LARGE),
        (encoded(Image.new("L", (8_200, 8)), "AVIF"), MediaOutcome.TOO_LARGE),
        (PICTURES["png"][1] + bytes(32 * 2**20), MediaOutcome.TOO_LARGE),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_render__of_what_is_not_shown__has_the_word_for_it(data, outcome):
    """The same words as those of a renderer."""
    found = read(data)
    assert (found.outcome, found.accepted) == (outcome, False)
    assert str(found) == f"{outcome}: {found.reason}"


def test_render__with_other_limits__holds_those():
    """A platform's own."""
    data = PICTURES["png"][1]
    assert read(data, MediaLimits(max_bytes=len(data))).accepted
    assert read(data, MediaLimits(max_bytes=len(data) - 1)).outcome is MediaOutcome.TOO_LARGE
    assert read(data, MediaLimits(max_width=36)).outcome is MediaOutcome.TOO_LARGE
