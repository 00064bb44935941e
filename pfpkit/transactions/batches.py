"""Effects put together into calls, each as large as gas allows, in the order that they came in.

A call's gas limit stays below EIP-7825's cap and the block's own, and a batch of mints below what
one data contract can hold. What a call takes is asked of the node just before it is signed.
"""

from collections import deque
from collections.abc import Callable, Sequence

from pfpkit.chain import Node, Reverted
from pfpkit.cost import TRANSACTION_GAS, gas_limit
from pfpkit.errors import TransactionFailed
from pfpkit.rpc import patient
from pfpkit.transactions.calls import NextCall
from pfpkit.transactions.signed import Effect
from pfpkit.transactions.wire import Look
from pfpkit.views import Call

__all__ = ["MOST_MINTS", "Batches", "call_data", "call_name"]

MOST_MINTS = 767
"""Digests that fit into the code of one contract (EIP-170), behind its first byte."""
_MINT_GAS, _AIRDROP_GAS = 34_000, 57_000
"""What one more token takes in a batch for one, and for many; a first guess, to be measured."""


def call_data(effects: Sequence[Effect]) -> bytes:
    """Return the call that has these effects, in this order: one transfer, or any mints."""
    first = effects[0]
    if not first.is_mint:
        (only,) = effects
        moved = (only.sender, only.to, int(only.what))
        return Call("safeTransferFrom(address,address,uint256)", "", moved).sent
    digests = [bytes.fromhex(effect.what) for effect in effects]
    if len(effects) == 1:
        return Call("mint(address,bytes32)", "", (first.to, digests[0])).sent
    receivers = [effect.to for effect in effects]
    if len(set(receivers)) == 1:
        return Call("mintBatch(address,bytes32[])", "", (first.to, digests)).sent
    return Call("airdrop(address[],bytes32[])", "", (receivers, digests)).sent


class Batches:
    """The calls for effects of one contract, `most` of them in one at most; a `Source`."""

    def __init__(
        self,
        node: Node,
        account: str,
        effects: Sequence[Effect],
        *,
        most: int = MOST_MINTS,
        again: bool = False,
        patience_s: float = 60.0,
        named: Callable[[Reverted], str] = lambda reverted: reverted.reason,
    ) -> None:
        self._node = node
        self._account = account
        self._left = deque(effects)
        self._most = min(most, MOST_MINTS)
        self._again = again
        self._patience_s = patience_s
        self._named = named
        self._each = 0.0
        """The gas of one more effect, as the last estimate showed it."""

    async def next(self, look: Look) -> NextCall | None:
        """Return the next call; TransactionFailed when the contract would refuse it."""
        while self._left:
            room = min(TRANSACTION_GAS, look.gas_limit)
            effects = self._first(room)
            gas = await self._estimated(effects)
            self._each = gas / len(effects)
            if gas_limit(gas) > room and len(effects) == 1:
                raise TransactionFailed(
                    f"one token takes {gas:,} gas, and the network allows {room:,}; nothing was "
                    "sent for it"
                )
            if gas_limit(gas) > room:
                continue  # what one takes is known now, and it will be fewer
            for _ in effects:
                self._left.popleft()
            limit = min(gas_limit(gas), room)
            return NextCall(effects[0].contract, call_data(effects), limit, effects, self._again)
        return None

    async def outline(self, look: Look) -> list[tuple[tuple[Effect, ...], int]]:
        """Return what the calls would be, and about the gas of each; nothing is taken.

        The first one is measured; the others cannot be before it is in a block.
        """
        if not self._left:
            return []
        before = deque(self._left)
        first = await self.next(look)
        self._left = before
        assert first is not None
        size = len(first.effects)
        pieces = [list(before)[place : place + size] for place in range(0, len(before), size)]
        return [(tuple(piece), round(self._each * len(piece))) for piece in pieces]

    def give_back(self, effects: Sequence[Effect]) -> None:
        """Take effects back; they come first."""
        self._left.extendleft(reversed(effects))

    def _first(self, room: int) -> tuple[Effect, ...]:
        if not self._left[0].is_mint:
            return (self._left[0],)
        guess = _MINT_GAS if self._left[0].to == self._left[-1].to else _AIRDROP_GAS
        fits = int(room / (1.25 * max(self._each, guess)))
        count = max(1, min(fits, self._most, len(self._left)))
        return tuple(self._left[place] for place in range(count))

    async def _estimated(self, effects: tuple[Effect, ...]) -> int:
        contract, data = effects[0].contract, f"0x{call_data(effects).hex()}"
        answer = await patient(
            lambda: self._node.estimate_gas(self._account, contract, data), self._patience_s
        )
        if isinstance(answer, Reverted):
            raise TransactionFailed(
                f"the contract refuses {call_name(effects)}: {self._named(answer)}; "
                "nothing was sent for it"
            )
        return answer


def call_name(effects: Sequence[Effect]) -> str:
    """Return what a call is for, in a few words."""
    first = effects[0]
    if not first.is_mint:
        return f"transfer of token {first.what} to {first.to}"
    if len(effects) == 1:
        return f"mint to {first.to}"
    one = all(effect.to == first.to for effect in effects)
    return f"{'mintBatch' if one else 'airdrop'} of {len(effects)}"
