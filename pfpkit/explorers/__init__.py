"""Publish a contract's source where people look for it, and see that it was confirmed.

One file an explorer: `sourcify` needs no key, `etherscan` needs one. Each is given the same
`Submission`, whose input is Standard JSON, for a contract made via IR cannot be flattened. Nothing
counts as published until the explorer said that it compiled the source to the code on the chain.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from pfpkit.solidity import CONTRACT, NAME

__all__ = ["IDENTIFIER", "Confirmation", "Explorer", "Submission"]

IDENTIFIER = f"{CONTRACT}:{NAME}"
"""The contract as explorers name it: its source and its name."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A deployed contract and what it was made of; `arguments` are the constructor's, encoded."""

    chain_id: int
    address: str
    transaction: str
    compiler: str
    input: dict[str, Any]
    arguments: bytes


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an explorer said of the source: `match` in its own word, and where it shows it.

    `before` when it knew the source already.
    """

    match: str
    url: str
    before: bool = False


class Explorer(Protocol):
    """Where a source is published."""

    name: str

    async def publish(self, submission: Submission) -> Confirmation:
        """Submit a source and wait until it is confirmed; ExplorerError when it is not."""
