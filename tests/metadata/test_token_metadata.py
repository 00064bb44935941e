"""TokenMetadata: given a token file, checks every field; when a field is wrong, names it;

encode: given a link, writes canonical JSON with it.
"""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.errors import BadMetadata
from pfpkit.metadata import Attribute, TokenMetadata

WHOLE = {
    "name": "Fennel",
    "description": "Knows every path.\n\n*And* the longest way.",
    "external_url": "https://example.org/fennel?x=1",
    "background_color": "2B3a78",
    "attributes": [
        {"trait_type": "Species", "value": "Fox"},
        {"value": "no type"},
        {"trait_type": "Lamps", "value": 7, "display_type": "number", "max_value": 12},
        {"trait_type": "Speed", "value": 2.5, "display_type": "boost_number"},
        {"trait_type": "Luck", "value": 10, "display_type": "boost_percentage"},
        {"trait_type": "Born", "value": 1_546_360_800, "display_type": "date"},
    ],
}


def test_parse__when_every_field_is_there__keeps_them():
    """Nothing is lost between the file and the bundle but the way it was written."""
    written = TokenMetadata.parse(json.dumps(WHOLE, indent=4)).encode("ipfs://bafkrei")
    assert written == rfc8785.dumps({**WHOLE, "image": "ipfs://bafkrei"})


def test_encode__when_only_a_name__writes_no_empty_fields():
    """A field that is not set is not there."""
    assert TokenMetadata("Pip").encode("ipfs://x") == b'{"image":"ipfs://x","name":"Pip"}'


@given(st.permutations(list(WHOLE)), st.sampled_from([None, 1, "\t"]))
def test_encode__when_the_file_is_written_otherwise__bytes_are_the_same(order, indent):
    """The order of fields and the white space between them change no CID."""
    text = json.dumps({key: WHOLE[key] for key in order}, indent=indent)
    expected = TokenMetadata.parse(json.dumps(WHOLE)).encode("ipfs://x")
    assert TokenMetadata.parse(text).encode("ipfs://x") == expected


@pytest.mark.parametrize("link", ["https://x.org/1.png", "ipfs:x", "", "ipfs://"])
def test_encode__when_the_link_is_not_ipfs__refuses(link):
    """The picture is always named by its CID."""
    with pytest.raises(BadMetadata, match="'image' is"):
        TokenMetadata("Pip").encode(link)


