"""parse_content_uri: what a URI of a stranger names

given IPFS in any spelling, names one CID and path
given a data URI in any encoding, holds its bytes
given a server, names its URL
given anything else, or too much, says so in one line
"""

import base64
import tracemalloc
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.cid import CID, DAG_PB, cid_of
from pfpkit.content_uri import Inline, WebPlace, parse_content_uri
from pfpkit.errors import BadCID, BadInput, BadURI
from pfpkit.ipfs_path import IpfsPath

V1 = cid_of(b"cats", DAG_PB)
V0 = CID(0, DAG_PB, V1.digest)
TX = "BNttzDav3jHVnNiV7nYbQv-GY0HQ-4XXsdkE5K9ylHQ"


@pytest.mark.parametrize("cid", [V0, V1, cid_of(b"cats")], ids=["v0", "v1", "raw"])
@pytest.mark.parametrize(
    "form",
    [
        "ipfs://{}",
        "IPFS://{}",
        "ipfs://ipfs/{}",
        " ipfs://{}\n",
        "{}",
        "/ipfs/{}",
        "ipfs/{}",
        "https://ipfs.io/ipfs/{}",
        "http://127.0.0.1:8080/ipfs/{}",
        "HTTPS://IPFS.IO/ipfs/{}",
        "https://x.mypinata.cloud/ipfs/{}?pinataGatewayToken=a/b",
        "https://x.example/ipfs/{}#part",
        "https://x.example/gateway/ipfs/{}",
        "https://user:pass@x.example/ipfs/{}",
    ],
)
@pytest.mark.parametrize(
    ("path", "named"),
    [("", ""), ("/a/1.json", "a/1.json"), ("/a%20%2523", "a %23"), ("/%C5%BE", "\u017e")],
)
def test_parse__when_ipfs_in_any_spelling__names_cid_and_path(
    cid: CID, form: str, path: str, named: str
) -> None:
    """The query and the part of a gateway's URL are none of its content."""
    assert parse_content_uri(form.format(f"{cid}{path}")) == IpfsPath(cid, named)


@pytest.mark.parametrize("path", ["", "/", "/1.json", "/a%20b/1.json?x#y"])
def test_parse__when_a_subdomain_gateway__names_cid_and_path(path: str) -> None:
    """`CID.ipfs.host`, which browsers prefer."""
    found = parse_content_uri(f"https://{V1}.ipfs.dweb.link{path}")
    assert isinstance(found, IpfsPath)
    assert found.root == V1
    assert found.path == path.partition("?")[0].removeprefix("/").replace("%20", " ")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/1.json",
        "http://example.org",
        "https://example.org/ipfs/1.json",
        "https://example.org/ipfs/",
        f"https://example.org/ipns/{V1}",
        f"https://{V1}.ipns.dweb.link/",
        f"https://{V1}.example.org/",
        f"https://ipfs.{V1}.example.org/",
        f"https://example.org/?ipfs=/ipfs/{V1}",
        f"https://example.org/{V1}",
        "https://k.ipfs.example.org/",
        f"https://arweave.net/{TX}",
    ],
)
def test_parse__when_a_server__names_its_url(url: str) -> None:
    """Also where it looks like a gateway and has no CID in the place of one."""
    assert parse_content_uri(url) == WebPlace(url)


@pytest.mark.parametrize("path", ["", "/1.json", "/a/b.png"])
def test_parse__when_arweave__names_its_gateways_url(path: str) -> None:
    """A place like any other: the id is no hash of the bytes."""
    assert parse_content_uri(f"ar://{TX}{path}") == WebPlace(f"https://arweave.net/{TX}{path}")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" fill="#fff">100%\u017e</svg>'


@pytest.mark.parametrize(
    ("uri", "data", "media_type", "charset"),
    [
        ("data:application/json;base64,e30=", b"{}", "application/json", ""),
        ("data:application/json;base64,e30", b"{}", "application/json", ""),
        ("DATA:Application/JSON;BASE64,e30%3D", b"{}", "application/json", ""),
        ("data:application/json;base64,e3\n 0=", b"{}", "application/json", ""),
        ("data:application/json;charset=UTF-8;base64,e30=", b"{}", "application/json", "utf-8"),
        ("data:;base64,-_-_", b"\xfb\xff\xbf", "text/plain", ""),
        ("data:application/json,{}", b"{}", "application/json", ""),
        ("data:application/json;utf8,{}", b"{}", "application/json", "utf8"),
        ('data:x/y;charset="iso-8859-1",%7B%7d', b"{}", "x/y", "iso-8859-1"),
        ("data:,a,b", b"a,b", "text/plain", ""),
        ("data:,", b"", "text/plain", ""),
        ("data:image/svg+xml;utf8," + SVG, SVG.encode(), "image/svg+xml", "utf8"),
        ("data:image/svg+xml;utf8," + quote(SVG), SVG.encode(), "image/svg+xml", "utf8"),
        ("data:image/png,%89PNG", b"\x89PNG", "image/png", ""),
        ("data:,100% %zz %4", b"100% %zz %4", "text/plain", ""),
    ],
    ids=lambda value: ascii(value)[:40],
)  # fmt: skip
def test_parse__when_a_data_uri__holds_its_bytes(
    uri: str, data: bytes, media_type: str, charset: str
) -> None:
    """Base64 with and without its padding, percent, plain text with what should be escaped."""
    assert parse_content_uri(uri) == Inline(data, media_type, charset)


