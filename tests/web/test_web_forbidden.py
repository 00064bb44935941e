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
from support.certificate import certificate
from support.web_server import WebServer, page, redirect

from pfpkit.errors import WebError
from pfpkit.guard import Lookup, WebFault
from pfpkit.web import Download, Web, WebLimits

SOON = WebLimits(connect_s=0.5, read_s=5.0, total_s=10.0)
TLS = ssl.create_default_context()
# Public by the registries, and routed nowhere since RFC 7526.
PUBLIC = "192.88.99.1"

ZONE = {
    "cats.example": [PUBLIC],
    "loop.example": ["127.0.0.1"],
    "loop6.example": ["::1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "six.example": ["2606:4700::1111", "::1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "zone.example": ["fe80::1%lo"],
    "public-zone.example": ["2606:4700::1111%lo"],
    "garbage.example": ["not an address"],
    "many.example": [f"192.88.99.{n}" for n in range(1, 30)],
}


async def names(host: str, port: int) -> Sequence[str]:
    """The tests' own resolver; what is not in its zone is asked of the system's."""
    if host in ZONE:
        return ZONE[host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


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


FORBIDDEN = WebFault.FORBIDDEN_ADDRESS
HOSTILE = {
    # Loopback and its spellings; `P` is the victim's port, which is asked here.
    "http://127.0.0.1:P/": FORBIDDEN,
    "http://127.0.0.2:P/": FORBIDDEN,
    "http://127.255.255.254:P/": FORBIDDEN,
    "http://localhost:P/": FORBIDDEN,
    "http://LOCALHOST:P/": FORBIDDEN,
    "http://0.0.0.0:P/": FORBIDDEN,
    "http://[::1]:P/": FORBIDDEN,
    "http://[0:0:0:0:0:0:0:1]:P/": FORBIDDEN,
    "http://[::]:P/": FORBIDDEN,
    "https://127.0.0.1:P/": FORBIDDEN,
    "HTTP://127.0.0.1:P/": FORBIDDEN,
    "http://127.1:P/": WebFault.ODD_HOST,
    "http://127.0.1:P/": WebFault.ODD_HOST,
    "http://2130706433:P/": WebFault.ODD_HOST,
    "http://0x7f000001:P/": WebFault.ODD_HOST,
    "http://0x7f.0.0.1:P/": WebFault.ODD_HOST,
    "http://127.0.0.0x1:P/": WebFault.ODD_HOST,
    "http://017700000001:P/": WebFault.ODD_HOST,
    "http://127.0.0.1.:P/": WebFault.ODD_HOST,
    "http://0:P/": WebFault.ODD_HOST,
    "http://0177.0.0.1:P/": WebFault.BAD_URL,
    "http://127.0.0.01:P/": WebFault.BAD_URL,
    "http://\uff11\uff12\uff17.0.0.1:P/": WebFault.BAD_URL,
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:P/": WebFault.BAD_URL,
    "http://127\u30020\u30020\u30021:P/": FORBIDDEN,
    # IPv6 that hides IPv4, or is of this network.
    "http://[::ffff:127.0.0.1]:P/": FORBIDDEN,
    "http://[::ffff:7f00:1]:P/": FORBIDDEN,
    "http://[::127.0.0.1]:P/": FORBIDDEN,
    "http://[64:ff9b::7f00:1]:P/": FORBIDDEN,
    "http://[64:ff9b:1::7f00:1]:P/": FORBIDDEN,
    "http://[2002:7f00:1::]:P/": FORBIDDEN,
    "http://[2001:0:7f00:1::]:P/": FORBIDDEN,
    "http://[fe80::1]:P/": FORBIDDEN,
    "http://[fe80::1%25lo]:P/": WebFault.BAD_URL,
    "http://[fc00::1]:P/": FORBIDDEN,
    "http://[fd00:ec2::254]:P/": FORBIDDEN,
    "http://[fec0::1]:P/": FORBIDDEN,
    "http://[ff02::1]:P/": FORBIDDEN,
    "http://[2001:db8::1]:P/": FORBIDDEN,
    "http://[100::1]:P/": FORBIDDEN,
    # Private, shared, link-local, multicast, reserved, and services of clouds.
    "http://10.0.0.1:P/": FORBIDDEN,
    "http://172.16.0.1:P/": FORBIDDEN,
    "http://192.168.0.1:P/": FORBIDDEN,
    "http://100.64.0.1:P/": FORBIDDEN,
    "http://169.254.169.254:P/latest/meta-data/": FORBIDDEN,
    "http://100.100.100.200:P/": FORBIDDEN,
    "http://168.63.129.16:P/": FORBIDDEN,
    "http://192.0.0.192:P/": FORBIDDEN,
    "http://198.18.0.1:P/": FORBIDDEN,
    "http://192.0.2.1:P/": FORBIDDEN,
    "http://224.0.0.1:P/": FORBIDDEN,
    "http://240.0.0.1:P/": FORBIDDEN,
    "http://255.255.255.255:P/": FORBIDDEN,
    # Names.
    "http://loop.example:P/": FORBIDDEN,
    "http://loop6.example:P/": FORBIDDEN,
    "http://both.example:P/": FORBIDDEN,
    "http://six.example:P/": FORBIDDEN,
    "http://metadata.example:P/": FORBIDDEN,
    "http://mapped.example:P/": FORBIDDEN,
    "http://zone.example:P/": FORBIDDEN,
    "http://public-zone.example:P/": FORBIDDEN,
    "http://garbage.example:P/": FORBIDDEN,
    "http://many.example:P/": FORBIDDEN,
    "http://absent.invalid:P/": WebFault.NO_SUCH_HOST,
    # Ports, credentials, schemes, and what is no URL.
    "http://cats.example:22/": WebFault.PORT,
    "http://cats.example:6379/": WebFault.PORT,
    "http://cats.example:99999/": WebFault.PORT,
    "http://user@cats.example:P/": WebFault.CREDENTIALS,
    "http://user:hush@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://cats.example@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://cats.example\\@127.0.0.1:P/": WebFault.CREDENTIALS,
    "http://127.0.0.1:P\\@cats.example/": WebFault.CREDENTIALS,
    "file:///etc/passwd": WebFault.SCHEME,
    "gopher://127.0.0.1:P/_x": WebFault.SCHEME,
    "ftp://127.0.0.1:P/": WebFault.SCHEME,
    "unix:///var/run/docker.sock": WebFault.SCHEME,
    "ws://127.0.0.1:P/": WebFault.SCHEME,
    "//127.0.0.1:P/": WebFault.SCHEME,
    "/etc/passwd": WebFault.SCHEME,
    "": WebFault.SCHEME,
    "http://": WebFault.BAD_URL,
    "http:///x": WebFault.BAD_URL,
    "http:127.0.0.1:P/": WebFault.BAD_URL,
    "http://[::1:P/": WebFault.BAD_URL,
    "http://cats.example/\r\nHost: x": WebFault.BAD_URL,
    "http://127.0.0.1:P\r\n/": WebFault.BAD_URL,
    "http://cats.example/" + "x" * 3000: WebFault.BAD_URL,
}


def at(url: str, victim: WebServer) -> str:
    return url.replace(":P", f":{victim.port}")


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url)[:60])
def test_fetch__when_the_url_is_hostile__names_its_fault_and_connects_to_nothing(
    victim: WebServer, victim6: WebServer, url: str
) -> None:
    """The ports of the victims are asked, so that nothing but the address stops it."""
    for server in (victim, victim6):
        found = fetched(at(url, server), ports={80, 443, server.port})
        assert isinstance(found, WebError)
        assert found.fault is HOSTILE[url], found
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
    **HOSTILE,
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
