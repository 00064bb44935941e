"""CollectionMetadata: given the fields of ERC-7572, writes them; else names them."""

import json

import pytest
import rfc8785

from pfpkit.errors import BadMetadata
from pfpkit.metadata import CollectionMetadata

LOWER = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
CHECKED = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
WHOLE = {
    "name": "Lanternwood",
    "symbol": "LANTERN",
    "description": "A wood.",
    "banner_image": "ipfs://bafybanner",
    "featured_image": "https://example.org/f.png",
    "external_link": "https://example.org",
    "collaborators": [CHECKED],
}


def test_parse__when_every_field_is_there__writes_them_with_the_link():
    """`image` is a file's name in, and the picture's CID out."""
    given = {**WHOLE, "image": "collection.png", "collaborators": [LOWER]}
    metadata = CollectionMetadata.parse(json.dumps(given))
    assert metadata.image == "collection.png"
    assert metadata.encode("ipfs://x") == rfc8785.dumps({**WHOLE, "image": "ipfs://x"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "'name' is empty"),
        ({"symbol": 3}, "'symbol' is a number"),
        ({"image": "../secret.png"}, "has to be the name of a file beside collection.json"),
        ({"image": "/etc/passwd"}, "has to be the name of a file"),
        ({"image": ".hidden"}, "has to be the name of a file"),
        ({"image": 3}, "'image' is a number"),
        ({"banner_image": "http://x.org/a.png"}, "'banner_image' is .* ipfs:// or https://"),
        ({"featured_image": "a.png"}, "'featured_image' is 'a.png'"),
        ({"external_link": "ftp://x.org"}, "'external_link' is"),
        ({"external_url": "https://x.org"}, "'external_url' is not a field .* external_link"),
        ({"collaborators": LOWER}, "'collaborators' is text, and has to be a list"),
        ({"collaborators": [LOWER, 3]}, r"'collaborators\[1\]' is 3"),
        ({"collaborators": ["0x12"]}, r"'collaborators\[0\]' is '0x12', and has to be an address"),
        ({"collaborators": [LOWER[2:]]}, "has to be an address"),
        ({"collaborators": [CHECKED.replace("dA6", "Da6")]}, "whose checksum .* is wrong"),
        ({"symbol": None}, "'symbol' is null"),
    ],
)
def test_parse__when_a_field_is_wrong__names_file_and_field(fields, words):
    """One field is wrong, the others are right."""
    with pytest.raises(BadMetadata, match=words) as caught:
        CollectionMetadata.parse(json.dumps({**WHOLE, **fields}))
    assert str(caught.value).startswith("collection.json: ")


def test_parse__when_the_name_is_missing__refuses():
    """ERC-7572 asks for a name and nothing else."""
    assert CollectionMetadata.parse('{"name": "x"}').symbol is None
    with pytest.raises(BadMetadata, match="'name' is missing"):
        CollectionMetadata.parse('{"symbol": "x"}')
