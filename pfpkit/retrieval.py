"""Fetch blocks, files and whole DAGs from gateways that nobody has to trust.

A client of https://specs.ipfs.tech/http-gateways/trustless-gateway/. Every block is hashed before
anything looks at it; a gateway that lies, stalls, floods or redirects costs its time limit and is
named in a `GatewayFault`, and the next gateway is asked. Trusts no gateway; trusts the caller for
the CID and for which gateways may be asked.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Self, TypeVar
from urllib.parse import unquote, urlsplit

import httpx

from pfpkit.addresses import gateway_url, without_credentials
from pfpkit.budget import Budget
from pfpkit.car import CarDecoder
from pfpkit.cid import CID, MAX_BLOCK_BYTES, SHA2_256, Block, hash_name, verify
from pfpkit.errors import BadCar, BadCID, BadInput, GatewayError, WrongBytes
from pfpkit.ipfs_path import IpfsPath
from pfpkit.unixfs import adrive, drive, read_file, resolve, walk

__all__ = ["Fetched", "GatewayFault", "IpfsPath", "Limits", "Reason", "Retriever"]

_RAW = "application/vnd.ipld.raw"
_CAR = "application/vnd.ipld.car"
_REMEMBERED_FAULTS = 1000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long answers may take. Sizes in bytes, times in seconds.

    `block_bytes`, `block_s`, `car_bytes` and `car_s` bound one answer of one gateway, `connect_s`
    and `read_s` its silences. `blocks`, `total_bytes` and `total_s` bound one whole `read`: its
    path, its file and every gateway that was asked. `blocks` bounds a CAR too.
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
    WRONG_BYTES = "sent wrong bytes"
    BAD_CAR = "sent a malformed CAR"
    INCOMPLETE = "sent an incomplete DAG"


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
class Fetched:
    """A file's bytes, its CID, and every block that proves them, in the order of reading."""

    data: bytes
    cid: CID
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    """One of the two answers that can be verified, and its limits."""

    name: str
    media_type: str
    accept: str
    max_bytes: int
    within_s: float


@dataclass(frozen=True, slots=True)
class _Gateway:
    """A gateway's address as messages and logs may show it, and its password apart from it."""

    url: str
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        url = gateway_url(text)
        user, at, _ = urlsplit(url).netloc.rpartition("@")
        headers = {"Accept-Encoding": "identity", "User-Agent": "pfpkit"}
        if at:
            name, _, password = user.partition(":")
            login = f"{unquote(name)}:{unquote(password)}".encode()
            headers["Authorization"] = f"Basic {b64encode(login).decode()}"
        return cls(without_credentials(url), headers)


