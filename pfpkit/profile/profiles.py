"""Pages of people: the home page, one's own, everybody's; and the ordinary picture's forms."""

from typing import Any

from sqlalchemy.orm import Session as Records
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfpkit.errors import NotFound
from pfpkit.profile.browser import browser_of, check_token
from pfpkit.profile.details import details_json
from pfpkit.profile.forms import UPLOAD_BYTES, form_of, upload_of
from pfpkit.profile.pages import done, home_of, html, page
from pfpkit.profile.pictures import (
    delete_picture,
    latest_names,
    pictures_of,
    set_ordinary,
    shown,
    shown_many,
)
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account
from pfpkit.profile.service import service_of
from pfpkit.timestamp import timestamp

__all__ = ["ROUTES"]

_ON_HOME = 24
_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml")


async def home(request: Request) -> Response:
    """Show who set a picture last."""
    service = service_of(request)
    names = await service.database.run(latest_names, _ON_HOME)
    people = [
        {"name": one.name, "url": home_of(one.name), "picture": one.json()}
        for one in await shown_many(service, names)
    ]
    return await html(request, "home.html", people=people)


async def profile(request: Request) -> Response:
    """Show somebody."""
    service, browser = service_of(request), await browser_of(request)
    found = await shown(service, request.path_params["name"])
    account = await service.database.run(_account, found.name)
    since = timestamp(account.since)
    return await html(
        request,
        "profile.html",
        person={"name": found.name, "url": home_of(found.name), "since": since},
        picture=found.json(),
        own=browser.account == found.name,
        details=await _details(request, found.name),
    )


async def _details(request: Request, name: str) -> dict[str, Any] | None:
    browser = await browser_of(request)
    try:
        return await details_json(service_of(request), name, browser.account == name)
    except NotFound:
        return None


async def _own(request: Request) -> dict[str, Any]:
    service, browser = service_of(request), await browser_of(request)
    account, ordinary, nft = await pictures_of(service, browser.signed_in())
    return {
        "account": {
            "name": account.name,
            "has_password": account.password is not None,
            "has_wallet": account.wallet is not None,
            "show_address": account.show_address,
        },
        "picture": (await shown(service, account.name)).json(),
        "ordinary": ordinary and ordinary.json(),
        "nft": nft and nft.json(),
        "upload": {"max_bytes": UPLOAD_BYTES, "types": list(_TYPES)},
        "error": None,
        "field": None,
    }


async def own(request: Request) -> Response:
    """Show one's own pictures, and the forms to change them."""
    return await html(request, "me.html", **await _own(request))


@page("me.html", context=_own)
async def upload(request: Request) -> Response:
    """Show an uploaded picture."""
    browser = await browser_of(request)
    name = browser.signed_in()
    async with form_of(request, max_upload=UPLOAD_BYTES) as form:
        await check_token(request, form.get("csrf_token"))
        data = await upload_of(form, "picture")
    await set_ordinary(service_of(request), name, data)
    return await done(request, browser, "/me", "Your picture is up.")


@page("me.html", context=_own)
async def remove(request: Request) -> Response:
    """Delete the ordinary picture."""
    async with form_of(request) as form:
        browser = await check_token(request, form.get("csrf_token"))
    if not await delete_picture(service_of(request), browser.signed_in(), "ordinary"):
        raise Problem(404, "no-picture", "there is no picture to delete")
    return await done(request, browser, "/me", "Your picture is deleted.")


def _account(records: Records, name: str) -> Account:
    return records.get_one(Account, name)


ROUTES = [
    Route("/", home, methods=["GET"]),
    Route("/u/{name}", profile, methods=["GET"]),
    Route("/me", own, methods=["GET"]),
    Route("/me/picture", upload, methods=["POST"]),
    Route("/me/picture/delete", remove, methods=["POST"]),
]
