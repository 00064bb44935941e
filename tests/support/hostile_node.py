"""A JSON-RPC node on loopback that misbehaves on demand: in HTTP, in JSON, or in what it says.

    with HostileNode({"eth_chainId": "0x1"}, shape=lambda answers: answers[0]) as node:
        node.url, node.requests

Answers with bare sockets, so that it can break HTTP itself. A result may be any JSON value, a
`Failure`, or a function of the request's parameters.
"""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from eth_abi import encode

from pfpkit.block import BlockRef
from support.anvil import Anvil
from support.loopback import Loopback

HASH = "0x" + "ab" * 32
HONEST: Mapping[str, Any] = {
    "eth_chainId": "0x7a69",
    "eth_getBlockByNumber": {"number": "0x5", "hash": HASH, "timestamp": "0x6565"},
    "eth_getCode": "0x60",
}

BLOCK = BlockRef(5, HASH, 0x6565)
OWNER, URI = "0x" + "11" * 20, "ipfs://bafkqaaa"


def views(request: dict[str, Any], block: dict[str, Any]) -> str:
    """What an honest contract answers to eth_call."""
    assert block == {"blockHash": HASH, "requireCanonical": True}
    is_owner = request["data"].startswith("0x6352211e")
    value = encode(["address"], [OWNER]) if is_owner else encode(["string"], [URI])
    return "0x" + value.hex()


def passing(chain: Anvil) -> dict[str, Callable[..., Any]]:
    """Answers of a real chain to what a deployment is compared by."""
    methods = (
        *("eth_chainId", "eth_getBlockByNumber", "eth_getCode", "eth_call"),
        *("eth_getTransactionByHash", "eth_getTransactionReceipt"),
    )
    return {method: partial(chain.rpc, method) for method in methods}


class Fault(StrEnum):
    """What a node does instead of its work."""

    NONE = "answers"
    HTML = "sends a web page"
    NOT_HTTP = "does not speak HTTP"
    BROKEN = "500"
    BUSY = "429"
    FORBIDDEN = "403 and a JSON error"
    REDIRECTING = "redirects elsewhere"
    OVERSIZED = "sends 9 MiB of blanks, and then the answer"
    ENDLESS = "never ends its body"
    SILENT = "stalls before the head"
    STALLED = "stalls in the middle of the body"
    DRIPPING = "sends one byte now and then, for ever"
    HANGS_UP = "closes the connection at once"
    CUT_SHORT = "announces all and hangs up half-way"
    COMPRESSED = "compresses its answer, twice, with 20 MiB of blanks"


WAITS = (Fault.SILENT, Fault.STALLED, Fault.DRIPPING)
KEPT = [one for one in Fault if one not in (Fault.NONE, Fault.OVERSIZED, Fault.ENDLESS)]
"""All but those that flood."""


@dataclass(frozen=True)
class Failure:
    """A JSON-RPC error as a result."""

    code: Any
    message: Any
    data: Any = None


class HostileNode(Loopback):
    """Answers `answers` (method -> result) with one `fault`, until the `with` block ends.

    `shape` changes the list of answers before it is sent; `instead` is sent in place of all.
    """

    def __init__(
        self,
        answers: Mapping[str, Any] | None = None,
        fault: Fault = Fault.NONE,
        *,
        shape: Callable[[list[dict[str, Any]]], Any] = lambda answers: answers,
        instead: bytes | None = None,
    ) -> None:
        super().__init__(_Handler)
        self.answers = {**HONEST, **(answers or {})}
        self.fault = fault
        self.shape = shape
        self.instead = instead
        self.heads: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.batched = False
        """Whether the last request was a batch."""
        self.sizes: list[int] = []
        """How many requests came at once, each time."""
        self.sent = 0

    def body(self, asked: list[dict[str, Any]]) -> bytes:
        """The body of the answer to a batch."""
        if self.instead is not None:
            return self.instead
        answers = self.shape([self._answer(request) for request in asked])
        alone = not self.batched and isinstance(answers, list) and len(answers) == 1
        return json.dumps(answers[0] if alone else answers).encode()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        result = self.answers.get(request["method"], Failure(-32601, "no such method"))
        if callable(result):
            result = result(*request["params"])
        head = {"jsonrpc": "2.0", "id": request["id"]}
        if isinstance(result, Failure):
            return head | {"error": asdict(result)}
        return head | {"result": result}


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        while (asked := self._read()) is not None:
            self.server.served.requests.extend(asked)
            if not self._misbehave(self.server.served.body(asked)):
                return

    def _read(self) -> list[dict[str, Any]] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.request.recv(65536)
            if not piece:
                return None
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        self.server.served.heads.append(head.decode())
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        length = next(int(value) for name, _, value in lines if name == b"content-length")
        while len(body) < length:
            body += self.request.recv(65536)
        asked: Any = json.loads(body)
        self.server.served.batched = isinstance(asked, list)
        whole: list[dict[str, Any]] = asked if isinstance(asked, list) else [asked]
        self.server.served.sizes.append(len(whole))
        return whole

    def _misbehave(self, body: bytes) -> bool:
        """Send the answer; whether the connection goes on."""
        node = self.server.served
        match node.fault:
            case Fault.NONE:
                self._send(self._head("200 OK", len(body)) + body)
                return True
            case Fault.HTML:
                self._whole("200 OK", b"<!doctype html><title>Sign in</title>")
            case Fault.NOT_HTTP:
                self._send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
            case Fault.BROKEN:
                self._whole("500 Internal Server Error", body)
            case Fault.BUSY:
                self._whole("429 Too Many Requests", body)
            case Fault.FORBIDDEN:
                self._whole("403 Forbidden", b'{"error":{"code":1,"message":"wrong key"}}')
            case Fault.REDIRECTING:
                self._whole("302 Found", body, "Location: http://[::1]:9/")
            case Fault.OVERSIZED:
                self._whole("200 OK", b" " * (9 * 2**20) + body)
            case Fault.ENDLESS:
                self._send(self._head("200 OK", None))
                while not node.stopping.is_set():
                    self._send(b" " * 65536)
            case Fault.SILENT:
                node.stopping.wait()
            case Fault.STALLED:
                self._send(self._head("200 OK", len(body)) + body[: len(body) // 2])
                node.stopping.wait()
            case Fault.DRIPPING:
                self._send(self._head("200 OK", None))
                while not node.stopping.wait(0.05):
                    self._send(b" ")
            case Fault.CUT_SHORT:
                self._send(self._head("200 OK", len(body)) + body[: len(body) // 2])
            case Fault.COMPRESSED:
                bomb = gzip.compress(gzip.compress(b" " * (20 * 2**20) + body))
                self._whole("200 OK", bomb, "Content-Encoding: gzip, gzip")
            case Fault.HANGS_UP:
                pass
        return False

    def _whole(self, status: str, body: bytes, *headers: str) -> None:
        self._send(self._head(status, len(body), "Connection: close", *headers) + body)

    def _head(self, status: str, length: int | None, *headers: str) -> bytes:
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
        lines.append("Connection: close" if length is None else f"Content-Length: {length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _send(self, data: bytes) -> None:
        self.request.sendall(data)
        self.server.served.sent += len(data)
