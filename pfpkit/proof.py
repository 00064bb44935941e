"""What a walk from a token's URIs to its picture found: its steps, and what binds each part.

A proof holds when every step passed. One that found a picture on a web server has every value and
does not hold: the step says so.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from pfpkit.cid import CID, Block
from pfpkit.media import Rendered

__all__ = ["Binding", "Outcome", "Proof", "Step"]


class Outcome(StrEnum):
    """How one step ended."""

    PASSED = "passed"
    UNVERIFIABLE = "unverifiable"
    """It found something to show, and nothing binds the token to it."""
    FAILED = "failed"
    NOT_REACHED = "not reached"


class Binding(StrEnum):
    """What binds the token to a part of its content."""

    BY_CONTENT = "by-content"
    """A hash: no other bytes can be shown."""
    ON_CHAIN = "on-chain"
    """The bytes are the contract's own answer at the block."""
    UNVERIFIABLE = "unverifiable"
    """Nothing: a server may send something else to the next reader."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof: its name, its outcome, and the reason in words."""

    name: str
    outcome: Outcome
    reason: str
    error: str | None = None
    """The class of the error in `pfpkit.errors` that failed the step, for programs."""
    took_ms: int = field(default=0, compare=False)
    """How long it took, which another walk over the same content does not take."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the content proves. Values are None from the step that failed on.

    `bundle`, `metadata` and `image` are None too where that part is not on IPFS.
    """

    steps: tuple[Step, ...]
    blocks: tuple[Block, ...] = field(repr=False)
    bundle: CID | None = None
    metadata: CID | None = None
    image: CID | None = None
    picture: bytes | None = field(default=None, repr=False)
    rendered: Rendered | None = field(default=None, repr=False)
    """What came of the picture: its squares, or the word for why it is refused."""
    name: str | None = None
    metadata_binding: Binding | None = None
    image_binding: Binding | None = None

    @property
    def holds(self) -> bool:
        """Whether every step passed, so that no other picture could have been shown."""
        return all(step.outcome is Outcome.PASSED for step in self.steps)

    @property
    def roots(self) -> tuple[CID, ...]:
        """What a CAR of the blocks names as its roots: the first one read, where there is one."""
        return tuple(block.cid for block in self.blocks[:1])

    @property
    def sha256(self) -> str | None:
        """The sha2-256 of the picture's bytes, in hexadecimal digits."""
        return None if self.picture is None else hashlib.sha256(self.picture).hexdigest()