@given(data=st.binary(max_size=300))
def test_parse__when_any_bytes__hold_in_base64_and_percent(data: bytes) -> None:
    """In both, they come out as they went in."""
    encoded = base64.b64encode(data).decode()
    for body in (f";base64,{encoded}", f";base64,{quote(encoded)}", f",{quote_from_bytes(data)}"):
        found = parse_content_uri(f"data:x/y{body}")
        assert isinstance(found, Inline)
        # Blanks at the end are those of the text around it.
        assert found.data == data or body.endswith(" ")


def test_parse__when_escapes_lie_across_pieces__are_decoded() -> None:
    """Wherever a piece of 16 KiB ends."""
    for shift in range(4):
        body = "x" * (2**14 - shift) + "%41" * 4
        found = parse_content_uri("data:," + body)
        assert isinstance(found, Inline)
        assert found.data == b"x" * (2**14 - shift) + b"AAAA"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1.json",
        "/1.json",
        "../1.json",
        "//example.org/1.json",
        f"//{V1}",
        f"ipns://{V1}",
        "ftp://example.org/1.json",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "view-source:https://example.org",
        "blob:https://example.org/x",
        "eip155:1/erc721:0x/1",
        "<svg/>",
        "\x1b[2J",
        "\x00ipfs://" + str(V1),
        "https://[",
        "https://example.org/" + "x" * 2048,
        "ipfs://" + "x" * 2048,
        "ar://",
        "ar://name",
        f"ar://{TX}x",
        f"ar://{TX}?x",
        "data:",
        "data:application/json",
        "data:application/json;base64",
        "data:" + "x" * 300 + ",",
        "data:;base64,e",
        "data:;base64,e30=e30=",
        "data:;base64,e3*0",
        "data:;base64,e3\u017e0",
        "data:,\ud800",
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_parse__when_it_names_no_content__says_so(text: str) -> None:
    """One printable line, however odd the text."""
    with pytest.raises(BadURI) as caught:
        parse_content_uri(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "ipfs://",
        "ipfs://example.org",
        "ipfs:" + str(V1),
        f"ipfs://{V1}?x",
        f"ipfs://{V1}#x",
        f"ipfs://{str(V1)[:-1]}",
        f"ipfs://{str(V0).lower()}",
        f"ipfs://{V1}" + "/x" * 65,
        f"https://ipfs.io/ipfs/{V1}" + "/x" * 65,
    ],
)
def test_parse__when_it_is_no_cid__says_so(text: str) -> None:
    """What begins as IPFS is never taken for something else."""
    with pytest.raises(BadCID) as caught:
        parse_content_uri(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("body", [",xxxx", ";base64,AAAA", ",%41%41%41%41"])
def test_parse__when_the_content_is_too_large__is_refused(body: str) -> None:
    """At the limit it is read, a byte less refuses it."""
    size = len(parse_content_uri("data:" + body).data)  # type: ignore[union-attr]
    assert parse_content_uri("data:" + body, max_bytes=size)
    with pytest.raises(BadURI, match="over the"):
        parse_content_uri("data:" + body, max_bytes=size - 1)
    with pytest.raises(BadURI, match="holds more than"):
        parse_content_uri("data:," + "%41" * 5000, max_bytes=100)


@pytest.mark.parametrize("unit", ["%41", "%41a", "%zz", "%", "AAAA", " ", "\u017e"])
@pytest.mark.parametrize("head", ["data:,", "data:;base64,", "ipfs://", "", "https://x/ipfs/"])
def test_parse__when_flooded__memory_stays_a_few_times_the_text(head: str, unit: str) -> None:
    """Every escape as an object of its own would take fifty times as much."""
    text = head + unit * (2**18 // len(unit))
    tracemalloc.start()
    try:
        parse_content_uri(text)
    except BadInput:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5 * 2**20


@given(text=st.text(max_size=80) | st.text("ipfs:/data,;base64%https.ar# ", max_size=40))
def test_parse__when_any_text__is_a_value_or_an_error_of_ours(text: str) -> None:
    """Never anything else."""
    try:
        found = parse_content_uri(text)
    except (BadURI, BadCID) as error:
        said = str(error)
    else:
        assert isinstance(found, IpfsPath | Inline | WebPlace)
        said = "fine"
    assert said.isprintable()
