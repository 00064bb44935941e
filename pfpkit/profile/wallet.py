"""What the page's scripts ask for a wallet: a message to sign, and what its signature is for."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Records
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.errors import BadInput, BadReference
from pfpkit.profile import browser as browsers
from pfpkit.profile.challenges import Purpose, ask, token_of, verified
from pfpkit.profile.forms import json_of, text_of
from pfpkit.profile.pages import home_of
from pfpkit.profile.people import add_account, check_name, wallet_key
from pfpkit.profile.pictures import shown
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account
from pfpkit.profile.service import service_of
from pfpkit.profile.tokens import show_token
from pfpkit.signin.challenge import LIFETIME_S
from pfpkit.timestamp import timestamp

__all__ = ["ROUTES"]


async def challenge(request: Request) -> Response:
    """Answer with the message to sign for one purpose."""
    service, browser = service_of(request), await browsers.check_token(request)
    given = await json_of(request)
    service.asking.count(request.client.host if request.client else "")
    purpose = _purpose(text_of(given, "purpose"))
    address = text_of(given, "address", 42)
    if given.get("chain_id") != service.settings.chain_id:
        raise Problem(400, "wrong-chain", f"choose chain {service.settings.chain_id} in the wallet")
    name = token = None
    try:
        if purpose is Purpose.PICTURE:
            name = browser.signed_in()
            token = token_of(service, text_of(given, "token", 300))
        elif purpose is Purpose.SIGN_UP:
            name = await _free_name(request, text_of(given, "name", 100).strip().lower())
        asked = await ask(service, browser, purpose, address, name=name, token=token)
    except BadReference as error:
        slug = "bad-token" if purpose is Purpose.PICTURE else "bad-request"
        raise Problem(400, slug, str(error)) from None
    answer = {
        "message": asked.message,
        "nonce": asked.nonce,
        "expires_at": timestamp(asked.issued + LIFETIME_S),
    }
    return browsers.keep(JSONResponse(answer), browser, service.settings)


async def sign_in(request: Request) -> Response:
    """Sign a wallet in, or up under the name that it signed."""
    service, browser = service_of(request), await browsers.check_token(request)
    given = await json_of(request)
    purposes = (Purpose.SIGN_IN, Purpose.SIGN_UP)
    text, signature = _signed(given)
    signed = await verified(service, browser, purposes, text, signature)
    key = wallet_key(signed.address, service.settings.secret)
    if signed.name is not None:
        await service.database.run(add_account, signed.name, wallet=key)
        name: str | None = signed.name
    else:
        name = await service.database.run(_name_of, key)
    if name is None:
        raise Problem(404, "no-account", "no account signs in with this wallet; sign up first")
    browser = await browsers.sign_in(request, name)
    answer = {
        "user": {"name": name, "url": home_of(name)},
        "csrf_token": browser.token,
        "next": "/me",
    }
    return browsers.keep(JSONResponse(answer), browser, service.settings)


async def picture(request: Request) -> Response:
    """Show the token that the wallet signed for."""
    service, browser = service_of(request), await browsers.check_token(request)
    name = browser.signed_in()
    text, signature = _signed(await json_of(request))
    signed = await verified(service, browser, (Purpose.PICTURE,), text, signature)
    assert signed.token is not None
    if signed.name != name:
        raise Problem(400, "wrong-account", f"the message was signed for {signed.name}")
    await show_token(service, name, signed.token, signed.address, signed.block)
    return JSONResponse({"picture": (await shown(service, name)).json()})


async def _free_name(request: Request, name: str) -> str:
    try:
        check_name(name)
    except BadInput as error:
        raise Problem(422, "bad-name", str(error), field="name") from None
    if await service_of(request).database.run(_exists, name):
        raise Problem(409, "name-taken", f"the name {name} is taken; choose another", field="name")
    return name


def _purpose(text: str) -> Purpose:
    try:
        return Purpose(text)
    except ValueError:
        words = ", ".join(Purpose)
        raise Problem(400, "bad-request", f"purpose has to be one of {words}") from None


def _signed(given: Any) -> tuple[str, str]:
    return text_of(given, "message", 4_000), text_of(given, "signature", 20_000)


def _exists(records: Records, name: str) -> bool:
    return records.get(Account, name) is not None


def _name_of(records: Records, wallet: str) -> str | None:
    return records.scalar(select(Account.name).where(Account.wallet == wallet))


ROUTES = [
    Route("/wallet/challenge", challenge, methods=["POST"]),
    Route("/wallet/signin", sign_in, methods=["POST"]),
    Route("/wallet/picture", picture, methods=["POST"]),
]
