"""One JSON-RPC endpoint over HTTP: any number of requests out, results and errors back in order.

Requests go in batches of bounded size. Nodes differ in what they take: a batch that is refused, or
whose answer is too large or too late, is asked again in halves, down to requests of their own, so
that one bad answer costs no other; a node that refuses batches is asked one by one.

Follows JSON-RPC 2.0 and the quantities of Ethereum's execution API. Trusts the node for what it
says, never for how: an answer is bounded in bytes, time and digits, is not decompressed, and has to
be JSON of the right form. A node's URL is often its password (a key in the path), so that nothing
but scheme, host and port is ever shown or logged.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, Self, TypeVar

import httpcore
import httpx

from pfpkit.connections import Connections, Place, fields
from pfpkit.console import clipped
from pfpkit.errors import BadInput, BadMetadata, ChainError, NodeUnreachable
from pfpkit.metadata.strict_json import check_depth
from pfpkit.revert import Revert

__all__ = ["NoAnswer", "Rpc", "RpcError", "amount_of", "data_of", "number_of", "patient"]

_T = TypeVar("_T")

_MAX_ANSWER_BYTES = 8 * 2**20
_MAX_NUMBER = 2**53 - 1
"""Chain ids (EIP-2294), heights, times and gas stay below it, and JSON carries it exactly."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,16}")
_AMOUNT = re.compile(r"0x[0-9a-fA-F]{1,64}")
# Possessive: else it remembers each pair to go back to, in many times the answer's own size.
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*+")
_BATCH = 500
"""Requests in one batch at first; geth refuses more than 1,000, public nodes often fewer."""
_PATIENCE = 3
_WITHIN_S = 60.0
_REFUSALS = {400, 413, 422, 500, 502, 503, 504}
"""What nodes answer to a batch that is too much for them, beside a JSON-RPC error for all of it."""
_FAULTS = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
_GETH_REVERT, _PARITY_REVERT = 3, -32015
_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 4.0


async def patient(work: Callable[[], Awaitable[_T]], patience_s: float) -> _T:
    """Do work that may be done again until the node answers, or for so many seconds.

    What is no answer about the node but about what was asked (no contract, a revert) is raised.
    """
    clock = asyncio.get_running_loop()
    end, pause = clock.time() + patience_s, _PAUSE_S
    while True:
        try:
            return await work()
        except ChainError as error:
            passing = isinstance(error, NodeUnreachable) or type(error) is ChainError
            if not passing or clock.time() + pause > end:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class RpcError:
    """The error that a node gave for one request; `data` is 0x and digits, or empty."""

    code: int
    message: str
    data: str

    @classmethod
    def parse(cls, error: Any) -> Self:
        """Read an error object; what is not of its form is left out."""
        if not isinstance(error, Mapping):
            return cls(0, _line(error), "")
        code, data = error.get("code"), error.get("data")
        number = code if isinstance(code, int) and abs(code) < 2**31 else 0
        # OpenEthereum and Nethermind put a word before it.
        text = data.removeprefix("Reverted ") if isinstance(data, str) else ""
        found = text if _DATA.fullmatch(text) else ""
        return cls(number, _line(error.get("message")), found)

    @property
    def is_revert(self) -> bool:
        """Whether the contract refused, not the node."""
        # Only some nodes give a code, others say so in words; neither is in a standard.
        text = self.message.lower()
        said = any(words in text for words in ("revert", "opcode", "evm error"))
        return said or self.is_out_of_gas or self.code in (_GETH_REVERT, _PARITY_REVERT)

    @property
    def is_out_of_gas(self) -> bool:
        """Whether the contract took all the gas that it was given."""
        text = self.message.lower()
        said = any(words in text for words in ("out of gas", "outofgas", "oog"))
        return said and "reverted" not in text  # what follows that is the contract's own words

    @property
    def reason(self) -> str:
        """Why the contract refused: in its own words, or its error by name where that is known."""
        return _line(self.revert.reason)

    @property
    def revert(self) -> Revert:
        """What it refused with."""
        return Revert.parse(self.data, self.message)

    def __str__(self) -> str:
        return f"{self.message or 'no reason given'} ({self.code})"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """In the place of a result: the request got none, though it was asked on its own.

    `too_large` when it was on its way, and over the limit.
    """

    error: ChainError

    @property
    def too_large(self) -> bool:
        """Whether there was an answer, and it was too large to take."""
        return isinstance(self.error, _TooLarge)


