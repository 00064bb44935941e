"""Files from web servers that strangers named: bounded in bytes, time and redirects, never decoded.

Every hop's address is judged when it is connected to (`pfpkit.guard`). Nothing binds what a web
server sends: whoever fetches here has to say that it cannot be verified. Keeps no cookies, sends no
credentials and follows no environment. Follows RFC 9110; redirects never go from https to http.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self

import httpcore
import httpx

from pfpkit.addresses import without_credentials
from pfpkit.connections import Pieces, default_tls
from pfpkit.console import clipped
from pfpkit.errors import WebError
from pfpkit.guard import PORTS, Guard, Lookup, WebFault

__all__ = ["Download", "Web", "WebFault", "WebLimits"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_URL = 2_048
# The library reads `http://[` as the host `%5B`. What `[...]` holds is judged as an address.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_HEADERS = [("Accept", "*/*"), ("Accept-Encoding", "identity"), ("User-Agent", "pfpkit")]


@dataclass(frozen=True, slots=True)
class WebLimits:
    """How much and how long. Bytes of one body, seconds of a silence, seconds of all hops."""

    max_bytes: int = 16 * 2**20
    redirects: int = 5
    connect_s: float = 5.0
    read_s: float = 10.0
    total_s: float = 60.0
    connections: int = 64


@dataclass(frozen=True, slots=True)
class Download:
    """What a server sent, the URL that it came from in the end, and what it says of it."""

    data: bytes = field(repr=False)
    url: str
    media_type: str
    redirects: int


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    headers: httpx.Headers
    response: httpcore.Response


class Web:
    """Fetches URLs. Use as `async with Web() as web:`.

    `allowed`, `ports` and `lookup` are those of `Guard`; `tls` is who may prove a server's name.
    """

    def __init__(
        self,
        limits: WebLimits | None = None,
        *,
        allowed: Collection[str] = (),
        ports: Collection[int] = PORTS,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.limits = limits = limits or WebLimits()
        self._guard = Guard(allowed, ports=ports, lookup=lookup)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or default_tls(),
            max_connections=limits.connections,
            max_keepalive_connections=limits.connections,
            keepalive_expiry=5.0,
            network_backend=self._guard,
        )
        # No limit for waiting until others are done: `total_s` has it.
        self._timeouts = httpx.Timeout(limits.read_s, connect=limits.connect_s, pool=None).as_dict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.aclose()

    async def fetch(self, url: str, *, max_bytes: int | None = None) -> Download:
        """Return what `url` gives; WebError with its fault otherwise.

        At most `max_bytes` of it, and never more than the limits allow.
        """
        most = self.limits.max_bytes
        if max_bytes is not None:
            most = min(most, max_bytes)
        try:
            async with asyncio.timeout(self.limits.total_s):
                return await self._follow(self._checked(url), most)
        except TimeoutError:
            raise WebError(
                f"{shown(url)} took longer than {self.limits.total_s:g} s", WebFault.TIMED_OUT
            ) from None

    async def _follow(self, url: httpx.URL, max_bytes: int) -> Download:
        for count in range(self.limits.redirects + 1):
            async with self._answer(url) as head:
                place = head.headers.get("location")
                if head.status in _REDIRECTS and place is not None:
                    url = self._next(url, place)
                    continue
                _check_head(url, head, max_bytes)
                data = await _body(url, head.response, max_bytes)
                kind = head.headers.get("content-type", "").partition(";")[0].strip().lower()
                return Download(data, shown(str(url)), _clip(kind), count)
        raise WebError(
            f"{shown(str(url))} comes after {self.limits.redirects} redirects, no more are "
            "followed",
            WebFault.TOO_MANY_REDIRECTS,
        )

    def _next(self, url: httpx.URL, place: str) -> httpx.URL:
        try:
            target = str(url.join(place))
        except (httpx.InvalidURL, ValueError):
            raise WebError(
                f"{shown(str(url))} redirects to what is no URL", WebFault.BAD_URL
            ) from None
        found = self._checked(target)
        if url.scheme == "https" and found.scheme != "https":
            raise WebError(
                f"{shown(str(url))} redirects to {shown(target)}, which nothing protects",
                WebFault.DOWNGRADED,
            )
        return found

    def _checked(self, text: str) -> httpx.URL:
        """Return the URL, read once by the code that also connects; WebError when it is not asked.

        Its addresses are judged later, when it is connected to.
        """
        if len(text) > _MAX_URL:
            raise WebError(
                f"{shown(text)} has {len(text):,} characters, over the {_MAX_URL:,} that are read",
                WebFault.BAD_URL,
            )
        try:
            url = httpx.URL(text)
            host = url.raw_host.decode("ascii")
        except (httpx.InvalidURL, ValueError):
            raise WebError(f"{shown(text)} is no URL", WebFault.BAD_URL) from None
        if url.scheme not in ("http", "https"):
            raise WebError(f"{shown(text)} is not fetched, only http and https", WebFault.SCHEME)
        if url.userinfo:
            raise WebError(
                f"{shown(text)} has credentials in it, which are not sent", WebFault.CREDENTIALS
            )
        if not _HOST.fullmatch(host):
            raise WebError(f"{shown(text)} names no host", WebFault.BAD_URL)
        self._guard.check_place(host, url.port or (443 if url.scheme == "https" else 80))
        return url

    @asynccontextmanager
    async def _answer(self, url: httpx.URL) -> AsyncIterator[_Head]:
        """Ask for `url`; what the network does wrong comes out as a WebError."""
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        host = url.netloc.decode("ascii")
        started = False
        try:
            async with self._pool.stream(
                "GET",
                target,
                headers=[("Host", host), *_HEADERS],
                extensions={"timeout": self._timeouts},
            ) as response:
                started = True
                yield _Head(response.status, _headers(response.headers), response)
        except httpcore.ConnectTimeout:
            raise _fault(url, WebFault.UNREACHABLE, "no connection in time") from None
        except httpcore.TimeoutException:
            raise _fault(url, WebFault.TIMED_OUT, "silent") from None
        except httpcore.ConnectError as error:
            raise _fault(url, WebFault.UNREACHABLE, _clip(str(error))) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            fault = WebFault.CUT_SHORT if started else WebFault.NOT_HTTP
            raise _fault(url, fault, _clip(str(error))) from None


async def _body(url: httpx.URL, response: httpcore.Response, max_bytes: int) -> bytes:
    # One buffer: a body of chunks of one byte would cost fifty times its size as a list.
    data, pieces = bytearray(), Pieces()
    async for chunk in response.aiter_stream():
        if pieces.too_small(chunk):
            raise _fault(url, WebFault.TOO_LARGE, "in pieces of a few bytes")
        data += chunk
        if len(data) > max_bytes:
            raise _too_large(url, max_bytes)
    return bytes(data)


def _check_head(url: httpx.URL, head: _Head, max_bytes: int) -> None:
    """Refuse an answer by its status and headers, before any of its body is read."""
    if head.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise _fault(url, WebFault.NOT_FOUND, str(head.status))
    if head.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise _fault(url, WebFault.BUSY, str(head.status))
    if head.status != HTTPStatus.OK:
        raise _fault(url, WebFault.REFUSED, str(head.status))
    encoding = head.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise _fault(url, WebFault.COMPRESSED, _clip(encoding))
    length = head.headers.get("content-length", "")
    # At most 20 digits: a longer number is no HTTP to the library beneath.
    if length.isdecimal() and int(length) > max_bytes:
        raise _too_large(url, max_bytes)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> httpx.Headers:
    return httpx.Headers(list(raw), encoding="latin-1")


def _too_large(url: httpx.URL, max_bytes: int) -> WebError:
    return _fault(url, WebFault.TOO_LARGE, f"more than {max_bytes:,} bytes")


def _fault(url: httpx.URL, fault: WebFault, detail: str) -> WebError:
    return WebError(f"{shown(str(url))} {fault}" + (f" ({detail})" if detail else ""), fault)


def shown(url: str) -> str:
    """Return a stranger's URL for a message: printable, short, without secrets."""
    return _clip(without_credentials(url))


def _clip(text: str) -> str:
    return clipped(text, 200)
