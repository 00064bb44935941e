"""`make chaos-stories`: many short runs of the sender beside whatever else happens to an account.

In each story a few tokens are minted through the journal while chance mines, reorganises, empties
the pool, raises the base fee, loses answers, ends the process, and lets another program take the
account's next nonce: for nothing, or for one of the mints that were signed with it. Then all is
left in peace, and the command is run until it ends well. Each token has to be minted once, to its
receiver, and the journal has to say what the chain says; ends with 1 otherwise. `STORIES` and
`SEED` change it. Reorganisations are no deeper than what is called final: deeper ones break the
promise. With `BUG` it has to fail (`make chaos-bugs`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from eth_abi import encode
from support.anvil import DEPLOYER, HOLDER, Anvil
from support.collection import CONSTRUCTOR, constructor_arguments
from support.deployed import compiled
from support.faulty_node import FaultyNode
from support.node import calldata
from support.sending_stage import Killed, Stage

from chaos.bugs import BUGS
from pfpkit.errors import PfpkitError
from pfpkit.transactions.journal import TransactionJournal

STORIES = int(os.environ.get("STORIES", "40"))
BUG = os.environ.get("BUG", "")
SEED = int(os.environ.get("SEED") or Random().randrange(10**6))
KILL = 0.1
WILD_RUNS, QUIET_RUNS = 6, 6
DEAR = {"maxFeePerGas": hex(10**12), "maxPriorityFeePerGas": hex(10**11), "gas": hex(300_000)}


class Story:
    """One account on a chain of its own, and what chance does to both."""

    def __init__(self, chance: Random, chain: Anvil, code: bytes, root: Path) -> None:
        self.chance = chance
        self.chain = chain
        made = constructor_arguments(DEPLOYER, DEPLOYER, max_supply=1000)
        contract = chain.node.deploy(DEPLOYER, code + encode(CONSTRUCTOR, made))
        self.stage = Stage(chain, Anvil.checksummed(contract), root)
        self.effects = self.stage.mints(chance.randint(2, 6))
        self.how = {"batch": chance.choice([1, 2, 3]), "stall_s": 1.0, "look_s": 0.01}
        self.depth = self.how["confirmations"] = chance.choice([0, 1, 2, 3])
        self.begun = chain.height
        self.told: Counter[str] = Counter()
        chain.rpc("evm_setAutomine", False)

    def tell(self) -> None:
        """Run it to its end; AssertionError says what is not as it has to be."""
        lose = self.chance.choice([0.0, 0.1, 0.2])
        self.stage.on = self._perhaps_killed
        with FaultyNode(self.chain.url, self.chance, lose=lose, fail=lose / 2, twice=lose) as node:
            self.stage.url = node.url
            for _ in range(WILD_RUNS):
                with contextlib.suppress(Killed, PfpkitError):
                    asyncio.run(self._run(self._happens))
        self.stage.url, self.stage.on = "", lambda _: None
        for _ in range(QUIET_RUNS):
            try:
                asyncio.run(self._run(self._mine))
            except PfpkitError as error:
                last = str(error)
                self._fill()
            else:
                break
        else:
            raise AssertionError(f"it never ends well: {last}")
        self._check()

    async def _run(self, happens: Callable[[], None]) -> None:
        beside = asyncio.create_task(self._beside(happens))
        try:
            await self.stage.send(self.effects, **self.how)
        finally:
            beside.cancel()

    async def _beside(self, happens: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(self.chance.uniform(0.02, 0.1))
            happens()

    def _perhaps_killed(self, event: str) -> None:
        if self.chance.random() < KILL:
            self.told["killed"] += 1
            raise Killed

    def _happens(self) -> None:
        ways = [self._mine, self._reorganise, self._drop, self._steal, self._spike, lambda: None]
        (way,) = self.chance.choices(ways, [6, 3, 0.4, 0.4, 0.3, 3])
        way()

    def _mine(self) -> None:
        self.chain.rpc("anvil_mine", hex(self.chance.randint(1, 2)))

    def _reorganise(self) -> None:
        if self.depth and self.chain.height - self.begun > self.depth:
            self.chain.rpc("anvil_reorg", self.chance.randint(1, self.depth), [])
            self.told["reorganisations"] += 1

    def _drop(self) -> None:
        self.chain.rpc("anvil_dropAllTransactions")

    def _spike(self) -> None:
        fee = self.chance.choice([1, 5, 30]) * 10**9
        self.chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(fee))

    def _steal(self) -> None:
        """Take the next nonce: for nothing, or for a mint that this very nonce was signed for."""
        nonce = self._nonce()
        journal = self.stage.journal()
        with TransactionJournal(self.stage.root, journal.place, holding=False) as beside:
            slot = beside.slots.get(nonce)
        sent = {"to": HOLDER, "data": "0x"}
        if slot is not None and self.chance.random() < 0.7:
            effect = self.chance.choice(slot.effects)
            call = calldata("mint(address,bytes32)", effect.to, bytes.fromhex(effect.what))
            sent = {"to": self.stage.contract, "data": f"0x{call.hex()}"}
        self.chain.rpc("anvil_dropAllTransactions")
        self._send(nonce, sent)
        self.told["nonces taken"] += 1

    def _fill(self) -> None:
        """What was sent elsewhere and lost in a reorganisation is sent by nobody but its sender."""
        nonce = self._nonce()
        with self.stage.journal() as journal:
            if nonce not in journal.slots:
                self._send(nonce, {"to": HOLDER, "data": "0x"})
        self._mine()

    def _send(self, nonce: int, sent: dict[str, str]) -> None:
        with contextlib.suppress(RuntimeError):  # it is there already
            self.chain.rpc(
                "eth_sendTransaction", {"from": DEPLOYER, "nonce": hex(nonce)} | DEAR | sent
            )

    def _nonce(self) -> int:
        return int(self.chain.rpc("eth_getTransactionCount", DEPLOYER, "latest"), 16)

    def _check(self) -> None:
        contract, node = self.stage.contract, self.chain.node
        total = int.from_bytes(node.call(contract, calldata("totalMinted()")))
        minted = {}
        for id_ in range(1, total + 1):
            bundle = node.call(contract, calldata("bundleOf(uint256)", id_)).hex()
            assert bundle not in minted, f"{bundle} is minted twice"
            minted[bundle] = node.call(contract, calldata("ownerOf(uint256)", id_))[12:].hex()
        meant = {effect.what: effect.to[2:].lower() for effect in self.effects}
        missing = sorted(meant.keys() - minted.keys())
        assert not missing, f"{len(missing)} of {len(meant)} are not minted, such as {missing[0]}"
        assert minted == meant, f"minted is {minted}, and meant was {meant}"
        with self.stage.journal() as journal:
            assert not journal.open, "something is still under way"
            for slot in journal.slots.values():
                if slot.done is not None and slot.done.hash:
                    receipt = self.chain.rpc("eth_getTransactionReceipt", slot.done.hash)
                    assert receipt, f"nonce {slot.nonce} is done in no block"
                    found = receipt["blockHash"], int(receipt["status"], 16)
                    assert found == (slot.done.block_hash, 1), f"nonce {slot.nonce} is not done"


def main() -> int:
    print(f"chaos: {STORIES} stories, SEED={SEED}", flush=True)
    if BUG:
        BUGS[BUG]()
    _, code = compiled()
    happened: Counter[str] = Counter()
    failed = 0
    for seed in range(SEED, SEED + STORIES):
        with Anvil() as chain, tempfile.TemporaryDirectory() as folder:
            story = Story(Random(seed), chain, code.creation, Path(folder))
            try:
                story.tell()
            except AssertionError as wrong:
                failed += 1
                print(f"  SEED={seed} STORIES=1: {wrong}", flush=True)
            happened += story.told + Counter(event for event, _ in story.stage.told)
    shown = ", ".join(f"{count:,} {what}" for what, count in sorted(happened.items()))
    print(f"  what happened: {shown}")
    print(f"  {failed} of {STORIES} failed" if failed else "  each token was minted once")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
