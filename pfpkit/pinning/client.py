"""The HTTP client of the remote back ends: one service, one address, one secret.

Trusts no answer: it is bounded in bytes and time, a redirect is a failure and never followed, and
of what it says only a clipped, printable line without our secrets gets into an error. Proxies and
passwords from the environment or `~/.netrc` are not used.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx

from pfpkit.console import shown
from pfpkit.errors import AccessDenied
from pfpkit.pinning.pressure import Clock, Failure, Gate, Pressure, retry_after

T = TypeVar("T")

_REASON_CHARACTERS = 200
_ERROR_BYTES = 64 * 2**10
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
_WAITS = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PAYMENT_REQUIRED})


@dataclass(frozen=True, slots=True)
class Secret:
    """A header's value that no repr and no error shows; `parts` are what it was made of."""

    header: str
    value: str = field(repr=False)
    parts: tuple[str, ...] = field(default=(), repr=False)

    def removed_from(self, text: str) -> str:
        """Return `text` without the secret, in any form that it has on the wire."""
        whole = self.value.partition(" ")[2] or self.value
        for part in sorted({self.value, whole, *self.parts}, key=len, reverse=True):
            # A very short one would turn the message into asterisks.
            if len(part) >= 4:
                for form in (part, quote(part, safe=""), json.dumps(part)[1:-1]):
                    text = text.replace(form, "***")
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: its status, and its body within the limits."""

    status: int
    headers: httpx.Headers
    body: bytes = field(repr=False)

    def json(self) -> object:
        """Return the body as JSON, or None when it is not."""
        try:
            value: object = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value


@dataclass(frozen=True, slots=True)
class Upload:
    """A request's body of known length that can be read again for another attempt."""

    length: int
    media_type: str
    read: Callable[[], AsyncIterator[bytes]] = field(repr=False)


class Asked(TypedDict, total=False):
    """What a request may have, and its answer: `expects` are statuses besides 2xx that its judge
    understands, `max_bytes` bounds its body."""

    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: object
    """Sent as JSON."""
    upload: Upload
    expects: Container[int]
    max_bytes: int


