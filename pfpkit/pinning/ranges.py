"""Which bytes a request asks for: `Range`, `If-Range` and `If-None-Match` of RFC 9110, and the
`entity-bytes` of https://specs.ipfs.tech/http-gateways/trustless-gateway/. Pure; trusts nothing.
"""

import re
from dataclasses import dataclass

# More digits than any size has; int() of a long text is slow.
_INT_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(\d{0,18})[ \t]*-[ \t]*(\d{0,18})", re.ASCII)
_ENTITY_BYTES = re.compile(r"(-?\d{1,18}):(-?\d{1,18}|\*)", re.ASCII)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class Unsatisfiable(Exception):
    """The range starts after the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `start` up to and without `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def requested_span(header: str | None, size: int) -> Span | None:
    """Return the one range that `Range: header` asks of `size` bytes; None asks for all of them.

    Several ranges, other units and malformed headers count as none, as RFC 9110 allows.

    >>> requested_span("bytes=2-4", 10), requested_span("bytes=-3", 10)
    (Span(start=2, stop=5), Span(start=7, stop=10))
    >>> requested_span("bytes=0-1,4-5", 10)
    """
    match = _INT_RANGE.fullmatch((header or "").strip())
    # There is no 206 without bytes; clients that always send a range still get their empty file.
    if match is None or size == 0:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        if int(last) == 0:
            raise Unsatisfiable
        return Span(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return Span(int(first), min(size, int(last) + 1) if last else size)


def tags_match(header: str | None, etag: str) -> bool:
    """Return whether `If-None-Match: header` names `etag`, by weak comparison.

    >>> tags_match('"a", W/"b"', '"b"'), tags_match("*", '"b"'), tags_match('"bc"', '"b"')
    (True, True, False)
    """
    if header is None:
        return False
    return header.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(header)


@dataclass(frozen=True, slots=True)
class EntityBytes:
    """`entity-bytes=first:last`, both inclusive; negative counts from the end, None is the end."""

    first: int
    last: int | None

    @classmethod
    def parse(cls, text: str) -> "EntityBytes | None":
        """Read the parameter's value; None when it is malformed.

        >>> EntityBytes.parse("499:-1000"), EntityBytes.parse("x")
        (EntityBytes(first=499, last=-1000), None)
        """
        match = _ENTITY_BYTES.fullmatch(text)
        if match is None:
            return None
        return cls(int(match[1]), None if match[2] == "*" else int(match[2]))

    def span(self, size: int) -> Span:
        """Return the part of a file of `size` bytes; empty when nothing is left of it.

        >>> EntityBytes(-4, -2).span(10)
        Span(start=6, stop=9)
        """
        last = size - 1 if self.last is None else self.last
        start = max(0, self.first + size) if self.first < 0 else self.first
        stop = min(size, last + 1 + (size if last < 0 else 0))
        return Span(start, stop) if start < stop else Span(0, 0)
