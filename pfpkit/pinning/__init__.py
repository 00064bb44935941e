"""What every pinning back end promises: the `Pinner` protocol and its two values.

A pinner keeps all blocks of a DAG under its root and says so with a receipt. What a receipt says
is never proof: a bundle is minted only after its bytes were read back through another route and
hashed (`pfpkit.retrieval`). One file of this package is one back end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pfpkit.cid import CID, Block

__all__ = ["Dag", "PinReceipt", "Pinner"]


@dataclass(frozen=True, slots=True)
class Dag:
    """A root and the blocks reachable from it, in any order; a stream is read once."""

    root: CID
    blocks: Iterable[Block]


@dataclass(frozen=True, slots=True)
class PinReceipt:
    """What a back end says it holds: `blocks` different blocks of `bytes` bytes under `root`."""

    pinner: str
    root: CID
    blocks: int
    bytes: int
    new: bool
    """False when the root was pinned there before."""


class Pinner(Protocol):
    """A place that keeps DAGs. Pinning twice is the same as pinning once."""

    @property
    def name(self) -> str:
        """The short name that receipts, errors and records use."""

    def pin(self, dag: Dag) -> PinReceipt:
        """Keep every block of `dag`. PinError when that failed; nothing is recorded then."""

    def has(self, root: CID) -> bool:
        """Return whether `root` is pinned there, as far as the back end says."""

    def unpin(self, root: CID) -> bool:
        """Stop keeping `root`; return whether it was pinned."""
