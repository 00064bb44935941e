"""Pages to sign up, in and out by name and password, and to close an account."""

from typing import Any

from sqlalchemy.orm import Session as Records
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfpkit.errors import BadInput
from pfpkit.profile import browser as browsers
from pfpkit.profile.forms import field, form_of
from pfpkit.profile.pages import html, notice, page
from pfpkit.profile.people import add_account, check_name, hash_password, matches
from pfpkit.profile.pictures import delete_account
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Account
from pfpkit.profile.service import service_of

__all__ = ["ROUTES"]


async def _blank(request: Request) -> dict[str, Any]:
    name = getattr(request.state, "typed_name", "")
    return {"form": {"name": name}, "error": None, "field": None}


async def sign_up_page(request: Request) -> Response:
    """Show the form to sign up."""
    return await html(request, "signup.html", **await _blank(request))


async def sign_in_page(request: Request) -> Response:
    """Show the form to sign in."""
    return await html(request, "signin.html", **await _blank(request))


@page("signup.html", context=_blank)
async def sign_up(request: Request) -> Response:
    """Make an account and sign in to it."""
    service = service_of(request)
    name, password = await _typed(request)
    try:
        check_name(name)
    except BadInput as error:
        raise Problem(422, "bad-name", str(error), field="name") from None
    service.asking.count(_client(request))
    try:
        kept = await hash_password(password)
    except BadInput as error:
        raise Problem(422, "bad-password", str(error), field="password") from None
    await service.database.run(add_account, name, password=kept)
    browser = await browsers.sign_in(request, name)
    return notice(request, browser, "/me", "done", f"Welcome, {name}. Choose a picture.")


@page("signin.html", context=_blank)
async def sign_in(request: Request) -> Response:
    """Sign in; a wrong name and a wrong password are one refusal."""
    service = service_of(request)
    name, password = await _typed(request)
    tries = f"sign in {name}"
    service.attempts.count(tries)
    account = await service.database.run(_account, name)
    if not await matches(password, account.password if account else None):
        raise Problem(403 if not name else 422, "wrong-password", "name and password do not match")
    service.attempts.forget(tries)
    browser = await browsers.sign_in(request, name)
    return notice(request, browser, "/me", "done", f"Signed in as {name}.")


async def sign_out(request: Request) -> Response:
    """Sign out."""
    async with form_of(request) as form:
        await browsers.check_token(request, form.get("csrf_token"))
    browser = await browsers.sign_out(request)
    return notice(request, browser, "/", "done", "Signed out.")


async def close_account(request: Request) -> Response:
    """Delete the account, its pictures and its sessions."""
    async with form_of(request) as form:
        browser = await browsers.check_token(request, form.get("csrf_token"))
    await delete_account(service_of(request), browser.signed_in())
    browser = await browsers.sign_out(request)
    return notice(request, browser, "/", "done", "Your account and your pictures are deleted.")


async def _typed(request: Request) -> tuple[str, str]:
    async with form_of(request) as form:
        await browsers.check_token(request, form.get("csrf_token", ""))
        name, password = field(form, "name", 100).strip().lower(), field(form, "password")
    request.state.typed_name = name
    return name, password


def _account(records: Records, name: str) -> Account | None:
    return records.get(Account, name)


def _client(request: Request) -> str:
    return request.client.host if request.client else ""


ROUTES = [
    Route("/signup", sign_up_page, methods=["GET"]),
    Route("/signup", sign_up, methods=["POST"]),
    Route("/signin", sign_in_page, methods=["GET"]),
    Route("/signin", sign_in, methods=["POST"]),
    Route("/signout", sign_out, methods=["POST"]),
    Route("/me/delete", close_account, methods=["POST"]),
]
