"""The comparison's page, its buttons, its two running pictures."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pfpkit.profile.browser import check_token
from pfpkit.profile.comparison import Comparison
from pfpkit.profile.events import stream
from pfpkit.profile.pages import html
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import service_of

__all__ = ["ROUTES"]


async def compare_page(request: Request) -> Response:
    """Show both ways, where this is the demo."""
    comparison = await service_of(request).comparison()
    return await html(request, "compare.html", compare=comparison and comparison.state)


async def state(request: Request) -> Response:
    """Answer with both ways as they were measured last."""
    return JSONResponse((await _comparison(request)).state)


async def act(request: Request) -> Response:
    """Do one of the acts, and answer with both ways after it."""
    await check_token(request)
    return JSONResponse(await (await _comparison(request)).act(request.path_params["act"]))


async def picture(request: Request) -> Response:
    """Answer with the picture that a way shows now."""
    found = (await _comparison(request)).picture(request.path_params["way"])
    if found is None:
        raise Problem(404, "no-picture", "nothing is shown")
    return Response(found[0], media_type=found[1], headers={"Cache-Control": "no-store"})


async def events(request: Request) -> Response:
    """Tell of the state now, and after each act."""
    return stream((await _comparison(request)).events())


async def _comparison(request: Request) -> Comparison:
    found = await service_of(request).comparison()
    if found is None:
        raise Problem(404, "not-found", "there is nothing to compare here: this is not the demo")
    return found


ROUTES = [
    Route("/compare", compare_page, methods=["GET"]),
    Route("/compare/state", state, methods=["GET"]),
    Route("/compare/events", events, methods=["GET"]),
    Route("/compare/{way}", picture, methods=["GET"]),
    Route("/compare/{act}", act, methods=["POST"]),
]
