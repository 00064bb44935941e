"""Seeded bugs, of the kinds that senders of many transactions have; each breaks one rule.

    python -m chaos.bugs forgets run airdrop recipients.csv ...

Runs `ape` with the bug in it. The chaos run, or the stories for the last one, have to fail with it.
"""

from __future__ import annotations

import sys

from ape._cli import cli

from pfpkit.block import BlockRef
from pfpkit.transactions.journal import Slot, TransactionJournal, Void
from pfpkit.transactions.proof import Prover
from pfpkit.transactions.signed import Effect


def forgets() -> None:
    """What an earlier run signed and has no receipt of is held to be lost, and is sent anew."""
    enter = TransactionJournal.__enter__

    def __enter__(self: TransactionJournal) -> TransactionJournal:
        journal = enter(self)
        for slot in journal.open:
            journal.void(slot, Void("its answer was lost", 0, "0x"))
        return journal

    TransactionJournal.__enter__ = __enter__  # type: ignore[method-assign]


def writes_late() -> None:
    """A transaction is written down when it is done, not before it is sent."""
    append = TransactionJournal._append
    late: list[list[object]] = []

    def _append(self: TransactionJournal, row: list[object]) -> None:
        if row[0] == "sign":
            late.append(row)
            return
        while late:
            append(self, late.pop(0))
        append(self, row)

    TransactionJournal._append = _append  # type: ignore[method-assign, assignment]


def counts_a_part() -> None:
    """A batch of which others minted one bundle is held to be done as a whole."""
    happened = Prover.happened

    async def _happened(self: Prover, slot: Slot, final: BlockRef) -> tuple[Effect, ...]:
        return slot.effects if await happened(self, slot, final) else ()

    Prover.happened = _happened  # type: ignore[method-assign]


BUGS = {"forgets": forgets, "writes-late": writes_late, "counts-a-part": counts_a_part}


if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    cli(sys.argv[2:], prog_name="ape")
