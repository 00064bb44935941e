"""The account's transactions as one node sees them, and their bytes on the way to it.

Everything here may be asked again, sending too: the same bytes are the same transaction. So an
answer that is lost costs a question, nothing else. What the node says is trusted; that it says it
of one chain is checked: nonce and receipts are read at one block, by its hash.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

from pfpkit.block import BlockRef
from pfpkit.console import clipped
from pfpkit.cost import Fees
from pfpkit.errors import ChainError, NodeUnreachable
from pfpkit.rpc import Rpc, RpcError, amount_of, number_of, patient
from pfpkit.transactions.signed import Effect, Signed
from pfpkit.transfers import TRANSFER, Transfer, transfers_in_receipt

__all__ = ["Answer", "Look", "Receipt", "Said", "Wire"]


_KNOWN = ("already known", "known transaction", "already imported", "already exists", "in mempool")
_USED = ("nonce too low", "oldnonce", "nonce is too low", "nonce has already been used")
_CHEAP = ("underpriced", "less than block base fee", "feetoolow", "fee too low", "replacement")
_POOR = ("insufficient funds", "insufficient balance", "exceeds balance")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a transaction that is in a block; `transfers` are those of what it called."""

    succeeded: bool
    block: int
    block_hash: str
    gas: int
    wei_per_gas: int
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The account at one block: its nonce there, and the first nonce that no pooled one has.

    `market` is what a gas costs: the base fee of that block, and the tip that the node suggests.
    `receipts` are those of the hashes that were asked for, and `pooled` the hashes that the node
    knows, in a block or not.
    """

    head: BlockRef
    gas_limit: int
    market: Fees
    nonce: int
    pending: int
    receipts: Mapping[str, Receipt]
    pooled: frozenset[str]


class Answer(Enum):
    """What a node made of a transaction that it was sent."""

    TAKEN = auto()
    USED = auto()
    CHEAP = auto()
    POOR = auto()
    REFUSED = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Said:
    """A node's answer to one transaction, and its words where it did not take it."""

    answer: Answer
    words: str = ""


