"""What was signed, on the disk before it is sent: one journal for each account of each chain.

    .pfpkit/transactions/<chain id>-<genesis>-<account>/journal
        ["sign", nonce, contract, [[from, to, what, name], ...], block, hash, raw, time]
        ["replace", nonce, hash, raw, time]       the same with higher fees
        ["done", nonce, hash, block, block hash, gas used, wei a gas, [token ids]]
        ["void", nonce, why, block, block hash, [what]]   can never be mined, and what of its
                                                  effects happened all the same, by others
        ["final", block, block hash]              what is done up to here was seen to stay

A line is on the disk when the call that writes it returns. Nothing is ever taken out: the journal
is what says that a bundle is under way, or was. A line that a kill cut short was never sent and is
dropped; any other wrong line is damage, and the journal is refused. Trusts its own lines alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pfpkit.errors import BadInput, BadRecord, BadReference, TransactionFailed
from pfpkit.flushing import flush_folders
from pfpkit.journal import HeldJournal, row_of
from pfpkit.timestamp import now
from pfpkit.transactions.signed import Effect, Signed

__all__ = ["Done", "Place", "Slot", "TransactionJournal", "Void"]

_HEAD = "pfpkit transactions 1"
_HELP = "ask for help with it, and do not remove it while one of its transactions may be under way"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose transactions a journal has: of one account on one chain.

    `genesis` tells chains of one id apart; for a fork, which has the genesis block of its origin,
    it is the fork's own name.
    """

    chain_id: int
    genesis: str
    address: str

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return f"{self.chain_id}-{self.genesis[2:18]}-{self.address.lower()}"

    def __str__(self) -> str:
        return f"eip155:{self.chain_id} {self.genesis} {self.address}"


@dataclass(frozen=True, slots=True)
class Done:
    """In a block that was deep enough: which version (its hash), where, what it cost, the ids.

    `hash` is empty when another transaction had the effect.
    """

    hash: str
    block: int
    block_hash: str
    gas: int
    wei_per_gas: int
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Void:
    """Why none of the versions can ever be mined, and the block that proves it.

    `happened` has the `what` of effects that were there at that block: another transaction had
    them, so that they are not free.
    """

    why: str
    block: int
    block_hash: str
    happened: tuple[str, ...] = ()


@dataclass(slots=True)
class Slot:
    """One nonce of the account, and everything ever signed with it: the same call, other fees.

    `block` is one that was final when it was signed, so that none of it is mined before.
    """

    nonce: int
    contract: str
    effects: tuple[Effect, ...]
    block: int
    versions: list[Signed] = field(default_factory=list)
    done: Done | None = None
    void: Void | None = None

    @property
    def last(self) -> Signed:
        """The version with the highest fees."""
        return self.versions[-1]

    @property
    def is_open(self) -> bool:
        """Whether it is still to be seen in a block that is deep enough."""
        return self.done is None and self.void is None

    @property
    def is_ours(self) -> bool:
        """Whether what happened, or may happen yet, is by one of its versions, to its receivers."""
        return self.is_open or (self.done is not None and bool(self.done.hash))


