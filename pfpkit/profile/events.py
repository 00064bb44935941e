"""Server-sent events: open pages hear when a picture changes, and every two seconds that it is so.

A page that hears nothing for five seconds says so of what it shows (static/stream.js).

Each worker looks into the database for all its listeners at once, so that it does not matter which
worker follows the chain.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pfpkit.errors import PfpkitError
from pfpkit.profile.picture import Shown, State
from pfpkit.profile.pictures import shown, shown_many
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import Service, service_of

__all__ = ["ALIVE", "ALIVE_S", "RETRY", "ROUTES", "Hub", "event", "stream"]

_LOG = logging.getLogger("pfpkit.profile")
_MOST_LISTENERS = 1_000
_MOST_NAMES = 24
_AGAIN_S = 15
"""How often a page is told of a picture that did not change: its age did."""
RETRY = b"retry: 2000\n\n"
"""How every stream begins: after how many milliseconds a browser that lost it comes back."""
ALIVE_S = 2.0
ALIVE = b"event: alive\ndata: null\n\n"
"""What a page was told is so still."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(eq=False, slots=True)
class _Listener:
    """One open page; `waiting` holds at most one event a name, the newest."""

    names: tuple[str, ...]
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    told: dict[str, tuple[str, float]] = field(default_factory=dict)
    spoken: float = 0.0

    def tell(self, picture: dict[str, Any], now: float) -> None:
        """Queue a picture where it is new, or was not told for a while."""
        version, at = self.told.get(picture["name"], ("", 0.0))
        if version != picture["version"] or now - at >= _AGAIN_S:
            self.told[picture["name"]] = (picture["version"], now)
            self.waiting[picture["name"]] = picture
            self._speak(now)

    def beat(self, now: float) -> None:
        """Say that all is as it was told, where nothing was said for a while."""
        if now - self.spoken >= ALIVE_S:
            self._speak(now)

    def _speak(self, now: float) -> None:
        self.spoken = now
        self.ready.set()


class Hub:
    """The listeners of one worker. `run` it until it is cancelled."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()

    async def run(self, service: Service) -> None:
        """Look for changes, and tell them."""
        while True:
            await asyncio.sleep(min(1.0, service.settings.poll_s))
            names = {name for listener in self._listeners for name in listener.names}
            if not names:
                continue
            try:
                found = {one.name: one.json() for one in await shown_many(service, names)}
            except PfpkitError as error:  # pages call what they have stale by themselves
                _LOG.warning("open pages are told nothing: %s", error)
                continue
            now = time.monotonic()
            for listener in self._listeners:
                for name in listener.names:
                    if name in found:
                        listener.tell(found[name], now)
                    elif name in listener.told:
                        listener.tell(_gone(name, service), now)
                listener.beat(now)

    def listen(self, service: Service, names: Iterable[str]) -> AsyncIterator[bytes]:
        """Return events of these people, beginning with what is so now; Problem 503 when full."""
        if len(self._listeners) >= _MOST_LISTENERS:
            # Here, for a stream that has begun can say no status any more.
            raise Problem(503, "busy", "too many pages are open; try again in a minute")
        return self._events(service, _Listener(tuple(names)))

    async def _events(self, service: Service, listener: _Listener) -> AsyncIterator[bytes]:
        self._listeners.add(listener)
        try:
            yield RETRY
            for one in await shown_many(service, listener.names):
                listener.tell(one.json(), time.monotonic())
            while True:
                await listener.ready.wait()
                listener.ready.clear()
                if not listener.waiting:
                    yield ALIVE
                while listener.waiting:
                    _, picture = listener.waiting.popitem()
                    yield event("picture", picture, picture["version"])
        finally:
            self._listeners.discard(listener)


def _gone(name: str, service: Service) -> dict[str, Any]:
    """Return the picture of somebody who is not here any more: none."""
    now, most = int(time.time()), int(service.settings.max_age_s)
    return Shown(name, State.NONE, None, None, None, now, most).json()


def event(kind: str, value: object, version: str = "") -> bytes:
    """Return one event, with a version as its id; JSON has no line end in it."""
    head = f"event: {kind}\n" + (f"id: {version}\n" if version else "")
    return f"{head}data: {json.dumps(value)}\n\n".encode()


def stream(events: AsyncIterator[bytes]) -> Response:
    """Answer with events until the page is closed."""
    return StreamingResponse(events, headers=_HEADERS, media_type="text/event-stream")


async def of_one(request: Request) -> Response:
    """Tell of one person's picture."""
    service, name = service_of(request), request.path_params["name"]
    await shown(service, name)
    return stream(service.hub.listen(service, [name]))


async def of_several(request: Request) -> Response:
    """Tell of several people's pictures; who is not there is left out."""
    service = service_of(request)
    names = [name for name in request.query_params.get("users", "").split(",") if name]
    if not 1 <= len(names) <= _MOST_NAMES:
        raise Problem(400, "bad-request", f"name 1 to {_MOST_NAMES} people, as users=a,b")
    return stream(service.hub.listen(service, dict.fromkeys(names)))


ROUTES = [
    Route("/u/{name}/events", of_one, methods=["GET"]),
    Route("/events", of_several, methods=["GET"]),
]
