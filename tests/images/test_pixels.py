"""clean: a picture's pixel hash is of what it shows, whatever its format

given the same pixels in another format, palette or container, the hash is the same
given one pixel, duration, size or turn more or less, it is another one
"""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.pictures import animated, encoded, exif, noise

from pfpkit.images import clean
from pfpkit.images import pixels as pixels_module


def shown(data):
    """The hash."""
    return clean(data).pixels


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pixels__when_saved_in_another_format_without_loss__are_the_same(mode):
    """PNG and lossless WebP."""
    picture = noise(mode=mode)
    webp = encoded(picture, "WEBP", lossless=True, exact=True)
    assert shown(webp) == shown(encoded(picture, "PNG"))
    assert len(shown(webp)) == 32


def test_pixels__when_saved_with_a_palette__are_the_same():
    """As optimisers do with few colours."""
    few = noise(mode="RGB").quantize(16)
    assert shown(encoded(few, "PNG")) == shown(encoded(few.convert("RGB"), "PNG"))
    assert shown(encoded(few, "GIF")) == shown(encoded(few, "PNG"))


def test_pixels__when_an_alpha_channel_hides_nothing__are_the_same():
    """And colour that cannot be seen does not count."""
    opaque = noise(mode="RGB")
    assert shown(encoded(opaque.convert("RGBA"), "PNG")) == shown(encoded(opaque, "PNG"))
    clear = [Image.new("RGBA", (4, 4), (red, 0, 0, 0)) for red in (0, 255)]
    assert shown(encoded(clear[0], "PNG")) == shown(encoded(clear[1], "PNG"))
    assert shown(encoded(clear[0], "PNG")) != shown(encoded(clear[0].convert("RGB"), "PNG"))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 36), st.integers(0, 28), st.sampled_from(["L", "RGB", "RGBA", "I;16"]))
def test_pixels__when_one_bit_of_one_is_another__are_others(x, y, mode):
    """Also the low bits of 16 bit pictures."""
    picture = noise(mode="L").convert("I").convert("I;16") if mode == "I;16" else noise(mode=mode)
    before = shown(encoded(picture, "PNG"))
    old = picture.getpixel((x, y))
    new = old ^ 1 if isinstance(old, int) else (old[0] ^ 1, old[1], old[2], 255)
    picture.putpixel((x, y), new)
    assert shown(encoded(picture, "PNG")) != before


def test_pixels__when_read_in_strips__are_the_same(monkeypatch):
    """A large picture is not copied whole."""
    data = encoded(noise(mode="RGB"), "PNG")
    whole = shown(data)
    monkeypatch.setattr(pixels_module, "_STRIP", 100)
    assert shown(data) == whole


def test_pixels__when_an_animation_plays__are_of_every_frame_and_its_time():
    """A slower one is another one, and so is its first frame alone."""
    one = animated("GIF")
    with Image.open(io.BytesIO(one)) as picture:
        first = encoded(picture, "GIF")
    slower = one.replace(b"\x07\x00", b"\x09\x00")
    assert len({shown(one), shown(first), shown(slower)}) == 3


def test_pixels__when_turned_by_a_tag__are_others():
    """The same bytes of pixels, shown on their side."""
    upright, turned = (encoded(noise(mode="RGB"), "JPEG", exif=exif(n)) for n in (1, 6))
    assert shown(upright) == shown(encoded(noise(mode="RGB"), "JPEG"))
    assert shown(turned) != shown(upright)