class _TooLarge(ChainError):
    """The answer is over the limit; fewer requests may have one under it."""


class _Refused(ChainError):
    """The node refused the batch as a whole; it may take a smaller one."""


class _RefusedNode(_Refused, NodeUnreachable):
    """The same, said in HTTP."""


class _TooLate(NodeUnreachable):
    """The answer did not come in time; one to fewer requests may."""


class Rpc:
    """One endpoint. `name` is its address as it may be shown; BadInput when the URL is none.

    A batch that gets no answer is asked again for `patience_s` seconds: for reads alone.
    """

    def __init__(self, url: str, timeout_s: float, patience_s: float = 0.0) -> None:
        self._url = _endpoint(url)
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self.name = f"{self._url.scheme}://{self._url.netloc.decode()}"
        self._place = Place.of(self._url)
        self._connections = Connections()
        self._most = _BATCH
        self._ids = count()
        self.sent = 0
        """How many HTTP requests were sent."""

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results of requests in order, an `RpcError` for each that failed.

        They are asked in order as well, though not always in one batch. ChainError when one was
        refused, NodeUnreachable when the node gave no such answer.
        """
        if self._patience_s:
            return await patient(lambda: self._batch(requests), self._patience_s)
        return await self._batch(requests)

    async def _batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        results = await self._asked(requests, _BATCH, _WITHIN_S, patience=1)
        for result in results:
            if isinstance(result, NoAnswer):
                raise result.error
        return results

    async def each(
        self,
        requests: Sequence[tuple[str, list[Any]]],
        *,
        most: int = _BATCH,
        within_s: float = _WITHIN_S,
    ) -> list[Any]:
        """Return the results as `batch` does, and a `NoAnswer` for each request that got none.

        In batches of at most `most`, for those that may have large answers or take their time.
        ChainError and NodeUnreachable are raised for what fewer requests would not mend. After
        `within_s`, or when three in a row that were asked alone got no answer, the others are not
        asked any more.
        """
        return await self._asked(requests, most, within_s, _PATIENCE)

    async def _asked(
        self, requests: Sequence[tuple[str, list[Any]]], most: int, within_s: float, patience: int
    ) -> list[Any]:
        results: list[Any] = [None] * len(requests)
        pieces = [(0, len(requests))] if requests else []
        clock = asyncio.get_running_loop()
        end, failed = clock.time() + within_s, 0
        while pieces:
            first, last = pieces.pop()
            size = last - first
            if size > min(most, self._most):
                middle = first + min(most, self._most)
                pieces += [(middle, last), (first, middle)]
                continue
            if clock.time() > end or failed >= patience:
                late = NodeUnreachable(f"{self.name} did not answer what came before; ask again")
                results[first:last] = [NoAnswer(late)] * size
                continue
            try:
                results[first:last] = await self._exchange(requests[first:last])
                failed = 0
            except (_TooLarge, _Refused, _TooLate) as error:
                if size == 1:
                    results[first] = NoAnswer(error)
                    failed += 1
                    continue
                if isinstance(error, _Refused):
                    self._most = size // 2
                middle = first + size // 2
                pieces += [(middle, last), (first, middle)]
        return results

    async def _exchange(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        # No id is used twice: an answer that belongs to an earlier request is none to this one.
        ids = [next(self._ids) for _ in requests]
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, parameters) in zip(ids, requests, strict=True)
        ]
        alone = len(body) == 1
        # Alone, a request is no batch: there are nodes that take none.
        answers = await self._post(body[0] if alone else body)
        failed = isinstance(answers, dict) and answers.get("error") is not None
        # Without an id: of a request that the node could not read.
        if failed and answers.get("id") in (None, ids[0]):
            error = RpcError.parse(answers["error"])
            if alone:
                return [error]
            raise _Refused(f"{self.name} refused the request: {error}")
        if not isinstance(answers, dict if alone else list):
            raise NodeUnreachable(f"{self.name} gave no JSON-RPC answer; is it a node?")
        by_id = self._by_id([answers] if alone else answers)
        return [
            self._result(by_id.get(number, {}), method)
            for number, (method, _) in zip(ids, requests, strict=True)
        ]

    def _by_id(self, answers: Any) -> dict[int, Mapping[str, Any]]:
        found: dict[int, Mapping[str, Any]] = {}
        for answer in answers:
            number = answer.get("id") if isinstance(answer, Mapping) else None
            if type(number) is not int:
                continue
            if number in found:
                raise NodeUnreachable(f"{self.name} answered one request twice; is it a node?")
            found[number] = answer
        return found

    def _result(self, answer: Mapping[str, Any], method: str) -> Any:
        if answer.get("error") is not None:
            return RpcError.parse(answer["error"])
        if "result" not in answer:
            raise NodeUnreachable(f"{self.name} gave no answer to {method}; is it a node?")
        return answer["result"]

    async def _post(self, body: Any) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                received = await self._receive(body)
        except (TimeoutError, httpcore.ReadTimeout):
            late = self._unreachable(f"no whole answer in {self._timeout_s:g} s")
            raise _TooLate(str(late)) from None
        except (*_FAULTS, OSError) as error:
            raise self._unreachable(_line(str(error)) or type(error).__name__) from None
        try:
            text = received.decode()
            check_depth(text, self.name)
            return json.loads(text)
        except (ValueError, BadMetadata):
            raise NodeUnreachable(f"{self.name} gave no JSON answer; is it a node?") from None

    async def _receive(self, body: Any) -> bytes:
        self.sent += 1
        headers = [
            (b"Accept-Encoding", b"identity"),
            (b"User-Agent", b"pfpkit"),
            (b"Content-Type", b"application/json"),
        ]
        if self._url.userinfo:
            login = f"{self._url.username}:{self._url.password}".encode()
            headers.append((b"Authorization", b"Basic " + b64encode(login)))
        sent = json.dumps(body, separators=(",", ":")).encode()
        headers.append((b"Content-Length", b"%d" % len(sent)))
        received = bytearray()
        async with self._connections.answer(
            self._place,
            self._url.raw_path,
            headers,
            connect_s=self._timeout_s,
            read_s=self._timeout_s,
            body=sent,
        ) as response:
            self._check_head(response)
            async for chunk in response.aiter_stream():
                received += chunk
                if len(received) > _MAX_ANSWER_BYTES:
                    raise _TooLarge(
                        f"{self.name} sent more than {_MAX_ANSWER_BYTES:,} bytes; use another node"
                    )
        return bytes(received)

    def _check_head(self, response: httpcore.Response) -> None:
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise NodeUnreachable(f"{self.name} answered 429: too many requests; wait a little")
        if response.status != HTTPStatus.OK:
            refused = _RefusedNode if response.status in _REFUSALS else NodeUnreachable
            raise refused(f"{self.name} answered {response.status}; check its address and key")
        if fields(response).get("content-encoding", "identity").strip().lower() != "identity":
            raise NodeUnreachable(f"{self.name} compressed its answer, which was not asked for")

    def _unreachable(self, reason: str) -> NodeUnreachable:
        return NodeUnreachable(
            f"the node {self.name} cannot be reached ({reason}); start it, or check its address"
        )


def number_of(answer: Any, name: str) -> int:
    """Return a quantity (0x and digits, below 2^53); NodeUnreachable when the node sent none."""
    if isinstance(answer, str) and _NUMBER.fullmatch(answer):
        number = int(answer, 16)
        if number <= _MAX_NUMBER:
            return number
    raise NodeUnreachable(f"{name} answered {_line(answer)[:50]!r} for a number; is it a node?")


def amount_of(answer: Any, name: str) -> int:
    """Return an amount of wei (0x and up to 64 digits); NodeUnreachable when the node sent none."""
    if isinstance(answer, str) and _AMOUNT.fullmatch(answer):
        return int(answer, 16)
    raise NodeUnreachable(f"{name} answered {_line(answer)[:50]!r} for an amount; is it a node?")


def data_of(answer: Any, name: str, what: str) -> str:
    """Return bytes as 0x and digits; NodeUnreachable when the node sent something else."""
    if isinstance(answer, str) and _DATA.fullmatch(answer):
        return answer
    raise NodeUnreachable(f"{name} answered {what} with no hexadecimal digits; is it a node?")


def _endpoint(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):  # its message may quote a password
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise BadInput(
            "the node's address is no URL (it is not shown, for it may hold a key); "
            "write it as http://127.0.0.1:8545"
        )
    return url


def _line(value: Any) -> str:
    """Return what a node wrote as one short printable line, or the kind of value it is."""
    return clipped(value if isinstance(value, str) else type(value).__name__, 200)
