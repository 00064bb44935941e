"""A collection on a chain that is reorganised, and who owned what at each block there ever was.

The model is of blocks by their hash: what was true at one stays true of it when it is taken away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from pfpkit.reference import TokenRef
from support.anvil import DEPLOYER, HOLDER, STRANGER, Anvil
from support.tokens import Tokens

PEOPLE = (HOLDER, STRANGER)
_DEEPEST = 6


class Owned(NamedTuple):
    """Who has a token, and the digest of the bundle that was minted."""

    owner: str
    digest: bytes


State = Mapping[int, Owned]
"""The tokens that there are at a block, by id."""


class Reorganised:
    """The chain, and the model of it; each step mines one block or more."""

    def __init__(
        self, chain: Anvil, project: Any, digests: Sequence[bytes], random: Random
    ) -> None:
        self.tokens = Tokens(
            chain.node, project, [DEPLOYER, *PEOPLE], max_supply=1_000_000, royalty_bps=0
        )
        self.reorganisations = 0
        self.minted = 0
        self.touched = 1
        """The token that something happened to last."""
        self.states: dict[str, State] = {}
        """By hash, of blocks that are gone too."""
        self.blocks: list[str] = []
        """Those of the chain as it is now, from the collection's first."""
        self._rpc = chain.rpc
        self._digests, self._random = digests, random
        self._snapshots: list[tuple[str, int, int]] = []
        self._mined({})

    def step(self) -> str:
        """Do one thing at random, and say what."""
        how = self._random.choices(
            [self.mint, self.move, self.burn, self.pass_time, self.reorganise], [3, 6, 1, 2, 2]
        )
        return how[0]()

    def state(self, depth: int = 0) -> State:
        """What there is at the latest block, or at one that so many others were built on."""
        return self.states[self.blocks[-1 - depth]] if depth < len(self.blocks) else {}

    def mint(self) -> str:
        """A token of one of the bundles, to anyone."""
        self._remember()
        owned = Owned(self._random.choice(PEOPLE), self._random.choice(self._digests))
        (ref,) = self.tokens.mint(owned.digest, to=owned.owner)
        self.minted = self.touched = ref.token_id
        self._mined({**self.state(), ref.token_id: owned})
        return f"mint {ref.token_id} to {owned.owner}, block {self._latest()}"

    def move(self) -> str:
        """A token from who has it to the other."""
        ref, owned = self._one()
        if owned is None:
            return self.mint()
        self._remember()
        (to,) = (who for who in PEOPLE if who != owned.owner)
        self.tokens.transfer(ref, owned.owner, to)
        self._mined({**self.state(), ref.token_id: owned._replace(owner=to)})
        return f"move {ref.token_id} to {to}, block {self._latest()}"

    def burn(self) -> str:
        """A token, by who has it."""
        ref, owned = self._one()
        if owned is None:
            return self.mint()
        self._remember()
        self.tokens.burn(ref, owned.owner)
        self._mined({id: one for id, one in self.state().items() if id != ref.token_id})
        return f"burn {ref.token_id}, block {self._latest()}"

    def pass_time(self) -> str:
        """A block in which nothing happens."""
        self._remember()
        self._rpc("evm_mine")
        self._mined(self.state())
        return f"nothing, block {self._latest()}"

    def reorganise(self) -> str:
        """Take some blocks away, and mine others, one more than there were."""
        if not self._snapshots:
            return self.mint()
        back = self._random.randint(1, min(len(self._snapshots), _DEEPEST))
        snapshot, height, self.minted = self._snapshots[-back]
        self.tokens.node.revert(snapshot)
        gone = len(self.blocks) - height
        del self._snapshots[-back:], self.blocks[height:]
        assert self.blocks[-1] == self._latest()
        self.reorganisations += 1
        others = [self._random.choice((self.mint, self.move, self.pass_time))]
        others += [self.pass_time] * gone
        self._random.shuffle(others)
        return f"reorganise {gone} blocks: " + "; ".join(other() for other in others)

    def _one(self) -> tuple[TokenRef, Owned | None]:
        state = self.state()
        token = self.touched = self._random.choice(sorted(state)) if state else self.touched
        return self.tokens.ref(token), state.get(token)

    def _latest(self) -> str:
        return str(self._rpc("eth_getBlockByNumber", "latest", False)["hash"])

    def _remember(self) -> None:
        self._snapshots.append((self._rpc("evm_snapshot"), len(self.blocks), self.minted))

    def _mined(self, state: State) -> None:
        block = self._latest()
        # One that came of the same transactions in the same second is the same block again.
        assert self.states.setdefault(block, state) == state
        self.blocks.append(block)
