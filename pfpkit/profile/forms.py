"""What requests carry, read with bounds: bytes, seconds, fields. The name of a file is not read."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from pfpkit.errors import BadMetadata
from pfpkit.metadata import read_json
from pfpkit.profile.problem import Problem

__all__ = ["UPLOAD_BYTES", "field", "form_of", "json_of", "text_of", "upload_of"]

UPLOAD_BYTES = 8 * 2**20
_FORM_BYTES = 64 * 2**10
_JSON_BYTES = 64 * 2**10
_WITHIN_S = 30.0
_DISCARDED = 4


@asynccontextmanager
async def form_of(request: Request, *, max_upload: int = 0) -> AsyncIterator[FormData]:
    """Yield a form; with `max_upload`, one that carries a file of at most so many bytes."""
    most = max_upload + _FORM_BYTES
    bounded = _bounded(request, most)
    try:
        async with asyncio.timeout(_WITHIN_S):
            form = await bounded.form(
                max_files=1 if max_upload else 0, max_fields=8, max_part_size=_FORM_BYTES
            )
    except TimeoutError:
        raise Problem(408, "too-slow", f"the upload took over {_WITHIN_S:g} seconds") from None
    except (MultiPartException, ClientDisconnect, ValueError):
        raise Problem(400, "bad-request", "the form cannot be read") from None
    try:
        yield form
    finally:
        await form.close()


async def json_of(request: Request) -> Mapping[str, Any]:
    """Return the JSON object that a request carries."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "bad-request", "send application/json")
    try:
        async with asyncio.timeout(_WITHIN_S):
            data = await _bounded(request, _JSON_BYTES).body()
        found = read_json(data, "the body", _JSON_BYTES)
    except TimeoutError:
        raise Problem(408, "too-slow", f"the request took over {_WITHIN_S:g} seconds") from None
    except (BadMetadata, ClientDisconnect) as error:
        raise Problem(400, "bad-request", str(error)) from None
    if not isinstance(found, dict):
        raise Problem(400, "bad-request", "the body has to be a JSON object")
    return found


def field(form: FormData, name: str, most: int = 1_000) -> str:
    """Return a text field of a form, empty where it is missing; Problem when it is too long.

    Its line ends are those that were typed: a browser sends each as CR LF.
    """
    value = form.get(name, "")
    text = value.replace("\r\n", "\n") if isinstance(value, str) else None
    if text is None or len(text) > most:
        raise Problem(400, "bad-request", f"{name} has to be a text of at most {most} letters")
    return text


def text_of(values: Mapping[str, Any], name: str, most: int = 10_000) -> str:
    """Return a text of a JSON object; Problem when it is missing, empty or too long."""
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise Problem(400, "bad-request", f"{name} has to be a text of at most {most} letters")
    return value


async def upload_of(form: FormData, name: str, max_bytes: int = UPLOAD_BYTES) -> bytes:
    """Return the bytes of a form's file; what its client calls it, and says of it, is ignored."""
    file = form.get(name)
    if not isinstance(file, UploadFile):
        raise Problem(400, "bad-request", f"choose a picture ({name})")
    data = await file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    if not data:
        raise Problem(400, "bad-request", "choose a picture: the file is empty")
    return data


def _bounded(request: Request, most: int) -> Request:
    """Return the request with a body of at most `most` bytes, whatever its length header says.

    Somewhat more is read and thrown away, so that a browser gets the answer: whoever is hung up on
    while sending shows none.
    """
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received <= most:
            return message
        while message.get("more_body") and received <= _DISCARDED * most:
            message = await request.receive()
            received += len(message.get("body", b""))
        raise _too_large(most)

    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > _DISCARDED * most:
        raise _too_large(most)
    return Request(request.scope, receive)


def _too_large(most: int) -> Problem:
    return Problem(
        413, "too-large", f"more than {most / 2**20:.3g} MiB", headers={"Connection": "close"}
    )
