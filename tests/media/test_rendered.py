"""Rendered.from_bytes: given what to_bytes wrote, the same; given anything else, BadContent"""

import json

import pytest
from support.pictures import encoded, noise

from pfpkit.errors import BadContent
from pfpkit.media import MediaOutcome, Rendered, Rendition

FILES = tuple(
    Rendition(edge, f"image/{kind.lower()}", encoded(noise(edge, edge, mode), kind, **options))
    for edge, kind, mode, options in (
        (40, "PNG", "RGBA", {}),
        (41, "WEBP", "RGB", {}),
        (42, "WEBP", "RGBA", {}),
        (43, "WEBP", "RGBA", {"lossless": True}),
    )
)
SHOWN = Rendered(MediaOutcome.SHOWN, "", "image/gif", 640, 480, ("é moves",), FILES)


def written(head, files):
    text = json.dumps(head).encode()
    return len(text).to_bytes(4, "big") + text + files


def head_of(data):
    return json.loads(data[4 : 4 + int.from_bytes(data[:4])])


@pytest.mark.parametrize("answer", [SHOWN, Rendered(MediaOutcome.DAMAGED, "cut short")])
def test_from_bytes__of_to_bytes__the_same(answer):
    """Every field comes back, and what it cost is not among them."""
    assert Rendered.from_bytes(answer.to_bytes()) == answer


@pytest.mark.parametrize("cut", [0, 3, 4, 50, -1])
def test_from_bytes__when_cut__refused(cut):
    """A torn answer is none."""
    with pytest.raises(BadContent, match="no rendered picture"):
        Rendered.from_bytes(SHOWN.to_bytes()[:cut])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("outcome", "fine"),
        ("outcome", "damaged"),
        ("files", []),
        ("files", [[40, "text/html", len(FILES[0].data)]]),
        ("files", [[41, "image/png", len(FILES[0].data)]]),
        ("files", [[40, "image/png", len(FILES[0].data) - 1]]),
        ("files", None),
        ("size", [1]),
        ("notes", 7),
    ],
)
def test_from_bytes__when_it_lies__refused(field, value):
    """A worker that was taken over cannot pass a page as a picture, nor another size."""
    one = Rendered(MediaOutcome.SHOWN, "", "image/png", 9, 9, (), FILES[:1]).to_bytes()
    head, files = head_of(one), FILES[0].data
    assert Rendered.from_bytes(written(head, files)).shown
    with pytest.raises(BadContent, match="no rendered picture"):
        Rendered.from_bytes(written({**head, field: value}, files))


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "AVIF"])
def test_from_bytes__when_a_square_is_of_a_kind_that_is_not_made__refused(kind):
    """Squares are PNG or WebP: nobody has a name or a check for a file of another kind."""
    data, media_type = encoded(noise(40, 40, "RGB"), kind), f"image/{kind.lower()}"
    one = Rendered(
        MediaOutcome.SHOWN, "", media_type, 40, 40, (), (Rendition(40, media_type, data),)
    )
    with pytest.raises(BadContent, match="is no image/"):
        Rendered.from_bytes(one.to_bytes())


def test_rendition__of_a_size_that_is_not_there__key_error():
    """Asking for a size that was not made is a mistake of the program."""
    assert SHOWN.rendition(41).data == FILES[1].data
    with pytest.raises(KeyError):
        SHOWN.rendition(41, "image/png")
