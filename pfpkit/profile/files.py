"""Squares of pictures, by the hash of their bytes: kept for ever by whoever asked once."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfpkit.profile.caching import FOR_EVER, entity
from pfpkit.profile.objects import KEY
from pfpkit.profile.picture import EXTENSIONS
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import service_of

__all__ = ["ROUTES", "paths_of"]


async def picture_file(request: Request) -> Response:
    """Answer with one square."""
    key, extension = request.path_params["key"], request.path_params["extension"]
    service = service_of(request)
    if not KEY.fullmatch(key) or request.scope["query_string"]:
        raise Problem(404, "not-found", "there is no such picture")
    file = await service.shelf.get(key)
    if EXTENSIONS.get(file.media_type) != extension:
        # One address for one file: another name of it would be cached beside it.
        raise Problem(404, "not-found", "there is no such picture")
    headers = {"Content-Disposition": "inline"}
    answer = entity(request, file.data, file.media_type, file.etag, FOR_EVER, headers)
    return service.answers.keep(request, answer)


def paths_of(key: str) -> list[str]:
    """Return the paths that a file may be asked for under."""
    return [f"/pictures/{key}.{extension}" for extension in EXTENSIONS.values()]


ROUTES = [Route("/pictures/{key}.{extension}", picture_file, methods=["GET"])]
