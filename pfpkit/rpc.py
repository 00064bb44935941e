"""One JSON-RPC endpoint over HTTP: a batch of requests out, results and errors back in order.

Follows JSON-RPC 2.0 and the quantities of Ethereum's execution API. Trusts the node for what it
says, never for how: an answer is bounded in bytes, time and digits, is not decompressed, and has to
be JSON of the right form. A node's URL is often its password (a key in the path), so that nothing
but scheme, host and port is ever shown or logged.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import httpx

from pfpkit.errors import BadInput, BadMetadata, ChainError, NodeUnreachable
from pfpkit.metadata.strict_json import check_depth

__all__ = ["Rpc", "RpcError", "data_of", "number_of"]

_MAX_ANSWER_BYTES = 8 * 2**20
_MAX_NUMBER = 2**53 - 1
"""Chain ids (EIP-2294), heights, times and gas stay below it, and JSON carries it exactly."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,16}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_MAX_REASON_DATA = 2**17
_GETH_REVERT, _PARITY_REVERT = 3, -32015


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
        found = text if len(text) <= _MAX_REASON_DATA and _DATA.fullmatch(text) else ""
        return cls(number, _line(error.get("message")), found)

    @property
    def is_revert(self) -> bool:
        """Whether the contract refused, not the node."""
        # Only some nodes give a code, others say so in words; neither is in a standard.
        text = self.message.lower()
        said = any(words in text for words in ("revert", "out of gas", "opcode", "evm error"))
        return said or self.code in (_GETH_REVERT, _PARITY_REVERT)

    def __str__(self) -> str:
        return f"{self.message or 'no reason given'} ({self.code})"


class Rpc:
    """One endpoint. `name` is its address as it may be shown; BadInput when the URL is none."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = _endpoint(url)
        self._timeout_s = timeout_s
        self.name = f"{self._url.scheme}://{self._url.netloc.decode()}"
        # Not a client: that would log the URL, follow ~/.netrc, and decompress without a bound.
        self._transport = httpx.AsyncHTTPTransport(trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results of requests in order, an `RpcError` for each that failed.

        ChainError when the node refused them all, NodeUnreachable when it gave no such answer.
        """
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, parameters) in enumerate(requests)
        ]
        answers = await self._post(body)
        if isinstance(answers, dict) and answers.get("error") is not None:
            raise ChainError(f"{self.name} refused the request: {RpcError.parse(answers['error'])}")
        if not isinstance(answers, list):
            raise NodeUnreachable(f"{self.name} gave no JSON-RPC answer; is it a node?")
        by_id = self._by_id(answers)
        return [self._result(by_id.get(n, {}), method) for n, (method, _) in enumerate(requests)]

    def _by_id(self, answers: list[Any]) -> dict[int, Mapping[str, Any]]:
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

    async def _post(self, body: list[dict[str, Any]]) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                received = await self._receive(self._request(body))
        except TimeoutError:
            raise self._unreachable(f"no whole answer in {self._timeout_s:g} s") from None
        except httpx.HTTPError as error:
            raise self._unreachable(_line(str(error)) or type(error).__name__) from None
        try:
            text = received.decode()
            check_depth(text, self.name)
            return json.loads(text)
        except (ValueError, BadMetadata):
            raise NodeUnreachable(f"{self.name} gave no JSON answer; is it a node?") from None

    def _request(self, body: list[dict[str, Any]]) -> httpx.Request:
        headers = {"Accept-Encoding": "identity", "User-Agent": "pfpkit"}
        if self._url.userinfo:
            login = f"{self._url.username}:{self._url.password}".encode()
            headers["Authorization"] = f"Basic {b64encode(login).decode()}"
        timeout = {"timeout": httpx.Timeout(self._timeout_s).as_dict()}
        return httpx.Request("POST", self._url, headers=headers, json=body, extensions=timeout)

    async def _receive(self, request: httpx.Request) -> bytes:
        response = await self._transport.handle_async_request(request)
        received = bytearray()
        try:
            self._check_head(response)
            async for chunk in response.aiter_raw():
                received += chunk
                if len(received) > _MAX_ANSWER_BYTES:
                    raise ChainError(
                        f"{self.name} sent more than {_MAX_ANSWER_BYTES:,} bytes; use another node"
                    )
        finally:
            await response.aclose()
        return bytes(received)

    def _check_head(self, response: httpx.Response) -> None:
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise NodeUnreachable(f"{self.name} answered 429: too many requests; wait a little")
        if response.status_code != HTTPStatus.OK:
            raise NodeUnreachable(
                f"{self.name} answered {response.status_code}; check its address and key"
            )
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
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
    text = value if isinstance(value, str) else type(value).__name__
    return "".join(c for c in text[:200] if c.isprintable())
