"""What is remembered of an open slot from one look at the node to the next. In memory alone."""

from dataclasses import dataclass

from pfpkit.transactions.wire import Answer, Said

__all__ = ["Watch"]


@dataclass(slots=True)
class Watch:
    """How a slot stood at the last look.

    Nothing is known when it is signed, nor again when a reorganisation has taken its block.
    """

    block_hash: str = ""
    """The block that it was in; empty while it is in none."""
    taken: str = ""
    """The hash of the version that the node took."""
    said: Said | None = None
    """The node's words, where it did not take the last version."""
    tried: int | None = None
    """The number of the latest block when its last version was made or first sent."""
    used: int = 0
    """How often its nonce was seen used without a receipt of its own."""

    @property
    def is_cheap(self) -> bool:
        """Whether the node wants higher fees."""
        return self.said is not None and self.said.answer is Answer.CHEAP

    @property
    def refusal(self) -> str:
        """Why the node will not take it, whatever its fees, in its words; empty if it may."""
        if self.said is None or self.said.answer not in (Answer.POOR, Answer.REFUSED):
            return ""
        return self.said.words
