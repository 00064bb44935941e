"""Minting one's own picture: a draft, its CIDs, its pins; the transaction is the wallet's to sign.

The service computes and pins, and holds no key. The page computes the same CIDs from the draft's
files and compares. What is pinned is cleaned (`pfpkit.images`), after a bounded worker decoded it.
"""

import asyncio
import json
import re
import secrets
import time
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session as Records
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as Path

from pfpkit.bundle import Bundle, build
from pfpkit.cid import RAW
from pfpkit.errors import BadMetadata, BadReference, NotFound, PinError, Unverified
from pfpkit.images import CleanImage, Limits, clean
from pfpkit.metadata import TokenMetadata
from pfpkit.profile.browser import browser_of, check_token
from pfpkit.profile.forms import UPLOAD_BYTES, field, form_of, json_of, text_of, upload_of
from pfpkit.profile.pages import html
from pfpkit.profile.pictures import render
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Draft
from pfpkit.profile.service import service_of
from pfpkit.publication import EMBEDDED, Route, publish
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.views import Call

__all__ = ["ROUTES"]

_KEPT_S = 3600
_LIMITS = Limits(max_bytes=UPLOAD_BYTES)
_HASH = re.compile(r"0x[0-9a-f]{64}")
_DRAFT = re.compile(r"[0-9a-f]{32}")


async def mint_page(request: Request) -> Response:
    """Show the form to mint, where there is a contract to mint with."""
    service, browser = service_of(request), await browser_of(request)
    browser.signed_in()
    settings = service.settings
    mint = None
    if settings.collection is not None and settings.pinners:
        mint = {
            "contract": settings.collection,
            "collection": service.collection_name,
            "minter": service.minter,
            "chain_id": settings.chain_id,
            "max_bytes": UPLOAD_BYTES,
            "limits": {"name": 100, "description": 1000},
        }
    return await html(request, "mint.html", mint=mint)


async def draft(request: Request) -> Response:
    """Clean a picture, build its bundle, and answer with every CID of it."""
    browser = await browser_of(request)
    name = browser.signed_in()
    async with form_of(request, max_upload=UPLOAD_BYTES) as form:
        await check_token(request, form.get("csrf_token"))
        data = await upload_of(form, "image")
        title, description = field(form, "name", 100), field(form, "description", 1000)
    service = service_of(request)
    await render(service, data)
    image = await asyncio.to_thread(clean, data, _LIMITS, "the picture")
    try:
        words = TokenMetadata(title.strip(), description.strip() or None)
    except BadMetadata as error:
        raise Problem(422, "bad-metadata", str(error)) from None
    bundle = build(image, words)
    row = Draft(
        id=secrets.token_hex(16),
        account=name,
        image=image.data,
        media_type=image.media_type,
        metadata_json=bundle.metadata_bytes,
        ends=int(time.time()) + _KEPT_S,
    )
    await service.database.run(_keep, row)
    return JSONResponse(_draft_json(row.id, image, bundle))


async def draft_file(request: Request) -> Response:
    """Give one of the draft's files to whoever made it."""
    row = await _draft_of(request, request.path_params["draft"])
    files = {"image": (row.image, row.media_type)}
    files["metadata.json"] = (row.metadata_json, "application/json")
    found = files.get(request.path_params["file"])
    if found is None:
        raise Problem(404, "not-found", "there is no such file")
    return Response(found[0], media_type=found[1])


async def pin(request: Request) -> Response:
    """Pin a draft, read it back, and answer with the call that mints it."""
    service = service_of(request)
    await check_token(request)
    given = await json_of(request)
    row = await _draft_of(request, text_of(given, "draft", 32))
    settings = service.settings
    if settings.collection is None or not service.pinners:
        raise Problem(409, "no-collection", "this service has no contract to mint with")
    service.asking.count(f"pin {row.account}")
    try:
        to = checksum_address(text_of(given, "to", 42))
    except BadReference as error:
        raise Problem(400, "bad-request", str(error)) from None
    bundle = _bundle_of(row)
    routes = [Route(_route_name(url), url) for url in settings.gateways]
    try:
        # A record's key is a token's number; here nothing is recorded, and there is no number yet.
        (published,) = [one async for one in publish([("1", bundle)], service.pinners, routes)]
    except (PinError, Unverified) as error:
        raise Problem(502, "not-pinned", f"the picture is not pinned: {error}") from None
    call = Call("mint(address,bytes32)", "uint256", (to, bundle.digest))
    entry = published.entry
    return JSONResponse(
        {
            "bundle_cid": str(bundle.root),
            "digest": f"0x{bundle.digest.hex()}",
            "pinned": [one.pinner for one in entry.pinners],
            "read_back": [one.gateway for one in entry.read_back],
            "call": {"to": settings.collection, "data": call.data, "chain_id": settings.chain_id},
        }
    )