class _Refused(Exception):
    def __init__(self, reason: Reason, detail: str, retry_after: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after


class Retriever:
    """Asks gateways one after another until one gives the right bytes.

    A gateway that failed is asked last from then on. Use as `async with Retriever([...]) as r:`.
    """

    def __init__(self, gateways: Iterable[str], limits: Limits | None = None) -> None:
        self.limits = limits = limits or Limits()
        self._gateways = list(
            {_Gateway.of(text).url: _Gateway.of(text) for text in gateways}.values()
        )
        if not self._gateways:
            raise BadInput("no gateway to ask; name at least one, such as https://ipfs.io")
        self._faults: deque[GatewayFault] = deque(maxlen=_REMEMBERED_FAULTS)
        self._raw = _Form("raw", _RAW, _RAW, limits.block_bytes, limits.block_s)
        self._car = _Form(
            "car", _CAR, f"{_CAR}; version=1; order=dfs; dups=n", limits.car_bytes, limits.car_s
        )
        # Not a client: that would read redirects, keep cookies, send passwords from ~/.netrc and
        # route loopback through a proxy.
        self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        self._timeouts = httpx.Timeout(limits.read_s, connect=limits.connect_s).as_dict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.aclose()

    @property
    def faults(self) -> list[GatewayFault]:
        """What gateways did wrong, oldest first (the last 1,000)."""
        return list(self._faults)

    async def block(self, cid: CID) -> bytes:
        """Return the bytes of `cid`, hashed. GatewayError when no gateway gave them.

        BadCID for every other hash than sha2-256, identity too: no gateway is asked for it.
        """
        if cid.hash_code != SHA2_256:
            raise BadCID(f"{cid} is a {hash_name(cid.hash_code)} hash, only sha2-256 is verified")

        async def ask(gateway: _Gateway) -> bytes:
            parts: list[bytes] = []
            await self._get(gateway, cid, self._raw, parts.append)
            data = b"".join(parts)
            verify(cid, data)
            return data

        return await self._first(cid, ask)

    async def read(
        self, reference: IpfsPath | CID | str, *, max_bytes: int | None = None
    ) -> Fetched:
        """Return the file that `reference` names; every block on the way was hashed.

        NotFound names a missing path segment, BadBlock what is no file, larger than `max_bytes` or
        beyond the limits of one reading; GatewayError also when all of it took too long.
        """
        target = _target(reference)
        limits = self.limits
        budget = Budget(
            self.block,
            max_blocks=limits.blocks,
            max_bytes=limits.total_bytes,
            within_s=limits.total_s,
        )
        parts: list[bytes] = []
        file = await adrive(resolve(target.root, target.path), budget.get)
        reading = read_file(
            file,
            write=parts.append,
            max_bytes=limits.file_bytes if max_bytes is None else max_bytes,
            max_blocks=limits.blocks,
        )
        await adrive(reading, budget.get)
        return Fetched(b"".join(parts), file, budget.blocks)

    async def car(self, root: CID) -> tuple[Block, ...]:
        """Return every block under `root`, fetched as one CAR, in depth-first order.

        A CAR that lacks a block is a failure of its gateway; blocks that do not belong to the DAG
        are dropped.
        """

        async def ask(gateway: _Gateway) -> tuple[Block, ...]:
            # `_whole` judges from our root; what roots the CAR names means nothing to a client.
            decoder = CarDecoder(
                max_block_bytes=self.limits.block_bytes, max_blocks=self.limits.blocks, whole=False
            )
            found: dict[CID, Block] = {}

            def take(chunk: bytes) -> None:
                found.update((block.cid.as_v1(), block) for block in decoder.feed(chunk))

            await self._get(gateway, root, self._car, take)
            decoder.close()
            return _whole(root, found, self.limits.blocks)

        return await self._first(root, ask)

    async def _first(self, cid: CID, ask: Callable[[_Gateway], Awaitable[_T]]) -> _T:
        """Return what the first gateway gives that does not fail; record those that do."""
        failed: list[GatewayFault] = []
        for gateway in tuple(self._gateways):
            try:
                return await ask(gateway)
            except _Refused as error:
                refused = error
            except WrongBytes as wrong:
                refused = _Refused(Reason.WRONG_BYTES, str(wrong))
            except BadCar as bad:
                refused = _Refused(Reason.BAD_CAR, str(bad))
            failed.append(
                GatewayFault(gateway.url, cid, refused.reason, refused.detail, refused.retry_after)
            )
            self._faults.append(failed[-1])
            self._ask_last(gateway)
        raise GatewayError(
            f"no gateway gave {cid}: {'; '.join(map(str, failed))}",
            reason="; ".join(f"{fault.url} {fault.reason}" for fault in failed),
            faults=tuple(failed),
        )

    def _ask_last(self, gateway: _Gateway) -> None:
        # Otherwise one that stalls would cost its time limit again for every block.
        self._gateways.remove(gateway)
        self._gateways.append(gateway)

    async def _get(
        self, gateway: _Gateway, cid: CID, form: _Form, take: Callable[[bytes], None]
    ) -> None:
        """Pass the body of one answer to `take`, piece by piece and within all limits."""
        started = False
        received = 0
        try:
            async with (
                asyncio.timeout(form.within_s),
                self._answer(gateway, cid, form) as response,
            ):
                _check_head(response, form)
                started = True
                # Raw: nothing is ever decompressed.
                async for chunk in response.aiter_raw():
                    received += len(chunk)
                    if received > form.max_bytes:
                        raise _too_large(form)
                    take(chunk)
        except httpx.ConnectTimeout:
            raise _Refused(Reason.UNREACHABLE, "no connection in time") from None
        except httpx.TimeoutException:
            raise _Refused(Reason.TIMED_OUT, _silence(started, received)) from None
        except TimeoutError:
            detail = f"not done after {form.within_s:g} s, {received} bytes arrived"
            raise _Refused(Reason.TIMED_OUT, detail) from None
        except httpx.ConnectError as error:
            raise _Refused(Reason.UNREACHABLE, _clip(str(error))) from None
        except httpx.HTTPError as error:
            if started:
                detail = f"the connection ended after {received} bytes"
                raise _Refused(Reason.CUT_SHORT, detail) from None
            raise _Refused(Reason.NOT_HTTP, _clip(str(error))) from None
        except OSError as error:
            raise _Refused(Reason.UNREACHABLE, _clip(str(error))) from None

    @asynccontextmanager
    async def _answer(
        self, gateway: _Gateway, cid: CID, form: _Form
    ) -> AsyncIterator[httpx.Response]:
        url = f"{gateway.url}/ipfs/{cid}?format={form.name}"
        headers = {**gateway.headers, "Accept": form.accept}
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": self._timeouts})
        try:
            response = await self._transport.handle_async_request(request)
        except UnicodeError:
            # A host with a label that no resolver takes, such as one of 64 letters.
            raise _Refused(Reason.UNREACHABLE, "its host is no name") from None
        try:
            yield response
        finally:
            await response.aclose()


def _check_head(response: httpx.Response, form: _Form) -> None:
    """Refuse an answer by its status and headers, before any of its body is read."""
    status, headers = response.status_code, response.headers
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and "location" in headers:
        to = without_credentials(headers["location"])
        raise _Refused(Reason.REDIRECTED, f"{status} to {_clip(to)}, which is not followed")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise _Refused(Reason.NOT_FOUND, str(status))
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise _Refused(Reason.BUSY, _status(status), _clip(headers.get("retry-after", "")))
    if status != HTTPStatus.OK:
        raise _Refused(Reason.REFUSED, _status(status))
    media_type = headers.get("content-type", "")
    if media_type.partition(";")[0].strip().lower() != form.media_type:
        detail = f"{_clip(media_type) or 'no content type'} instead of {form.media_type}"
        raise _Refused(Reason.WRONG_TYPE, detail)
    encoding = headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise _Refused(Reason.COMPRESSED, _clip(encoding))
    length = headers.get("content-length", "")
    # At most 20 digits: a longer number is no HTTP to the library beneath.
    if length.isdecimal() and int(length) > form.max_bytes:
        raise _too_large(form)


def _whole(root: CID, found: dict[CID, Block], max_blocks: int) -> tuple[Block, ...]:
    """Return the blocks under `root`, each once; refuse when `found` lacks one."""
    used: dict[CID, Block] = {}

    def get(cid: CID) -> bytes:
        block = found.get(cid.as_v1())
        if block is None:
            raise _Refused(Reason.INCOMPLETE, f"{len(found)} blocks arrived, {cid} is missing")
        used.setdefault(cid.as_v1(), Block(cid, block.data))
        return block.data

    drive(walk(root, max_blocks), get)
    return tuple(used.values())


def _target(reference: IpfsPath | CID | str) -> IpfsPath:
    if isinstance(reference, CID):
        return IpfsPath(reference)
    return IpfsPath.parse(reference) if isinstance(reference, str) else reference


def _too_large(form: _Form) -> _Refused:
    return _Refused(Reason.TOO_LARGE, f"more than {form.max_bytes} bytes")


def _silence(started: bool, received: int) -> str:
    return f"silent after {received} bytes of the body" if started else "no answer"


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return str(code)


def _clip(text: str) -> str:
    """Return what a gateway wrote as one short printable line."""
    return "".join(c if c.isprintable() else "?" for c in text[:120])
