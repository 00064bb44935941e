"""Read the chain through one JSON-RPC node: who owns a token and what it points to, at one block.

Every read of a token names its block by hash (EIP-1898, `requireCanonical`), so that no two
answers straddle a block. Trusts the node for chain facts, for there is no other source here; bounds
what it may send and how long it may take. Imports no ape, so that a platform can embed it.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

from pfpkit.addresses import without_credentials
from pfpkit.errors import ChainError, NodeUnreachable, NoSuchContract, NoSuchToken, WrongChain
from pfpkit.reference import TokenRef, checksum_address

__all__ = ["TRANSFER", "BlockRef", "Call", "Node", "Reverted", "TokenState"]

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256 of `Transfer(address,address,uint256)`, the first topic of ERC-721's event."""

_MAX_ANSWER_BYTES = 8 * 2**20
_CALL_GAS = 10_000_000
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2}){0,65536}")
_KNOWN_ERRORS = {
    "0x7e273289": "ERC721NonexistentToken",
    "0xdf2d9b42": "OwnerQueryForNonexistentToken",
}


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block: number, hash (0x and 64 digits) and time (seconds since 1970, UTC)."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class TokenState:
    """What a contract says of one token at one block.

    `image_uri` is None where the contract has no such view.
    """

    ref: TokenRef
    block: BlockRef
    owner: str
    token_uri: str
    image_uri: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One view to call: its signature, its result type, its arguments.

    >>> Call("ownerOf(uint256)", "address", (7,)).data[:10]
    '0x6352211e'
    """

    signature: str
    returns: str
    arguments: tuple[Any, ...] = ()

    @property
    def data(self) -> str:
        """The call data, as 0x and hexadecimal digits."""
        kinds = self.signature.partition("(")[2].rstrip(")")
        types = kinds.split(",") if kinds else []
        selector = function_signature_to_4byte_selector(self.signature)
        return "0x" + (selector + encode(types, self.arguments)).hex()

    def read(self, answer: str) -> Any:
        """Return the decoded result; ChainError when the answer is not of the result's type."""
        try:
            (value,) = decode([self.returns], bytes.fromhex(answer.removeprefix("0x")))
        except (DecodingError, ValueError, OverflowError) as error:
            raise ChainError(
                f"{self.signature} answered {len(answer) // 2 - 1} bytes that are no "
                f"{self.returns}; the address is not the contract that was meant"
            ) from error
        return checksum_address(value) if self.returns == "address" else value


@dataclass(frozen=True, slots=True)
class Reverted:
    """The answer of a call that reverted, with the reason as far as the node told it.

    `data` is what the contract reverted with (0x and digits), empty where the node does not say.
    """

    reason: str
    data: str = ""


