"""render: a stranger's picture becomes squares, upright, in sRGB, with nothing else of the file"""

import base64
from io import BytesIO

import pytest
from PIL import Image
from support.pictures import PROFILE, SCRIPT, encoded, exif, noise, png_chunk, png_with

from pfpkit.media import SIZES, MediaOutcome, Renderer

KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)


def opened(rendered, edge=400, kind="image/png"):
    picture = Image.open(BytesIO(rendered.rendition(edge, kind).data))
    picture.load()
    return picture


def corners(width=200, height=200):
    """A picture whose four quarters differ: red, green / blue, grey."""
    picture = Image.new("RGB", (2, 2))
    for at, colour in zip(((0, 0), (1, 0), (0, 1), (1, 1)), (RED, GREEN, BLUE, GREY), strict=True):
        picture.putpixel(at, colour)
    return picture.resize((width, height), Image.Resampling.NEAREST)


def quarters(picture):
    """The colours of the quarters, roughly, in reading order."""
    rgb = picture.convert("RGB")
    near, far = picture.width // 8, picture.width - picture.width // 8
    return [_named(rgb.getpixel(at)) for at in ((near, near), (far, near), (near, far), (far, far))]


def _named(colour):
    named = {"red": RED, "green": GREEN, "blue": BLUE, "grey": GREY}
    distance = {
        name: sum(abs(a - b) for a, b in zip(known, colour, strict=True))
        for name, known in named.items()
    }
    return min(distance, key=distance.get)


UPRIGHT = ["red", "green", "blue", "grey"]


@pytest.mark.parametrize("kind", KINDS)
def test_render__of_each_kind__every_size_as_webp_and_png(rendered, kind):
    """The media type is that of the bytes, and each file is a square of its size."""
    answer = rendered(encoded(corners(300, 200), kind))
    assert answer.outcome is MediaOutcome.SHOWN
    assert (answer.media_type, answer.width, answer.height) == (f"image/{kind.lower()}", 300, 200)
    assert len(answer.renditions) == 2 * len(SIZES)
    for edge in SIZES:
        for type_ in ("image/webp", "image/png"):
            picture = opened(answer, edge, type_)
            assert picture.size == (edge, edge)
            assert Image.MIME[picture.format] == type_
            assert quarters(picture) == UPRIGHT


