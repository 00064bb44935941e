"""Read the chain through one JSON-RPC node: who owns a token and what it points to, at one block.

Every read of a token names its block by hash (EIP-1898, `requireCanonical`), so that no two
answers straddle a block. Trusts the node for chain facts, for there is no other source here; bounds
what it may send and how long it may take. Imports no ape, so that a platform can embed it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

from pfpkit.addresses import fingerprint
from pfpkit.block import BlockRef, place
from pfpkit.console import clipped
from pfpkit.errors import (
    ChainError,
    NodeUnreachable,
    NoSuchContract,
)
from pfpkit.lookup import Lookup
from pfpkit.reference import TokenRef
from pfpkit.rpc import Rpc, RpcError, amount_of, data_of, number_of
from pfpkit.tokens import TokenAnswer, read_tokens
from pfpkit.transfers import TRANSFER, Transfer, transfers_of
from pfpkit.views import Call, Reverted

__all__ = ["TRANSFER", "BlockRef", "Call", "Node", "Reverted"]

_CALL_GAS = 10_000_000
_RECEIVED, _TAKES = "onERC721Received(address,address,uint256,bytes)", "0x150b7a02"
_HASH = re.compile(r"0x[0-9a-f]{64}")


class Node:
    """One JSON-RPC node. Use as `async with Node(url) as node:`.

    What gets no answer is asked again for `patience_s` seconds.
    """

    def __init__(self, url: str, *, timeout_s: float = 20.0, patience_s: float = 0.0) -> None:
        self._rpc = Rpc(url, timeout_s, patience_s)
        self.url = url.rstrip("/")
        """May hold a key, and is never shown."""
        self.identity = fingerprint(self.url)
        """Stands for the node, and shows nothing of its URL."""
        self._lookup = Lookup(self._rpc)
        self.name = self._rpc.name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rpc.close()

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent to it."""
        return self._rpc.sent

    async def chain_id(self) -> int:
        """Return the id of the chain that the node is of (EIP-695)."""
        return number_of(await self._one("eth_chainId", []), self.name)

    async def block(self, at: str | int = "latest") -> BlockRef:
        """Return a block; ChainError when the node does not have it.

        `at` is a number, `latest`, `latest-12` (12 confirmations; the first block where there are
        not as many), `safe` or `finalized`.
        """
        tag, behind = place(at)
        found = await self._block(tag)
        return await self._block(hex(max(0, found.number - behind))) if behind else found

    async def has(self, block: BlockRef) -> bool:
        """Whether the block is on the node's chain: no reorganisation has undone it."""
        answer = await self._one("eth_getBlockByNumber", [hex(block.number), False])
        return isinstance(answer, dict) and answer.get("hash") == block.hash

    async def tokens(
        self, asked: Sequence[tuple[TokenRef, str | None]], block: BlockRef
    ) -> list[TokenAnswer]:
        """Return what the contracts say at `block` of any number of tokens, in order.

        With each token, who is asked about, if anyone (an ERC-1155 token needs a holder). What a
        token or its contract does wrong is that answer's `outcome`. ChainError when the chain does
        not have the block, NodeUnreachable when the node fails as a whole.
        """
        return await read_tokens(self._lookup, asked, block)

    async def call(self, contract: str, calls: Sequence[Call], block: BlockRef) -> list[Any]:
        """Return the results of views in order, each read at `block`; `Reverted` for one that did.

        One batch, one block hash. ChainError when the chain does not have that block (any more),
        NoSuchContract when there is no code at the address.
        """
        requests: list[tuple[str, list[Any]]] = [("eth_getCode", [contract, block.by_hash])]
        for call in calls:
            sent = {"to": contract, "data": call.data, "gas": hex(_CALL_GAS)}
            requests.append(("eth_call", [sent, block.by_hash]))
        # Last, so that it is asked after everything was read: not every node that is told
        # `requireCanonical` heeds it.
        requests.append(("eth_getBlockByNumber", [hex(block.number), False]))
        code, *answers, there = await self._rpc.batch(requests)
        self._check_there(there, block)
        if isinstance(code, RpcError):
            raise ChainError(
                f"{self.name} could not read {contract} at block {block.number}: {code}"
            )
        if data_of(code, self.name, "eth_getCode") == "0x":
            raise NoSuchContract(
                f"{contract} has no code at block {block.number} of {self.name}; "
                "check the address and the network"
            )
        return [self._result(c, a, block) for c, a in zip(calls, answers, strict=True)]

    async def code_at(self, address: str, block: BlockRef) -> bytes:
        """Return the code of an account at `block`, empty where it has none; ChainError."""
        answer = await self._pinned("eth_getCode", [address], block)
        if isinstance(answer, RpcError):
            raise ChainError(f"{self.name} could not read the code of {address}: {answer}")
        return bytes.fromhex(data_of(answer, self.name, "eth_getCode")[2:])

    async def execute(self, to: str | None, data: bytes, block: BlockRef) -> bytes | Reverted:
        """Return what a call answers at `block`; `to` None: what that creation code returns."""
        sent = {"data": f"0x{data.hex()}", "gas": hex(_CALL_GAS)}
        answer = await self._pinned("eth_call", [sent | ({} if to is None else {"to": to})], block)
        if isinstance(answer, RpcError):
            if answer.is_revert:
                return _reverted(answer)
            raise ChainError(f"{self.name} could not make the call: {answer}")
        return bytes.fromhex(data_of(answer, self.name, "eth_call")[2:])

    async def transfers(self, contracts: Sequence[str], first: int, last: int) -> list[Transfer]:
        """Return the Transfer events of contracts in blocks `first` to `last`; ChainError."""
        return transfers_of(await self._logs(list(contracts), first, hex(last), [TRANSFER]))

    async def minted(self, contract: str, transaction: str) -> list[Transfer] | None:
        """Return what a transaction minted in a contract; None while it is in no block.

        Empty when it failed, or minted nothing there.
        """
        receipt = await self._object("eth_getTransactionReceipt", [transaction])
        if receipt is None:
            return None
        logs = receipt.get("logs")
        found = transfers_of(logs if isinstance(logs, list) else ())
        ours = [one for one in found if one.contract == contract and one.is_mint]
        return ours if receipt.get("status") == "0x1" else []

    async def estimate_gas(self, sender: str, to: str | None, data: str) -> int | Reverted:
        """Return the gas of a transaction (`to` None: a deployment) as the node estimates it."""
        request = {"from": sender, "data": data} | ({} if to is None else {"to": to})
        (answer,) = await self._rpc.batch([("eth_estimateGas", [request])])
        if isinstance(answer, RpcError):
            if answer.is_revert:
                return _reverted(answer)
            raise ChainError(f"{self.name} could not estimate the gas: {answer}")
        return number_of(answer, self.name)

    async def fees(self) -> tuple[int, int]:
        """Return wei a gas: the base fee of the next block, and the tip that the node suggests.

        On a chain without base fees (EIP-1559) the first is 0, and the second the price of gas.
        """
        history, tip, whole = await self._rpc.batch(
            [
                ("eth_feeHistory", ["0x1", "latest", []]),
                ("eth_maxPriorityFeePerGas", []),
                ("eth_gasPrice", []),
            ]
        )
        if isinstance(whole, RpcError):
            raise ChainError(f"{self.name} refused eth_gasPrice: {whole}")
        known = history.get("baseFeePerGas") if isinstance(history, dict) else None
        if not isinstance(known, list) or not known:
            return 0, amount_of(whole, self.name)
        base = amount_of(known[-1], self.name)
        if isinstance(tip, RpcError):
            return base, max(0, amount_of(whole, self.name) - base)
        return base, amount_of(tip, self.name)

    async def balance(self, address: str) -> int:
        """Return the wei that an address has."""
        return amount_of(await self._one("eth_getBalance", [address, "latest"]), self.name)

    async def nonce(self, address: str) -> int:
        """Return the nonce of an address's next transaction, after those in the node's pool."""
        answer = await self._one("eth_getTransactionCount", [address, "pending"])
        return number_of(answer, self.name)

    async def nonce_at(self, address: str, block: BlockRef) -> int:
        """Return how many transactions of an address were mined up to `block`; ChainError."""
        answer = await self._pinned("eth_getTransactionCount", [address], block)
        if isinstance(answer, RpcError):
            raise ChainError(f"{self.name} did not give the nonce of {address}: {answer}")
        return number_of(answer, self.name)

    async def code(self, address: str) -> bytes:
        """Return the code at an address at the latest block; empty where there is none."""
        answer = await self._one("eth_getCode", [address, "latest"])
        return bytes.fromhex(data_of(answer, self.name, "eth_getCode")[2:])

    async def transaction(
        self, hashed: str
    ) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
        """Return a transaction and its receipt as the node has them; None for what it has not."""
        sent = await self._object("eth_getTransactionByHash", [hashed])
        return sent, await self._object("eth_getTransactionReceipt", [hashed])

    async def first_log(self, contract: str, block: int) -> tuple[str, int] | None:
        """Return transaction and block of the first event of a contract from `block` on."""
        for log in await self._logs(contract, block):
            hashed = data_of(log.get("transactionHash"), self.name, "eth_getLogs")
            return hashed, number_of(log.get("blockNumber"), self.name)
        return None

    async def refusals(
        self, contract: str, operator: str, asked: Mapping[str, tuple[str, int]], block: BlockRef
    ) -> dict[str, str]:
        """Return why receivers with code would not take a token of `contract`, by their address.

        Each is asked as ERC-721's safe transfers ask, with the holder before it and the token.
        """
        names = list(asked)
        codes = await self._rpc.batch([("eth_getCode", [name, block.by_hash]) for name in names])
        coded = [
            name
            for name, code in zip(names, codes, strict=True)
            if isinstance(code, RpcError) or data_of(code, self.name, "eth_getCode") != "0x"
        ]
        questions = [
            {
                "from": contract,
                "to": name,
                "data": Call(_RECEIVED, "", (operator, *asked[name], b"")).data,
                "gas": hex(_CALL_GAS),
            }
            for name in coded
        ]
        answers = await self._rpc.batch([("eth_call", [one, block.by_hash]) for one in questions])
        found: dict[str, str] = {}
        for name, answer in zip(coded, answers, strict=True):
            if isinstance(answer, RpcError):
                if not answer.is_revert:
                    raise ChainError(f"{self.name} could not ask {name}: {answer}")
                found[name] = f"a contract that refuses tokens ({clipped(answer.reason, 80)})"
            elif data_of(answer, self.name, "eth_call")[:10] != _TAKES:
                found[name] = "a contract that does not say that it takes tokens"
        return found

    async def fork_name(self) -> str | None:
        """Return what tells this fork of a chain from every other one; None when it is no fork.

        A fork has the chain id and the first block of its origin. Anvil alone is known.
        """
        (said,) = await self._rpc.batch([("anvil_metadata", [])])
        if not isinstance(said, dict) or not isinstance(said.get("forkedNetwork"), dict):
            return None
        return str(said.get("instanceId"))

    async def mint_block(self, contract: str, token_id: int) -> BlockRef:
        """Return the block of a token's mint: its Transfer event from the zero address."""
        return await self.block((await self._mint(contract, token_id)).block)

    async def minted_to(self, contract: str, token_id: int) -> str:
        """Return to whom a token was minted, whoever has it now."""
        return (await self._mint(contract, token_id)).to

    async def _mint(self, contract: str, token_id: int) -> Transfer:
        topics = [TRANSFER, "0x" + "00" * 32, None, f"0x{token_id:064x}"]
        found = transfers_of(await self._logs(contract, 0, topics=topics))
        if len(found) != 1:
            raise ChainError(f"{self.name} does not know the mint of token {token_id}; ask another")
        return found[0]

    async def _logs(
        self,
        contracts: str | list[str],
        first: int,
        last: str = "latest",
        topics: Sequence[str | None] = (),
    ) -> list[Mapping[str, Any]]:
        wanted = {"address": contracts, "fromBlock": hex(first), "toBlock": last, "topics": topics}
        logs = await self._one("eth_getLogs", [wanted])
        if not isinstance(logs, list) or not all(isinstance(log, dict) for log in logs):
            raise NodeUnreachable(f"{self.name} sent no logs; is it a JSON-RPC node?")
        return logs

    def _result(self, call: Call, answer: Any, block: BlockRef) -> Any:
        if isinstance(answer, RpcError):
            if answer.is_revert:
                return None if call.optional else _reverted(answer)
            raise ChainError(
                f"{self.name} failed at {call.signature}, block {block.number}: {answer}"
            )
        data = data_of(answer, self.name, call.signature)
        try:
            return call.read(bytes.fromhex(data[2:]))
        except ChainError:
            if call.optional:
                return None
            raise

    async def _block(self, at: str) -> BlockRef:
        answer = await self._one("eth_getBlockByNumber", [at, False])
        shown = int(at, 16) if at.startswith("0x") else at
        if answer is None:
            raise ChainError(f"{self.name} has no block {shown}; name one that exists")
        if not isinstance(answer, dict) or not _HASH.fullmatch(str(answer.get("hash"))):
            raise NodeUnreachable(f"{self.name} sent no block; is it a JSON-RPC node?")
        number, time = (number_of(answer.get(key), self.name) for key in ("number", "timestamp"))
        if shown not in (at, number):
            raise NodeUnreachable(f"{self.name} sent block {number} for block {shown}; use another")
        return BlockRef(number, answer["hash"], time)

    async def _pinned(self, method: str, parameters: list[Any], block: BlockRef) -> Any:
        """Return one answer as of `block`; ChainError when it is not on the chain (any more)."""
        there = ("eth_getBlockByNumber", [hex(block.number), False])
        answer, said = await self._rpc.batch([(method, [*parameters, block.by_hash]), there])
        self._check_there(said, block)
        return answer

    def _check_there(self, said: Any, block: BlockRef) -> None:
        if not isinstance(said, dict) or said.get("hash") != block.hash:
            raise ChainError(
                f"{self.name} does not have block {block.number} ({block.hash}) on its chain; "
                "name a block that is final, or read again"
            )

    async def _object(self, method: str, parameters: list[Any]) -> Mapping[str, Any] | None:
        """Return one answer that is an object, or null for what the node has not."""
        answer = await self._one(method, parameters)
        if answer is not None and not isinstance(answer, dict):
            raise NodeUnreachable(f"{self.name} answered {method} with no object; is it a node?")
        return answer

    async def _one(self, method: str, parameters: list[Any]) -> Any:
        (answer,) = await self._rpc.batch([(method, parameters)])
        if isinstance(answer, RpcError):
            raise ChainError(f"{self.name} refused {method}: {answer}")
        return answer


def _reverted(error: RpcError) -> Reverted:
    return Reverted(error.reason, error.data)
