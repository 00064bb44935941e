"""Answers that others may keep: ETag, `If-None-Match`, `Cache-Control` (RFC 9110, 9111, 5861)."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["FOR_EVER", "briefly", "entity"]

FOR_EVER = "public, max-age=31536000, immutable"
"""For what a hash in the URL fixes."""


def briefly(seconds: int, on_error_s: int) -> str:
    """Return the control of what the chain decides: kept for `seconds`.

    A cache that cannot reach the service may show it for `on_error_s` more.
    """
    return f"public, max-age={seconds}, stale-if-error={on_error_s}"


def entity(
    request: Request,
    data: bytes,
    media_type: str,
    etag: str,
    control: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with bytes, or with 304 when the client has them already."""
    quoted = f'"{etag}"'
    sent = {"ETag": quoted, "Cache-Control": control, **(headers or {})}
    known = [
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    ]
    if quoted in known or "*" in known:
        return Response(status_code=304, headers=sent)
    return Response(data, headers=sent, media_type=media_type)
