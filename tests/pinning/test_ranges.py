"""ranges: Range against RFC 9110's own examples, entity-bytes against the gateway specification"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.pinning.ranges import EntityBytes, Span, Unsatisfiable, requested_span, tags_match


@pytest.mark.parametrize(
    ("header", "span"),
    [
        # RFC 9110, 14.1.2, on a representation of 10,000 bytes
        ("bytes=0-499", Span(0, 500)),
        ("bytes=500-999", Span(500, 1000)),
        ("bytes=-500", Span(9500, 10000)),
        ("bytes=9500-", Span(9500, 10000)),
        ("bytes=9500-99999999", Span(9500, 10000)),
        ("bytes=-99999", Span(0, 10000)),
        ("bytes = 0 - 0", Span(0, 1)),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=5-4", None),
        ("bytes=0-0,-1", None),
        ("lines=1-2", None),
        ("bytes=1-2x", None),
        ("bytes=\u0661-", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_requested_span__when_header__is_that_span_or_everything(
    header: str | None, span: Span | None
) -> None:
    """One satisfiable range is served; what is malformed or manifold counts as none."""
    assert requested_span(header, 10_000) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_requested_span__when_outside__is_unsatisfiable(header: str) -> None:
    """These are the 416s."""
    with pytest.raises(Unsatisfiable):
        requested_span(header, 10)
    assert requested_span(header, 0) is None


@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 60))
def test_requested_span__when_any__equals_the_slice(data: bytes, first: int, last: int) -> None:
    """A range is a slice."""
    header = f"bytes={first}-{last}"
    if last < first:
        assert requested_span(header, len(data)) is None
    elif first >= len(data):
        with pytest.raises(Unsatisfiable):
            requested_span(header, len(data))
    else:
        span = requested_span(header, len(data))
        assert span is not None
        assert data[span.start : span.stop] == data[first : last + 1]
        assert len(span) > 0


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0:*", Span(0, 1026)),
        ("512:1023", Span(512, 1024)),
        ("512:-256", Span(512, 771)),
        ("-5:*", Span(1021, 1026)),
        ("-9999:*", Span(0, 1026)),
        ("-9999:-3", Span(0, 1024)),
        ("0:0", Span(0, 1)),
        ("2000:*", Span(0, 0)),
        ("10:5", Span(0, 0)),
        ("0:-5000", Span(0, 0)),
    ],
)
def test_entity_bytes__when_of_1026_bytes__is_that_span(text: str, span: Span) -> None:
    """The cases of the gateway conformance suite, whose file has 1,026 bytes."""
    parsed = EntityBytes.parse(text)
    assert parsed is not None
    assert parsed.span(1026) == span


@pytest.mark.parametrize("text", ["", ":", "1", "*:1", "a:b", "1:2:3", "1.5:2", " 1:2"])
def test_entity_bytes__when_malformed__is_none(text: str) -> None:
    """The gateway answers these with 400."""
    assert EntityBytes.parse(text) is None


@pytest.mark.parametrize(
    ("header", "matches"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "y",W/"a"', True),
        ("*", True),
        ('"b"', False),
        ('"aa"', False),
        ("a", False),
        ("", False),
        (None, False),
    ],
)
def test_tags_match__when_header__compares_weakly(header: str | None, matches: bool) -> None:
    """RFC 9110, 13.1.2."""
    assert tags_match(header, '"a"') is matches
