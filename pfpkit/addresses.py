"""Gateway addresses: which URLs are one, how they are shown, and who can reach them.

A read-back proves that a stranger can fetch a bundle only when the stranger could have asked the
same gateway. Kinds follow the IANA special-purpose address registries. Trusts the system's
resolver for names; an address that hides an IPv4 address (IPv4-mapped, NAT64, 6to4) is judged by
that one.
"""

import hashlib
import ipaddress
import re
import socket
from enum import StrEnum
from urllib.parse import urlsplit

import httpx

from pfpkit.errors import BadInput

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Python's own table is older than some entries of the registries.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # RFC 9637
# Azure's metadata and name service, an address of the public space that leads nowhere else.
_AZURE = ipaddress.IPv4Address("168.63.129.16")
_PROTOCOL = ipaddress.IPv4Network("192.0.0.0/24")  # RFC 6890; no gateway is among its anycasts

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressKind(StrEnum):
    """What an address is to a stranger; everything but PUBLIC is out of reach."""

    PUBLIC = "public"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    PRIVATE = "private or reserved"
    UNKNOWN = "not found by the resolver"


def is_public(url: str) -> bool:
    """Return whether every address of the URL's host can be reached from the whole Internet.

    >>> is_public("http://127.0.0.1:8080"), is_public("http://[::ffff:10.0.0.1]/")
    (False, False)
    >>> is_public("https://1.1.1.1")
    True
    """
    return address_kinds(url) == frozenset({AddressKind.PUBLIC})


def address_kinds(url: str) -> frozenset[AddressKind]:
    """Return the kinds of all addresses of the URL's host.

    >>> sorted(address_kinds("http://192.168.1.7/"))
    [<AddressKind.PRIVATE: 'private or reserved'>]
    """
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        return frozenset({AddressKind.UNKNOWN})
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return frozenset({AddressKind.UNKNOWN})
    return frozenset(address_kind(ipaddress.ip_address(str(info[4][0]))) for info in found)


def address_kind(address: Address) -> AddressKind:
    """Return what an address is to a stranger; one that hides an IPv4 address is judged by that.

    >>> address_kind(ipaddress.ip_address("64:ff9b::7f00:1"))
    <AddressKind.LOOPBACK: 'loopback'>
    """
    hidden = _hidden_ipv4(address)
    if hidden is not None:
        return address_kind(hidden)
    if address.is_loopback:
        return AddressKind.LOOPBACK
    if address.is_link_local:
        return AddressKind.LINK_LOCAL
    # `ipaddress` counts multicast and site-local addresses as global; no stranger fetches there.
    special = address.is_multicast or address.is_reserved or not address.is_global
    if isinstance(address, ipaddress.IPv6Address):
        special = special or address not in _GLOBAL_UNICAST or address in _DOCUMENTATION
    else:
        special = special or address in _PROTOCOL or address == _AZURE
    return AddressKind.PRIVATE if special else AddressKind.PUBLIC


def _hidden_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def gateway_url(text: str) -> str:
    """Return a gateway's base URL as `retrieval` uses it; BadInput when it is none.

    A trailing slash or `/ipfs` is left out, so that the address may be pasted from a browser.

    >>> gateway_url("https://ipfs.io/ipfs/")
    'https://ipfs.io'
    """
    shown = without_credentials(text)
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
        # The client's own reading of the host; left for later, its errors would end the program.
        _ = httpx.URL(text).host if text.isprintable() else ""
    except (ValueError, httpx.InvalidURL):
        # Its message may quote a part of a password.
        raise BadInput(f"{shown!r} is not a gateway URL; its host or port is malformed") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine:
        raise BadInput(f"{shown!r} is not a gateway URL; it has to start with http:// or https://")
    if "?" in text or "#" in text:
        raise BadInput(f"{shown!r} is not a gateway URL; leave out what follows `?` or `#`")
    if any(character <= " " or character > "~" for character in text):
        raise BadInput(f"{shown!r} is not a gateway URL; it has a blank or a non-ASCII character")
    return text.rstrip("/").removesuffix("/ipfs").rstrip("/")


def without_credentials(url: str) -> str:
    """Return `url` for a message: without user, password, query and fragment.

    >>> without_credentials("https://user:secret@gateway.example/x?token=secret")
    'https://gateway.example/x'
    """
    scheme, separator, rest = url.partition("://")
    if not re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", scheme) or not separator:
        scheme, separator, rest = "", "", url
    # Everything up to the last `@`: a password may itself hold `/`, `?` or `@`.
    rest = rest.rpartition("@")[2]
    return scheme + separator + re.split("[?#]", rest, maxsplit=1)[0]


def fingerprint(*texts: str) -> str:
    """Return 32 hex digits that stand for addresses which may hold a key, and show none of it."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
