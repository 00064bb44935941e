"""addresses

gateway_url: accepts http and https bases, refuses the rest without showing secrets
is_public: true for what the whole Internet can reach, false for everything else
"""

import pytest

from pfpkit.addresses import AddressKind, address_kinds, gateway_url, is_public, without_credentials
from pfpkit.errors import BadInput


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://ipfs.io/", "https://ipfs.io"),
        ("https://ipfs.io/ipfs/", "https://ipfs.io"),
        ("https://example.org/a/gateway/ipfs", "https://example.org/a/gateway"),
        ("http://[::1]:5001", "http://[::1]:5001"),
        ("https://user:pass@example.org", "https://user:pass@example.org"),
    ],
)
def test_gateway_url__when_http__gives_its_base(text: str, base: str) -> None:
    """Addresses may be pasted from a browser, with or without /ipfs."""
    assert gateway_url(text) == base


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ipfs.io",
        "ftp://ipfs.io",
        "file:///etc/passwd",
        "https://",
        "https://:80",
        "https://host:99999",
        "https://host:x",
        "https://ho st",
        "https://host/\r\nX: y",
        "https://h\u00f6st",
        "https://host?token=1",
        "https://host#x",
        "http://[::1",
        "http://256.1.1.1",
        "http://[v1.a]",
        "http://xn--",
        "http://xn--a.com",
    ],
)
def test_gateway_url__when_not_http__says_which_in_one_line(text: str) -> None:
    """Anything that is no plain base URL is refused before it is asked."""
    with pytest.raises(BadInput, match="is not a gateway URL") as caught:
        gateway_url(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://user:hush@host",
        "https://user:hush@host:x",
        "https://user:hu@sh/hush?hush#hush@host:x",
        "user:hush@host",
        "https://host?token=hush",
        "https://user:hush@",
        "hush@://hush@host",
        "https://user:hush/x@host",
    ],
)
def test_gateway_url__when_refused__never_shows_a_secret(text: str) -> None:
    """Neither password nor token stands in a message, however odd the text."""
    with pytest.raises(BadInput) as caught:
        gateway_url(text)
    assert "hush" not in str(caught.value)
    assert "hush" not in without_credentials(text)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("8.8.8.8", AddressKind.PUBLIC),
        ("[2606:4700::1111]", AddressKind.PUBLIC),
        ("[::ffff:8.8.8.8]", AddressKind.PUBLIC),
        ("[64:ff9b::808:808]", AddressKind.PUBLIC),
        ("127.0.0.1", AddressKind.LOOPBACK),
        ("127.8.8.8", AddressKind.LOOPBACK),
        ("localhost", AddressKind.LOOPBACK),
        ("2130706433", AddressKind.LOOPBACK),
        ("0x7f.1", AddressKind.LOOPBACK),
        ("[::1]", AddressKind.LOOPBACK),
        ("[::ffff:127.0.0.1]", AddressKind.LOOPBACK),
        ("[64:ff9b::7f00:1]", AddressKind.LOOPBACK),
        ("[2002:7f00:1::]", AddressKind.LOOPBACK),
        ("169.254.169.254", AddressKind.LINK_LOCAL),
        ("[fe80::1]", AddressKind.LINK_LOCAL),
        ("10.1.2.3", AddressKind.PRIVATE),
        ("172.16.0.1", AddressKind.PRIVATE),
        ("192.168.0.1", AddressKind.PRIVATE),
        ("100.64.0.1", AddressKind.PRIVATE),
        ("192.0.2.1", AddressKind.PRIVATE),
        ("0.0.0.0", AddressKind.PRIVATE),
        ("224.0.0.1", AddressKind.PRIVATE),
        ("255.255.255.255", AddressKind.PRIVATE),
        ("[::]", AddressKind.PRIVATE),
        ("[fd00::1]", AddressKind.PRIVATE),
        ("[fec0::1]", AddressKind.PRIVATE),
        ("[ff02::1]", AddressKind.PRIVATE),
        ("192.0.0.8", AddressKind.PRIVATE),
        ("[3fff::1]", AddressKind.PRIVATE),
        ("[2001:db8::1]", AddressKind.PRIVATE),
        ("[5f00::1]", AddressKind.PRIVATE),
        ("[64:ff9b:1::1]", AddressKind.PRIVATE),
        ("[4000::1]", AddressKind.PRIVATE),
        ("no-such-host.invalid", AddressKind.UNKNOWN),
        ("x" * 300, AddressKind.UNKNOWN),
    ],
)
def test_is_public__when_asked_of_a_host__only_global_addresses_are(
    host: str, kind: AddressKind
) -> None:
    """Every special range is named, hidden IPv4 addresses included; credentials don't matter."""
    kinds = address_kinds(f"http://user:pass@{host}:8080/x")
    assert kind in kinds
    assert is_public(f"http://{host}") is (kind is AddressKind.PUBLIC)
