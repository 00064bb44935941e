"""Answers that are sent again for a second without being made again.

Many ask for the same few pictures, and making an answer costs many times what sending it does. Kept
are answers that are the same for everybody, by path and query; never a refusal. When one is a
second old the next request makes it again, and others get the old one meanwhile, for at most one
second more.
"""

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pfpkit.cache import Recent

__all__ = ["AGAIN_S", "Again", "Answers"]

AGAIN_S = 1.0
_MAX_BYTES = 32 * 2**20
_OVERHEAD = 2_000
_OF_BODY = frozenset({b"content-length", b"content-type"})


@dataclass(slots=True)
class _Kept:
    made: float
    etag: bytes
    start: Message
    body: Message
    unchanged: Message
    asked: bool = False
    """Whether somebody is making it again."""


class Answers:
    """What was answered a moment ago, at most 32 MiB of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept = Recent[tuple[str, bytes], _Kept](_MAX_BYTES)

    def keep(self, request: Request, response: Response) -> Response:
        """Return the response, which has an ETag and is the same for everybody; 200 is kept."""
        if response.status_code == 200 and request.method == "GET":
            body, headers = bytes(response.body), response.raw_headers
            short = [one for one in headers if one[0] not in _OF_BODY]
            kept = _Kept(
                self._clock(),
                next(value for name, value in headers if name == b"etag"),
                {"type": "http.response.start", "status": 200, "headers": headers},
                {"type": "http.response.body", "body": body},
                {"type": "http.response.start", "status": 304, "headers": short},
            )
            self._kept.put(_key(request.scope), kept, len(body) + _OVERHEAD)
        return response

    def find(self, scope: Scope) -> _Kept | None:
        """Return what to send again; None where the answer has to be made."""
        kept = self._kept.get(_key(scope))
        if kept is None:
            return None
        age = self._clock() - kept.made
        if age < AGAIN_S:
            return kept
        if kept.asked and age < 2 * AGAIN_S:
            return kept
        kept.asked = True
        return None

    def drop(self, path: str) -> None:
        """Forget the answer of a path without a query."""
        self._kept.drop((path, b""))


class Again:
    """The ASGI middleware that sends what is kept, also as 304 to whoever has it already."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self._app, self._answers = app, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        kept = None
        if scope["type"] == "http" and scope["method"] == "GET":
            kept = self._answers.find(scope)
        known = None if kept is None else _known(scope)
        if kept is None or known not in (None, kept.etag):
            await self._app(scope, receive, send)
        elif known is None:
            await send(kept.start)
            await send(kept.body)
        else:
            await send(kept.unchanged)
            await send({"type": "http.response.body", "body": b""})


def _key(scope: MutableMapping[str, Any]) -> tuple[str, bytes]:
    return scope["path"], scope["query_string"]


def _known(scope: Scope) -> bytes | None:
    """Return what the client has already, as it says it."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            return bytes(value)
    return None
