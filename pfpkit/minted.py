"""What a collection's contract says of itself: who mints, how many, and which bundles are minted.

Read from the chain at one block, never from a record. A burned token's bundle is read at the block
of its mint, for it was minted all the same and is not minted again by mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pfpkit.chain import BlockRef, Call, Node, Reverted
from pfpkit.errors import BadInput, NoSuchContract, TransactionFailed

__all__ = ["Minted", "read_minted", "total_minted"]

_CALLS_AT_ONCE = 500
_MAX_SUPPLY = 2**48 - 1


@dataclass(frozen=True, slots=True)
class Minted:
    """The state of a collection at one block. `by_digest` is bundle digest -> first token id.

    `unknown` are the ids of tokens minted and burned in one block: no node knows their bundles.
    `twice` has the bundles that were minted more than once.
    """

    contract: str
    block: BlockRef
    minter: str
    total: int
    max_supply: int
    by_digest: Mapping[bytes, int]
    unknown: tuple[int, ...] = ()
    twice: frozenset[bytes] = frozenset()

    @property
    def left(self) -> int:
        """How many tokens may still be minted."""
        return self.max_supply - self.total

    def check_minter(self, account: str) -> None:
        """TransactionFailed unless it is the account that mints."""
        if account != self.minter:
            raise TransactionFailed(
                f"{account} may not mint, {self.minter} may; use --account of the minter"
            )

    def check_left(self, count: int) -> None:
        """BadInput unless so many may still be minted."""
        if count > self.left:
            raise BadInput(
                f"{count:,} to mint, but only {self.left:,} of {self.max_supply:,} are left; "
                "nothing was sent; mint fewer"
            )


async def read_minted(node: Node, contract: str, at: BlockRef | None = None) -> Minted:
    """Return what is minted at a block, or the latest; NoSuchContract if it is no such contract."""
    block = at or await node.block()
    minter, total, max_supply = await _counts(node, contract, block)
    by_digest: dict[bytes, int] = {}
    unknown: list[int] = []
    twice: set[bytes] = set()
    for first in range(1, total + 1, _CALLS_AT_ONCE):
        ids = range(first, min(first + _CALLS_AT_ONCE, total + 1))
        calls = [Call("bundleOf(uint256)", "bytes32", (id_,)) for id_ in ids]
        for id_, digest in zip(ids, await node.call(contract, calls, block), strict=True):
            if isinstance(digest, Reverted):
                digest = await _burned(node, contract, id_)
            if digest is None:
                unknown.append(id_)
            elif by_digest.setdefault(digest, id_) != id_:
                twice.add(digest)
    counts = minter, total, max_supply
    return Minted(contract, block, *counts, by_digest, tuple(unknown), frozenset(twice))


async def total_minted(node: Node, contract: str) -> int:
    """Return how many tokens were ever minted; NoSuchContract if it is no such contract."""
    _, total, _ = await _counts(node, contract, await node.block())
    return total


async def _counts(node: Node, contract: str, block: BlockRef) -> tuple[str, int, int]:
    views = [
        Call("minter()", "address"),
        Call("totalMinted()", "uint256"),
        Call("maxSupply()", "uint256"),
    ]
    answers = await node.call(contract, views, block)
    if any(isinstance(answer, Reverted) for answer in answers):
        raise NoSuchContract(f"{contract} is no ProfilePicture contract; check the address")
    minter, total, max_supply = answers
    if not total <= max_supply <= _MAX_SUPPLY:
        raise NoSuchContract(f"{contract} is no ProfilePicture contract; check the address")
    return minter, total, max_supply


async def _burned(node: Node, contract: str, token_id: int) -> bytes | None:
    at = await node.mint_block(contract, token_id)
    (digest,) = await node.call(contract, [Call("bundleOf(uint256)", "bytes32", (token_id,))], at)
    return None if isinstance(digest, Reverted) else bytes(digest)
