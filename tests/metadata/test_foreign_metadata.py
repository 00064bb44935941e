"""read_foreign: metadata as strangers write it

given sloppy fields, reads the picture and the name
given what two readers would take differently, or too much, refuses it
given the id of an ERC-1155 token, `{id}` in what is read stands for it
"""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.held import Held

from pfpkit.errors import BadMetadata
from pfpkit.metadata import ForeignMetadata, read_foreign

URI = "ipfs://x"


@pytest.mark.parametrize(
    ("text", "field", "name"),
    [
        ('{"image":"ipfs://x","name":"Pip"}', "image", "Pip"),
        ('\ufeff {"image":"ipfs://x"}\r\n', "image", None),
        ('{"image_url":"ipfs://x"}', "image_url", None),
        ('{"imageUrl":"ipfs://x"}', "imageUrl", None),
        ('{"image_data":"ipfs://x"}', "image_data", None),
        ('{"image_data":"<svg/>","image_url":"https://x","image":"ipfs://x"}', "image", None),
        ('{"image":"","image_url":"ipfs://x"}', "image_url", None),
        ('{"image":" ","image_url":"ipfs://x"}', "image_url", None),
        ('{"image":null,"image_url":"ipfs://x"}', "image_url", None),
        ('{"image":["ipfs://y"],"image_url":"ipfs://x"}', "image_url", None),
        ('{"image":{"url":"ipfs://y"},"image_url":"ipfs://x"}', "image_url", None),
        ('{"image":"ipfs://x","name":null}', "image", None),
        ('{"image":"ipfs://x","name":7}', "image", None),
        ('{"image":"ipfs://x","name":["Pip"],"attributes":7}', "image", None),
        ('{"image":"ipfs://x","attributes":{"a":1},"date":1637107200000}', "image", None),
        ('{"image":"ipfs://x","attributes":[{"image":1,"image":2}]}', "image", None),
        ('{"image":"ipfs://x","level":1,"level":2}', "image", None),
        ('{"image":"ipfs://x","description":"two\nlines\tand a tab"}', "image", None),
        ('{"image":"ipfs://x","token_id":' + "9" * 78 + "}", "image", None),
        ('{"image":"ipfs://x","n":' + "9" * 100_000 + "}", "image", None),
        ('{"image":"ipfs://x","n":-1e999,"m":1.0000000000000000001}', "image", None),
        ('{"image":"ipfs://x","animation_url":"https://x/y.mp4","\U0001f600":1}', "image", None),
        ('{"image":"ipfs://x","name":"\\ud800"}', "image", "\ud800"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_read_foreign__when_sloppy__reads_picture_and_name(
    text: str, field: str, name: str | None
) -> None:
    """What has one meaning is read."""
    data = text.encode("utf-8", "surrogatepass")
    assert read_foreign(data) == ForeignMetadata(URI, field, name)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON at line 1 column 1"),
        (b"\0", "no JSON"),
        (b"<html>not found</html>", "no JSON"),
        (b'{"image":"ipfs://x",}', "no JSON"),
        (b"{'image':'ipfs://x'}", "no JSON"),
        (b'{"image":"ipfs://x"', "no JSON"),
        (b'{"image":"ipfs://x"} {}', "no JSON"),
        (b'{"image":"ipfs://x"} // a comment', "no JSON"),
        (b'{"image":"ipfs://x","n":NaN}', "NaN"),
        (b'{"image":"ipfs://x","n":-Infinity}', "-Infinity"),
        (b"null", "no JSON object"),
        (b'"ipfs://x"', "no JSON object"),
        (b'[{"image":"ipfs://x"}]', "no JSON object"),
        (b"{}", "names no picture"),
        (b'{"Image":"ipfs://x"}', "names no picture"),
        (b'{"properties":{"image":"ipfs://x"}}', "names no picture"),
        (b'{"image":7,"image_data":null}', "names no picture"),
        (b'{"image":"ipfs://x","image":"ipfs://x"}', "'image' twice"),
        (b'{"image":"ipfs://x","image":"ipfs://y"}', "'image' twice"),
        (b'{"image":"ipfs://x","\\u0069mage":"ipfs://y"}', "'image' twice"),
        (b'{"image":"ipfs://x","name":"a","name":"b"}', "'name' twice"),
        (b'{"image":"ipfs://x","image_url":1,"image_url":2}', "'image_url' twice"),
        ('{"image":"ipfs://x"}'.encode("utf-16"), "not UTF-8"),
        (b'{"image":"ipfs://x","name":"\xe9"}', "not UTF-8 at byte 28"),
        (b"[" * 17, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b" " * (2**20 + 1), "over the 1,048,576 allowed"),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_read_foreign__when_it_has_no_meaning_or_two__is_refused(data: bytes, reason: str) -> None:
    """In one printable line."""
    with pytest.raises(BadMetadata) as caught:
        read_foreign(data)
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("charset", ["", "utf-8", "utf8", "us-ascii", "iso-8859-1", "latin1"])
def test_read_foreign__when_a_charset_is_named__reads_it(charset: str) -> None:
    """A data URI may name one; those that begin as ASCII do are read."""
    encoding = "latin-1" if charset in ("iso-8859-1", "latin1") else "utf-8"
    data = '{"image":"ipfs://x","name":"\u00e9"}'.encode(encoding)
    assert read_foreign(data, charset).name == "\u00e9"


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "x", "\x1b[2J"])
def test_read_foreign__when_another_charset_is_named__is_refused(charset: str) -> None:
    """UTF-7 and the like have hidden more than they helped."""
    with pytest.raises(BadMetadata, match="UTF-8 is read"):
        read_foreign(b'{"image":"ipfs://x"}', charset)


@pytest.mark.parametrize("unit", ["[],", "{},", '"",', "1,", "1.5,", '{"a":1},', '"\\u0041",'])
def test_read_foreign__when_flooded__memory_stays_bounded(unit: str) -> None:
    """Whatever a mebibyte holds."""
    text = '{"image":"ipfs://x","a":[' + unit * ((2**20 - 60) // len(unit)) + "0]}"
    with Held() as held:
        assert read_foreign(text.encode()).image == URI
    assert held.peak_bytes < 64 * 2**20


def test_read_foreign__of_an_erc1155_token__has_the_id_in_what_is_read() -> None:
    """ERC-1155: "if the string {id} exists in any JSON value, it MUST be replaced"."""
    data = b'{"name":"No. {id}","image_url":"ipfs://x/{id}/{id}.png"}'
    digits = "0" * 62 + "ab"
    assert read_foreign(data, token_id=0xAB) == ForeignMetadata(
        f"ipfs://x/{digits}/{digits}.png", "image_url", f"No. {digits}"
    )
    assert read_foreign(data) == ForeignMetadata("ipfs://x/{id}/{id}.png", "image_url", "No. {id}")


@pytest.mark.parametrize("field", ["image", "name"])
def test_read_foreign__when_the_id_makes_it_too_large__is_refused_before_it_is_made(
    field: str,
) -> None:
    """A mebibyte of places would be sixteen; what just fits is read."""

    def said(count: int) -> bytes:
        return json.dumps({"image": URI, field: "{id}" * count}).encode()

    assert len(read_foreign(said(2**14), token_id=1).image) in (len(URI), 2**20)
    tracemalloc.start()
    with pytest.raises(BadMetadata, match=f"{field}.* has 1,048,640 letters with the token's id"):
        read_foreign(said(2**14 + 1), token_id=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_read_foreign__when_any_bytes__is_a_value_or_bad_metadata(data: bytes) -> None:
    """Never another error."""
    try:
        said = read_foreign(data).image
    except BadMetadata as error:
        said = str(error)
    assert said


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_read_foreign__when_other_fields_hold_anything__reads_the_picture(value: object) -> None:
    """Whatever JSON stands beside it, within the depth."""
    assert read_foreign(json.dumps({"image": URI, "other": value}).encode()).image == URI
