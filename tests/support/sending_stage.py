"""A collection on an anvil of its own, and an account that sends through its journal to it.

The account signs with a key of anvil's; what it sends goes over a real socket to a real node.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account

from pfpkit.chain import Node
from pfpkit.minted import read_minted
from pfpkit.reference import NOBODY
from pfpkit.transactions.batches import Batches
from pfpkit.transactions.budget import Budget
from pfpkit.transactions.journal import Place, TransactionJournal
from pfpkit.transactions.proof import Prover
from pfpkit.transactions.sender import Rules, Sender
from pfpkit.transactions.signed import Effect, Request, Signed
from pfpkit.transactions.wire import Wire
from support.anvil import DEPLOYER, KEY, Anvil
from support.collection import digest
from support.node import calldata


class Killed(BaseException):
    """Ends a run where a test wants it to end; nothing of pfpkit catches it."""


class LocalSigner:
    """A `Signer` with the first key of every anvil."""

    address = DEPLOYER

    def sign(self, request: Request) -> Signed:
        fields = {
            "type": 2,
            "chainId": request.chain_id,
            "nonce": request.nonce,
            "to": request.to,
            "data": request.data,
            "gas": request.gas,
            "maxFeePerGas": request.max_fee,
            "maxPriorityFeePerGas": request.tip,
            "value": 0,
        }
        return Signed.parse(bytes(Account.from_key(KEY).sign_transaction(fields).raw_transaction))


def receiver(number: int) -> str:
    """An address that nobody has."""
    return Anvil.checksummed(f"0x{number + 0xABC000:040x}")


@dataclass
class Stage:
    """The chain, the collection on it, and where the account's journal is.

    `told` are the events of all runs, and `on` is called with each as it happens.
    """

    chain: Anvil
    contract: str
    root: Path
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    on: Callable[[str], None] = lambda _: None
    url: str = ""
    before_signing: Callable[[], None] = lambda: None

    def mints(self, count: int, first: int = 0) -> list[Effect]:
        """A different bundle for each of different receivers."""
        return [
            Effect(self.contract, NOBODY, receiver(n), digest(n).hex())
            for n in range(first, first + count)
        ]

    def journal(self, *, holding: bool = True) -> TransactionJournal:
        """The account's journal, not yet opened."""
        genesis = self.chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
        return TransactionJournal(self.root, Place(31337, genesis, DEPLOYER), holding=holding)

    def run(self, effects: Sequence[Effect], *, batch: int = 1, **how: Any) -> None:
        """Send to the end what is not under way, as a command does: what was signed comes first."""
        asyncio.run(self.send(effects, batch=batch, **how))

    async def send(
        self,
        effects: Sequence[Effect],
        *,
        batch: int = 1,
        again: bool = False,
        max_cost: int | None = None,
        **how: Any,
    ) -> None:
        rules = Rules(**{"look_s": 0.02, "stall_s": 20.0} | how)
        url = self.url or self.chain.url
        with self.journal() as journal:
            async with (
                Node(url, patience_s=10) as node,
                Wire(url, DEPLOYER, patience_s=rules.stall_s) as wire,
            ):
                prover = Prover(node, wire, rules.confirmations)
                signer, budget = LocalSigner(), Budget(max_cost)
                sender = Sender(wire, journal, signer, prover, rules, budget, self._tell)
                await sender.run()
                state = await read_minted(node, self.contract)
                minted, nonce = state.by_digest, await node.nonce_at(DEPLOYER, state.block)
                left = [
                    effect
                    for effect in effects
                    if not journal.of(effect)
                    and not (effect.is_mint and bytes.fromhex(effect.what) in minted)
                ]
                wanted = effects if again else left
                source = Batches(node, DEPLOYER, wanted, most=batch, again=again)
                self.before_signing()
                await sender.run(source, nonce)

    async def beside(self, effects: Sequence[Effect], act: Awaitable[None], **how: Any) -> None:
        """Send, while something else is done to the chain."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.send(effects, **how))
            group.create_task(_awaited(act))

    async def until(self, event: str, times: int = 1) -> None:
        """Wait until an event has happened so often."""
        async with asyncio.timeout(20):
            while self.count(event) < times:
                await asyncio.sleep(0.01)

    def count(self, event: str) -> int:
        """How often an event has happened."""
        return sum(1 for name, _ in self.told if name == event)

    def _tell(self, event: str, **fields: Any) -> None:
        self.told.append((event, fields))
        self.on(event)

    def check(self, effects: Sequence[Effect]) -> None:
        """AssertionError unless just these are minted, each once and to its receiver, and the
        journal says what the chain says."""
        state = asyncio.run(self._state())
        assert not state.twice
        assert state.total == len(effects)
        for effect in effects:
            id_ = state.by_digest[bytes.fromhex(effect.what)]
            owner = self.chain.node.call(self.contract, calldata("ownerOf(uint256)", id_))
            assert f"0x{owner[12:].hex()}" == effect.to.lower()
        with self.journal() as journal:
            assert not journal.open
            for slot in journal.slots.values():
                if slot.void is not None:
                    continue
                assert slot.done is not None
                receipt = self.chain.rpc("eth_getTransactionReceipt", slot.done.hash)
                assert int(receipt["status"], 16) == 1
                assert receipt["blockHash"] == slot.done.block_hash
                assert slot.done.hash in [one.hash for one in slot.versions]

    async def _state(self) -> Any:
        async with Node(self.chain.url) as node:
            return await read_minted(node, self.contract)

    def mine(self, count: int = 1) -> None:
        """Make blocks."""
        self.chain.rpc("anvil_mine", hex(count))


async def _awaited(work: Awaitable[None]) -> None:
    await work
