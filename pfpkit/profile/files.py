"""Squares of pictures, by the hash of their bytes: kept for ever by whoever asked once."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pfpkit.profile.caching import FOR_EVER, entity
from pfpkit.profile.objects import KEY
from pfpkit.profile.picture import EXTENSIONS
from pfpkit.profile.problem import Problem
from pfpkit.profile.service import service_of

__all__ = ["ROUTES"]


async def picture_file(request: Request) -> Response:
    """Answer with one square."""
    key, extension = request.path_params["key"], request.path_params["extension"]
    if not KEY.fullmatch(key):
        raise Problem(404, "not-found", "there is no such picture")
    file = await service_of(request).shelf.get(key)
    if EXTENSIONS.get(file.media_type) != extension:
        # One address for one file: another name of it would be cached beside it.
        raise Problem(404, "not-found", "there is no such picture")
    return entity(
        request,
        file.data,
        file.media_type,
        file.etag,
        FOR_EVER,
        Content_Disposition="inline",
        Cross_Origin_Resource_Policy="cross-origin",
    )


ROUTES = [Route("/pictures/{key}.{extension}", picture_file, methods=["GET"])]