class Client:
    """Calls one service below `url`, through its `Gate`."""

    def __init__(
        self,
        name: str,
        url: str,
        pressure: Pressure,
        *,
        secrets: Sequence[Secret] = (),
        clock: Clock | None = None,
        denied: str = "",
        gate: Gate | None = None,
    ) -> None:
        """`denied` says what to do when the secret is refused; `gate` is shared by two hosts."""
        self.name = name
        self.url = url.rstrip("/")
        self.pressure = pressure
        self.gate = gate or Gate(name, pressure, clock)
        self._secrets = secrets
        self._clock = clock or Clock()
        self._denied = denied
        self._http = httpx.AsyncClient(
            headers={
                "User-Agent": "pfpkit",
                "Accept-Encoding": "identity",
                **{secret.header: secret.value for secret in secrets},
            },
            timeout=httpx.Timeout(pressure.read_s, connect=pressure.connect_s, pool=None),
            limits=httpx.Limits(max_connections=pressure.at_once),
            follow_redirects=False,
            trust_env=False,
            verify=_authorities(),
        )

    async def call(
        self,
        what: str,
        method: str,
        path: str,
        judge: Callable[[Answer], T | Failure],
        *,
        tokens: int = 1,
        **asked: Unpack[Asked],
    ) -> T:
        """Return what `judge` makes of an answer of 2xx; retried as `Gate.run` does.

        `path` is below the client's URL, or a whole URL that `same_origin` gave. PinError as the
        protocol `Pinner` says it.
        """

        async def attempt() -> T | Failure:
            return await self.once(method, path, judge, **asked)

        return await self.gate.run(what, attempt, tokens=tokens)

    async def once(
        self,
        method: str,
        path: str,
        judge: Callable[[Answer], T | Failure],
        **asked: Unpack[Asked],
    ) -> T | Failure:
        """Make one attempt, without waiting for a turn: for what runs inside of `gate.run`."""
        upload, body = asked.get("upload"), asked.get("body")
        sent = dict(asked.get("headers", {}))
        data: bytes | AsyncIterator[bytes] | None = None
        if upload is not None:
            sent |= {"Content-Type": upload.media_type, "Content-Length": str(upload.length)}
            data = upload.read()
        elif body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        url = path if "://" in path else self.url + path
        try:
            request = self._http.build_request(
                method, url, params=asked.get("params"), headers=sent, content=data
            )
        except (httpx.InvalidURL, UnicodeError):
            return Failure("it gave a name that no request can have")
        limit = asked.get("max_bytes", self.pressure.answer_bytes)
        answer = await self._send(request, limit, 0 if upload is None else upload.length)
        if isinstance(answer, Failure):
            return answer
        fault = None if answer.status in asked.get("expects", ()) else self.fault(answer)
        return judge(answer) if fault is None else fault

    async def _send(
        self, request: httpx.Request, max_bytes: int, uploading: int
    ) -> Answer | Failure:
        started = False
        within = self.pressure.within(uploading)
        try:
            async with asyncio.timeout(within):
                response = await self._http.send(request, stream=True)
                started = True
                try:
                    return Answer(
                        response.status_code, response.headers, await _body(response, max_bytes)
                    )
                finally:
                    await response.aclose()
        except _TooLarge:
            return Failure(f"its answer has more than {max_bytes} bytes")
        except (httpx.ConnectTimeout, httpx.ConnectError) as error:
            return Failure(f"it cannot be reached ({self.clip(_why(error))})", retryable=True)
        except httpx.TimeoutException:
            return Failure(f"silent for {self.pressure.read_s:g} s", retryable=True)
        except TimeoutError:
            return Failure(f"not done after {within:.0f} s", retryable=True)
        except UnicodeError:
            return Failure("its host is no name")
        except httpx.HTTPError as error:
            if started:
                return Failure("its answer was cut short", retryable=True)
            return Failure(f"the connection broke ({self.clip(_why(error))})", retryable=True)
        except OSError as error:
            return Failure(f"this machine failed ({self.clip(_why(error))})", retryable=True)

    def fault(self, answer: Answer) -> Failure | None:
        """Return None for 2xx, and otherwise what the status means, with the service's reason."""
        status = answer.status
        if status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        reason = f"{_phrase(status)}{self._said(answer)}"
        if status < HTTPStatus.BAD_REQUEST:
            return Failure(f"{reason}, a redirect, which is not followed", next="check its URL")
        if status in _DENIED:
            return Failure(reason, error=AccessDenied, next=self._denied)
        wait = None
        if status in _WAITS:
            wait = retry_after(answer.headers.get("retry-after", ""), self._clock.today())
        return Failure(
            reason,
            retryable=status in _RETRYABLE,
            retry_after=wait,
            busy=status == HTTPStatus.TOO_MANY_REQUESTS,
        )

    def clip(self, text: str) -> str:
        """Return one short printable line without secrets; a secret is removed before the cut."""
        for secret in self._secrets:
            text = secret.removed_from(text)
        text = " ".join(text.split())
        cut = text[:_REASON_CHARACTERS]
        return shown(cut) + ("…" if len(text) > len(cut) else "")

    def same_origin(self, url: str) -> str | None:
        """Return `url`, resolved against ours, when the secrets may be sent there, or None."""
        try:
            joined = httpx.URL(self.url + "/").join(url)
        except (httpx.InvalidURL, ValueError):
            return None
        ours = httpx.URL(self.url)
        here = (ours.scheme, ours.host, ours.port)
        return str(joined) if (joined.scheme, joined.host, joined.port) == here else None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def _said(self, answer: Answer) -> str:
        words = self.clip(reason_of(answer.json()) or answer.body.decode(errors="replace"))
        return f" ({words})" if words else ""


@cache
def _authorities() -> ssl.SSLContext:
    # Reading all certificates takes some 30 ms, and they are the same for every client.
    return httpx.create_ssl_context(trust_env=False)


def _why(error: BaseException) -> str:
    """Return the system's own words for a broken connection, if there are any beneath."""
    found, beneath = str(error), error.__cause__ or error.__context__
    if isinstance(error, BaseExceptionGroup):
        beneath = error.exceptions[0]
    if isinstance(error, OSError) and error.strerror:
        found = error.strerror
    return _why(beneath) or found if beneath is not None else found


class _TooLarge(Exception):
    pass


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    """Return the body; of an error only its beginning, because only that is shown."""
    is_error = response.status_code >= HTTPStatus.BAD_REQUEST
    parts: list[bytes] = []
    received = 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if is_error and received > _ERROR_BYTES:
            break
        if received > max_bytes:
            raise _TooLarge
        parts.append(chunk)
    return b"".join(parts)


def reason_of(said: object) -> str:
    """Return the words of an error as Kubo, Pinata and the Pinning Service API write it.

    >>> reason_of({"error": {"reason": "UNAUTHORIZED", "details": "no such token"}})
    'UNAUTHORIZED: no such token'
    >>> reason_of({"Message": "not pinned", "Code": 0, "Type": "error"})
    'not pinned'
    """
    if isinstance(said, str):
        return said
    if not isinstance(said, dict):
        return ""
    for key in ("error", "Message", "message"):
        inner = said.get(key)
        if isinstance(inner, str) and inner:
            return inner
        if isinstance(inner, dict):
            words = (inner.get(name) for name in ("reason", "code", "message", "details"))
            return ": ".join(str(word) for word in words if isinstance(word, str | int) and word)
    return ""


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
