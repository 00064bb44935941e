"""What came of a slot, by the receipts of its versions. Pure."""

from collections.abc import Mapping

from pfpkit.transactions.journal import Slot
from pfpkit.transactions.wire import Receipt

__all__ = ["found_version", "ids_of"]


def found_version(slot: Slot, receipts: Mapping[str, Receipt]) -> tuple[str, Receipt] | None:
    """Return the hash of the version of a slot that is in a block, and its receipt."""
    for one in reversed(slot.versions):
        if one.hash in receipts:
            return one.hash, receipts[one.hash]
    return None


def ids_of(slot: Slot, receipt: Receipt) -> tuple[int, ...] | None:
    """Return the tokens of a slot's effects, in order; None when they are not what was meant."""
    first = slot.effects[0]
    if not first.is_mint:
        # Whoever receives it may pass it on, or send others, in the same transaction.
        moved = first.sender, first.to, int(first.what)
        moves = [(one.sender, one.to, one.token_id) for one in receipt.transfers]
        return (int(first.what),) if moved in moves else None
    made = [(one.sender, one.to) for one in receipt.transfers]
    if made != [(effect.sender, effect.to) for effect in slot.effects]:
        return None
    return tuple(one.token_id for one in receipt.transfers)
