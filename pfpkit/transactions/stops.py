"""Why a run of many transactions stops, in words, and what to do next. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pfpkit.errors import TransactionFailed
from pfpkit.transactions.wire import Receipt

__all__ = ["failed", "not_final", "over_budget", "stalled", "used_elsewhere"]

_AGAIN = "run it again, which goes on from there and sends nothing twice"


def failed(hashed: str, receipt: Receipt) -> TransactionFailed:
    """A transaction is in a block, and the contract refused it there."""
    return TransactionFailed(
        f"{hashed} failed in block {receipt.block} with {receipt.gas:,} gas, and changed nothing "
        "but the balance; see why with an explorer, then run it again"
    )


def not_final(nonces: Sequence[int]) -> TransactionFailed:
    """Nonces of the journal were used by others, and a reorganisation may still undo that."""
    shown = ", ".join(map(str, nonces))
    return TransactionFailed(
        f"nonce {shown} was used by a transaction that is not of this journal, in a block that is "
        "not final; what was meant with it is sent again only then; run it again in a quarter of "
        "an hour"
    )


def over_budget() -> TransactionFailed:
    """What is left of the limit is too little for one more."""
    return TransactionFailed(
        "the next transaction may cost more than --max-cost leaves; what was sent is done; raise "
        "the limit, or wait for a lower base fee, and run it again"
    )


def used_elsewhere(nonce: int, address: str) -> TransactionFailed:
    """The account sends what the journal does not know: what was planned may be done by it."""
    return TransactionFailed(
        f"nonce {nonce} of {address} is of a transaction that is not of this journal: the account "
        "is used elsewhere; nothing more was signed; wait until it is in a block (docs/sending.md, "
        "Stuck nonces, if it never is), then run it again, which plans anew from the chain"
    )


def stalled(
    mined: int,
    lowest: int | None,
    refused: Mapping[int, str],
    waits: tuple[int, str] | None,
    journal: Path,
) -> TransactionFailed:
    """Nothing has moved for long: `mined` is the account's nonce, `lowest` the first open one."""
    if refused:
        nonce, words = min(refused.items())
        what = f"the node does not take the transaction with nonce {nonce}: {words}"
    elif lowest is not None and lowest > mined:
        what = (
            f"nonce {lowest} waits for nonce {mined}, which is of no transaction that this journal "
            "knows; send it from where it was made, or fill it with a transaction of no value "
            "(docs/sending.md, Stuck nonces)"
        )
    elif waits is not None:
        what = f"nothing moved: nonce {waits[0]} waits, for {waits[1]}"
    else:
        what = f"nothing moved: nonce {lowest} is in no block"
    return TransactionFailed(f"{what}; what was signed is in {journal}; {_AGAIN}")
