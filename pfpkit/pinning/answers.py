"""What the gateway answers: a block, a CAR, a file or a folder, with the headers that belong to it.

Follows "HTTP Response" of https://specs.ipfs.tech/http-gateways/path-gateway/ and
https://specs.ipfs.tech/http-gateways/trustless-gateway/. Media types come from bytes, and nothing
is ever served as HTML or SVG: no `index.html`, folders are listed as plain text. Trusts `get` for
hashing and for turning what it cannot read into an HTTPException.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pfpkit.car import write_car
from pfpkit.cid import CID, IDENTITY, Block, varint
from pfpkit.errors import BadBlock, BadCID, NotFound
from pfpkit.images import media_type
from pfpkit.pinning.entities import File, Get, entity_blocks, every_block, is_directory
from pfpkit.pinning.negotiation import CAR_PARAMETERS, CAR_TYPE, RAW_TYPE, Form, Scope, Wanted
from pfpkit.pinning.ranges import Span, Unsatisfiable, requested_span, tags_match
from pfpkit.unixfs import decode_node, drive, list_directory, resolve

__all__ = ["METHODS", "PUBLIC", "answer"]

METHODS = "GET, HEAD, OPTIONS"
PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Content-Type, Range, User-Agent, X-Requested-With",
    "Access-Control-Expose-Headers": (
        "Content-Length, Content-Range, X-Chunked-Output, X-Ipfs-Path, X-Ipfs-Roots, "
        "X-Stream-Output"
    ),
}
"""The CORS headers of public gateways; there is nothing here that a page may not read."""

_IMMUTABLE = "public, max-age=29030400, immutable"
_LISTING = "public, max-age=604800, stale-while-revalidate=2678400"
_MAX_LISTED = 10_000
_SNIFFED_BYTES = 512
_MAX_JSON_BYTES = 2**20
# RFC 9110 15.4.5: a 304 has no headers about a body.
_BODY = frozenset({"Content-Type", "Content-Disposition", "Accept-Ranges"})


@dataclass(frozen=True, slots=True)
class _Content:
    """What the path of a request leads to, and how."""

    path: str
    roots: tuple[CID, ...]
    passed: tuple[Block, ...]
    data: bytes
    wanted: Wanted
    get: Get

    @property
    def cid(self) -> CID:
        return self.roots[-1]


def answer(request: Request, get: Get) -> Response:
    """Answer one GET or HEAD with blocks from `get`; HTTPException when that cannot be."""
    content = _find(request, Wanted.by(request), get)
    try:
        match content.wanted.form:
            case Form.RAW:
                return _raw(request, content)
            case Form.CAR:
                return _car(request, content)
            case Form.FILE:
                return _file(request, content)
    except BadBlock as error:
        raise HTTPException(406, f"{error}; ask for ?format=raw") from None


def _find(request: Request, wanted: Wanted, get: Get) -> _Content:
    """Walk from the CID in the URL to the end of the path."""
    first, slash, rest = str(request.path_params["path"]).partition("/")
    if request.headers.get("service-worker") == "script" and not slash:
        raise HTTPException(400, "a service worker may not be registered for all of a CID")
    try:
        root = CID.parse(first)
    except BadCID as error:
        raise HTTPException(400, str(error)) from None
    passed: dict[CID, Block] = {}

    def noted(cid: CID) -> bytes:
        data = get(cid)
        passed[cid] = Block(cid, data)
        return data

    roots = [root]
    try:
        for segment in filter(None, rest.split("/")):
            roots.append(drive(resolve(roots[-1], segment), noted))
        data = get(roots[-1])
    except NotFound as error:
        raise HTTPException(404, str(error)) from None
    except BadBlock as error:
        raise HTTPException(404, f"no path leads through this: {error}") from None
    except BadCID as error:
        raise HTTPException(400, str(error)) from None
    except HTTPException as error:
        cached_alone = "only-if-cached" in request.headers.get("cache-control", "")
        if error.status_code == 404 and cached_alone:
            raise HTTPException(412, error.detail) from None
        raise
    path = request.scope["path"]
    return _Content(path, tuple(roots), tuple(passed.values()), data, wanted, get)


def _raw(request: Request, content: _Content) -> Response:
    def read(span: Span) -> Iterator[bytes]:
        yield content.data[span.start : span.stop]

    headers = _headers(content, f'"{content.cid}.raw"', RAW_TYPE)
    return _ranged(request, headers, len(content.data), read)


def _file(request: Request, content: _Content) -> Response:
    cid = content.cid
    if is_directory(cid, content.get):
        return _listing(request, content)
    file = File(cid, content.get)
    headers = _headers(content, f'"{cid}"', _sniffed(file))
    return _ranged(request, headers, file.size, file.read)


def _listing(request: Request, content: _Content) -> Response:
    if not content.path.endswith("/"):
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"Location": f"{quote(content.path)}/{query}", **PUBLIC}
        return PlainTextResponse("a folder; its address ends in /\n", 301, headers)
    cid = content.cid
    headers = _headers(content, f'"DirIndex-1_CID-{cid}"', "text/plain; charset=utf-8")
    headers["Cache-Control"] = _LISTING
    if (unchanged := _unchanged(request, headers)) is not None:
        return unchanged
    entries = drive(list_directory(cid, max_entries=_MAX_LISTED), content.get)
    lines = [f"{entry.cid}\t{entry.tsize}\t{_name(name)}\n" for name, entry in entries.items()]
    return Response("".join(lines), headers=headers)


def _car(request: Request, content: _Content) -> Response:
    wanted, cid = content.wanted, content.cid
    if wanted.scope is not Scope.BLOCK:
        # What has no links that we read is refused while a status can still say so.
        decode_node(cid, content.data)
    etag = f'"{cid}.car"'
    if content.passed or wanted.scope is not Scope.ALL:
        key = repr((content.roots, content.path, wanted.entity_bytes)).encode()
        etag = f'"{wanted.scope}.{cid}.{hashlib.sha256(key).hexdigest()[:16]}.car"'
    parameters = "".join(f"; {name}={value}" for name, value in CAR_PARAMETERS.items())
    headers = _headers(content, etag, CAR_TYPE + parameters)
    headers["Accept-Ranges"] = "none"
    if (unchanged := _unchanged(request, headers)) is not None:
        return unchanged
    if request.method == "HEAD":
        return StreamingResponse(iter(()), headers=headers)
    return StreamingResponse(_begun(_sections(content)), headers=headers)


def _sections(content: _Content) -> Iterator[bytes]:
    """Yield the CAR piece by piece: the blocks of the path, then what the scope says."""
    header = io.BytesIO()
    write_car(header, [content.cid], ())
    yield header.getvalue()
    seen: set[CID] = set()
    for blocks in (content.passed, _scoped(content)):
        for block in blocks:
            # The probe of a gateway is an identity CID; those never stand in a CAR.
            if block.cid not in seen and block.cid.hash_code != IDENTITY:
                seen.add(block.cid)
                name = block.cid.encode()
                yield varint(len(name) + len(block.data)) + name + block.data


def _scoped(content: _Content) -> Iterable[Block]:
    cid, get, wanted = content.cid, content.get, content.wanted
    match wanted.scope:
        case Scope.BLOCK:
            return (Block(cid, content.data),)
        case Scope.ALL:
            return every_block(cid, get)
        case Scope.ENTITY:
            return entity_blocks(cid, get, wanted.entity_bytes)


def _ranged(
    request: Request, headers: dict[str, str], size: int, read: Callable[[Span], Iterator[bytes]]
) -> Response:
    """Answer with all or the asked part of `size` bytes."""
    headers["Accept-Ranges"] = "bytes"
    if (unchanged := _unchanged(request, headers)) is not None:
        return unchanged
    asked = request.headers.get("range")
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        asked = None
    try:
        part = requested_span(asked, size)
    except Unsatisfiable:
        raise HTTPException(
            416, f"{asked} is outside of {size} bytes", {"Content-Range": f"bytes */{size}"}
        ) from None
    span = part or Span(0, size)
    headers["Content-Length"] = str(len(span))
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    body = iter(()) if request.method == "HEAD" else _begun(read(span))
    return StreamingResponse(body, 200 if part is None else 206, headers)


def _unchanged(request: Request, headers: dict[str, str]) -> Response | None:
    if not tags_match(request.headers.get("if-none-match"), headers["ETag"]):
        return None
    return Response(status_code=304, headers={k: v for k, v in headers.items() if k not in _BODY})


def _headers(content: _Content, etag: str, content_type: str) -> dict[str, str]:
    headers = {
        "Content-Type": content_type,
        "ETag": etag,
        "Cache-Control": _IMMUTABLE,
        "Vary": "Accept",
        "X-Content-Type-Options": "nosniff",
        "X-Ipfs-Path": quote(content.path),
        "X-Ipfs-Roots": ",".join(map(str, content.roots)),
        **PUBLIC,
    }
    extension = "car" if content.wanted.form is Form.CAR else "bin"
    disposition = content.wanted.disposition(f"{content.cid}.{extension}")
    if disposition is not None:
        headers["Content-Disposition"] = disposition
    if content.wanted.location is not None:
        headers["Content-Location"] = content.wanted.location
    return headers


def _sniffed(file: File) -> str:
    """Return the media type by bytes: four kinds of pictures, JSON, or nothing in particular."""
    head = b"".join(file.read(Span(0, min(file.size, _SNIFFED_BYTES))))
    picture = media_type(head)
    if picture is not None:
        return picture
    if head.lstrip()[:1] in (b"{", b"[") and file.size <= _MAX_JSON_BYTES:
        with suppress(ValueError, RecursionError):
            json.loads(b"".join(file.read(Span(0, file.size))))
            return "application/json"
    return "application/octet-stream"


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Read the first piece now, while a damaged block can still be answered with a 500."""
    return chain([next(pieces, b"")], pieces)


def _name(name: str) -> str:
    return name if name.isprintable() else json.dumps(name)
