"""What every answer says to browsers, and which host it is asked for: an ASGI middleware.

The policy names no other origin, so that a page loads nothing from anywhere else. Pages of any
origin may read what is for platforms, refusals too (CORS, in the Fetch standard): no answer there
is a page, and none depends on a cookie. A request under another host name is not answered: a name
of a stranger's that leads here (DNS rebinding) is not this service.
"""

import re
from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfpkit.profile.problem import Problem
from pfpkit.profile.settings import Settings

__all__ = ["SafeHeaders", "is_for_platforms"]

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # icons of wallets (EIP-6963), a picture before its upload
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_OPEN = re.compile(r"/(avatar|users|pictures)/|/verify$|/openapi\.json$")
_OPEN_HEADERS = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Retry-After, X-Pfpkit-Block, X-Pfpkit-Cid",
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
_YEAR_S = 31_536_000


def is_for_platforms(path: str) -> bool:
    """Whether pages of any origin may read what is answered there."""
    return _OPEN.match(path) is not None


class SafeHeaders:
    """Adds the headers where an answer has none of its own, and refuses other hosts."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        headers = _HEADERS | {"Cache-Control": "no-store"}
        if settings.is_https:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR_S}"
        self._headers, self._open = _raw(headers), _raw(headers | _OPEN_HEADERS)
        self._domain = settings.domain.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        is_open = is_for_platforms(scope["path"])
        headers = self._open if is_open else self._headers

        async def added(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", ()))
                names = {name for name, _ in said}
                said.extend(one for one in headers if one[0] not in names)
                # Another message, for `pfpkit.profile.answers` sends one more than once.
                message = {**message, "headers": said}
            await send(message)

        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if hosts != [self._domain] and scope["path"] != "/healthz":
            await self._elsewhere(scope)(scope, receive, added)
        elif is_open and scope["method"] == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, added)
        else:
            await self._app(scope, receive, added)

    def _elsewhere(self, scope: Scope) -> ASGIApp:
        if scope["method"] == "GET" and scope["path"] == "/":
            return RedirectResponse(f"{self._settings.origin}/", 307)
        words = f"this service is {self._settings.origin}; ask for it by that name"
        return Problem(421, "other-host", words).response()


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), text.encode()) for name, text in headers.items()]
