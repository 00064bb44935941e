"""The least that a Starlette application can do: one route, the same bytes from memory."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DATA = Path(os.environ["BARE_FILE"]).read_bytes()


async def picture(request: Request) -> Response:
    return Response(DATA, media_type="image/webp")


app = Starlette(routes=[Route("/{path:path}", picture)])
