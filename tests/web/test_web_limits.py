"""Web: given a server that never ends, floods, compresses or breaks HTTP, stops at its limits

Each has its named fault, takes no longer than its time and no more memory than its bytes.
"""

import asyncio
import gzip
import time
import tracemalloc

import pytest
from support.web_server import Answer, WebServer, after, dripping, page, redirect

from pfpkit.errors import WebError
from pfpkit.guard import WebFault
from pfpkit.web import Download, Web, WebLimits

MAX = 4 * 1024
TIGHT = WebLimits(max_bytes=MAX, redirects=3, connect_s=1.0, read_s=0.3, total_s=0.6)
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

FAULTS: dict[str, tuple[Answer, WebFault]] = {
    "silent": (after(30, b""), WebFault.TIMED_OUT),
    "slowloris in the head": (dripping(HEAD, b"X: y\r\n", 0.05), WebFault.TIMED_OUT),
    "slowloris in one header": (dripping(HEAD + b"X: ", b"y", 0.05), WebFault.TIMED_OUT),
    "slowloris in the body": (dripping(HEAD + b"\r\n", b"y", 0.05), WebFault.TIMED_OUT),
    "slowloris in chunks": (dripping(CHUNKED, b"1\r\ny\r\n", 0.05), WebFault.TIMED_OUT),
    "slowloris in a chunk's length": (dripping(CHUNKED, b"0", 0.05), WebFault.TIMED_OUT),
    "interim answers for ever": (
        dripping(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0), WebFault.TIMED_OUT,
    ),
    "a head for ever": (dripping(HEAD, b"X: " + b"y" * 1000 + b"\r\n", 0), WebFault.NOT_HTTP),
    "one header for ever": (dripping(HEAD + b"X: ", b"y" * 4096, 0), WebFault.NOT_HTTP),
    "a body for ever": (dripping(HEAD + b"\r\n", b"y" * 4096, 0), WebFault.TOO_LARGE),
    "chunks for ever": (
        dripping(CHUNKED, b"800\r\n" + b"y" * 2048 + b"\r\n", 0), WebFault.TOO_LARGE,
    ),
    "tiny chunks for ever": (
        dripping(CHUNKED, (b"8\r\n" + b"y" * 8 + b"\r\n") * 500, 0), WebFault.TOO_LARGE,
    ),
    "a chunk extension for ever": (dripping(CHUNKED + b"1;", b"x=y;" * 500, 0), WebFault.CUT_SHORT),
    "trailers for ever": (
        dripping(CHUNKED + b"0\r\n", b"X: " + b"y" * 1000 + b"\r\n", 0), WebFault.CUT_SHORT,
    ),
    "an absurd length": (
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", WebFault.TOO_LARGE,
    ),
    "two lengths": (
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nyy", WebFault.NOT_HTTP,
    ),
    "less than announced": (HEAD + b"Content-Length: 9\r\n\r\nyy", WebFault.CUT_SHORT),
    "too large by a byte": (page(b"y" * (MAX + 1)), WebFault.TOO_LARGE),
    "gzip bomb": (
        page(gzip.compress(bytes(2**24)), "Content-Encoding: gzip"), WebFault.COMPRESSED,
    ),
    "brotli": (page(b"y", "Content-Encoding: br"), WebFault.COMPRESSED),
    "gzip as transfer coding": (
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", WebFault.NOT_HTTP,
    ),
    "no HTTP": (b"\x16\x03\x01 not HTTP\r\n\r\n", WebFault.NOT_HTTP),
    "nothing": (b"", WebFault.NOT_HTTP),
    "HTTP/0.9": (b"cats", WebFault.NOT_HTTP),
    "404": (page(b"no", status="404 Not Found"), WebFault.NOT_FOUND),
    "410": (page(b"no", status="410 Gone"), WebFault.NOT_FOUND),
    "429": (page(b"later", status="429 Too Many Requests"), WebFault.BUSY),
    "500": (page(b"oh", status="500 Oh"), WebFault.REFUSED),
    "206": (page(b"part", status="206 Partial Content"), WebFault.REFUSED),
    "204": (HEAD.replace(b"200", b"204") + b"\r\n", WebFault.REFUSED),
    "304": (page(b"", status="304 Not Modified"), WebFault.REFUSED),
    "a redirect nowhere": (page(b"", status="302 Found"), WebFault.REFUSED),
    "a redirect to itself": (redirect("/"), WebFault.TOO_MANY_REDIRECTS),
    "a redirect to no URL": (redirect("http://["), WebFault.BAD_URL),
    "a redirect to a control character": (redirect("/\x1b[2J"), WebFault.BAD_URL),
}  # fmt: skip


def run(server: WebServer, path: str = "/") -> tuple[Download | WebError, int]:
    """What came or the error, and the most bytes of memory that it took."""

    async def scenario() -> Download | WebError:
        allowed = [f"localhost:{server.port}"]
        async with Web(TIGHT, allowed=allowed) as web:
            tracemalloc.start()
            try:
                return await web.fetch(server.url(path))
            except WebError as error:
                return error

    found = asyncio.run(scenario())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found, peak


@pytest.mark.parametrize("name", FAULTS)
def test_fetch__when_the_server_misbehaves__stops_with_its_name(name: str) -> None:
    """Within its time, and within a few times the bytes of one answer."""
    answer, fault = FAULTS[name]
    with WebServer({"/": answer}) as server:
        started = time.monotonic()
        found, peak = run(server)
        took = time.monotonic() - started
    assert isinstance(found, WebError)
    assert found.fault is fault, found
    assert str(found).isprintable()
    assert took < 3
    assert peak < 4 * 2**20


def test_fetch__when_all_is_well__gives_bytes_type_and_place() -> None:
    """At the limit of bytes and of redirects, with what a browser would not be asked either."""
    body = b"y" * (MAX)
    with WebServer() as server:
        server.answers = {
            "/": redirect("/2"),
            "/2": redirect("3?a=b"),
            "/3?a=b": redirect(server.url("/4") + "#part"),
            "/4": page(body, "Content-Type: Image/PNG; x=y", "Set-Cookie: a=b"),
        }
        found, _ = run(server)
        assert found == Download(body, server.url("/4"), "image/png", 3)
        assert len(server.requests) == 4
        for head in server.requests:
            lines = head.lower()
            assert b"accept-encoding: identity" in lines
            for unwanted in (b"cookie", b"referer", b"authorization"):
                assert unwanted not in lines


def test_fetch__when_the_environment_has_a_proxy__does_not_use_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It could reach what this machine can, and no address would be judged."""
    with WebServer({"/": page(b"cats")}) as server, WebServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        found, _ = run(server)
        assert isinstance(found, Download)
        assert proxy.connections == 0
