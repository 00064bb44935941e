"""clean: given a picture of any kind, it looks the same after; when cleaned again, stays the same;

when anything is appended or hidden, that is gone and named; when cut or damaged, BadImage.
"""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from support.pictures import PROFILE, SCRIPT, animated, encoded, exif, noise, seen

from pfpkit.errors import BadImage
from pfpkit.images import clean, inspect, media_type

STILL = {
    **{f"png {m}": ("PNG", m, {}) for m in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    **{f"jpeg {m}": ("JPEG", m, {}) for m in ("L", "RGB", "CMYK")},
    **{f"jpeg {m} progressive": ("JPEG", m, {"progressive": True}) for m in ("L", "RGB", "CMYK")},
    "jpeg 4:2:0 with restarts": ("JPEG", "RGB", {"subsampling": 2, "restart_marker_rows": 1}),
    "jpeg rgb inside": ("JPEG", "RGB", {"keep_rgb": True}),
    **{f"webp {m}": ("WEBP", m, {"quality": 70}) for m in ("RGB", "RGBA")},
    **{f"webp {m} lossless": ("WEBP", m, {"lossless": True}) for m in ("RGB", "RGBA")},
    "gif P": ("GIF", "P", {}),
    "gif with transparency": ("GIF", "P", {"transparency": 3}),
    "gif interlaced": ("GIF", "L", {"interlace": 1}),
}
MOVING = ("GIF", "PNG", "WEBP")


def still(name, **more):
    kind, mode, options = STILL[name]
    return encoded(noise(mode=mode), kind, **options, **more)


@pytest.mark.parametrize("name", STILL)
def test_clean__when_any_kind_of_picture__looks_the_same(name):
    """Pixels, mode, profile and orientation are the same before and after."""
    profile = {} if name.startswith("gif") else {"icc_profile": PROFILE, "exif": exif(6, gps=True)}
    data = still(name, **profile)
    cleaned = clean(data)
    assert seen(cleaned.data) == seen(data)
    assert (cleaned.width, cleaned.height, cleaned.frames) == (37, 29, 1)
    assert cleaned.media_type == media_type(cleaned.data) == media_type(data)


@pytest.mark.parametrize("kind", MOVING)
def test_clean__when_animated__every_frame_looks_the_same(kind):
    """Frames, their times and the loop count are the same before and after."""
    data = animated(kind)
    cleaned = clean(data)
    assert cleaned.frames == 4
    assert seen(cleaned.data) == seen(data)


@pytest.mark.parametrize("name", STILL)
def test_clean__when_cleaned_again__changes_nothing(name):
    """What was cleaned once is clean."""
    more = {} if name.startswith("gif") else {"icc_profile": PROFILE, "exif": exif(3, gps=True)}
    once = clean(still(name, **more) + SCRIPT)
    twice = clean(once.data)
    assert (twice.data, twice.removed) == (once.data, ())


@pytest.mark.parametrize("name", [name for name in STILL if not name.startswith("gif")])
def test_clean__when_exif_has_a_position__it_is_gone_and_named(name):
    """No byte of the camera's name or position is left, the orientation is."""
    cleaned = clean(still(name, exif=exif(6, gps=True)))
    (removed,) = cleaned.removed
    assert removed.startswith("EXIF with GPS position and camera, its orientation kept (")
    assert b"Canon" not in cleaned.data
    assert seen(cleaned.data)[2] == 6


@pytest.mark.parametrize("name", [name for name in STILL if not name.startswith("gif")])
def test_clean__when_upright__no_exif_is_left(name):
    """An orientation of 1 says nothing, so nothing is kept."""
    cleaned = clean(still(name, exif=exif(1)))
    assert cleaned.removed[0].startswith("EXIF with camera (")
    assert cleaned.data == clean(still(name)).data or name.startswith("webp")
    with Image.open(BytesIO(cleaned.data)) as picture:
        assert not dict(picture.getexif())


@pytest.mark.parametrize("name", STILL)
@pytest.mark.parametrize("tail", [SCRIPT, b"PK\x03\x04" + b"z" * 5_116], ids=["html", "zip"])
def test_clean__when_a_second_file_is_appended__it_is_gone_and_named(name, tail):
    """A polyglot comes out without its second half."""
    data = still(name)
    cleaned = clean(data + tail)
    assert cleaned.data == clean(data).data
    assert cleaned.removed[-1] == f"{len(tail):,} bytes after the end"


@pytest.mark.parametrize("name", STILL)
def test_clean__when_cut_short_anywhere__refuses(name):
    """No prefix of a picture is a picture."""
    data = clean(still(name)).data
    step = max(1, len(data) // 70)
    for end in [*range(0, len(data), step), len(data) - 1]:
        with pytest.raises(BadImage):
            clean(data[:end])


@pytest.mark.parametrize("name", [*STILL, *MOVING])
@settings(max_examples=25, deadline=None)
@given(
    flips=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8
    )
)
def test_clean__when_bytes_are_damaged__refuses_or_gives_a_clean_picture(name, flips):
    """Whatever the bytes are, the answer is BadImage or a picture that is clean."""
    data = bytearray(animated(name) if name in MOVING else still(name))
    for place, flip in flips:
        data[int(place * len(data))] ^= flip
    try:
        cleaned = clean(bytes(data))
    except BadImage as error:
        assert str(error).startswith("image: ")  # noqa: PT017 - both ends are right
        return
    assert clean(cleaned.data).removed == ()
    assert inspect(cleaned.data).frames == cleaned.frames


@given(st.binary(max_size=200))
def test_clean__when_bytes_are_random__refuses(data):
    """Random bytes are no picture, and never another error."""
    for prefix in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF\x40\0\0\0WEBPVP8X",
    ):
        with pytest.raises(BadImage):
            clean(prefix + data)


def test_inspect__when_a_picture_is_not_clean__tells_what_it_is():
    """A resolver asks what foreign bytes are, without changing them."""
    info = inspect(still("png RGB", exif=exif(6)) + SCRIPT)
    assert (info.media_type, info.width, info.height, info.frames) == ("image/png", 37, 29, 1)


def test_inspect__when_not_a_picture__names_the_source():
    """The caller's name for the bytes is in the refusal."""
    with pytest.raises(BadImage, match=r"^ipfs://bafy/image: an HTML page; "):
        inspect(b"<!doctype html><p>", source="ipfs://bafy/image")