@pytest.mark.parametrize("size", [(600, 200), (200, 600), (90, 30)])
def test_render__when_not_square__centre_is_kept(rendered, size):
    """Both sides are cut alike, whatever the proportions."""
    width, height = size
    picture = Image.new("RGB", size, RED)
    side = min(size)
    picture.paste(corners(side, side), ((width - side) // 2, (height - side) // 2))
    assert quarters(opened(rendered(encoded(picture, "PNG")))) == UPRIGHT


@pytest.mark.parametrize("turn", range(1, 9))
def test_render__when_exif_turns_it__upright(rendered, turn):
    """EXIF's eight orientations are applied, and the size is that of the upright picture."""
    back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    lying = corners(1000, 900)
    for step in back.get(turn, []):
        lying = lying.transpose(step)
    answer = rendered(encoded(lying, "JPEG", exif=exif(orientation=turn)))
    assert (answer.width, answer.height) == (1000, 900)
    assert quarters(opened(answer)) == UPRIGHT


def test_render__with_colour_profile__converted_to_srgb(rendered):
    """A profile whose red is green makes red green; without a profile it stays red."""
    red = Image.new("RGB", (50, 50), RED)
    swapped = PROFILE.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")
    shown = opened(rendered(encoded(red, "PNG", icc_profile=swapped)))
    assert _named(shown.getpixel((9, 9))) == "green"
    assert _named(opened(rendered(encoded(red, "PNG"))).getpixel((9, 9))) == "red"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_render__of_each_pixel_form__the_same_grey(rendered, mode):
    """Whatever the pixels are kept as: 16 bits are divided, not cut off at 255."""
    value = {"I;16": 0x8080, "1": 1}.get(mode, 128)
    form = {"LA": (value, 255), "RGB": (value,) * 3, "RGBA": (value,) * 3 + (255,)}
    picture = Image.new(mode, (100, 100), form.get(mode, value))
    if mode == "P":
        picture = Image.new("L", (100, 100), value).convert("P")
    shown = opened(rendered(encoded(picture, "PNG")), 48).convert("RGB").getpixel((9, 9))
    expected = 255 if mode == "1" else 128
    assert all(abs(channel - expected) <= 1 for channel in shown)


def test_render__of_cmyk__shown_in_rgb(rendered):
    """A JPEG in CMYK, as printers write them."""
    picture = Image.new("CMYK", (100, 100), (0, 255, 255, 0))
    assert _named(opened(rendered(encoded(picture, "JPEG"))).getpixel((9, 9))) == "red"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_render__when_animated__first_frame_and_a_note(rendered, kind):
    """What moves is shown as it begins, and a note says so."""
    first, *rest = (Image.new("RGB", (60, 60), colour) for colour in (RED, GREEN, BLUE))
    answer = rendered(encoded(first, kind, save_all=True, append_images=rest, duration=70))
    assert answer.media_type == f"image/{kind.lower()}"
    assert answer.notes == ("animated, 3 frames; the first is shown",)
    assert _named(opened(answer).convert("RGB").getpixel((9, 9))) == "red"


def test_render__apng_with_a_picture_before__animation_is_shown(rendered):
    """Browsers that move pictures never show an APNG's still one, so we do not either."""
    red, *frames = (Image.new("RGB", (60, 60), colour) for colour in (RED, GREEN, BLUE))
    data = encoded(red, "PNG", save_all=True, append_images=frames, default_image=True)
    assert _named(opened(rendered(data)).getpixel((9, 9))) == "green"


def test_render__of_pixel_art__stays_sharp(rendered):
    """A picture of 24 x 24 pixels has no other colours at 400 x 400, but at the squares' seams."""
    art = noise(24, 24, "RGB")
    answer = rendered(encoded(art, "PNG"))
    large = opened(answer, 400, "image/webp").convert("RGB")
    for column in range(24):
        for row in range(24):
            centre = (int((column + 0.5) * 400 / 24), int((row + 0.5) * 400 / 24))
            assert large.getpixel(centre) == art.getpixel((column, row))


def test_render__with_transparency__kept_and_nothing_under_it(rendered):
    """Clear pixels stay clear, and colour that could not be seen is gone."""
    picture = Image.new("RGBA", (400, 400), (*RED, 0))
    picture.paste((*BLUE, 255), (100, 100, 300, 300))
    for kind in ("image/png", "image/webp"):
        shown = opened(rendered(encoded(picture, "PNG")), 400, kind)
        assert shown.mode == "RGBA"
        assert shown.getpixel((5, 5)) == (0, 0, 0, 0)
        assert shown.getpixel((200, 200))[3] == 255


def test_render__with_hidden_parts__none_in_the_output(rendered):
    """Only pixels come through: no text, EXIF, profile, or bytes after the end."""
    about = {"exif": exif(gps=True), "icc_profile": PROFILE, "dpi": (72, 72)}
    data = encoded(noise(500, 500), "PNG", **about)
    data = png_with(data, png_chunk(b"tEXt", b"Comment\0" + SCRIPT)) + SCRIPT
    for one in rendered(data).renditions:
        kinds = _parts(one)
        allowed = {b"IHDR", b"IDAT", b"IEND", b"VP8 ", b"VP8L", b"VP8X", b"ALPH"}
        assert set(kinds) <= allowed, kinds
        assert SCRIPT not in one.data


def _parts(rendition):
    data, kinds = rendition.data, []
    png = rendition.media_type == "image/png"
    at = 8 if png else 12
    while at < len(data):
        first, second = data[at : at + 4], data[at + 4 : at + 8]
        size = int.from_bytes(first) if png else int.from_bytes(second, "little")
        kinds.append(second if png else first)
        at += 12 + size if png else 8 + size + size % 2
    assert at == len(data)
    return kinds


def test_render__twice__the_same_bytes(rendered, runner):
    """The same picture gives the same files, whichever worker made them."""
    data = encoded(noise(700, 500), "WEBP")
    assert rendered(data).to_bytes() == runner.run(_elsewhere(data)).to_bytes()


async def _elsewhere(data):
    async with Renderer() as other:
        return await other.render(data)


def test_render__of_an_svg__pixels_and_notes(rendered):
    """A drawing is drawn, its text in the one font; what it says is noted."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10">'
        '<rect width="30" height="10" fill="blue"/><rect x="15" y="5" width="5" height="5" '
        'fill="gray"/>'
        '<rect x="10" y="5" width="5" height="5" fill="blue"/>'
        '<rect x="10" width="5" height="5" fill="red"/>'
        '<rect x="15" width="5" height="5" fill="#0f0"/>'
        '<text x="11" y="8" font-size="1" font-family="Comic Sans">e</text>'
        "<animate/></svg>"
    )
    answer = rendered(drawing.encode())
    assert answer.media_type == "image/svg+xml"
    assert answer.notes == (
        "an SVG drawing, shown as pixels",
        "it moves; its first state is shown",
        "its text is written in Aileron, whatever font it asks for",
    )
    assert quarters(opened(answer)) == UPRIGHT


def test_render__svg_with_text__letters_are_drawn(rendered):
    """With text there is ink where without it there is none."""
    frame = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">{}</svg>'
    words = "<style>.a{font-family:serif;font-size:14px}</style><text class='a' y='25'>Loot</text>"
    assert opened(rendered(frame.format(words).encode())).getbbox() is not None
    assert opened(rendered(frame.format("").encode())).getbbox() is None


def test_render__svg_with_a_picture__picture_is_drawn(rendered):
    """On-chain art is often pixels in a data: URL."""
    inside = base64.b64encode(encoded(corners(8, 8), "PNG")).decode()
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 8 8"><image width="8" height="8" style="image-rendering:pixelated" '
        f'xlink:href="data:image/png;base64,{inside}"/></svg>'
    )
    assert quarters(opened(rendered(drawing.encode()))) == UPRIGHT


def test_render__svg_with_old_and_new_href__new_one_counts(rendered):
    """A reference in both spellings is read as SVG 2 says."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 8 8"><defs><rect id="a" width="8" height="8" fill="red"/>'
        '<rect id="b" width="8" height="8" fill="blue"/></defs>'
        '<use xlink:href="#a" href="#b"/></svg>'
    )
    assert _named(opened(rendered(drawing.encode())).getpixel((9, 9))[:3]) == "blue"


def test_render__of_a_large_jpeg__its_own_size_is_told(rendered):
    """It is decoded at a part of its size, and its own is told all the same."""
    answer = rendered(encoded(corners(3000, 2000), "JPEG"))
    assert (answer.width, answer.height) == (3000, 2000)
    assert quarters(opened(answer)) == UPRIGHT
