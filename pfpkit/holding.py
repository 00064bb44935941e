"""Look whether holders have their tokens: two blocks of a node or a quorum, four states.

    now = await look(node, [(ref, holder)], "latest-12")
    later = await look(node, [(ref, holder)], "latest-12", before=now)

Trusts the node, or that the quorum's nodes do not lie together.
"""

from collections.abc import Sequence
from typing import Protocol

from pfpkit.block import BlockRef
from pfpkit.errors import ChainError
from pfpkit.ownership import Ownership, ownership, unknown
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.tokens import TokenAnswer

__all__ = ["Reader", "look", "read_twice", "two_blocks"]


class Reader(Protocol):
    """A `Node`, or a `Quorum` of them."""

    identity: str
    """Stands for who is asked, for whoever remembers the answers."""

    async def block(self, at: str | int = "latest") -> BlockRef:
        """Return a block."""

    async def has(self, block: BlockRef) -> bool:
        """Whether the block is on the chain."""

    async def tokens(
        self, asked: Sequence[tuple[TokenRef, str | None]], block: BlockRef
    ) -> list[TokenAnswer]:
        """Return what the contracts say at `block`."""


async def two_blocks(reader: Reader, at: str | int) -> tuple[BlockRef, BlockRef]:
    """Return block `at` and the latest one; ChainError when the chain cannot be asked."""
    # The deep block before the latest one, so that none which comes meanwhile makes it the later.
    block = await reader.block(at)
    last = block if at == "latest" else await reader.block()
    if block.number > last.number:
        raise ChainError(
            f"the latest block {last.number} is before block {block.number}; ask again"
        )
    return block, last


async def read_twice(
    reader: Reader, asked: Sequence[tuple[TokenRef, str | None]], block: BlockRef, last: BlockRef
) -> tuple[list[TokenAnswer], list[TokenAnswer]]:
    """Return what the contracts say at two blocks; ChainError when the chain cannot be asked."""
    # The deep one read last: that it is on the chain is asked after all that was read.
    latest = await reader.tokens(asked, last)
    return latest if block == last else await reader.tokens(asked, block), latest


async def look(
    reader: Reader,
    asked: Sequence[tuple[TokenRef, str]],
    at: str | int = "latest",
    *,
    before: Sequence[Ownership] = (),
) -> list[Ownership]:
    """Return for each token and holder whether it is the owner at block `at`, and now.

    What could not be read is `unknown`, never an error. `before` is an earlier look: where its
    block is not on the chain any more, `undone` names it.
    """
    asked = [(ref, checksum_address(holder)) for ref, holder in asked]
    try:
        deep, latest = await read_twice(reader, asked, *await two_blocks(reader, at))
        gone = {b for b in {o.block for o in before} if b and not await reader.has(b)}
    except ChainError as error:
        return [unknown(ref, holder, str(error)) for ref, holder in asked]
    undone = {(o.ref, o.holder): o.block for o in before if o.block in gone}
    return [
        ownership(then, now, undone.get((now.ref, str(now.holder))))
        for then, now in zip(deep, latest, strict=True)
    ]