async def transaction(request: Request) -> Response:
    """Answer with what became of a transaction that minted."""
    service, hashed = service_of(request), request.path_params["hash"]
    contract = service.settings.collection
    if contract is None or not _HASH.fullmatch(hashed):
        raise Problem(404, "not-found", "there is no such transaction")
    found = await service.chain.minted(contract, hashed)
    if found is None:
        return JSONResponse({"state": "waiting", "token": None, **dict.fromkeys(_MINTED)})
    if not found:
        return JSONResponse({"state": "failed", "token": None, **dict.fromkeys(_MINTED)})
    event = found[0]
    ref = TokenRef(service.settings.chain_id, contract, event.token_id)
    (said,) = await service.chain.tokens([(ref, None)], await service.chain.block(event.block))
    return JSONResponse(
        {
            "state": "minted",
            "token": str(ref),
            "owner": said.owner,
            "metadata_uri": said.token_uri,
            "image_uri": said.image_uri,
            "block": event.block,
        }
    )


_MINTED = ("owner", "metadata_uri", "image_uri", "block")


async def _draft_of(request: Request, draft_id: str) -> Draft:
    service, browser = service_of(request), await browser_of(request)
    name = browser.signed_in()
    row = None
    if _DRAFT.fullmatch(draft_id):
        row = await service.database.run(_get, draft_id)
    if row is None or row.account != name or row.ends < time.time():
        raise NotFound("there is no such draft; make it again")
    return row


def _bundle_of(row: Draft) -> Bundle:
    """Return the bundle again, from what was kept: the same files, and so the same CIDs."""
    fields = json.loads(row.metadata_json)
    image = CleanImage(row.image, row.media_type, 0, 0, 0, ())
    return build(image, TokenMetadata(fields["name"], fields.get("description")))


def _draft_json(draft_id: str, image: CleanImage, bundle: Bundle) -> dict[str, Any]:
    base = f"/mint/drafts/{draft_id}"
    return {
        "draft": draft_id,
        "image": {
            "url": f"{base}/image",
            "cid": str(bundle.image),
            "bytes": len(image.data),
            "media_type": image.media_type,
            "width": image.width,
            "height": image.height,
            "one_block": bundle.image.codec == RAW,
        },
        "metadata": {
            "url": f"{base}/metadata.json",
            "cid": str(bundle.metadata),
            "bytes": len(bundle.metadata_bytes),
        },
        "bundle_cid": str(bundle.root),
        "digest": f"0x{bundle.digest.hex()}",
        "removed": list(image.removed),
        "profile": "unixfs-v1-2025",
    }


def _route_name(url: str) -> str:
    return EMBEDDED if url.startswith("http://127.0.0.1:") else url


def _keep(records: Records, row: Draft) -> None:
    """Keep one draft an account, and none that is over."""
    records.execute(
        delete(Draft).where((Draft.ends < time.time()) | (Draft.account == row.account))
    )
    records.add(row)


def _get(records: Records, draft_id: str) -> Draft | None:
    return records.get(Draft, draft_id)


ROUTES = [
    Path("/mint", mint_page, methods=["GET"]),
    Path("/mint/draft", draft, methods=["POST"]),
    Path("/mint/drafts/{draft}/{file}", draft_file, methods=["GET"]),
    Path("/mint/pin", pin, methods=["POST"]),
    Path("/mint/transaction/{hash}", transaction, methods=["GET"]),
]
