"""What a gateway is asked, what it may answer, and by which name its fault goes.

One request of https://specs.ipfs.tech/http-gateways/trustless-gateway/, within limits of bytes and
time, its body passed on as it arrives; nothing is followed, decoded or believed. Whoever asks
hashes the bytes.
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Self
from urllib.parse import unquote, urlsplit

import httpcore
import httpx

from pfpkit.addresses import gateway_url, without_credentials
from pfpkit.cid import CID, MAX_BLOCK_BYTES
from pfpkit.connections import Connections, Headers, Pieces, Place, fields
from pfpkit.console import clipped

__all__ = ["Form", "Gateway", "GatewayFault", "Gateways", "Limits", "Reason", "Refused"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long answers may take. Sizes in bytes, times in seconds.

    `block_bytes`, `block_s`, `car_bytes` and `car_s` bound one answer of one gateway, `connect_s`
    and `read_s` its silences. `blocks`, `total_bytes` and `total_s` bound one whole `read`: its
    path, its file and every gateway that was asked. `blocks` bounds a CAR too. After `hedge_s` of
    waiting for one gateway the next one is asked as well.
    """

    block_bytes: int = MAX_BLOCK_BYTES
    file_bytes: int = 16 * 2**20
    car_bytes: int = 64 * 2**20
    total_bytes: int = 64 * 2**20
    blocks: int = 10_000
    connect_s: float = 5.0
    read_s: float = 10.0
    block_s: float = 30.0
    car_s: float = 120.0
    total_s: float = 300.0
    hedge_s: float = 0.5


class Reason(StrEnum):
    """Why an answer was refused."""

    UNREACHABLE = "could not be reached"
    TIMED_OUT = "took too long"
    NOT_HTTP = "gave no HTTP answer"
    CUT_SHORT = "cut its answer short"
    NOT_FOUND = "does not have it"
    BUSY = "is busy"
    REFUSED = "refused"
    REDIRECTED = "redirects elsewhere"
    WRONG_TYPE = "did not send the format asked for"
    COMPRESSED = "compressed its answer, which was not asked for"
    TOO_LARGE = "sent too many bytes"
    CRUMBS = "sent pieces of a few bytes"
    WRONG_BYTES = "sent wrong bytes"
    BAD_CAR = "sent a malformed CAR"
    INCOMPLETE = "sent an incomplete DAG"
    OVERTAKEN = "was overtaken by another"


@dataclass(frozen=True, slots=True)
class GatewayFault:
    """One gateway, what it was asked for and what it did instead. `url` is without credentials.

    `retry_after` is the header of that name of one that is busy, as it came.
    """

    url: str
    cid: CID
    reason: Reason
    detail: str
    retry_after: str = ""

    def __str__(self) -> str:
        return f"{self.url} {self.reason}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of answer, how it is asked for, and its limits. No media type: any will do."""

    name: str
    query: str
    media_type: str
    accept: str
    max_bytes: int
    within_s: float


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway's address as messages and logs may show it, and its password apart from it."""

    url: str
    place: Place = field(repr=False)
    headers: Headers = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        url = gateway_url(text)
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        headers = [(b"Accept-Encoding", b"identity"), (b"User-Agent", b"pfpkit")]
        if at:
            name, _, password = user.partition(":")
            login = f"{unquote(name)}:{unquote(password)}".encode()
            headers.append((b"Authorization", b"Basic " + b64encode(login)))
        shown = without_credentials(url)
        return cls(shown, Place.of(httpx.URL(shown)), headers)


class Refused(Exception):
    def __init__(self, reason: Reason, detail: str, retry_after: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class Gateways:
    """The connections to gateways, and one request over them."""

    def __init__(self, limits: Limits) -> None:
        self._connections = Connections()
        self._limits = limits

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connections.aclose()

    async def get(
        self, gateway: Gateway, path: str, form: Form, take: Callable[[bytes], None]
    ) -> None:
        """Pass the body of one answer to `take`, piece by piece and within all limits.

        `path` is what stands behind `/ipfs/`, quoted. Refused says what the gateway did instead.
        """
        target = gateway.place.path.rstrip(b"/") + f"/ipfs/{path}{form.query}".encode("ascii")
        headers = [*gateway.headers, (b"Accept", form.accept.encode("ascii"))]
        limits = self._limits
        started = False
        received = 0
        try:
            async with (
                asyncio.timeout(form.within_s),
                self._connections.answer(
                    gateway.place,
                    target,
                    headers,
                    connect_s=limits.connect_s,
                    read_s=limits.read_s,
                ) as response,
            ):
                _check_head(response, form)
                started = True
                pieces = Pieces()
                async for chunk in response.aiter_stream():
                    received += len(chunk)
                    if pieces.too_small(chunk):
                        raise Refused(Reason.CRUMBS, f"{received} bytes in thousands of them")
                    if received > form.max_bytes:
                        raise _too_large(form)
                    take(chunk)
        except httpcore.ConnectTimeout:
            raise Refused(Reason.UNREACHABLE, "no connection in time") from None
        except httpcore.TimeoutException:
            raise Refused(Reason.TIMED_OUT, _silence(started, received)) from None
        except TimeoutError:
            detail = f"not done after {form.within_s:g} s, {received} bytes arrived"
            raise Refused(Reason.TIMED_OUT, detail) from None
        except httpcore.ConnectError as error:
            raise Refused(Reason.UNREACHABLE, _clip(str(error))) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            if started:
                detail = f"the connection ended after {received} bytes"
                raise Refused(Reason.CUT_SHORT, detail) from None
            raise Refused(Reason.NOT_HTTP, _clip(str(error))) from None
        except OSError as error:
            raise Refused(Reason.UNREACHABLE, _clip(str(error))) from None


def _check_head(response: httpcore.Response, form: Form) -> None:
    """Refuse an answer by its status and headers, before any of its body is read."""
    status, headers = response.status, fields(response)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and "location" in headers:
        to = without_credentials(headers["location"])
        raise Refused(Reason.REDIRECTED, f"{status} to {_clip(to)}, which is not followed")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise Refused(Reason.NOT_FOUND, str(status))
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise Refused(Reason.BUSY, _status(status), _clip(headers.get("retry-after", "")))
    if status != HTTPStatus.OK:
        raise Refused(Reason.REFUSED, _status(status))
    media_type = headers.get("content-type", "")
    if form.media_type and media_type.partition(";")[0].strip().lower() != form.media_type:
        detail = f"{_clip(media_type) or 'no content type'} instead of {form.media_type}"
        raise Refused(Reason.WRONG_TYPE, detail)
    encoding = headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise Refused(Reason.COMPRESSED, _clip(encoding))
    length = headers.get("content-length", "")
    # At most 20 digits: a longer number is no HTTP to the library beneath.
    if length.isdecimal() and int(length) > form.max_bytes:
        raise _too_large(form)


def _too_large(form: Form) -> Refused:
    return Refused(Reason.TOO_LARGE, f"more than {form.max_bytes} bytes")


def _silence(started: bool, received: int) -> str:
    return f"silent after {received} bytes of the body" if started else "no answer"


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _clip(text: str) -> str:
    """Return what a gateway wrote as one short printable line."""
    return clipped(text, 120)
