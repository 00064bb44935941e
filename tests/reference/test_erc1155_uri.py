"""uri_for, filled_size

given `{id}` any number of times, each is 64 lowercase hexadecimal digits
given a URI without it, is that URI
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.erc1155 import filled_size, uri_for


@pytest.mark.parametrize("token_id", [0, 10, 2**256 - 1])
def test_uri_for__when_the_id_is_named__has_64_lowercase_digits(token_id):
    """Padded with zeros, without 0x, each time it is named."""
    uri = uri_for("ipfs://bafkqaaa/{id}/{id}.json", token_id)
    first, second = uri.removeprefix("ipfs://bafkqaaa/").removesuffix(".json").split("/")
    assert first == second == token_id.to_bytes(32).hex()


@pytest.mark.parametrize(
    "uri", ["", "ipfs://bafkqaaa", "{ID}", "{ id }", "%7Bid%7D", "{{i}d}", "id"]
)
def test_uri_for__when_the_id_is_not_named__is_the_same(uri):
    """Only what the standard writes is replaced."""
    assert uri_for(uri, 7) == uri


@given(st.lists(st.text(max_size=9), min_size=1), st.integers(0, 2**256 - 1))
def test_uri_for__when_any_uri__keeps_all_else(parts, token_id):
    """What stands between the ids stays as it is; nothing is replaced twice."""
    parts = [part.replace("{", "") for part in parts]
    filled = uri_for("{id}".join(parts), token_id)
    assert filled.split(token_id.to_bytes(32).hex()) == parts
    assert filled_size("{id}".join(parts)) == len(filled)