class TransactionJournal(HeldJournal):
    """Use as `with TransactionJournal(root, place) as journal:`.

    TransactionFailed when another process holds it, BadRecord when it is damaged. With
    `holding=False` it only reads, beside whoever writes.
    """

    def __init__(self, root: Path, place: Place, *, holding: bool = True) -> None:
        folder = root / ".pfpkit" / "transactions" / place.folder
        super().__init__(folder, f"{_HEAD} {place}", keep_others=_HELP, holding=holding)
        self.place = place
        self.slots: dict[int, Slot] = {}
        self.final = -1
        """The number of the block up to which all that is done was seen to stay."""
        self._live: dict[tuple[str, ...], Slot] = {}
        self._broken = False

    @property
    def open(self) -> list[Slot]:
        """The slots that are under way, by nonce."""
        return [slot for _, slot in sorted(self.slots.items()) if slot.is_open]

    @property
    def next_nonce(self) -> int:
        """The first nonce above all that were ever signed here."""
        return max(self.slots, default=-1) + 1

    def of(self, effect: Effect) -> Slot | None:
        """Return the slot that has, or had, this effect; None when it is free: there is none, or
        it is void and the effect did not happen."""
        return self._live.get(effect.identity)

    def sign(
        self, signed: Signed, effects: Sequence[Effect], block: int, *, again: bool = False
    ) -> Slot:
        """Write down a transaction, which may be sent as soon as this returns.

        Refused, as a mistake of the caller's, when its nonce or one of its effects is in the
        journal: an effect may be signed for again when its slot is void, and with `again` when it
        is done.
        """
        nonce = signed.request.nonce
        if nonce in self.slots:
            raise BadRecord(f"nonce {nonce} is in {self._journal.path} already; {_HELP}")
        for effect in effects:
            before = self.of(effect)
            if before is not None and not (again and before.done):
                raise BadRecord(
                    f"{effect.what} is under way with nonce {before.nonce} in "
                    f"{self._journal.path}; nothing was signed for it again"
                )
        if len({effect.identity for effect in effects}) < len(effects):
            raise BadRecord(f"one transaction with nonce {nonce} would do a thing twice")
        slot = Slot(nonce, signed.request.to, tuple(effects), block)
        rows = [effect.row() for effect in effects]
        head = ["sign", nonce, slot.contract, rows, block]
        self._append([*head, signed.hash, f"0x{signed.raw.hex()}", now()])
        self._keep(slot, signed)
        return slot

    def replace(self, slot: Slot, signed: Signed) -> None:
        """Write down the same call with higher fees, which may be sent as soon as this returns."""
        _check_same(slot, signed)
        self._append(["replace", slot.nonce, signed.hash, f"0x{signed.raw.hex()}", now()])
        slot.versions.append(signed)

    def done(self, slot: Slot, done: Done) -> None:
        """Write down that a slot is in a block that is deep enough."""
        where = [done.hash, done.block, done.block_hash, done.gas, done.wei_per_gas]
        self._append(["done", slot.nonce, *where, list(done.ids)])
        slot.done = done

    def void(self, slot: Slot, void: Void) -> None:
        """Write down that no version of a slot can ever be mined; what did not happen is free."""
        where = [void.block, void.block_hash, list(void.happened)]
        self._append(["void", slot.nonce, void.why, *where])
        self._drop(slot, void)

    def seal(self, block: int, block_hash: str) -> None:
        """Write down that all that is done up to a final block was seen in blocks that stay."""
        self._append(["final", block, block_hash])
        self.final = block

    def _keep(self, slot: Slot, signed: Signed) -> None:
        slot.versions.append(signed)
        self.slots[slot.nonce] = slot
        for effect in slot.effects:
            self._live[effect.identity] = slot

    def _drop(self, slot: Slot, void: Void) -> None:
        # What was done in a block that went is done no more.
        slot.done, slot.void = None, void
        for effect in slot.effects:
            if effect.what not in void.happened and self._live.get(effect.identity) is slot:
                del self._live[effect.identity]

    def _read(self, number: int, line: bytes) -> None:
        try:
            self._take(json.loads(line))
        except (ValueError, TypeError, KeyError, IndexError, BadReference, BadRecord) as error:
            raise BadRecord(
                f"{self._journal.path} line {number} says what none can say ({error}); {_HELP}"
            ) from error

    def _take(self, row: list[Any]) -> None:
        kind, nonce, *rest = row
        if kind == "sign":
            contract, effects, block, hashed, raw, _ = rest
            signed = _signed(raw, hashed, nonce)
            if nonce in self.slots or signed.request.to != contract:
                raise BadRecord(f"a second call with nonce {nonce}, or another contract")
            self._keep(Slot(nonce, contract, _effects(contract, effects), block), signed)
        elif kind == "replace":
            signed = _signed(rest[1], rest[0], nonce)
            _check_same(self.slots[nonce], signed)
            self.slots[nonce].versions.append(signed)
        elif kind == "done":
            hashed, block, block_hash, gas, wei, ids = rest
            self.slots[nonce].done = Done(hashed, block, block_hash, gas, wei, tuple(ids))
        elif kind == "void":
            why, block, block_hash, happened = rest
            self._drop(self.slots[nonce], Void(why, block, block_hash, tuple(happened)))
        elif kind == "final":
            self.final = nonce
        else:
            raise BadRecord(f"{kind!r} is no kind of line")

    def _append(self, row: list[Any]) -> None:
        if self._broken or not self._holding:
            raise BadInput(f"{self.folder} is not written to any more; run it again")
        # What a failure left of a line is for the next process to take away.
        self._broken = True
        with self._disk():
            self._journal.append(row_of(row))
            self._journal.sync()
        self._broken = False

    def _load(self) -> None:
        if self._holding:
            if not self._journal.path.exists():
                # A power cut must not lose the folder of a journal that was forced to the disk.
                flush_folders(self.folder.parents[depth] for depth in range(3))
            self._journal.mend_end()
        for number, line in enumerate(self._journal.lines(), 2):
            self._read(number, line)
        if self._journal.wrong and self._holding:
            raise BadRecord(f"{self._journal.path} has a damaged line; {_HELP}")

    def _busy(self) -> TransactionFailed:
        return TransactionFailed(
            f"another process sends transactions of {self.place.address} "
            f"({self.folder} is held); nothing was sent; wait until it ends"
        )

    def _unusable(self, words: str) -> BadInput:
        return BadInput(
            f"{self.folder} cannot be used: {words}; every transaction is written there before it "
            "is sent, so it has to be a folder that you may write"
        )


def _effects(contract: str, rows: list[list[str]]) -> tuple[Effect, ...]:
    return tuple(Effect(contract, *row) for row in rows)


def _signed(raw: str, hashed: str, nonce: int) -> Signed:
    signed = Signed.parse(bytes.fromhex(raw[2:]))
    if (signed.hash, signed.request.nonce) != (hashed, nonce):
        raise BadRecord(f"its bytes are not the transaction {hashed} with nonce {nonce}")
    return signed


def _check_same(slot: Slot, signed: Signed) -> None:
    """BadRecord unless a version is the same call with the same nonce: one alone can be mined."""
    first, other = slot.versions[0].request, signed.request
    if (first.chain_id, first.nonce, first.to, first.data) != (
        other.chain_id,
        other.nonce,
        other.to,
        other.data,
    ):
        raise BadRecord(f"{signed.hash} is another call than the one with nonce {slot.nonce}")
