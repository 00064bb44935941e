"""Drive signed transactions into blocks that are deep enough, and sign the next ones meanwhile.

A look at the node, then what follows from it, again and again: which slots are done, which can
never be mined, what to sign next, what to send (again), what to send with higher fees. Nothing is
remembered between two looks but what is in the journal, and when something was last tried.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pfpkit.cost import gwei
from pfpkit.errors import ChainError, PfpkitError, TransactionFailed
from pfpkit.transactions.calls import Source
from pfpkit.transactions.fees import first_fees, raised
from pfpkit.transactions.journal import Done, Slot, TransactionJournal, Void
from pfpkit.transactions.proof import Prover
from pfpkit.transactions.signed import Request, Signer
from pfpkit.transactions.wire import Answer, Look, Receipt, Said, Wire

__all__ = ["Rules", "Sender", "Told"]

_UNSEEN_LOOKS = 8
"""So often a nonce is seen used before the receipt of its transaction is held to be missing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How transactions are sent.

    A slot is done when `confirmations` blocks follow its own. `max_fee` is wei a gas, `max_cost`
    wei for what one run signs. After `raise_after` blocks without it, the first one that is missing
    is sent with higher fees; after `stall_s` seconds without any progress the run stops.
    """

    confirmations: int = 0
    in_flight: int = 8
    max_fee: int | None = None
    max_cost: int | None = None
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
        told: Told,
    ) -> None:
        self._wire = wire
        self._journal = journal
        self._signer = signer
        self._prover = prover
        self._rules = rules
        self._told = told
        self._source: Source | None = None
        self._is_used_up = True
        self._planned_at = 0
        self._stop: PfpkitError | None = None
        self._seen: dict[int, str] = {}
        """Nonce -> the block that its transaction was in at the last look."""
        self._sent: set[str] = set()
        self._tried: dict[int, int] = {}
        """Nonce -> the number of the latest block when its last version was made or first sent."""
        self._words: dict[int, Said] = {}
        self._used: dict[int, int] = {}
        self._waits: tuple[int, str] | None = None
        self._told_of = -1
        self._recalled: dict[int, Done] = {}
        self._committed: dict[int, int] = {}
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
            self._stop = self._not_final()
        if self._stop is not None:
            raise self._stop

    async def _recall(self) -> None:
        """Look again at what was done in blocks that may still go: a reorganisation takes them."""
        final = await self._prover.final()
        for slot in self._journal.slots.values():
            if slot.done is not None and slot.done.block > final.number:
                self._recalled[slot.nonce], slot.done = slot.done, None

    def _reopen(self, look: Look) -> None:
        """Take up slots again that were done, where the chain says that their nonce is not used."""
        for slot in self._journal.slots.values():
            if slot.done is not None and slot.nonce >= look.nonce:
                self._told("reorganised", nonce=slot.nonce, hash=slot.done.hash)
                slot.done = None

    async def _settle(self, look: Look) -> set[int]:
        """Note what is done and what never will be; return the nonces whose end is not final."""
        waiting: set[int] = set()
        for slot in self._journal.open:
            found = _found(slot, look)
            if found is None:
                if self._seen.pop(slot.nonce, None) is not None:
                    self._told("reorganised", nonce=slot.nonce, hash=slot.last.hash)
                    self._sent.discard(slot.last.hash)
                if slot.nonce >= look.nonce:
                    self._used.pop(slot.nonce, None)
                elif await self._is_over(slot, None, look):
                    waiting.add(slot.nonce)
                continue
            hashed, receipt = found
            if self._seen.get(slot.nonce) != receipt.block_hash:
                self._told("mined", nonce=slot.nonce, hash=hashed, block=receipt.block)
                self._seen[slot.nonce] = receipt.block_hash
            if look.head.number - receipt.block < self._rules.confirmations:
                continue
            if await self._wire.canonical(receipt.block) != receipt.block_hash:
                continue
            if receipt.succeeded:
                self._done(slot, hashed, receipt)
            elif await self._is_over(slot, receipt, look):
                waiting.add(slot.nonce)
        return waiting

    def _done(self, slot: Slot, hashed: str, receipt: Receipt) -> None:
        ids = _ids(slot, receipt)
        if ids is None:
            raise ChainError(
                f"{hashed} is in block {receipt.block}, and did not do what it was meant to: "
                f"{slot.contract} is not the contract that it was when this was signed; check it"
            )
        where = receipt.block, receipt.block_hash, receipt.gas, receipt.wei_per_gas
        done = Done(hashed, *where, ids)
        self._seen.pop(slot.nonce, None)
        if self._recalled.pop(slot.nonce, None) == done:
            slot.done = done  # as it was
            return
        self._journal.done(slot, done)
        spent = receipt.gas * receipt.wei_per_gas
        if slot.nonce in self._committed:
            self._committed[slot.nonce] = spent
        self._told(
            "done", nonce=slot.nonce, hash=hashed, block=receipt.block, effects=len(ids), ids=ids
        )

    async def _is_over(self, slot: Slot, failed: Receipt | None, look: Look) -> bool:
        """Whether a slot's nonce was used, by its own failure or by another transaction, in a
        block that is not final; once that is final, the slot is void or done."""
        self._used[slot.nonce] = self._used.get(slot.nonce, 0) + 1
        if failed is None and self._used[slot.nonce] < _UNSEEN_LOOKS:
            return False  # a node may know of a block before it knows of its receipts
        if failed is not None and self._stop is None:
            self._stop = TransactionFailed(
                f"{slot.last.hash} failed in block {failed.block} with {failed.gas:,} gas, and "
                "changed nothing but the balance; see why with an explorer, then run it again"
            )
        final = await self._prover.final()
        if await self._wire.nonce_at(final) <= slot.nonce:
            return True
        if await self._prover.happened(slot, final):
            # The effect is there, by a transaction that is not of this journal.
            self._journal.done(slot, Done("", final.number, final.hash, 0, 0, ()))
            self._told("done", nonce=slot.nonce, hash="", block=final.number, effects=0, ids=())
            return False
        why = "it failed" if failed is not None else "another transaction had its nonce"
        self._journal.void(slot, Void(why, final.number, final.hash))
        self._committed.pop(slot.nonce, None)
        self._told("void", nonce=slot.nonce, hash=slot.last.hash, why=why)
        if failed is None and self._source is not None:
            self._stop_for_others(slot.nonce)
        return False

    async def _sign(self, look: Look) -> None:
        unmined = sum(1 for slot in self._journal.open if slot.nonce not in self._seen)
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
                request = Request(
                    self._journal.place.chain_id, nonce, call.to, call.data, call.gas, *fees
                )
                if not self._affordable(nonce, request):
                    self._source.give_back(call.effects)
                    return
                signed = self._signer.sign(request)
                if signed.request != request:
                    raise TransactionFailed(
                        f"{self._signer.address} signed another transaction than it was asked "
                        "for; nothing was sent; set its fees and gas by this command alone"
                    )
            except PfpkitError as error:
                self._stop = error
                return
            self._journal.sign(signed, call.effects, look.head.number, again=call.again)
            self._committed[nonce] = request.most
            self._told("signed", nonce=nonce, hash=signed.hash, effects=len(call.effects))
            unmined += 1

    def _stop_for_others(self, nonce: int) -> None:
        """Sign nothing more: what was planned may be what another transaction has done."""
        self._stop = self._stop or TransactionFailed(
            f"nonce {nonce} of {self._signer.address} is of a transaction that is not of this "
            "journal: the account is used elsewhere; nothing more was signed; wait until it is in "
            "a block, then run it again, which plans anew from the chain"
        )

    def _affordable(self, nonce: int, request: Request) -> bool:
        """Whether what is signed may cost no more than the limit, this included."""
        limit = self._rules.max_cost
        others = sum(wei for used, wei in self._committed.items() if used != nonce)
        if limit is None or others + request.most <= limit:
            return True
        if not self._journal.open:
            self._stop = TransactionFailed(
                "the next transaction may cost more than --max-cost leaves; what was sent is done; "
                "raise the limit, or wait for a lower base fee, and run it again"
            )
        return False

    async def _raise_fees(self, look: Look) -> None:
        for slot in self._unmined(look):
            last = slot.last.request
            tried = self._tried.setdefault(slot.nonce, look.head.number)
            said = self._words.get(slot.nonce)
            outbid = last.max_fee < look.market.base or (said and said.answer is Answer.CHEAP)
            late = look.head.number - tried >= self._rules.raise_after
            if not outbid and not (late and slot.nonce == look.nonce):
                continue
            request = raised(last, look.market, self._rules.max_fee)
            if request is None or not self._affordable(slot.nonce, request):
                self._wait(
                    slot.nonce,
                    f"it offers {gwei(last.max_fee)} a gas at a base fee of "
                    f"{gwei(look.market.base)}, and the limits allow no more",
                )
                continue
            signed = self._signer.sign(request)
            self._journal.replace(slot, signed)
            self._committed[slot.nonce] = request.most
            self._tried[slot.nonce] = look.head.number
            self._words.pop(slot.nonce, None)
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
            last = slot.last
            if last.hash in self._sent and last.hash not in look.pooled:
                self._told("dropped", nonce=slot.nonce, hash=last.hash)
                self._sent.discard(last.hash)
            if last.hash not in self._sent:
                wanted.append((slot.nonce, last))
        if not wanted:
            return
        answers = await self._wire.send([signed for _, signed in wanted])
        for (nonce, signed), said in zip(wanted, answers, strict=True):
            self._words.pop(nonce, None)
            if said.answer in (Answer.TAKEN, Answer.USED):
                self._sent.add(signed.hash)
                self._told("sent", nonce=nonce, hash=signed.hash)
            else:
                self._words[nonce] = said

    def _unmined(self, look: Look) -> list[Slot]:
        """The open slots that are in no block and still can be, by nonce."""
        return [s for s in self._journal.open if s.nonce >= look.nonce and not _found(s, look)]

    def _wait(self, nonce: int, why: str) -> None:
        if self._waits is None:
            self._waits = (nonce, why)
            if nonce != self._told_of:
                self._told("waiting", nonce=nonce, why=why)
                self._told_of = nonce

    def _note_progress(self, look: Look) -> None:
        done = sum(1 for slot in self._journal.slots.values() if not slot.is_open)
        # While something is in a block, further blocks are progress.
        height = look.head.number if self._seen else 0
        now = (look.nonce, done, height)
        if now != self._progress:
            self._progress, self._progress_at = now, _clock()

    def _check_stalled(self, look: Look) -> None:
        refused = {
            nonce: said
            for nonce, said in self._words.items()
            if said.answer in (Answer.POOR, Answer.REFUSED)
        }
        patience = min(self._rules.stall_s, self._wire.patience_s if refused else float("inf"))
        if _clock() - self._progress_at < patience:
            return
        what = self._stalled(look, refused)
        raise TransactionFailed(f"{what}; what was signed is in {self._journal.folder}; {_AGAIN}")

    def _stalled(self, look: Look, refused: dict[int, Said]) -> str:
        if refused:
            nonce, said = min(refused.items())
            return f"the node does not take the transaction with nonce {nonce}: {said.words}"
        lowest = min((slot.nonce for slot in self._journal.open), default=None)
        if lowest is not None and lowest > look.nonce:
            return (
                f"nonce {lowest} waits for nonce {look.nonce}, which is of no transaction that "
                "this journal knows; send it from where it was made"
            )
        if self._waits is not None:
            nonce, why = self._waits
            return f"nothing moved: nonce {nonce} waits, for {why}"
        return f"nothing moved: nonce {lowest} is in no block"

    def _not_final(self) -> TransactionFailed:
        nonces = ", ".join(str(slot.nonce) for slot in self._journal.open)
        return TransactionFailed(
            f"nonce {nonces} was used by a transaction that is not of this journal, in a block "
            "that is not final; what was meant with it is sent again only then; run it again in "
            "a quarter of an hour"
        )


_AGAIN = "run it again, which goes on from there and sends nothing twice"


def _found(slot: Slot, look: Look) -> tuple[str, Receipt] | None:
    """Return the version of a slot that is in a block, and its receipt."""
    for one in reversed(slot.versions):
        if one.hash in look.receipts:
            return one.hash, look.receipts[one.hash]
    return None


def _ids(slot: Slot, receipt: Receipt) -> tuple[int, ...] | None:
    """Return the tokens of a slot's effects in order; None when they are not what was meant."""
    made = [(one.sender, one.to) for one in receipt.transfers]
    if made != [(effect.sender, effect.to) for effect in slot.effects]:
        return None
    ids = tuple(one.token_id for one in receipt.transfers)
    moved = [
        (effect, id_) for effect, id_ in zip(slot.effects, ids, strict=True) if not effect.is_mint
    ]
    return ids if all(effect.what == str(id_) for effect, id_ in moved) else None


def _clock() -> float:
    return asyncio.get_running_loop().time()
