"""HTTP/1.1 connections to few servers, kept open between requests, and nothing more than that.

Nothing is followed, decompressed, remembered or read from the environment: no redirects, cookies,
proxies or netrc. Connections are those of httpcore, whose exceptions come out as they are. Its pool
is not used: for each request it looks at every connection that it has, and asks the system about
each idle one, so that with 32 of them a request takes four times as long (`make bench-resolve`).
Here the one that was used last is looked at. Bounds how many requests are under way at each server,
so that one which is silent holds up no other; a request is bounded in time and bytes by whoever
makes it.
"""

import asyncio
import ssl
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Self

import httpcore
import httpx

__all__ = ["Connections", "Pieces", "Place", "default_tls", "fields"]

MOST = 100
"""Requests under way at one server at one time; others wait."""
IDLE_S = 5.0
"""After so long a connection that nobody uses is used no more, and closed with the next answer."""

_FREE_PIECES = 4_096
_PIECE_BYTES = 256

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is asked: its host and port, and the path before every target."""

    scheme: bytes
    host: bytes
    port: int
    authority: bytes
    """What the Host header says."""
    path: bytes

    @classmethod
    def of(cls, url: httpx.URL) -> Self:
        """Return the place of a URL; its credentials, query and fragment are not in it."""
        port = url.port or (443 if url.scheme == "https" else 80)
        path = url.raw_path.partition(b"?")[0]
        return cls(url.raw_scheme, url.raw_host, port, url.netloc, path)


class Connections:
    """Answers of servers, over connections that stay; `aclose` ends them."""

    def __init__(self, *, most: int = MOST, idle_s: float = IDLE_S) -> None:
        self._slots = defaultdict[Place, asyncio.Semaphore](lambda: asyncio.Semaphore(most))
        self._idle_s = idle_s
        self._idle: dict[Place, deque[tuple[httpcore.AsyncHTTPConnection, float]]] = {}
        self._closed = False

    @asynccontextmanager
    async def answer(
        self,
        place: Place,
        target: bytes,
        headers: Headers,
        *,
        connect_s: float,
        read_s: float,
        body: bytes | None = None,
    ) -> AsyncIterator[httpcore.Response]:
        """Ask for `target` (with `body`: POST it) and give the answer, its body still to come.

        `connect_s` and `read_s` bound each silence, in seconds. Raises what httpcore raises. A GET
        that a kept connection ended with before an answer is asked once more, over a new one: the
        server had closed it meanwhile (RFC 9112, section 9.3.1).
        """
        request = httpcore.Request(
            b"GET" if body is None else b"POST",
            httpcore.URL(scheme=place.scheme, host=place.host, port=place.port, target=target),
            headers=[(b"Host", place.authority), *headers],
            content=body,
            extensions={"timeout": {"connect": connect_s, "read": read_s, "write": read_s}},
        )
        async with self._slots[place]:
            kept = await self._take(place)
            connection = kept or self._new(place)
            try:
                try:
                    response = await _asked(connection, request)
                except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
                    if kept is None or body is not None:
                        raise
                    await connection.aclose()
                    connection = self._new(place)
                    response = await _asked(connection, request)
                try:
                    yield response
                finally:
                    await response.aclose()
            finally:
                await self._give_back(place, connection)

    async def aclose(self) -> None:
        """Close every connection; one that is in use is closed by whoever uses it."""
        self._closed = True
        for waiting in self._idle.values():
            while waiting:
                await waiting.pop()[0].aclose()

    async def _take(self, place: Place) -> httpcore.AsyncHTTPConnection | None:
        waiting = self._idle.setdefault(place, deque())
        while waiting:
            connection, _ = waiting.pop()
            # Also when the server has closed it.
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _new(self, place: Place) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            httpcore.Origin(place.scheme, place.host, place.port),
            ssl_context=default_tls() if place.scheme == b"https" else None,
            keepalive_expiry=self._idle_s,
            network_backend=httpcore.AnyIOBackend(),
        )

    async def _give_back(self, place: Place, connection: httpcore.AsyncHTTPConnection) -> None:
        if self._closed or not connection.is_available():
            await connection.aclose()
            return
        now = time.monotonic()
        waiting = self._idle[place]
        waiting.append((connection, now))
        # All are taken out first: while one is closed, another request may take the last one.
        old = list(takewhile(lambda one: now - one[1] > self._idle_s, waiting))
        for _ in old:
            waiting.popleft()
        for gone, _ in old:
            await gone.aclose()


class Pieces:
    """Tells a body that comes in crumbs: each chunk costs a turn, however few bytes it has.

    The first 4,096 pieces may be of any size; with more, they have 256 bytes on the average.
    """

    def __init__(self) -> None:
        self._count = self._bytes = 0

    def too_small(self, piece: bytes) -> bool:
        """Count one, and return whether no more of them should be read.

        >>> pieces = Pieces()
        >>> [pieces.too_small(b"x") for _ in range(5_000)].index(True)
        4112
        """
        self._count += 1
        self._bytes += len(piece)
        return self._count > _FREE_PIECES + self._bytes // _PIECE_BYTES


async def _asked(
    connection: httpcore.AsyncHTTPConnection, request: httpcore.Request
) -> httpcore.Response:
    try:
        return await connection.handle_async_request(request)
    except UnicodeError:
        # A host with a label that no resolver takes, such as one of 64 letters.
        raise httpcore.ConnectError("its host is no name") from None


def fields(response: httpcore.Response) -> Mapping[str, str]:
    """Return an answer's headers, names in lower case; those that came twice joined by commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@cache
def default_tls() -> ssl.SSLContext:
    """Return how servers prove their names: by the certificates of certifi, read once."""
    return httpx.create_ssl_context(trust_env=False)