class Wire:
    """One account at one node. Use as `async with Wire(url, address) as wire:`.

    What gets no answer is asked again for `patience_s` seconds, then NodeUnreachable is raised.
    """

    def __init__(
        self, url: str, address: str, *, patience_s: float = 60.0, timeout_s: float = 20.0
    ) -> None:
        self._rpc = Rpc(url, timeout_s)
        self._address = address
        self.patience_s = patience_s
        self.name = self._rpc.name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._rpc.close()

    async def look(self, hashes: Sequence[str], newest: Sequence[str]) -> Look:
        """Return what the node says of the account and of transactions, all at its latest block.

        For `newest` it is also asked whether the node knows them.
        """
        return await patient(lambda: self._look(hashes, newest), self.patience_s)

    async def _look(self, hashes: Sequence[str], newest: Sequence[str]) -> Look:
        (latest,) = await self._rpc.batch([("eth_getBlockByNumber", ["latest", False])])
        head = self._block(latest)
        asked: list[tuple[str, list[Any]]] = [
            ("eth_getTransactionCount", [self._address, head.by_hash]),
            ("eth_getTransactionCount", [self._address, "pending"]),
            ("eth_maxPriorityFeePerGas", []),
            ("eth_gasPrice", []),
            *(("eth_getTransactionByHash", [one]) for one in newest),
            *(("eth_getTransactionReceipt", [one]) for one in hashes),
            # Last, so that all of it was said of one chain.
            ("eth_getBlockByNumber", [hex(head.number), False]),
        ]
        nonce, pending, tip, price, *rest, there = await self._rpc.batch(asked)
        if self._block(there).hash != head.hash:
            raise ChainError(f"{self.name} went over to another chain while it was asked")
        known, receipts = rest[: len(newest)], rest[len(newest) :]
        base = latest.get("baseFeePerGas")
        if base is None:
            raise ChainError(
                f"{self.name} is of a chain without base fees (EIP-1559), for which nothing is sent"
            )
        lowest = amount_of(base, self.name)
        # Not every node suggests a tip; a price of gas is base fee and tip.
        suggested = (
            max(0, amount_of(price, self.name) - lowest)
            if isinstance(tip, RpcError)
            else amount_of(tip, self.name)
        )
        return Look(
            head=head,
            gas_limit=number_of(latest.get("gasLimit"), self.name),
            market=Fees(lowest, suggested),
            nonce=self._number(nonce),
            pending=self._number(pending),
            receipts={
                one: self._receipt(said)
                for one, said in zip(hashes, receipts, strict=True)
                if isinstance(said, dict) and said.get("blockHash")
            },
            pooled=frozenset(
                one for one, said in zip(newest, known, strict=True) if isinstance(said, dict)
            ),
        )

    async def hashes(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the hashes of the blocks with these numbers on the node's chain."""
        blocks: list[tuple[str, list[Any]]] = [
            ("eth_getBlockByNumber", [hex(number), False]) for number in numbers
        ]

        async def ask() -> dict[int, str]:
            said = await self._rpc.batch(blocks)
            return {n: self._block(one).hash for n, one in zip(numbers, said, strict=True)}

        return await patient(ask, self.patience_s)

    async def moved(self, move: Effect, first: int, last: int) -> bool:
        """Whether the Transfer event of a move is in one of these blocks."""
        topics = [TRANSFER, _topic(move.sender), _topic(move.to), f"0x{int(move.what):064x}"]
        blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
        wanted = {"address": move.contract, "topics": topics} | blocks

        async def ask() -> bool:
            (said,) = await self._rpc.batch([("eth_getLogs", [wanted])])
            if not isinstance(said, list):
                raise ChainError(f"{self.name} does not give the events of {move.contract}: {said}")
            return bool(said)

        return await patient(ask, self.patience_s)

    async def send(self, many: Sequence[Signed]) -> list[Said]:
        """Send transactions, in order. Not asked again: whoever sends looks, and sends again."""
        try:
            answers = await self._rpc.batch(
                [("eth_sendRawTransaction", [f"0x{one.raw.hex()}"]) for one in many]
            )
        except ChainError as error:
            # They may have arrived or not.
            return [Said(Answer.NONE, str(error))] * len(many)
        return [_said(answer) for answer in answers]

    def _block(self, said: Any) -> BlockRef:
        if not isinstance(said, dict) or not isinstance(said.get("hash"), str):
            raise ChainError(f"{self.name} did not give a block that it has: {said}")
        number, time = (number_of(said.get(key), self.name) for key in ("number", "timestamp"))
        return BlockRef(number, said["hash"], time)

    def _number(self, said: Any) -> int:
        if isinstance(said, RpcError):
            raise ChainError(f"{self.name} did not give the account's nonce: {said}")
        return number_of(said, self.name)

    def _receipt(self, said: Mapping[str, Any]) -> Receipt:
        name, transfers = self.name, transfers_in_receipt(said)
        if transfers is None:
            hashed = clipped(str(said.get("transactionHash")), 66)
            raise NodeUnreachable(f"{name} gave no whole receipt of {hashed}; is it a node?")
        return Receipt(
            succeeded=number_of(said.get("status"), name) == 1,
            block=number_of(said.get("blockNumber"), name),
            block_hash=str(said["blockHash"]),
            gas=number_of(said.get("gasUsed"), name),
            wei_per_gas=amount_of(said.get("effectiveGasPrice"), name),
            transfers=tuple(transfers),
        )


def _said(answer: Any) -> Said:
    if not isinstance(answer, RpcError):
        return Said(Answer.TAKEN)
    words = str(answer)
    text = words.lower()
    for kind, signs in (
        (Answer.TAKEN, _KNOWN),
        (Answer.USED, _USED),
        (Answer.POOR, _POOR),
        (Answer.CHEAP, _CHEAP),
    ):
        if any(sign in text for sign in signs):
            return Said(kind, words)
    return Said(Answer.REFUSED, words)


def _topic(address: str) -> str:
    return f"0x{address[2:].lower():0>64}"
