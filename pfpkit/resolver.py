"""The verified read path: from a token's name to its picture, with a receipt.

Owner and URIs are read at one named block; blocks come from any gateway and each is hashed; the
metadata's link is compared with the bundle that the contract commits to; the picture is decoded.
Trusts the node for what the chain says, and nobody for content. A chain that cannot be asked, or
does not know the token, raises; content that does not hold is a verdict with its reason.
"""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from pfpkit.atomic import write_files
from pfpkit.car import write_car
from pfpkit.chain import BlockRef, Node
from pfpkit.errors import BadInput, Unverified
from pfpkit.evidence import Blocks, Proof, prove
from pfpkit.images import Limits
from pfpkit.receipt import VERIFIED, Receipt
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.timestamp import now

__all__ = ["Resolution", "Saved", "resolve"]

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Saved:
    """The files of one resolution; the receipt names the others. No CAR without blocks."""

    picture: Path
    receipt: Path
    car: Path | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was found: the receipt, and the proof that it was made from."""

    receipt: Receipt
    proof: Proof

    @property
    def verified(self) -> bool:
        """Whether the picture may be shown as this token's."""
        return self.receipt.verdict == VERIFIED

    def save(self, folder: Path, stem: str) -> Saved:
        """Write picture, CAR and receipt, all or none; Unverified when there is no proof.

        BadInput when they cannot be written: what was there before is there still.
        """
        if not self.verified or self.proof.picture is None:
            failure = self.receipt.failure
            why = f"{failure.name}: {failure.reason}" if failure else self.receipt.verdict
            raise Unverified(f"{self.receipt.token} is not shown. {why}")
        assert self.receipt.media_type is not None
        picture = folder / f"{stem}.{_EXTENSIONS[self.receipt.media_type]}"
        path = folder / f"{stem}.receipt.json"
        car = folder / f"{stem}.car" if self.proof.blocks else None
        files = {
            picture: self.proof.picture,
            path: self.receipt.beside(picture.name, car.name if car else None).encode(),
        }
        if car is not None:
            blocks = BytesIO()
            write_car(blocks, self.proof.roots, self.proof.blocks)
            files[car] = blocks.getvalue()
        try:
            write_files(files)
        except OSError as error:
            raise BadInput(
                f"{folder / stem}.* cannot be written: {error.strerror}; "
                "make room, or choose another place"
            ) from error
        return Saved(picture, path, car)


async def resolve(
    ref: TokenRef,
    node: Node,
    blocks: Blocks,
    *,
    holder: str | None = None,
    block: BlockRef | None = None,
    limits: Limits | None = None,
) -> Resolution:
    """Resolve `ref` at `block` (the latest by default), for `holder` if one is given.

    ChainError when the chain cannot be asked or does not know the token.
    """
    holder = None if holder is None else checksum_address(holder)
    state = await node.token(ref, block)
    proof = await prove(state.token_uri, state.image_uri, blocks, limits)
    return Resolution(Receipt.of(state, holder, proof, now()), proof)
