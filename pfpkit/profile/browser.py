"""Who asks: the cookie of a browser, the account it is signed in to, and its token against CSRF.

A cookie is random and says nothing. The database keeps its hash alone, and only a value that was
made at a sign-in has a row there: whoever plants a cookie in somebody's browser plants one that is
never signed in (session fixation). The CSRF token is keyed with the service's secret from it.
"""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass, field

from sqlalchemy import delete
from sqlalchemy.orm import Session as Records
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Session
from pfpkit.profile.service import service_of
from pfpkit.profile.settings import Settings

__all__ = ["Browser", "browser_of", "check_origin", "check_token", "end", "sign_in"]

SESSION_S = 30 * 24 * 3600
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Browser:
    """One browser; `account` is None where it is not signed in."""

    value: str = field(repr=False)
    account: str | None
    is_new: bool
    token: str = field(repr=False)

    @property
    def key(self) -> str:
        """The hash under which the database knows it."""
        return _key(self.value)

    def signed_in(self) -> str:
        """Return the account's name; Problem 401 when it is not signed in."""
        if self.account is None:
            raise Problem(401, "not-signed-in", "sign in first")
        return self.account


async def browser_of(request: HTTPConnection) -> Browser:
    """Return the browser that asks; a new, anonymous one where it has no cookie."""
    known: Browser | None = getattr(request.state, "browser", None)
    if known is None:
        service = service_of(request)
        value = request.cookies.get(_cookie(service.settings), "")
        is_new = not _VALUE.fullmatch(value)
        if is_new:
            known = _browser(secrets.token_urlsafe(32), None, service.settings, is_new=True)
        else:
            account = await service.database.run(_account, _key(value))
            known = _browser(value, account, service.settings)
        request.state.browser = known
    return known


def keep(response: Response, browser: Browser, settings: Settings) -> Response:
    """Give a browser its cookie where that is new, and return the response."""
    if browser.is_new:
        response.set_cookie(
            _cookie(settings),
            browser.value,
            max_age=SESSION_S,
            path="/",
            secure=settings.is_https,
            httponly=True,
            samesite="lax",
        )
    return response


async def sign_in(request: Request, account: str) -> Browser:
    """Sign the browser in under a new cookie; the old one is worth nothing from now on."""
    service, old = service_of(request), await browser_of(request)
    new = _browser(secrets.token_urlsafe(32), account, service.settings, is_new=True)
    await service.database.run(_begin, old.key, new.key, account)
    request.state.browser = new
    return new


async def sign_out(request: Request) -> Browser:
    """Sign the browser out under a new, anonymous cookie."""
    service, old = service_of(request), await browser_of(request)
    await service.database.run(end, old.key)
    new = _browser(secrets.token_urlsafe(32), None, service.settings, is_new=True)
    request.state.browser = new
    return new


def end(records: Records, key: str) -> None:
    """Delete one session."""
    records.execute(delete(Session).where(Session.key == key))


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends; Problem 403."""
    origin, site = (request.headers.get(name) for name in ("origin", "sec-fetch-site"))
    foreign = origin is not None and origin != service_of(request).settings.origin
    if foreign or site in ("cross-site", "same-site"):
        raise Problem(403, "csrf", "this was sent by a page of another site")


async def check_token(request: Request, given: object = None) -> Browser:
    """Return the browser; Problem 403 unless its CSRF token is in the header or `given`."""
    check_origin(request)
    browser = await browser_of(request)
    said = request.headers.get("x-csrf-token") if given is None else given
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), browser.token.encode()):
        raise Problem(403, "csrf", "the form is not of this session; load the page again")
    return browser


def _account(records: Records, key: str) -> str | None:
    row = records.get(Session, key)
    return row.account if row is not None and row.ends > time.time() else None


def _begin(records: Records, old: str, new: str, account: str) -> None:
    now = int(time.time())
    end(records, old)
    records.execute(delete(Session).where(Session.ends < now))
    records.add(Session(key=new, account=account, began=now, ends=now + SESSION_S))


def _browser(value: str, account: str | None, settings: Settings, is_new: bool = False) -> Browser:
    token = hmac.digest(settings.secret.encode(), f"csrf {value}".encode(), "sha256").hex()
    return Browser(value, account, is_new, token)


def _key(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _cookie(settings: Settings) -> str:
    # The prefix makes browsers refuse one that another host of the domain sets.
    return "__Host-pfpkit" if settings.is_https else "pfpkit"