class Node:
    """One JSON-RPC node. Use as `async with Node(url) as node:`."""

    def __init__(self, url: str, *, timeout_s: float = 20.0) -> None:
        self.name = without_credentials(url)
        self._url = url
        self._timeout_s = timeout_s
        # trust_env would send passwords from ~/.netrc and route loopback through a proxy.
        self._client = httpx.AsyncClient(trust_env=False, timeout=timeout_s, follow_redirects=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def chain_id(self) -> int:
        """Return the id of the chain that the node is of (EIP-695)."""
        return _number(await self._one("eth_chainId", []), self.name)

    async def block(self, tag: str | int = "latest") -> BlockRef:
        """Return a block by number or tag; ChainError when the node does not have it."""
        wanted = hex(tag) if isinstance(tag, int) else tag
        answer = await self._one("eth_getBlockByNumber", [wanted, False])
        if answer is None:
            raise ChainError(f"{self.name} has no block {tag}; name one that exists")
        try:
            number, time = int(answer["number"], 16), int(answer["timestamp"], 16)
            return BlockRef(number, str(answer["hash"]), time)
        except (KeyError, TypeError, ValueError) as error:
            raise NodeUnreachable(f"{self.name} sent no block; is it a JSON-RPC node?") from error

    async def call(self, contract: str, calls: Sequence[Call], block: BlockRef) -> list[Any]:
        """Return the results of views in order, each read at `block`; `Reverted` for one that did.

        One batch, one block hash. NoSuchContract when there is no code at the address.
        """
        at = {"blockHash": block.hash, "requireCanonical": True}
        requests: list[tuple[str, list[Any]]] = [("eth_getCode", [contract, at])]
        for call in calls:
            sent = {"to": contract, "data": call.data, "gas": hex(_CALL_GAS)}
            requests.append(("eth_call", [sent, at]))
        code, *answers = await self._batch(requests)
        if isinstance(code, _RpcError):
            raise ChainError(
                f"{self.name} could not read {contract} at block {block.number}: {code}"
            )
        if code in ("0x", None):
            raise NoSuchContract(
                f"{contract} has no code at block {block.number} of {self.name}; "
                "check the address and the network"
            )
        return [self._result(c, a, block) for c, a in zip(calls, answers, strict=True)]

    async def token(self, ref: TokenRef, block: BlockRef | None = None) -> TokenState:
        """Return owner and URIs of a token at `block` (the latest one by default).

        WrongChain before anything else is asked; NoSuchToken when the contract does not know it.
        """
        chain_id = await self.chain_id()
        if chain_id != ref.chain_id:
            raise WrongChain(
                f"{self.name} is of chain {chain_id}, {ref} is of chain {ref.chain_id}; "
                "use a node of that chain"
            )
        block = block or await self.block()
        calls = [
            Call("ownerOf(uint256)", "address", (ref.token_id,)),
            Call("tokenURI(uint256)", "string", (ref.token_id,)),
            Call("imageURI(uint256)", "string", (ref.token_id,)),
        ]
        owner, token_uri = await self.call(ref.contract, calls[:2], block)
        for name, value in (("ownerOf", owner), ("tokenURI", token_uri)):
            if isinstance(value, Reverted):
                raise NoSuchToken(
                    f"{ref} does not exist at block {block.number}: {name} reverted"
                    f"{f' ({value.reason})' if value.reason else ''}; check the id"
                )
        image_uri = await self._optional(ref.contract, calls[2], block)
        return TokenState(ref, block, owner, token_uri, image_uri)

    async def estimate_gas(self, sender: str, to: str | None, data: str) -> int | Reverted:
        """Return the gas of a transaction (`to` None: a deployment) as the node estimates it."""
        request = {"from": sender, "data": data} | ({} if to is None else {"to": to})
        (answer,) = await self._batch([("eth_estimateGas", [request])])
        if isinstance(answer, _RpcError):
            if answer.is_revert:
                return answer.reverted
            raise ChainError(f"{self.name} could not estimate the gas: {answer}")
        return _number(answer, self.name)

    async def mint_block(self, contract: str, token_id: int) -> BlockRef:
        """Return the block of a token's mint: its Transfer event from the zero address."""
        topics = [TRANSFER, "0x" + "00" * 32, None, f"0x{token_id:064x}"]
        wanted = {"address": contract, "fromBlock": "0x0", "toBlock": "latest", "topics": topics}
        logs = await self._one("eth_getLogs", [wanted])
        if not isinstance(logs, list) or len(logs) != 1 or "blockNumber" not in logs[0]:
            raise ChainError(f"{self.name} does not know the mint of token {token_id}; ask another")
        return await self.block(_number(logs[0]["blockNumber"], self.name))

    async def _optional(self, contract: str, call: Call, block: BlockRef) -> str | None:
        """Return a view that a contract need not have, or None."""
        try:
            (answer,) = await self.call(contract, [call], block)
        except NodeUnreachable:
            raise
        except ChainError:
            return None
        return None if isinstance(answer, Reverted) else str(answer)

    def _result(self, call: Call, answer: Any, block: BlockRef) -> Any:
        if isinstance(answer, _RpcError):
            if answer.is_revert:
                return answer.reverted
            raise ChainError(
                f"{self.name} failed at {call.signature}, block {block.number}: {answer}"
            )
        if not isinstance(answer, str):
            raise NodeUnreachable(f"{self.name} answered {call.signature} with no hex digits")
        return call.read(answer)

    async def _one(self, method: str, parameters: list[Any]) -> Any:
        (answer,) = await self._batch([(method, parameters)])
        if isinstance(answer, _RpcError):
            raise ChainError(f"{self.name} refused {method}: {answer}")
        return answer

    async def _batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Send one JSON-RPC 2.0 batch and return its results, errors as values, in order."""
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, parameters) in enumerate(requests)
        ]
        answers = await self._post(body)
        if isinstance(answers, dict) and "error" in answers:
            raise ChainError(
                f"{self.name} refused the request: {_RpcError.parse(answers['error'])}"
            )
        if not isinstance(answers, list):
            raise NodeUnreachable(f"{self.name} gave no JSON-RPC answer; is it a node?")
        by_id = {a.get("id"): a for a in answers if isinstance(a, Mapping)}
        results = []
        for number, (method, _) in enumerate(requests):
            answer = by_id.get(number, {})
            if "error" in answer:
                results.append(_RpcError.parse(answer["error"]))
            elif "result" in answer:
                results.append(answer["result"])
            else:
                raise NodeUnreachable(f"{self.name} gave no answer to {method}; is it a node?")
        return results

    async def _post(self, body: list[dict[str, Any]]) -> Any:
        received = bytearray()
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream("POST", self._url, json=body) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    raise NodeUnreachable(
                        f"{self.name} answered {response.status_code}; check its address and key"
                    )
                async for chunk in response.aiter_bytes():
                    received += chunk
                    if len(received) > _MAX_ANSWER_BYTES:
                        raise ChainError(
                            f"{self.name} sent more than {_MAX_ANSWER_BYTES:,} bytes; refused"
                        )
            return json.loads(received)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            reason = type(error).__name__ if isinstance(error, TimeoutError) else str(error)
            reason = reason.replace(self._url, self.name) or type(error).__name__
            raise NodeUnreachable(
                f"the node {self.name} cannot be reached ({reason}); start it, or check its address"
            ) from None
        except (ValueError, RecursionError) as error:
            raise NodeUnreachable(f"{self.name} gave no JSON answer; is it a node?") from error


@dataclass(frozen=True, slots=True)
class _RpcError:
    code: int
    message: str
    data: str

    @classmethod
    def parse(cls, error: Any) -> Self:
        if not isinstance(error, Mapping):
            return cls(0, str(error)[:200], "")
        code = error.get("code")
        message = "".join(c for c in str(error.get("message", ""))[:200] if c.isprintable())
        data = error.get("data")
        found = data if isinstance(data, str) and _HEX.fullmatch(data) else ""
        return cls(code if isinstance(code, int) else 0, message, found)

    @property
    def reverted(self) -> Reverted:
        known = _KNOWN_ERRORS.get(self.data[:10])
        return Reverted(known or self.message, self.data)

    @property
    def is_revert(self) -> bool:
        # Geth's code is 3; others say so in words only. Neither is in a standard.
        text = self.message.lower()
        return self.code == 3 or "revert" in text or "out of gas" in text or "opcode" in text

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


def _number(answer: Any, name: str) -> int:
    try:
        return int(answer, 16)
    except (TypeError, ValueError) as error:
        raise NodeUnreachable(f"{name} answered {str(answer)[:50]!r} for a number") from error
