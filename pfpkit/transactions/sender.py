"""Drive signed transactions into blocks that are deep enough, and sign the next ones meanwhile.

A look at the node, then what follows from it, again and again: which slots are done, which can
never be mined, what to sign next, what to send (again), what to send with higher fees. Nothing is
remembered between two looks but what is in the journal, what was done before and is looked at
again, and of each open slot how it stood at the last look (`Watch`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pfpkit.cost import gwei
from pfpkit.errors import ChainError, PfpkitError, TransactionFailed
from pfpkit.transactions import stops
from pfpkit.transactions.budget import Budget
from pfpkit.transactions.calls import NextCall, Source
from pfpkit.transactions.fees import first_fees, is_plenty, raised
from pfpkit.transactions.journal import Done, Slot, TransactionJournal, Void
from pfpkit.transactions.outcome import found_version, ids_of
from pfpkit.transactions.proof import Prover
from pfpkit.transactions.signed import Request, Signed, Signer
from pfpkit.transactions.watch import Watch
from pfpkit.transactions.wire import Answer, Look, Receipt, Wire

__all__ = ["Rules", "Sender", "Told"]

_MANY_BLOCKS = 16
"""So many blocks are worth a line, with which they are not asked for again."""
_UNSEEN_LOOKS = 8
"""So often a nonce is seen used before the receipt of its transaction is held to be missing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How transactions are sent.

    A slot is done when `confirmations` blocks follow its own. `max_fee` is wei a gas. After
    `raise_after` blocks without it, the first one that is missing is sent with higher fees; after
    `stall_s` seconds without any progress the run stops.
    """

    confirmations: int = 0
    in_flight: int = 8
    max_fee: int | None = None
    raise_after: int = 6
    stall_s: float = 600.0
    look_s: float = 0.25


Told = Callable[..., None]
"""Is told what happens: the name of an event and its fields."""


class Sender:
    """One account's transactions, through its journal, to one node."""

    def __init__(
        self,
        wire: Wire,
        journal: TransactionJournal,
        signer: Signer,
        prover: Prover,
        rules: Rules,
        budget: Budget,
        told: Told,
    ) -> None:
        self._wire = wire
        self._journal = journal
        self._signer = signer
        self._prover = prover
        self._rules = rules
        self._budget = budget
        self._told = told
        self._source: Source | None = None
        self._is_used_up = True
        self._planned_at = 0
        self._final = 0
        """The number of a block that was final when the run began."""
        self._stop: PfpkitError | None = None
        self._watches: defaultdict[int, Watch] = defaultdict(Watch)
        self._waits: tuple[int, str] | None = None
        self._told_of = -1
        self._recalled: dict[int, Done] = {}
        self._progress: tuple[Any, ...] = ()
        self._progress_at = 0.0

    async def run(self, source: Source | None = None, planned_at: int = 0) -> None:
        """Return when every slot of the journal, and every call of `source`, is done or void.

        `planned_at` is the account's nonce at the block that the calls were worked out from: a
        transaction of the account since then that is not of this journal makes them void.

        What stops it is raised when all that could be settled is: TransactionFailed when a call
        failed or cannot get on, ChainError when the node says what cannot be.
        """
        self._planned_at = planned_at
        self._source, self._stop, self._is_used_up = source, None, source is None
        self._progress_at = _clock()
        await self._recall()
        while True:
            slots = self._journal.open
            for nonce in self._watches.keys() - {slot.nonce for slot in slots}:
                del self._watches[nonce]
            hashes = [one.hash for slot in slots for one in slot.versions]
            look = await self._wire.look(hashes, [slot.last.hash for slot in slots])
            self._reopen(look)
            waiting = await self._settle(look)
            self._note_progress(look)
            await self._sign(look)
            await self._raise_fees(look)
            await self._send(look)
            left = [slot for slot in self._journal.open if slot.nonce not in waiting]
            ended = not left and (self._is_used_up or self._stop is not None)
            if ended and not (waiting and self._prover.is_near):
                break
            self._check_stalled(look)
            await asyncio.sleep(self._rules.look_s)
        if self._stop is None and self._journal.open:
            self._stop = stops.not_final([slot.nonce for slot in self._journal.open])
        if self._stop is not None:
            raise self._stop

    async def _recall(self) -> None:
        """Look again at what was done in blocks that may still go, or are not there any more: a
        reorganisation takes them, at a time when no process may have been there to see it."""
        final = await self._prover.final()
        self._final = final.number
        slots = [slot for slot in self._journal.slots.values() if slot.done is not None]
        young = {slot.done.block for slot in slots if slot.done and slot.done.block > final.number}
        old = {slot.done.block for slot in slots if slot.done} - young
        unseen = sorted(block for block in old if block > self._journal.final)
        hashes = await self._wire.hashes(unseen)
        gone = False
        for slot in slots:
            if slot.done is None:
                continue
            stays = hashes.get(slot.done.block, slot.done.block_hash) == slot.done.block_hash
            if not stays:
                gone = True
                self._told("reorganised", nonce=slot.nonce, hash=slot.done.hash)
            if slot.done.block in young or not stays:
                self._recalled[slot.nonce], slot.done = slot.done, None
        if len(unseen) >= _MANY_BLOCKS and not gone:
            self._journal.seal(final.number, final.hash)

    def _reopen(self, look: Look) -> None:
        """Take up slots again that were done, where the chain says that their nonce is not used."""
        for slot in self._journal.slots.values():
            if slot.done is not None and slot.nonce >= look.nonce:
                self._told("reorganised", nonce=slot.nonce, hash=slot.done.hash)
                slot.done = None

    async def _settle(self, look: Look) -> set[int]:
        """Note what is done and what never will be; return the nonces whose end is not final."""
        waiting: set[int] = set()
        deep: list[tuple[Slot, str, Receipt]] = []
        for slot in self._journal.open:
            watch = self._watches[slot.nonce]
            found = found_version(slot, look.receipts)
            if found is None:
                if watch.block_hash:
                    self._told("reorganised", nonce=slot.nonce, hash=slot.last.hash)
                    watch = self._watches[slot.nonce] = Watch()
                if slot.nonce >= look.nonce:
                    watch.used = 0
                elif await self._is_over(slot, None):
                    waiting.add(slot.nonce)
                continue
            hashed, receipt = found
            if watch.block_hash != receipt.block_hash:
                self._told("mined", nonce=slot.nonce, hash=hashed, block=receipt.block)
                watch.block_hash = receipt.block_hash
            if look.head.number - receipt.block >= self._rules.confirmations:
                deep.append((slot, hashed, receipt))
        there = await self._wire.hashes(sorted({receipt.block for _, _, receipt in deep}))
        for slot, hashed, receipt in deep:
            if there[receipt.block] != receipt.block_hash:
                continue
            if receipt.succeeded:
                self._done(slot, hashed, receipt)
            elif await self._is_over(slot, (hashed, receipt)):
                waiting.add(slot.nonce)
        return waiting

    def _done(self, slot: Slot, hashed: str, receipt: Receipt) -> None:
        ids = ids_of(slot, receipt)
        if ids is None:
            raise ChainError(
                f"{hashed} is in block {receipt.block}, and did not do what it was meant to: "
                f"{slot.contract} is not the contract that it was when this was signed; check it"
            )
        where = receipt.block, receipt.block_hash, receipt.gas, receipt.wei_per_gas
        done = Done(hashed, *where, ids)
        if self._recalled.pop(slot.nonce, None) == done:
            slot.done = done  # as it was
            return
        self._journal.done(slot, done)
        self._budget.settle(slot.nonce, receipt.gas * receipt.wei_per_gas)
        self._told(
            "done", nonce=slot.nonce, hash=hashed, block=receipt.block, effects=len(ids), ids=ids
        )

    async def _is_over(self, slot: Slot, failed: tuple[str, Receipt] | None) -> bool:
        """Whether a slot's nonce was used, by a version of it that failed or by another
        transaction, in a block that is not final; once it is, the slot is void or done."""
        hashed, spent = slot.last.hash, 0
        if failed is None:
            watch = self._watches[slot.nonce]
            watch.used += 1
            if watch.used < _UNSEEN_LOOKS:
                return False  # a node may know of a block before it knows of its receipts
        else:
            hashed, receipt = failed
            spent = receipt.gas * receipt.wei_per_gas
            self._stop = self._stop or stops.failed(hashed, receipt)
        final = await self._prover.final()
        if await self._prover.nonce(self._signer.address, final) <= slot.nonce:
            return True
        happened = await self._prover.happened(slot, final)
        self._budget.settle(slot.nonce, spent)
        if len(happened) == len(slot.effects):
            # All of it is there, by transactions that are not of this journal.
            self._journal.done(slot, Done("", final.number, final.hash, 0, 0, ()))
            self._told("done", nonce=slot.nonce, hash="", block=final.number, effects=0, ids=())
            return False
        why = "it failed" if failed is not None else "another transaction had its nonce"
        what = tuple(effect.what for effect in happened)
        self._journal.void(slot, Void(why, final.number, final.hash, what))
        self._told("void", nonce=slot.nonce, hash=hashed, why=why)
        if failed is None and self._source is not None:
            self._stop_for_others(slot.nonce)
        return False

    async def _sign(self, look: Look) -> None:
        unmined = sum(not self._watches[slot.nonce].block_hash for slot in self._journal.open)
        self._waits = None
        while self._source is not None and not self._is_used_up and self._stop is None:
            if unmined >= self._rules.in_flight:
                return
            nonce = max(self._planned_at, self._journal.next_nonce)
            if max(look.nonce, look.pending) > nonce:
                self._stop_for_others(nonce)
                return
            fees = first_fees(look.market, self._rules.max_fee)
            if fees is None:
                self._wait(nonce, f"a gas costs {gwei(look.market.base)}, more than --max-fee")
                return
            try:
                call = await self._source.next(look)
                if call is None:
                    self._is_used_up = True
                    return
                affordable = self._affordable(nonce, call, fees, look)
                if affordable is None:
                    self._source.give_back(call.effects)
                    return
                chain_id = self._journal.place.chain_id
                signed = self._signed(
                    Request(chain_id, nonce, call.to, call.data, call.gas, *affordable)
                )
            except PfpkitError as error:
                self._stop = error
                return
            before = [slot.done for effect in call.effects if (slot := self._journal.of(effect))]
            block = max([self._final, *(done.block for done in before if done)])
            self._journal.sign(signed, call.effects, block, again=call.again)
            self._budget.sign(signed.request)
            self._told("signed", nonce=nonce, hash=signed.hash, effects=len(call.effects))
            unmined += 1

    def _signed(self, request: Request) -> Signed:
        """Return a request signed; TransactionFailed when what was signed is another one."""
        signed = self._signer.sign(request)
        if signed.request != request:
            raise TransactionFailed(
                f"{self._signer.address} signed another transaction than it was asked for; nothing "
                "was sent; set its fees and gas by this command alone"
            )
        return signed

    def _stop_for_others(self, nonce: int) -> None:
        """Sign nothing more: what was planned may be what another transaction has done."""
        self._stop = self._stop or stops.used_elsewhere(nonce, self._signer.address)

    def _affordable(
        self, nonce: int, call: NextCall, fees: tuple[int, int], look: Look
    ) -> tuple[int, int] | None:
        """Return what a gas may be offered, so that the run costs no more than its limit; None
        when it has to wait for what others leave of it, or nobody will."""
        left = self._budget.left(nonce)
        if left is None or call.gas * fees[0] <= left:
            return fees
        if self._journal.open:
            return None
        lower = first_fees(look.market, left // call.gas)
        if lower is None:
            self._stop = stops.over_budget()
        return lower

    async def _raise_fees(self, look: Look) -> None:
        for slot in self._unmined(look):
            last = slot.last.request
            watch = self._watches[slot.nonce]
            if watch.tried is None:
                watch.tried = look.head.number
            outbid = watch.is_cheap or last.max_fee < look.market.base
            late = look.head.number - watch.tried >= self._rules.raise_after
            if not outbid and not (late and slot.nonce == look.nonce):
                continue
            if not outbid and is_plenty(last, look.market):
                self._wait(
                    slot.nonce,
                    f"it offers a tip of {gwei(last.tip)} a gas, which is plenty, and the node "
                    "does not get it into a block: ask another node",
                )
                continue
            left = self._budget.left(slot.nonce)
            caps = [self._rules.max_fee, None if left is None else left // last.gas]
            cap = min((one for one in caps if one is not None), default=None)
            request = raised(last, look.market, cap)
            if request is None:
                self._wait(
                    slot.nonce,
                    f"it offers {gwei(last.max_fee)} a gas at a base fee of "
                    f"{gwei(look.market.base)}, and the limits allow no more",
                )
                continue
            signed = self._signed(request)
            self._journal.replace(slot, signed)
            self._budget.sign(request)
            watch.tried, watch.said = look.head.number, None
            self._told(
                "replaced",
                nonce=slot.nonce,
                hash=signed.hash,
                max_fee=request.max_fee,
                before=last.max_fee,
            )

    async def _send(self, look: Look) -> None:
        """Send what the node does not have: the same bytes, however often."""
        wanted = []
        for slot in self._unmined(look):
            last, watch = slot.last, self._watches[slot.nonce]
            if last.hash == watch.taken and last.hash not in look.pooled:
                self._told("dropped", nonce=slot.nonce, hash=last.hash)
                watch.taken = ""
            if last.hash != watch.taken:
                wanted.append((watch, last))
        if not wanted:
            return
        answers = await self._wire.send([signed for _, signed in wanted])
        for (watch, signed), said in zip(wanted, answers, strict=True):
            if said.answer in (Answer.TAKEN, Answer.USED):
                watch.taken, watch.said = signed.hash, None
                self._told("sent", nonce=signed.request.nonce, hash=signed.hash)
            else:
                watch.said = said

    def _unmined(self, look: Look) -> list[Slot]:
        """The open slots that are in no block and still can be, by nonce."""
        return [
            slot
            for slot in self._journal.open
            if slot.nonce >= look.nonce and not found_version(slot, look.receipts)
        ]

    def _wait(self, nonce: int, why: str) -> None:
        if self._waits is None:
            self._waits = (nonce, why)
            if nonce != self._told_of:
                self._told("waiting", nonce=nonce, why=why)
                self._told_of = nonce

    def _note_progress(self, look: Look) -> None:
        done = sum(1 for slot in self._journal.slots.values() if not slot.is_open)
        # While something is in a block, further blocks are progress.
        in_blocks = any(self._watches[slot.nonce].block_hash for slot in self._journal.open)
        height = look.head.number if in_blocks else 0
        now = (look.nonce, done, height)
        if now != self._progress:
            self._progress, self._progress_at = now, _clock()

    def _check_stalled(self, look: Look) -> None:
        unmined = [slot.nonce for slot in self._unmined(look)]
        refused = {n: words for n in unmined if (words := self._watches[n].refusal)}
        patience = min(self._rules.stall_s, self._wire.patience_s if refused else float("inf"))
        if _clock() - self._progress_at < patience:
            return
        lowest = min((slot.nonce for slot in self._journal.open), default=None)
        raise stops.stalled(look.nonce, lowest, refused, self._waits, self._journal.folder)


def _clock() -> float:
    return asyncio.get_running_loop().time()
