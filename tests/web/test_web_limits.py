"""Web: given a server that never ends, floods, compresses or breaks HTTP, stops at its limits

Each has its named fault, takes no longer than its time and no more memory than its bytes.
"""

import asyncio
import time
import tracemalloc

import pytest
from resolver.attacks.transport import answers
from support.web_server import WebServer, dripping, page, redirect

from pfpkit.errors import WebError
from pfpkit.guard import WebFault
from pfpkit.web import Download, Web, WebLimits

MAX = 4 * 1024
TIGHT = WebLimits(max_bytes=MAX, redirects=3, connect_s=1.0, read_s=0.3, total_s=0.6)
FAULTS = answers(MAX)


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
    assert took < 10
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


def test_fetch__when_the_body_comes_in_crumbs__is_not_read_on() -> None:
    """Within a limit of 16 MiB too; as many bytes in larger pieces are fine."""

    async def scenario(path: str) -> int | WebFault:
        async with Web(allowed=[f"localhost:{server.port}"]) as web:
            try:
                return len((await web.fetch(server.url(path))).data)
            except WebError as error:
                return error.fault

    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    large = head + (b"400\r\n" + b"y" * 1024 + b"\r\n") * 8192 + b"0\r\n\r\n"
    with WebServer({"/large": large, "/": dripping(head, b"1\r\ny\r\n" * 999, 0)}) as server:
        started = time.thread_time()
        assert asyncio.run(scenario("/")) is WebFault.TOO_LARGE
        assert time.thread_time() - started < 2
        assert asyncio.run(scenario("/large")) == 2**23


@pytest.mark.parametrize("asked", [MAX - 1, MAX, MAX + 1, 2**30])
def test_fetch__when_asked_for_so_many_bytes__keeps_to_the_tighter_limit(asked: int) -> None:
    """A platform that allows few bytes is not asked by its own read path for more."""

    async def scenario(path: str) -> int | WebFault:
        async with Web(TIGHT, allowed=[f"localhost:{server.port}"]) as web:
            try:
                return len((await web.fetch(server.url(path), max_bytes=asked)).data)
            except WebError as error:
                return error.fault

    most = min(asked, MAX)
    with WebServer({"/": page(b"y" * most), "/more": page(b"y" * (most + 1))}) as server:
        assert asyncio.run(scenario("/")) == most
        assert asyncio.run(scenario("/more")) is WebFault.TOO_LARGE


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
