"""What a visitor may check of somebody's token: every fact and step, the receipt, the proof.

All of it is said while the token is claimed, and not found otherwise: of a token that moved away
nobody may read here that it was verified once.

Least knowledge: the holder's address is said only where the holder chose so, and so is the receipt,
which has it. That anybody can ask the chain who owns a token is said in docs/profile.md.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session as Records
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.profile.browser import browser_of, check_token
from pfpkit.profile.forms import field, form_of
from pfpkit.profile.pages import done
from pfpkit.profile.picture import token_json
from pfpkit.profile.pictures import delete_picture
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account
from pfpkit.profile.service import Service, service_of
from pfpkit.profile.tokens import CAR, PICTURE, steps_of, token_picture

__all__ = ["ROUTES", "details_json"]


async def details_json(service: Service, name: str, own: bool) -> dict[str, Any]:
    """Return the details of somebody's token; NotFound where none is shown."""
    found, holding = await token_picture(service, name)
    facts, stated = json.loads(holding.facts), json.loads(holding.receipt)
    checks = steps_of(stated)
    address = found.owner
    hidden = address is None
    base = f"/u/{name}/picture"
    return {
        "picture": found.json(),
        "collection": {
            "name": facts["collection"],
            "contract": holding.contract,
            "chain_id": holding.chain_id,
        },
        "token": token_json(holding),
        "owner": address,
        "owner_words": address or "hidden by the holder",
        "traits": facts["traits"],
        "description": facts["description"],
        "metadata_uri": stated["token_uri"],
        "image_uri": stated["image_uri"],
        "cids": stated["cids"],
        "block": stated["block"],
        "checks": _without(checks, holding.holder) if hidden else checks,
        "receipt_url": None if hidden and not own else f"{base}/receipt",
        "proof_url": f"{base}/proof" if CAR in _files(stated) else None,
        "file_url": f"{base}/file",
    }


def _without(checks: list[dict[str, str]], address: str) -> list[dict[str, str]]:
    return [check | {"reason": check["reason"].replace(address, "the holder")} for check in checks]


async def details(request: Request) -> Response:
    """Answer with the details."""
    service, browser = service_of(request), await browser_of(request)
    name = request.path_params["name"]
    return JSONResponse(await details_json(service, name, browser.account == name))


async def receipt(request: Request) -> Response:
    """Give the receipt to keep, to the holder, and to others where the address is shown."""
    service, browser = service_of(request), await browser_of(request)
    name = request.path_params["name"]
    found, holding = await token_picture(service, name)
    if found.owner is None and browser.account != name:
        raise Problem(403, "hidden", "the holder does not show the address that is in the receipt")
    headers = _attachment(f"{holding.ref.stem}.receipt.json")
    return Response(holding.receipt, headers=headers, media_type="application/json")


async def proof(request: Request) -> Response:
    """Give the blocks that the receipt is checked with, as a CAR."""
    return await _beside_receipt(request, CAR)


async def picture(request: Request) -> Response:
    """Give the picture that the receipt names: the minted bytes, of an SVG its largest square."""
    return await _beside_receipt(request, PICTURE)


async def _beside_receipt(request: Request, role: str) -> Response:
    service = service_of(request)
    found, holding = await token_picture(service, request.path_params["name"])
    assert found.picture is not None
    key = next((file.key for file in found.picture.files if file.role == role), None)
    if key is None:
        raise Problem(404, "not-found", "there is no such file")
    file = await service.shelf.get(key)
    headers = _attachment(_files(json.loads(holding.receipt))[role])
    return Response(file.data, headers=headers, media_type=file.media_type)


async def revoke(request: Request) -> Response:
    """Delete all that was stored of one's token."""
    async with form_of(request) as form:
        browser = await check_token(request, form.get("csrf_token"))
    if not await delete_picture(service_of(request), browser.signed_in(), "nft"):
        raise Problem(404, "no-picture", "no token is shown")
    return await done(request, browser, "/me", "Your token is not shown any more, and forgotten.")


async def show_address(request: Request) -> Response:
    """Say whether the holder's address is shown."""
    async with form_of(request) as form:
        browser = await check_token(request, form.get("csrf_token"))
        yes = field(form, "show") == "yes"
    await service_of(request).database.run(_show, browser.signed_in(), yes)
    words = "Your address is shown." if yes else "Your address is hidden."
    return await done(request, browser, "/me", words)


def _show(records: Records, name: str, yes: bool) -> None:
    records.get_one(Account, name).show_address = yes


def _files(receipt: Mapping[str, Any]) -> dict[str, str]:
    """Return what the receipt calls the files beside it, by role."""
    squares = receipt["drawing"]["squares"] if receipt["drawing"] else []
    files = receipt["files"]
    names = {PICTURE: files["picture"] or squares[0]["file"], CAR: files["car"]}
    return {role: name for role, name in names.items() if name}


def _attachment(name: str) -> dict[str, str]:
    # Made of numbers and an address: nothing of a stranger's is in a header.
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


ROUTES = [
    Route("/u/{name}/picture/details", details, methods=["GET"]),
    Route("/u/{name}/picture/receipt", receipt, methods=["GET"]),
    Route("/u/{name}/picture/proof", proof, methods=["GET"]),
    Route("/u/{name}/picture/file", picture, methods=["GET"]),
    Route("/me/nft/revoke", revoke, methods=["POST"]),
    Route("/me/nft/address", show_address, methods=["POST"]),
]
