"""The API for platforms: the avatar of any token, and a verdict with its receipt.

`GET /avatar/{caip19}` without `holder` shows what the token's contract names, whoever owns it; with
`holder` it shows it for its owner alone. An answer is one of the resolver's, its ETag is the hash
of the bytes sent. Sizes, types and parameters that there are not are refused, so that few addresses
lead to one thing: what is left out has a default, and an address may be in any case.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.errors import BadInput, BadReference
from pfpkit.media import SIZES
from pfpkit.profile.caching import FOR_EVER, briefly, entity
from pfpkit.profile.forms import json_of, text_of
from pfpkit.profile.objects import digest_of
from pfpkit.profile.openapi import document
from pfpkit.profile.pages import html
from pfpkit.profile.picture import EXTENSIONS
from pfpkit.profile.pictures import rendered_of
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import Service, service_of
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.resolver import Resolution, Verdict

__all__ = ["ROUTES"]

_FORMATS = {extension: media_type for media_type, extension in EXTENSIONS.items()}
_STATUS = {
    Verdict.NOT_OWNER: (403, "not-owner"),
    Verdict.NO_TOKEN: (404, "no-token"),
    Verdict.PENDING: (409, "pending"),
    Verdict.UNVERIFIABLE: (422, "unverifiable"),
    Verdict.UNVERIFIED: (422, "unverified"),
    Verdict.UNKNOWN: (503, "unknown"),
}
_KEPT_S = 10
_ON_ERROR_S = 60
_WITHIN_S = 60.0


async def avatar(request: Request) -> Response:
    """Answer with a token's picture, or say why it is not shown."""
    service = service_of(request)
    known = {"size", "format", "holder", "cid"}
    asked = request.query_params
    if set(asked) - known or len(asked.multi_items()) > len(asked):
        # Another spelling of the same question would be kept beside it by every cache.
        raise Problem(400, "bad-request", f"ask with {', '.join(sorted(known))}, each once")
    edge, media_type = _size(asked.get("size", "128")), _format(asked.get("format", "webp"))
    ref, holder = _reference(service, request.path_params["caip19"], asked.get("holder"))
    found = await _resolved(service, ref, holder)
    if found.verdict is not Verdict.VERIFIED:
        raise _refusal(found)
    data = rendered_of(found).rendition(edge, media_type).data
    image = found.proof.image
    wanted = asked.get("cid")
    if wanted is not None and (image is None or wanted != str(image)):
        words = f"the token's picture is {image or 'on no IPFS'}, not the one named"
        raise Problem(404, "other-picture", words)
    # A CID fixes the bytes; who owns the token, and so whether they are shown, is never fixed.
    fixed = wanted is not None and holder is None
    control = FOR_EVER if fixed else briefly(_KEPT_S, _ON_ERROR_S)
    headers = {
        "X-Pfpkit-Block": str(found.stated().block.number),
        "X-Pfpkit-Cid": str(image) if image else "none",
    }
    answer = entity(request, data, media_type, digest_of(data), control, headers)
    return service.answers.keep(request, answer)


async def verify(request: Request) -> Response:
    """Answer with the resolver's verdict on a token, and its receipt."""
    service, given = service_of(request), await json_of(request)
    if unknown := sorted(set(given) - {"token", "holder", "at"}):
        raise Problem(400, "bad-request", f"{unknown[0]!r} is no field; ask with token, holder, at")
    holder = text_of(given, "holder", 42) if given.get("holder") is not None else None
    ref, holder = _reference(service, text_of(given, "token", 300), holder)
    at = given.get("at", "latest")
    if not isinstance(at, str | int) or isinstance(at, bool):
        raise Problem(400, "bad-request", "at has to be a block: a number, latest, latest-12, safe")
    try:
        found = await _resolved(service, ref, holder, at)
    except BadInput as error:
        raise Problem(400, "bad-request", str(error)) from None
    rendered = found.rendered
    more = {
        "shown": bool(found.verified and rendered and rendered.shown),
        "ownership": None if found.ownership is None else str(found.ownership.state),
    }
    return JSONResponse(found.json() | more)


async def openapi(request: Request) -> Response:
    """Answer with the description of this API."""
    return JSONResponse(document(service_of(request).settings.origin))


async def page(request: Request) -> Response:
    """Say on a page what this API is."""
    return await html(request, "api.html")


async def _resolved(
    service: Service, ref: TokenRef, holder: str | None, at: str | int = "latest"
) -> Resolution:
    try:
        async with asyncio.timeout(_WITHIN_S), service.resolving:
            return await service.resolver.resolve(ref, holder, at=at)
    except TimeoutError:
        words = f"the token was not resolved in {_WITHIN_S:g} seconds"
        headers = {"Retry-After": "5"}
        raise Problem(504, "too-slow", words, headers=headers) from None


def _reference(service: Service, text: str, holder: str | None) -> tuple[TokenRef, str | None]:
    try:
        ref = TokenRef.parse(text, service.settings.chain_id)
        who = None if holder is None else checksum_address(holder)
    except BadReference as error:
        raise Problem(400, "bad-token", str(error)) from None
    return ref, who


def _size(text: str) -> int:
    if text not in {str(edge) for edge in SIZES}:
        words = ", ".join(map(str, SIZES))
        raise Problem(400, "bad-request", f"size has to be one of {words}")
    return int(text)


def _format(text: str) -> str:
    if text not in _FORMATS:
        raise Problem(400, "bad-request", f"format has to be one of {', '.join(_FORMATS)}")
    return _FORMATS[text]


def _refusal(found: Resolution) -> Problem:
    status, slug = _STATUS[found.verdict]
    headers = {"Retry-After": "5"} if status == 503 else {}
    members = {"verdict": str(found.verdict), "token": str(found.ref)}
    return Problem(status, slug, found.reason, headers=headers, **members)


ROUTES = [
    Route("/avatar/{caip19:path}", avatar, methods=["GET"]),
    Route("/verify", verify, methods=["POST"]),
    Route("/openapi.json", openapi, methods=["GET"]),
    Route("/api", page, methods=["GET"]),
]
