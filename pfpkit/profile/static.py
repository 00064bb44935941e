"""The files of pages: read once at the start, named with their hash so that browsers keep them."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from pfpkit.profile.caching import entity
from pfpkit.profile.problem import Problem

__all__ = ["StaticFiles"]

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class _Static:
    data: bytes
    media_type: str
    etag: str


class StaticFiles:
    """Files beneath a folder; links and hidden files are none of them."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".")
        }

    def url(self, path: str) -> str:
        """Return the address of a file, with its hash; KeyError when there is none."""
        return f"/static/{path}?v={self._files[path].etag[:16]}"

    async def serve(self, request: Request) -> Response:
        """Answer with a file: kept for ever under its hash, asked for again without one."""
        found = self._files.get(request.path_params["path"])
        if found is None:
            raise Problem(404, "not-found", "there is no such file")
        fixed = request.query_params.get("v") == found.etag[:16]
        control = "public, max-age=31536000, immutable" if fixed else "no-cache"
        return entity(request, found.data, found.media_type, found.etag, control)


def _read(path: Path) -> _Static:
    data = path.read_bytes()
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return _Static(data, kind or "application/octet-stream", hashlib.sha256(data).hexdigest())
