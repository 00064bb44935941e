"""Raw JSON-RPC to the anvil that Ape started: many steps a second, and revert data as it is.

Ape's own call layer takes about 50 ms a transaction, drops the revert data of views, and asks a
block explorer on the network about a deployment that reverted. Senders need no key: anvil
impersonates them.
"""

from __future__ import annotations

import json
import time
from functools import lru_cache
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from eth_abi import encode
from eth_utils import keccak

GAS = 16_000_000


class Reverted(Exception):
    """A call or transaction reverted with `data`."""

    def __init__(self, data: bytes) -> None:
        super().__init__("0x" + data.hex())
        self.data = data


class Node:
    """One connection to an anvil, kept open."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.rpc("anvil_autoImpersonateAccount", True)

    def close(self) -> None:
        """Stop impersonating and hang up."""
        self.rpc("anvil_autoImpersonateAccount", False)
        self._connection.close()

    def _post(self, body: Any) -> Any:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/", json.dumps(body), headers)
        return json.loads(self._connection.getresponse().read())

    def rpc(self, method: str, *params: Any) -> Any:
        """Result of one request; Reverted when the EVM reverted, RuntimeError for other errors."""
        return _result(self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))

    def call(self, to: str | None, data: bytes, sender: str | None = None) -> bytes:
        """What a call, or a creation when `to` is None, returns; nothing is written."""
        return bytes.fromhex(self.rpc("eth_call", _message(sender, to, data), "latest")[2:])

    def calls(self, to: str, data: list[bytes]) -> list[bytes]:
        """What many calls return, in one request."""
        asked = [
            {
                "jsonrpc": "2.0",
                "id": n,
                "method": "eth_call",
                "params": [_message(None, to, d), "latest"],
            }
            for n, d in enumerate(data)
        ]
        answers = sorted(self._post(asked), key=lambda answer: answer["id"])
        return [bytes.fromhex(_result(answer)[2:]) for answer in answers]

    def transact(self, sender: str, to: str | None, data: bytes) -> dict[str, Any]:
        """Receipt of a mined transaction; Reverted when it failed."""
        message = _message(sender, to, data) | {"gas": hex(GAS)}
        receipt: dict[str, Any] = self.rpc("eth_sendTransactionSync", message)
        if int(receipt["status"], 16) == 0:
            # A failed transaction changed nothing, so that the call fails in the same way.
            self.call(to, data, sender)
            raise AssertionError("a transaction failed, and the same call did not")
        return receipt

    def revert(self, snapshot: str) -> None:
        """Take the blocks since a snapshot away, with what was sent in them."""
        # What was just mined may be in anvil's pool still, and would be mined again.
        end = time.monotonic() + 30
        while int(self.rpc("txpool_status")["pending"], 16):
            assert time.monotonic() < end, "anvil does not mine what is in its pool"
        assert self.rpc("evm_revert", snapshot), "anvil does not have this snapshot"

    def deploy(self, sender: str, code: bytes) -> str:
        """Address of a new contract."""
        return str(self.transact(sender, None, code)["contractAddress"])

    def fund(self, *accounts: str) -> None:
        """Give each account the means to pay for gas."""
        for account in accounts:
            self.rpc("anvil_setBalance", account, hex(10**24))


def _message(sender: str | None, to: str | None, data: bytes) -> dict[str, str]:
    message = {"data": "0x" + data.hex()}
    if sender:
        message["from"] = sender
    if to:
        message["to"] = to
    return message


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    if error["code"] == 3:
        raise Reverted(bytes.fromhex(error.get("data", "0x")[2:]))
    raise RuntimeError(f"the node refused: {error}")


@lru_cache(maxsize=256)
def _parsed(signature: str) -> tuple[bytes, tuple[str, ...]]:
    inner = signature[signature.index("(") + 1 : -1]
    return keccak(signature.encode())[:4], tuple(inner.split(",")) if inner else ()


def calldata(signature: str, *arguments: Any) -> bytes:
    """A call such as `mint(address,bytes32)`, or a custom error, as bytes.

    >>> calldata("burn(uint256)", 7).hex()[:8]
    '42966c68'
    """
    selector, types = _parsed(signature)
    return selector + encode(types, arguments)
