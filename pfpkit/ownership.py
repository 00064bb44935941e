"""Whether somebody owns a token, in the four states that a platform may show. Pure.

Fails closed: what could not be read is neither owner nor not. `not-owner` is a fact at a block.
"""

from dataclasses import dataclass
from enum import StrEnum

from pfpkit.block import BlockRef
from pfpkit.errors import BadInput
from pfpkit.reference import TokenRef
from pfpkit.tokens import TokenAnswer

__all__ = ["Ownership", "State", "ownership", "unknown"]


class State(StrEnum):
    """What may be said of a holder and a token."""

    VERIFIED = "verified"
    """The holder has it now, and had it at the block that was asked for."""
    PENDING = "pending"
    """The holder has it now, and not yet at the block that was asked for."""
    NOT_OWNER = "not-owner"
    """The holder does not have it now."""
    UNKNOWN = "unknown"
    """It could not be read, for the reason given: neither owner nor not."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """A holder, a token, and the state as of `block` (None where none could be read).

    `verified` is as of the block that was asked for, the others as of the latest one. `undone` is
    the block of an earlier look that a reorganisation has taken off the chain.
    """

    ref: TokenRef
    holder: str
    state: State
    block: BlockRef | None
    reason: str
    undone: BlockRef | None = None


def ownership(deep: TokenAnswer, latest: TokenAnswer, undone: BlockRef | None = None) -> Ownership:
    """Return the state from the answers at the block that was asked for and at the latest one.

    They may be one and the same. BadInput when they are not of one token and holder, in this order.
    """
    ref, holder = latest.ref, latest.holder
    if holder is None or (deep.ref, deep.holder) != (ref, holder):
        raise BadInput("ownership is of one token and one holder; ask for both at both blocks")
    if deep.block.number > latest.block.number:
        raise BadInput("the block that is asked for is later than the latest one; read both again")
    state, block, reason = _state(deep, latest)
    return Ownership(ref, holder, state, block, reason, undone)


def unknown(ref: TokenRef, holder: str, reason: str) -> Ownership:
    """Return the state when nothing could be read at all."""
    return Ownership(ref, holder, State.UNKNOWN, None, reason)


def _state(deep: TokenAnswer, latest: TokenAnswer) -> tuple[State, BlockRef, str]:
    if latest.held is None:
        return State.UNKNOWN, latest.block, _why(latest)
    if not latest.held:
        whose = f"{latest.owner} owns it" if latest.owner else _why(latest)
        return State.NOT_OWNER, latest.block, whose if latest.balance is None else "has none of it"
    if deep.held is None:
        return State.UNKNOWN, deep.block, f"at block {deep.block.number}: {_why(deep)}"
    if not deep.held:
        return State.PENDING, latest.block, f"not yet the owner at block {deep.block.number}"
    blocks = f"block {deep.block.number}"
    if latest.block != deep.block:
        blocks += f", and at block {latest.block.number}"
    return State.VERIFIED, deep.block, f"the owner at {blocks}"


def _why(answer: TokenAnswer) -> str:
    return f"{answer.outcome}: {answer.reason}" if answer.reason else str(answer.outcome)