REFUSED = {
    "no name": ({"description": "x"}, "'name' is missing"),
    "name empty": ({"name": " "}, "'name' is empty"),
    "name a number": ({"name": 7}, "'name' is a number, and has to be text"),
    "name null": ({"name": None}, "'name' is null; leave the field out"),
    "name with a NUL": ({"name": "a\0b"}, r"'name' has the control character U\+0000"),
    "name of two lines": ({"name": "a\nb"}, r"'name' has the control character U\+000A"),
    "name turned round": ({"name": "a\u202egnp.exe"}, r"control character U\+202E"),
    "description isolated": ({"description": "\u2066x"}, r"'description' has the .* U\+2066"),
    "a typo": (
        {"descripton": "x"},
        "'descripton' is not a field that pfpkit knows; known are name",
    ),
    "an image": ({"image": "1.png"}, "'image' is written by pfpkit from the picture itself"),
    "an svg": ({"image_data": "<svg/>"}, "'image_data' is written by pfpkit"),
    "url a script": ({"external_url": "javascript:x()"}, "'external_url' is 'javascript:x"),
    "url without host": ({"external_url": "https:///x"}, "has to be a URL that begins with https"),
    "url with a blank": ({"external_url": "https://x.org/a b"}, "has to be a URL"),
    "url with a password": ({"external_url": "https://u:p@x.org"}, "user name or password"),
    "url with a port too high": ({"external_url": "https://x.org:70000"}, "has to be a URL"),
    "colour with #": ({"background_color": "#ffffff"}, "'background_color' is '#ffffff'"),
    "colour too short": ({"background_color": "fff"}, "six hex digits without #"),
    "colour a number": ({"background_color": 123456}, "six hex digits without #"),
    "attributes an object": ({"attributes": {}}, "'attributes' is an object, and has to be a list"),
}
BAD_ATTRIBUTES = {
    "text": ("x", r"attributes\[1\] is text, and has to be an object"),
    "no value": ({"trait_type": "x"}, r"attributes\[1\] has no 'value'"),
    "null": ({"value": 1, "trait_type": None}, r"'attributes\[1\].trait_type' is null"),
    "unknown field": ({"value": 1, "trait": "x"}, r"'attributes\[1\].trait' is not a field"),
    "value true": ({"value": True}, "'value' is true or false"),
    "value a list": ({"value": []}, "'value' is a list"),
    "type a number": ({"value": 1, "trait_type": 3}, "'trait_type' is a number"),
    "display unknown": (
        {"value": 1, "display_type": "string"},
        "'display_type' is 'string', and has",
    ),
    "display a list": ({"value": 1, "display_type": []}, r"'display_type' is \[\]"),
    "text as a number": ({"value": "7", "display_type": "number"}, "'value' has to be a number"),
    "date in text": ({"value": "2026", "display_type": "date"}, "'value' has to be a number"),
    "date in milliseconds": (
        {"value": 1_546_360_800_000, "display_type": "date"},
        "has to be whole seconds since 1970",
    ),
    "date with a maximum": ({"value": 1, "display_type": "date", "max_value": 2}, "a date has no"),
    "above its maximum": ({"value": 5, "max_value": 4}, "a number of at most 'max_value'"),
    "maximum of a text": ({"value": "x", "max_value": 4}, "a number of at most 'max_value'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_parse__when_a_field_is_wrong__names_file_and_field(name):
    """One field is wrong, the others are right."""
    fields, words = REFUSED[name]
    data = {"name": "Pip", **fields}
    if name == "no name":
        del data["name"]
    with pytest.raises(BadMetadata, match=words) as caught:
        TokenMetadata.parse(json.dumps(data), "tokens/7.json")
    assert str(caught.value).startswith("tokens/7.json: ")


@pytest.mark.parametrize("name", BAD_ATTRIBUTES)
def test_parse__when_an_attribute_is_wrong__names_its_place(name):
    """The first attribute is right, the second one is not."""
    attribute, words = BAD_ATTRIBUTES[name]
    data = {"name": "Pip", "attributes": [{"value": "right"}, attribute]}
    with pytest.raises(BadMetadata, match=words) as caught:
        TokenMetadata.parse(json.dumps(data), "7.json")
    assert str(caught.value).startswith("7.json: ")
    assert "attributes[1]" in str(caught.value)


@pytest.mark.parametrize("value", ["[]", '"x"', "null", "3"])
def test_parse__when_not_an_object__refuses(value):
    """A token file is one object."""
    with pytest.raises(BadMetadata, match="and has to be an object"):
        TokenMetadata.parse(value)


def test_construct__when_a_value_is_wrong__refuses():
    """An invalid value cannot exist, wherever it came from."""
    assert TokenMetadata("Pip", attributes=(Attribute(1.5),)).attributes[0].value == 1.5
    with pytest.raises(BadMetadata, match="'name' is empty"):
        TokenMetadata("")
    with pytest.raises(BadMetadata, match="beyond 2"):
        Attribute(float("nan"))
    with pytest.raises(BadMetadata, match="beyond 2"):
        Attribute(2**53)


@pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u2060\u00ad", "\u0301", " \u2800 "])
def test_parse__when_a_name_is_drawn_as_nothing__refuses_it(name):
    """A name that nobody can see is no name."""
    with pytest.raises(BadMetadata, match="'name' is empty"):
        TokenMetadata(name)


def test_parse__when_a_text_has_a_noncharacter__refuses_it():
    """RFC 7493 forbids what no reader has to accept."""
    with pytest.raises(BadMetadata, match=r"U\+FFFE"):
        TokenMetadata("Pip", "a\ufffeb")
