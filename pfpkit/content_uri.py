"""What a URI of token metadata names: IPFS content, the content itself, or a web place. Pure.

`ipfs://` and the paths that gateways serve (`https://host/ipfs/CID/x`, `https://CID.ipfs.host/x`)
are one thing, for no gateway has to be trusted with a CID. `data:` (RFC 2397) holds the bytes.
`https:`, `http:` and `ar://` name a server; an Arweave id is the hash of a signature and not of the
bytes, so it binds nothing that could be checked here. What is commonly minted wrongly and means one
thing alone is read; everything else is refused, by name. Trusts no input.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from pfpkit.cid import CID
from pfpkit.console import clipped
from pfpkit.errors import BadCID, BadURI
from pfpkit.ipfs_path import IpfsPath

__all__ = ["MAX_DATA_BYTES", "MAX_URI", "ContentURI", "Inline", "WebPlace", "parse_content_uri"]

MAX_URI = 2_048
"""Characters of every URI that does not hold its content itself."""
MAX_DATA_BYTES = 16 * 2**20
ARWEAVE = "https://arweave.net"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_ARWEAVE_ID = re.compile(r"ar://([A-Za-z0-9_-]{43})(/[^?#]*)?", re.IGNORECASE)
_ESCAPES = re.compile(rb"(?:%[0-9A-Fa-f]{2})+")
_MAX_DATA_HEAD = 256
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PIECE = 2**14


@dataclass(frozen=True, slots=True)
class Inline:
    """Content that stands in the URI. `media_type` and `charset` are what it says of itself."""

    data: bytes = field(repr=False)
    media_type: str
    charset: str = ""


@dataclass(frozen=True, slots=True)
class WebPlace:
    """A URL of a server, which may answer anything at any time."""

    url: str


ContentURI = IpfsPath | Inline | WebPlace


def parse_content_uri(text: str, *, max_bytes: int = MAX_DATA_BYTES) -> ContentURI:
    """Return what `text` names; BadURI or BadCID when that is nothing which is read.

    Content in the URI itself may have `max_bytes`.

    >>> parse_content_uri("https://gateway.example/ipfs/bafkqaaa/1.json?x=y").path
    '1.json'
    >>> parse_content_uri("data:application/json;base64,e30").data
    b'{}'
    >>> parse_content_uri("https://example.org/1.json")
    WebPlace(url='https://example.org/1.json')
    """
    # A percent sign and two digits stand for one byte.
    if len(text) > 3 * max_bytes + MAX_URI:
        raise BadURI(f"a URI of {len(text):,} characters holds more than {max_bytes:,} bytes")
    text = text.strip(" \t\r\n")
    found = _SCHEME.match(text)
    scheme = found.group().lower() if found else ""
    if scheme == "data":
        return _inline(text, max_bytes)
    if len(text) > MAX_URI:
        raise BadURI(f"a URI of {len(text):,} characters is over the {MAX_URI:,} that are read")
    if scheme == "ipfs":
        return IpfsPath.parse("ipfs:" + text[5:])
    if scheme in ("http", "https"):
        return _web(text)
    if scheme == "ar":
        return _arweave(text)
    if not scheme and (place := _bare(text)) is not None:
        return place
    raise BadURI(
        f"{_shown(text)} names no content that is read, which is ipfs://, data:, https: or ar://"
    )


def _bare(text: str) -> IpfsPath | None:
    """Return the path of `CID/x`, `/ipfs/CID/x` or `ipfs/CID/x`: a URI whose beginning is lost."""
    rest = text.removeprefix("/").removeprefix("ipfs/")
    return IpfsPath.parse(f"ipfs://{rest}") if _is_cid(rest.partition("/")[0]) else None


def _web(text: str) -> IpfsPath | WebPlace:
    """Return the IPFS path in a gateway's URL, without its query; or the URL."""
    try:
        parts = urlsplit(text)
        labels = (parts.hostname or "").split(".")
    except ValueError:
        raise BadURI(f"{_shown(text)} is no URL") from None
    _, gateway, rest = parts.path.partition("/ipfs/")
    root, _, path = rest.partition("/")
    if gateway and _is_cid(root):
        return IpfsPath(CID.parse(root), unquote(path))
    if len(labels) > 2 and labels[1] == "ipfs" and _is_cid(labels[0]):
        return IpfsPath(CID.parse(labels[0]), unquote(parts.path.removeprefix("/")))
    return WebPlace(text)


def _arweave(text: str) -> WebPlace:
    found = _ARWEAVE_ID.fullmatch(text)
    if found is None:
        raise BadURI(f"{_shown(text)} names no Arweave transaction, which has 43 letters")
    return WebPlace(f"{ARWEAVE}/{found[1]}{found[2] or ''}")


def _is_cid(text: str) -> bool:
    try:
        CID.parse(text)
    except BadCID:
        return False
    return True


def _inline(text: str, max_bytes: int) -> Inline:
    head, comma, body = text[len("data:") :].partition(",")
    if not comma or len(head) > _MAX_DATA_HEAD:
        raise BadURI(f"{_shown(text)} has no comma where its content begins")
    kind, *parameters = (part.strip().lower() for part in head.split(";"))
    try:
        raw = body.encode()
    except UnicodeEncodeError:
        raise BadURI(f"{_shown(text)} holds text that is no Unicode") from None
    # A `#` is content too: on-chain SVG is full of colours that nobody escaped.
    data = _percent_decoded(raw) if b"%" in raw else raw
    if "base64" in parameters:
        data = _base64_decoded(data, text)
    if len(data) > max_bytes:
        raise BadURI(f"{_shown(text)} holds {len(data):,} bytes, over the {max_bytes:,} allowed")
    return Inline(data, kind or "text/plain", _charset(parameters))


def _charset(parameters: list[str]) -> str:
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if equals and name.strip() == "charset":
            return value.strip().strip('"')
        if parameter in ("utf8", "utf-8"):
            return parameter
    return ""


def _percent_decoded(raw: bytes) -> bytes:
    """Decode escapes, run by run; what is no escape stays as it is."""
    # In pieces, for what is found takes fifty times its size until it is joined.
    decoded = bytearray()
    start = 0
    while start < len(raw):
        end = start + _PIECE
        if end < len(raw) and (cut := raw.rfind(b"%", end - 2, end)) != -1:
            end = cut
        decoded += _ESCAPES.sub(_unescaped, raw[start:end])
        start = end
    return bytes(decoded)


def _unescaped(run: re.Match[bytes]) -> bytes:
    return bytes.fromhex(run[0].replace(b"%", b"").decode())


def _base64_decoded(data: bytes, text: str) -> bytes:
    """Decode as browsers do: blanks and a lost padding mean nothing, other letters are refused."""
    plain = data.translate(_URL_SAFE, b" \t\r\n\f").rstrip(b"=")
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise BadURI(f"{_shown(text)} is not the base64 that it says it is") from None


def _shown(text: str) -> str:
    return repr(clipped(text, 100))
