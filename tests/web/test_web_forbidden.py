"""Web: given a URL that leads where only this machine can reach, connects to nothing

given any hostile URL, its fault has a name and the victim sees no connection
given a redirect to one, the same
given a name whose addresses change, the one that was judged is the one connected to
given a place that is allowed by name, that place alone is reached
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence

import pytest
from resolver.attacks.addresses import FORBIDDEN, FORMS, PUBLIC, names
from support.certificate import certificate
from support.web_server import WebServer, page, redirect

from pfpkit.errors import WebError
from pfpkit.guard import Lookup, WebFault
from pfpkit.web import Download, Web, WebLimits

SOON = WebLimits(connect_s=0.5, read_s=5.0, total_s=10.0)
TLS = ssl.create_default_context()


@pytest.fixture(scope="module")
def victim() -> Iterator[WebServer]:
    """Listens on every IPv4 address of this machine, as an internal service may."""
    with WebServer({"/": page(b"secret"), "/x": page(b"secret")}, host="0.0.0.0") as server:
        yield server


@pytest.fixture(scope="module")
def victim6() -> Iterator[WebServer]:
    with WebServer({"/": page(b"secret")}, host="::1") as server:
        yield server


def fetched(url: str, *, lookup: Lookup = names, **options: object) -> Download | WebError:
    """What came, or the error."""

    # One context for all, for each takes some hundredths of a second to make.
    options = {"tls": TLS, **options}

    async def scenario() -> Download | WebError:
        async with Web(SOON, lookup=lookup, **options) as web:  # type: ignore[arg-type]
            try:
                return await web.fetch(url)
            except WebError as error:
                return error

    return asyncio.run(scenario())


def at(url: str, victim: WebServer) -> str:
    return url.replace(":P", f":{victim.port}")


@pytest.mark.parametrize("url", FORMS, ids=lambda url: ascii(url)[:60])
def test_fetch__when_the_url_is_hostile__names_its_fault_and_connects_to_nothing(
    victim: WebServer, victim6: WebServer, url: str
) -> None:
    """The ports of the victims are asked, so that nothing but the address stops it."""
    for server in (victim, victim6):
        found = fetched(at(url, server), ports={80, 443, server.port})
        assert isinstance(found, WebError)
        assert found.fault is FORMS[url], found
        assert str(found).isprintable()
        assert len(str(found)) < 600
        assert "hush" not in str(found)
    assert (victim.connections, victim6.connections) == (0, 0)


# As references these stay on the host that redirects.
STAYING = {
    "/etc/passwd": WebFault.NOT_FOUND,
    "http:127.0.0.1:P/": WebFault.NOT_FOUND,
    "http:///x": WebFault.NOT_FOUND,
    "http://": WebFault.TOO_MANY_REDIRECTS,
    "": WebFault.TOO_MANY_REDIRECTS,
}
AS_REFERENCES = {
    **FORMS,
    **STAYING,
    "//127.0.0.1:P/": FORBIDDEN,
    # A header has no such letters, only their bytes.
    "http://127\u30020\u30020\u30021:P/": WebFault.BAD_URL,
}


@pytest.mark.parametrize(
    "url", [u for u in AS_REFERENCES if "\r" not in u], ids=lambda u: ascii(u)[:60]
)
def test_fetch__when_redirected_to_a_hostile_url__names_its_fault_and_connects_to_nothing(
    victim: WebServer, url: str
) -> None:
    """An honest first hop earns no trust for the second."""
    with WebServer({"/": redirect(at(url, victim))}) as front:
        found = fetched(
            front.url("/"), allowed=[f"localhost:{front.port}"], ports={80, 443, victim.port}
        )
        assert (front.connections > 1) is (url in STAYING)
    assert isinstance(found, WebError)
    assert found.fault is AS_REFERENCES[url], found
    assert victim.connections == 0


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 T", "308 P"])
def test_fetch__when_redirected_by_any_status__judges_the_next_hop(
    victim: WebServer, status: str
) -> None:
    """Every status that has a Location."""
    with WebServer({"/": redirect(victim.url("/x", "127.0.0.1"), status)}) as front:
        found = fetched(front.url("/"), allowed=[f"localhost:{front.port}"], ports={victim.port})
    assert isinstance(found, WebError)
    assert found.fault is FORBIDDEN
    assert victim.connections == 0


def test_fetch__when_the_name_changes_its_address__connects_to_the_one_judged(
    victim: WebServer,
) -> None:
    """DNS rebinding: public when it is judged, loopback for whoever asks once more."""
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) % 2 else ["127.0.0.1"]

    for fault in (WebFault.UNREACHABLE, FORBIDDEN) * 2:
        before = len(asked)
        found = fetched(
            f"http://cats.example:{victim.port}/", lookup=rebinding, ports={victim.port}
        )
        assert isinstance(found, WebError)
        assert found.fault is fault, found
        assert len(asked) == before + 1
    assert victim.connections == 0


def test_fetch__when_allowed_by_name__reaches_that_place_and_no_other(victim: WebServer) -> None:
    """Neither another spelling of the host nor another port of it."""
    with WebServer({"/": page(b"cats")}) as inner:
        allowed = [f"LocalHost:{inner.port}"]
        found = fetched(inner.url("/"), allowed=allowed)
        assert isinstance(found, Download)
        assert found.data == b"cats"
        for url in (inner.url("/", "127.0.0.1"), victim.url("/")):
            refused = fetched(url, allowed=allowed, ports={inner.port, victim.port})
            assert isinstance(refused, WebError)
            assert refused.fault is FORBIDDEN
        assert inner.connections == 1
    assert victim.connections == 0


def test_fetch__when_https__tls_asks_for_the_name_not_the_address() -> None:
    """The address that was judged is connected to, and the name has to be proved there."""
    hello: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            hello.append(connection.recv(65536))

    thread = threading.Thread(target=answer)
    thread.start()
    found = fetched(f"https://loop.example:{port}/", allowed=[f"loop.example:{port}"])
    thread.join()
    listener.close()
    assert isinstance(found, WebError)
    assert found.fault is WebFault.UNREACHABLE
    assert b"loop.example" in hello[0]


def test_fetch__when_nobody_vouches_for_the_certificate__does_not_ask() -> None:
    """And neither when it is of another name."""
    with WebServer({"/": page(b"cats")}, tls=True) as server:
        allowed = [f"localhost:{server.port}", f"loop.example:{server.port}"]
        unknown = fetched(server.url("/"), allowed=allowed)
        other = fetched(server.url("/", "loop.example"), allowed=allowed, tls=trusting())
        right = fetched(server.url("/"), allowed=allowed, tls=trusting())
        assert len(server.requests) == 1
    for refused in (unknown, other):
        assert isinstance(refused, WebError)
        assert refused.fault is WebFault.UNREACHABLE
    assert isinstance(right, Download)


def test_fetch__when_https_redirects_to_http__does_not_follow() -> None:
    """Whoever is between could answer anything there; the other way round is fine."""
    with WebServer(tls=True) as safe, WebServer({"/": page(b"cats")}) as plain:
        safe.answers = {"/": redirect(plain.url("/")), "/cats": page(b"cats")}
        plain.answers["/up"] = redirect(safe.url("/cats"))
        allowed = [f"localhost:{server.port}" for server in (safe, plain)]
        down = fetched(safe.url("/"), allowed=allowed, tls=trusting())
        assert plain.connections == 0
        up = fetched(plain.url("/up"), allowed=allowed, tls=trusting())
    assert isinstance(down, WebError)
    assert down.fault is WebFault.DOWNGRADED
    assert isinstance(up, Download)
    assert (up.data, up.redirects) == (b"cats", 1)


def trusting() -> ssl.SSLContext:
    """Trusts the tests' own certificate, and no other."""
    return ssl.create_default_context(cafile=certificate())
