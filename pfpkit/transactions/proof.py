"""Whether what a transaction was meant to do has happened, at a block that cannot go any more.

Read from the chain's state and events alone, and at one block: which transaction did it, and what
the node knows of single ones, does not count. Trusts the node for what the contract says there.
"""

from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.errors import ChainError, NodeUnreachable
from pfpkit.minted import read_minted
from pfpkit.rpc import patient
from pfpkit.transactions.journal import Slot
from pfpkit.transactions.signed import Effect
from pfpkit.transactions.wire import Wire

__all__ = ["Prover"]

_FINAL_DEPTH = 64
"""Blocks after which a chain whose nodes know no `finalized` block is held to be final: two epochs
of Ethereum."""
_BLOCKS_AT_ONCE = 2_000
"""Blocks whose events are asked for at once: many nodes give no more."""


class Prover:
    """Proves with one node. `depth` is how many blocks make a block final; None on a live network,
    where the chain's own `finalized` block is asked for."""

    def __init__(self, node: Node, wire: Wire, depth: int | None) -> None:
        self._node = node
        self._wire = wire
        self._depth = depth

    @property
    def is_near(self) -> bool:
        """Whether blocks become final soon enough to wait for it."""
        return self._depth is not None

    async def final(self) -> BlockRef:
        """Return the latest block that no reorganisation takes away."""

        async def ask() -> BlockRef:
            if self._depth is not None:
                return await self._node.block(f"latest-{self._depth}" if self._depth else "latest")
            try:
                return await self._node.block("finalized")
            except NodeUnreachable:
                raise
            except ChainError:
                return await self._node.block(f"latest-{_FINAL_DEPTH}")

        return await patient(ask, self._wire.patience_s)

    async def nonce(self, address: str, final: BlockRef) -> int:
        """Return how many transactions of an account are in blocks up to a final one."""
        return await patient(lambda: self._node.nonce_at(address, final), self._wire.patience_s)

    async def happened(self, slot: Slot, final: BlockRef) -> tuple[Effect, ...]:
        """Return the effects of a slot that have happened until a final block, by whomever.

        ChainError when that cannot be known.
        """
        if slot.effects[0].is_mint:
            return await self._minted(slot, final)
        return tuple([one for one in slot.effects if await self._moved(one, slot.block, final)])

    async def _minted(self, slot: Slot, final: BlockRef) -> tuple[Effect, ...]:
        state = await patient(
            lambda: read_minted(self._node, slot.contract, final), self._wire.patience_s
        )
        if state.unknown:
            ids = ", ".join(map(str, state.unknown))
            raise ChainError(
                f"tokens {ids} were minted and burned in one block, so that no node knows whether "
                "they were those that are under way; nothing is sent in their place"
            )
        return tuple(one for one in slot.effects if bytes.fromhex(one.what) in state.by_digest)

    async def _moved(self, move: Effect, after: int, final: BlockRef) -> bool:
        for first in range(after + 1, final.number + 1, _BLOCKS_AT_ONCE):
            last = min(first + _BLOCKS_AT_ONCE - 1, final.number)
            if await self._wire.moved(move, first, last):
                return True
        return False
