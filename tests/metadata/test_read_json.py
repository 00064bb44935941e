"""read_json: given JSON with one meaning, returns it; when two readers could differ, refuses;

the refusal names the file, and the field or the line and column.
"""

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.errors import BadMetadata
from pfpkit.metadata import read_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2**53) + 1, 2**53 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_read_json__when_canonical__gives_the_same_value(value):
    """What RFC 8785 writes is read as it was, and written again as the same bytes."""
    data = rfc8785.dumps(value)
    read = read_json(data)
    assert read == value
    assert rfc8785.dumps(read) == data


REFUSED = {
    "duplicate key": (b'{"a": {"b": 1, "b": 2}}', "'a.b' is there twice; keep one of them"),
    "NaN": (b'{"a": NaN}', "'a' is NaN, which JSON does not have"),
    "Infinity": (b'{"a": [1, -Infinity]}', r"'a\[1\]' is -Infinity, which JSON does not have"),
    "a float too large": (b'{"a": 1e400}', "'a' is 1e400, which readers round"),
    "a float too small": (b'{"a": 1e-400}', "'a' is 1e-400, which readers round"),
    "an absurd exponent": (b'{"a": 1e-99999999999999999999}', "which readers round"),
    "a float too long": (b'{"a": 0.10000000000000000001}', "'a' is 0.1000.*write it shorter"),
    "an integer beyond 2^53": (b'{"a": 9007199254740992}', "'a' is 9007199254740992, beyond 2.53"),
    "an integer of 6,000 digits": (
        b'{"a": ' + b"9" * 6000 + b"}",
        r"'a' is 9+\.\.\., which readers",
    ),
    "UTF-8 broken": (b'{\n"a": "\xff"}', r"not UTF-8 at byte 8 \(line 2\); save it as UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "begins with a byte order mark"),
    "half a surrogate pair": (b'{"a": "\\ud83d"}', "'a' has half of a surrogate pair"),
    "half a pair as a key": (b'{"\\ud83d": 1}', "half of a surrogate pair"),
    "deep nesting": (
        b'{"a":' * 17 + b"1" + b"}" * 17,
        "nested too deep at line 1; 16 levels are allowed",
    ),
    "a float beyond 2^53": (b'{"a": 1e20}', "'a' is 1e20, which readers round"),
    "brackets in text": (b'{"a": "[[[[[[[[[[[[[[[[[[", "b": \\}', "not JSON at line 1 column 34"),
    "absurd nesting": (b"[" * 60_000, "nested too deep"),
    "too many bytes": (b" " * 65_537, "65,537 bytes is more than the 65,536 allowed"),
    "nothing": (b"", "not JSON at line 1 column 1: expecting value"),
    "a trailing comma": (b'{\n  "a": 1,\n}', "not JSON at line 3 column 1"),
    "more after the end": (b"{} {}", "not JSON at line 1 column 4: extra data"),
    "a raw control character": (b'{"a": "\x00"}', "not JSON at line 1 column 8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_read_json__when_readers_could_differ__refuses(name):
    """Each refusal begins with the file and names the place."""
    data, words = REFUSED[name]
    with pytest.raises(BadMetadata, match=words) as caught:
        read_json(data, "tokens/7.json")
    assert str(caught.value).startswith("tokens/7.json: ")


@pytest.mark.parametrize("text", ["9007199254740991", "0.1", "0.10", "-0.0", "5e-324", "1.5E3"])
def test_read_json__when_a_number_is_exact__keeps_its_value(text):
    """Numbers that a double carries are read as they are written."""
    assert read_json(text) == float(text)
    assert math.copysign(1, read_json(text)) == math.copysign(1, float(text))


@given(st.binary(max_size=60))
def test_read_json__when_bytes_are_random__gives_a_value_or_refuses(data):
    """There is no other error."""
    try:
        rfc8785.dumps(read_json(data))
    except BadMetadata as error:
        assert str(error).startswith("json: ")  # noqa: PT017 - both ends are right
