"""What a platform asks of a person: which picture is shown, and its files."""

import json

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pfpkit.profile.caching import briefly, entity
from pfpkit.profile.objects import digest_of
from pfpkit.profile.picture import State
from pfpkit.profile.pictures import shown
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import service_of

__all__ = ["ROUTES"]


async def picture(request: Request) -> Response:
    """Answer with what is shown of somebody; it may be kept for a few seconds only."""
    found = (await shown(service_of(request), request.path_params["name"])).json()
    data = json.dumps(found, separators=(",", ":")).encode()
    # The age is in the words, so that the version alone would call an older answer the same.
    control = control_of(found["state"])
    return entity(request, data, "application/json", digest_of(data), control)


async def picture_file(request: Request) -> Response:
    """Lead to the file of one size, as it is now."""
    name, edge, extension = (request.path_params[key] for key in ("name", "edge", "extension"))
    found = await shown(service_of(request), name)
    images = found.images or {}
    if edge not in images or extension not in images[edge]:
        raise Problem(404, "no-picture", f"nothing of {edge} pixels as {extension} is shown")
    headers = {"Cache-Control": control_of(found.state)}
    return RedirectResponse(images[edge][extension], 302, headers)


def control_of(state: State) -> str:
    """Return how long an answer may be kept, by what it says.

    What the chain decides is asked for again after seconds. A cache that cannot reach the service
    may show what it has for a minute more: no longer than a page would call it verified.
    """
    return briefly(2, 10) if state is State.VERIFIED else briefly(2, 60)


ROUTES = [
    Route("/users/{name}/picture", picture, methods=["GET"]),
    Route("/users/{name}/picture/{edge}.{extension}", picture_file, methods=["GET"]),
]
