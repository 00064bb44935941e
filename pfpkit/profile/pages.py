"""Pages and forms. Each form works without JavaScript: 303 and a notice, or the page again."""

import json
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from pfpkit.errors import PfpkitError
from pfpkit.profile.browser import Browser, browser_of, keep
from pfpkit.profile.headers import is_for_platforms
from pfpkit.profile.pictures import shown
from pfpkit.profile.problem import Problem, problem_of
from pfpkit.profile.service import service_of

__all__ = ["Endpoint", "done", "environment", "home_of", "html", "notice", "page", "wants_html"]

Endpoint = Callable[[Request], Awaitable[Response]]

_NOTICE = "pfpkit-notice"
_CHAINS = {
    1: "Ethereum",
    11155111: "Sepolia",
    31337: "the demo chain",
    8453: "Base",
    10: "Optimism",
}


def environment(folder: Path) -> Environment:
    """Return the templates of a folder: escaped, and strict about names."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def wants_html(request: Request) -> bool:
    """Whether a person asks, with a browser, rather than a program."""
    accept = request.headers.get("accept", "")
    return "text/html" in accept and "application/json" not in accept


async def html(request: Request, template: str, code: int = 200, **context: Any) -> Response:
    """Answer with a page."""
    service, browser = service_of(request), await browser_of(request)
    settings = service.settings
    user = None
    if browser.account is not None:
        picture = (await shown(service, browser.account)).json()
        user = {"name": browser.account, "url": home_of(browser.account), "picture": picture}
    text = service.pages.get_template(template).render(
        user=user,
        csrf_token=browser.token,
        static=service.static.url,
        service={"name": "pfpkit", "domain": settings.domain, "demo": settings.demo},
        chain=chain_json(request),
        notice=_notice_of(request),
        path=request.url.path,
        **context,
    )
    response = HTMLResponse(text, code)
    if _NOTICE in request.cookies:
        response.delete_cookie(_NOTICE, path="/")
    return keep(response, browser, settings)


def notice(request: Request, browser: Browser, to: str, kind: str, text: str) -> Response:
    """Answer with a redirect to a page that says something once."""
    settings = service_of(request).settings
    response = RedirectResponse(to, 303)
    # In a cookie: it says nothing that the browser did not just do, and needs no row.
    value = quote(json.dumps({"kind": kind, "text": text}))
    response.set_cookie(
        _NOTICE,
        value,
        max_age=60,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return keep(response, browser, settings)


def page(template: str, **fixed: Any) -> Callable[[Endpoint], Endpoint]:
    """Show the refusals of a form's endpoint on that page again, to people; to programs as JSON."""

    def decorated(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def answered(request: Request) -> Response:
            try:
                return await endpoint(request)
            except (Problem, PfpkitError) as error:
                problem = problem_of(error)
                if not wants_html(request) or problem.status_code in (401, 403, 500):
                    raise
                context = await fixed["context"](request)
                shown_ = {"error": problem.detail, "field": problem.members.get("field")}
                return await _refusal(request, template, problem, **context | shown_)

        return answered

    return decorated


async def refused(request: Request, error: Exception) -> Response:
    """Answer with a refusal: to people a page, to programs and where platforms ask JSON."""
    problem = problem_of(error)
    if not wants_html(request) or is_for_platforms(request.url.path):
        return problem.response()
    if problem.status_code == 401 and request.method == "GET":
        return RedirectResponse("/signin", 303)
    context = {"status": problem.status_code, "title": problem.title, "detail": problem.detail}
    try:
        return await _refusal(request, "error.html", problem, **context)
    except PfpkitError:
        # A page says who is signed in, which cannot be read where the database is away.
        return problem.response()


async def _refusal(request: Request, template: str, problem: Problem, **context: Any) -> Response:
    response = await html(request, template, problem.status_code, **context)
    response.headers.update(problem.headers or {})
    return response


def home_of(name: str) -> str:
    """Return the address of somebody's profile."""
    return f"/u/{name}"


def chain_json(request: Request) -> dict[str, Any]:
    """Return the chain that tokens are of, as pages read it."""
    service = service_of(request)
    chain_id = service.settings.chain_id
    return {
        "chain_id": chain_id,
        "chain_id_hex": hex(chain_id),
        "name": _CHAINS.get(chain_id, f"chain {chain_id}"),
        "contract": service.settings.collection,
        "collection": service.collection_name,
        "minter": service.minter,
    }


async def done(request: Request, browser: Browser, to: str, text: str) -> Response:
    """Answer that something was done: a redirect for people, the picture for programs."""
    if wants_html(request):
        return notice(request, browser, to, "done", text)
    picture = (await shown(service_of(request), browser.signed_in())).json()
    return keep(JSONResponse({"picture": picture}), browser, service_of(request).settings)


def _notice_of(request: Request) -> dict[str, str] | None:
    try:
        said = json.loads(unquote(request.cookies[_NOTICE]))
        if said["kind"] in ("done", "refused") and isinstance(said["text"], str):
            return {"kind": said["kind"], "text": said["text"][:300]}
    except (KeyError, ValueError, TypeError):
        pass
    return None
