"""Check a receipt again, offline: what it says of the content, from the CAR beside it.

The CAR holds every block from the first one read to the picture, and the walk of `pfpkit.evidence`
is done once more over those. Trusts neither receipt nor CAR, and no name in them.
"""

from io import BytesIO
from pathlib import Path
from typing import Self

from pfpkit.car import read_car
from pfpkit.cid import CID, Block
from pfpkit.errors import BadCar, BadContent, BadRecord, Unverified
from pfpkit.evidence import MAX_BLOCKS, max_proof_bytes, prove
from pfpkit.images import Limits
from pfpkit.proof import Binding, Outcome, Proof
from pfpkit.receipt import Receipt, Verdict, brief, read_file

__all__ = ["check"]

_CAR_BYTES_A_BLOCK = 64  # its CID and length


async def check(path: Path, limits: Limits | None = None) -> tuple[Receipt, Proof]:
    """Do the content's walk again from the CAR beside a receipt and compare every stated fact.

    Unverified says what differs. What the chain said is taken as stated.
    """
    receipt = Receipt.load(path)
    if receipt.verdict is not Verdict.VERIFIED:
        raise Unverified(f"{path} says {receipt.verdict}, so there is nothing that it proves")
    if receipt.token_uri is None:
        raise Unverified(f"{path} says verified and names no token URI; do not trust it")
    source = _source(path, receipt, limits or Limits())
    proof = await prove(receipt.token_uri, receipt.image_uri, source, limits)
    failed = next((step for step in proof.steps if step.outcome is Outcome.FAILED), None)
    if failed is not None:
        raise Unverified(f"{path}: {failed.name} does not hold: {failed.reason}")
    again = receipt.again(proof)
    for name in Receipt.__dataclass_fields__:
        stated, found = getattr(receipt, name), getattr(again, name)
        if stated != found:
            raise Unverified(
                f"{path} states another {name} than the blocks prove: {brief(stated)} "
                f"instead of {brief(found)}; do not trust it, resolve the token again"
            )
    source.refuse_other_than(proof)
    picture = _beside(path, receipt.picture_file, "picture")
    if read_file(picture, (limits or Limits()).max_bytes, "put it back") != proof.picture:
        raise Unverified(f"{picture} is not the picture that {path.name} proves; it was changed")
    return receipt, proof


def _source(path: Path, receipt: Receipt, limits: Limits) -> "_CarBlocks":
    if receipt.car_file is None and receipt.metadata_binding is Binding.ON_CHAIN:
        return _CarBlocks(path, [], [])
    return _CarBlocks.load(_beside(path, receipt.car_file, "CAR"), limits)


class _CarBlocks:
    """The blocks of one CAR, each hashed when it was read."""

    def __init__(self, path: Path, roots: list[CID], blocks: list[Block]) -> None:
        self._path = path
        self._roots = roots
        self._blocks = blocks
        self._by_cid = dict(blocks)

    @classmethod
    def load(cls, path: Path, limits: Limits) -> Self:
        max_bytes = max_proof_bytes(limits) + MAX_BLOCKS * _CAR_BYTES_A_BLOCK
        data = read_file(path, max_bytes, "put it beside the receipt")
        try:
            # Not whole: a directory's other entries are no part of the proof. The walk decides.
            roots, blocks = read_car(BytesIO(data), whole=False)
            return cls(path, roots, list(blocks))
        except BadContent as error:
            raise type(error)(f"{path}: {error}; resolve the token again") from error

    async def block(self, cid: CID) -> bytes:
        if cid not in self._by_cid:
            raise BadCar(f"{self._path.name} lacks the block {cid}; it is no whole proof")
        return self._by_cid[cid]

    def refuse_other_than(self, proof: Proof) -> None:
        """Raise BadCar unless these are the proof's blocks, once each and in its order."""
        if self._roots != list(proof.roots) or tuple(self._blocks) != proof.blocks:
            raise BadCar(
                f"{self._path} holds other blocks or another root than the proof; "
                "do not pass it on, resolve the token again"
            )


def _beside(path: Path, name: str | None, what: str) -> Path:
    if not name or Path(name).name != name or name == ".." or not name.isprintable():
        raise BadRecord(f"{path} names no {what} beside it; resolve the token again")
    return path.parent / name
