"""Blocks by number, hash and time, and the ways to say which one is meant. Pure."""

import re
from dataclasses import dataclass

from pfpkit.errors import BadInput

__all__ = ["BlockRef", "place"]

_TAGS = {"latest", "finalized", "safe", "earliest"}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_CONFIRMATIONS = re.compile(r"latest-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block: number, hash (0x and 64 digits) and time (seconds since 1970, UTC)."""

    number: int
    hash: str
    timestamp: int

    @property
    def by_hash(self) -> dict[str, str | bool]:
        """How a node is told this very block, and to fail where it is not canonical (EIP-1898)."""
        return {"blockHash": self.hash, "requireCanonical": True}


def place(at: str | int) -> tuple[str, int]:
    """Return the tag or number that a node is asked for, and how many blocks before it is meant.

    `at` is a number, `latest`, `finalized`, `safe`, `earliest`, or `latest-12`: the block that 12
    others were built on. BadInput for anything else; `pending` has no hash, so that nothing can be
    read at it.

    >>> place("latest-12"), place(7), place("finalized")
    (('latest', 12), ('0x7', 0), ('finalized', 0))
    """
    text = str(at)
    if text in _TAGS:
        return text, 0
    if _NUMBER.fullmatch(text):
        return hex(int(text)), 0
    if behind := _CONFIRMATIONS.fullmatch(text):
        return "latest", int(behind[1])
    raise BadInput(
        f"{ascii(text)[:60]} is no block; name a number, latest, latest-12 (for 12 confirmations), "
        "safe or finalized"
    )
