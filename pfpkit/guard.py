"""Connections to where a stranger's URL points, and to nowhere that only this machine can reach.

A network backend for httpcore. The host is looked up once, every address that it has is judged,
and the connection goes to one of those addresses: a name that answers otherwise the next time
(DNS rebinding) is not asked a next time. TLS still proves the name. Trusts the system's resolver
to give addresses, not to give good ones; kinds of address are those of `pfpkit.addresses`.

Own code and not the library ssrfguard (PyPI, Apache-2.0, read at 0.4.1, whose principle of
connecting to the address that was judged is followed here): what is needed of it is this one
class, the judgement of addresses was here before, and it is young, of one author, and 5,000 lines.
"""

import asyncio
import functools
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import httpcore

from pfpkit.addresses import Address, AddressKind, address_kind
from pfpkit.errors import WebError

__all__ = ["Guard", "Lookup", "WebFault"]

PORTS = frozenset({80, 443})
_MAX_ADDRESSES = 16
_MAX_TRIED = 4
# The WHATWG URL standard, "ends in a number": resolvers read such a host as an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, as text; OSError where there are none."""


class WebFault(StrEnum):
    """Why a URL was not fetched."""

    BAD_URL = "is no URL that can be fetched"
    SCHEME = "has another scheme than http or https"
    CREDENTIALS = "has a user name or password in it"
    PORT = "names a port that is not asked"
    ODD_HOST = "writes its host in a form that means different things to different readers"
    FORBIDDEN_ADDRESS = "leads to an address that is not public"
    NO_SUCH_HOST = "has a host that is not found"
    UNREACHABLE = "could not be reached"
    TIMED_OUT = "took too long"
    NOT_HTTP = "gave no HTTP answer"
    CUT_SHORT = "cut its answer short"
    TOO_MANY_REDIRECTS = "redirects too often"
    DOWNGRADED = "redirects from https to http"
    NOT_FOUND = "does not have it"
    BUSY = "is busy"
    REFUSED = "refused"
    COMPRESSED = "compressed its answer, which was not asked for"
    TOO_LARGE = "sent too many bytes"


class Guard(httpcore.AsyncNetworkBackend):
    """Connects to public addresses at `ports`, and to `allowed` places as they are.

    `allowed` holds `host:port` texts, such as `localhost:8080`, as URLs write them.
    """

    def __init__(
        self,
        allowed: Collection[str] = (),
        *,
        ports: Collection[int] = PORTS,
        lookup: Lookup | None = None,
    ) -> None:
        self._allowed = frozenset(place.lower() for place in allowed)
        self._ports = frozenset(ports)
        self._lookup = lookup or _system_lookup
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the host's addresses; WebError when any of them is forbidden."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self.addresses(host, port)
                return await self._connected(addresses, port, local_address, socket_options)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"no connection to {host} in {timeout:g} s") from None

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: no URL of a stranger leads to a file of this machine."""
        raise WebError(f"{path} is a socket of this machine", WebFault.FORBIDDEN_ADDRESS)

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks it to."""
        await self._backend.sleep(seconds)

    def check_place(self, host: str, port: int) -> bool:
        """Return whether a place is allowed by name; WebError when its port or form forbids it."""
        if f"{f'[{host}]' if ':' in host else host}:{port}".lower() in self._allowed:
            return True
        if port not in self._ports:
            asked = " and ".join(map(str, sorted(self._ports)))
            raise WebError(f"{host}:{port} is not asked, only ports {asked} are", WebFault.PORT)
        _check_form(host)
        return False

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses that may be connected to; WebError unless all of them may be."""
        free = self.check_place(host, port)
        try:
            found = list(dict.fromkeys(await self._lookup(host, port)))
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise WebError(f"{host} is not found by the resolver", WebFault.NO_SUCH_HOST)
        if free:
            return found[:_MAX_TRIED]
        if len(found) > _MAX_ADDRESSES:
            raise WebError(f"{host} has {len(found)} addresses", WebFault.FORBIDDEN_ADDRESS)
        for text in found:
            if (kind := _kind(text)) is not AddressKind.PUBLIC:
                raise WebError(
                    f"{host} leads to {text}, which is {kind}; it is not asked",
                    WebFault.FORBIDDEN_ADDRESS,
                )
        return found[:_MAX_TRIED]

    async def _connected(
        self,
        addresses: Sequence[str],
        port: int,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.AsyncNetworkStream:
        failed: httpcore.ConnectError | None = None
        for address in addresses:
            try:
                # An address, so nothing beneath looks up a name again.
                return await self._backend.connect_tcp(
                    address, port, None, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failed = error
        assert failed is not None
        raise failed


def _check_form(host: str) -> None:
    """Refuse a host that ends in a number and is no address in its one usual form."""
    if ":" in host:
        if "%" in host:
            raise WebError(f"{host} names an interface of this machine", WebFault.ODD_HOST)
        return
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise WebError(
                f"{host} is an address in an unusual form; it is not asked", WebFault.ODD_HOST
            ) from None


def _kind(text: str) -> AddressKind:
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return AddressKind.UNKNOWN
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return AddressKind.LINK_LOCAL
    return address_kind(address)


async def _system_lookup(host: str, port: int) -> Sequence[str]:
    def look_up() -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        return [str(info[4][0]) for info in found]

    return await asyncio.get_running_loop().run_in_executor(_resolvers(), look_up)


@functools.cache
def _resolvers() -> ThreadPoolExecutor:
    # Its own: a lookup cannot be ended, and a stranger's slow name server is to hold up no others.
    return ThreadPoolExecutor(16, "lookup")
