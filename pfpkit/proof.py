"""What a walk from a token's URIs to its picture found: its steps, and what binds each part.

A proof holds when every step passed. One that found a picture on a web server has every value and
does not hold: the step says so.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pfpkit.cid import CID, Block
from pfpkit.media import Rendered

__all__ = ["Binding", "Outcome", "Proof", "Step", "StepError"]


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


class StepError(StrEnum):
    """What failed a step, in one word for programs. The words are kept from version to version."""

    NOT_OWNER = "NotOwner"
    """The holder that was named does not have the token."""
    NOT_CONFIRMED = "NotConfirmed"
    """The holder has it, and not yet at the block that was asked for."""
    NO_URI = "no-uri"
    """`tokenURI` or `uri` reverted."""
    OUT_OF_GAS = "out-of-gas"
    """The URI took all of 10 million gas."""
    GARBAGE = "garbage"
    """The URI is no text."""
    URI_TOO_LARGE = "too-large"
    """The URI is longer than 1 MiB."""
    UNANSWERED = "unanswered"
    """The node failed at the URI; ask again."""
    BAD_URI = "BadURI"
    """A URI names no content, or none that is read."""
    BAD_CID = "BadCID"
    """A URI has a CID that is none, or of another hash than sha2-256."""
    BAD_METADATA = "BadMetadata"
    """The metadata is no JSON object, breaks a limit, or names no picture."""
    NOT_FOUND = "NotFound"
    """A directory has no such entry."""
    BAD_BLOCK = "BadBlock"
    """Right bytes that are no file, or one over a limit of bytes, blocks or depth."""
    WRONG_BYTES = "WrongBytes"
    """Bytes whose hash is not the one in the CID."""
    GATEWAY_ERROR = "GatewayError"
    """No gateway gave a block in time."""
    WEB_ERROR = "WebError"
    """A server did not give what a URL names, or may not be asked."""
    UNVERIFIED = "Unverified"
    """Metadata and contract disagree, or the content is on a server and none is asked."""
    BAD_IMAGE = "BadImage"
    """The picture is refused; `rendered.outcome` says why."""
    TOO_LARGE = "TooLarge"
    """The picture is over a limit of bytes, pixels, frames or parts."""
    NO_WORKER = "NoWorker"
    """No process that could decode the picture starts here."""
    OTHER = "PfpkitError"
    """Anything else; the reason has the words."""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Return the word for an error: its class, or the nearest one above it that has a word."""
        names = (kind.__name__ for kind in type(error).__mro__)
        return next(cls(name) for name in names if name in cls._value2member_map_)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a proof: its name, its outcome, and the reason in words."""

    name: str
    outcome: Outcome
    reason: str
    error: StepError | None = None
    """What failed the step, for programs."""
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
    sha256: str | None = None
    """The sha2-256 of the picture's bytes, in hexadecimal digits."""

    @property
    def holds(self) -> bool:
        """Whether every step passed, so that no other picture could have been shown."""
        return all(step.outcome is Outcome.PASSED for step in self.steps)

    @property
    def roots(self) -> tuple[CID, ...]:
        """What a CAR of the blocks names as its roots: the first one read, where there is one."""
        return tuple(block.cid for block in self.blocks[:1])

    @property
    def bytes_held(self) -> int:
        """How much of memory its picture, blocks and squares take."""
        squares = self.rendered.renditions if self.rendered else ()
        parts = [block.data for block in self.blocks] + [one.data for one in squares]
        alone = self.picture is not None and not any(part is self.picture for part in parts)
        return sum(map(len, parts)) + (len(self.picture or b"") if alone else 0)
