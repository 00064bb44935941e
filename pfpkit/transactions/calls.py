"""Calls that are to be signed, and where they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pfpkit.transactions.signed import Effect
from pfpkit.transactions.wire import Look

__all__ = ["NextCall", "Source"]


@dataclass(frozen=True, slots=True)
class NextCall:
    """A call to sign: of which contract, with what, with how much gas, for which effects.

    With `again`, its effects may have been done before.
    """

    to: str
    data: bytes
    gas: int
    effects: tuple[Effect, ...]
    again: bool = False


class Source(Protocol):
    """Where the calls come from."""

    async def next(self, look: Look) -> NextCall | None:
        """Return the next call, or None when there is none; TransactionFailed if it would fail."""

    def give_back(self, effects: Sequence[Effect]) -> None:
        """Take effects back that were not signed for, to be in the next call."""
