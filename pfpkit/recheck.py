"""Check a receipt again, offline: what it says of the content, from the CAR beside it.

The CAR holds every block from the first one read to the picture, and the walk of `pfpkit.evidence`
is done once more over those, the picture decoded again in a worker if it was decoded then. Trusts
neither receipt nor CAR, and no name in them.
"""

from contextlib import AsyncExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import Self

from pfpkit.car import read_car
from pfpkit.cid import CID, Block
from pfpkit.drawing import DRAWN_ALONE, ENDINGS, Drawing
from pfpkit.errors import BadCar, BadContent, BadRecord, Unverified
from pfpkit.evidence import MAX_BLOCKS, max_proof_bytes, prove
from pfpkit.images import Limits
from pfpkit.media import MAX_BYTES as MAX_RENDERED_BYTES
from pfpkit.media import SIZES, MediaLimits, MediaOutcome, Rendered, Renderer
from pfpkit.proof import Binding, Outcome, Proof
from pfpkit.receipt import Receipt, Verdict
from pfpkit.stated import brief, read_file

__all__ = ["check"]

_CAR_BYTES_A_BLOCK = 64  # its CID and length


async def check(
    path: Path, limits: MediaLimits | None = None, *, renderer: Renderer | None = None
) -> tuple[Receipt, Proof]:
    """Do the content's walk again from the CAR beside a receipt and compare every stated fact.

    A picture that was decoded is decoded again, by `renderer` or a worker of its own, and squares
    beside the receipt are drawn again. Unverified says what differs. What the chain said is taken
    as stated.
    """
    receipt = Receipt.load(path)
    if receipt.verdict is not Verdict.VERIFIED:
        raise Unverified(f"{path} says {receipt.verdict}, so there is nothing that it proves")
    if receipt.token_uri is None:
        raise Unverified(f"{path} says verified and names no token URI; do not trust it")
    limits = limits or MediaLimits()
    source = _source(path, receipt, limits)
    async with AsyncExitStack() as stack:
        decoding = receipt.outcome is not MediaOutcome.NOT_DECODED
        if decoding and (renderer is None or not _draws(renderer, receipt.drawing)):
            renderer = await stack.enter_async_context(_renderer_of(path, receipt, limits))
        proof = await prove(
            receipt.token_uri,
            receipt.image_uri,
            source,
            limits,
            renderer=renderer if decoding else None,
            token_id=receipt.token.id_to_fill,
        )
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
    _check_files(path, receipt, proof, limits)
    return receipt, proof


def _draws(renderer: Renderer, drawing: Drawing | None) -> bool:
    """Whether it draws as the one did that drew what is beside the receipt."""
    return drawing is None or (drawing.by, drawing.edges) == (renderer.rules, renderer.sizes)


def _renderer_of(path: Path, receipt: Receipt, limits: MediaLimits) -> Renderer:
    """Return a renderer that draws so; Unverified where these versions draw otherwise."""
    drawing = receipt.drawing
    renderer = Renderer(workers=1, sizes=drawing.edges if drawing else SIZES, limits=limits)
    if drawing is not None and not _draws(renderer, drawing):
        raise Unverified(
            f"the squares beside {path} were drawn by {brief(drawing.by)}, and are drawn here by "
            f"{brief(renderer.rules)}: they cannot be compared; resolve the token again"
        )
    return renderer


def _check_files(path: Path, receipt: Receipt, proof: Proof, limits: Limits) -> None:
    """Compare the files beside the receipt with the bytes that were minted, and with squares."""
    shown = proof.rendered
    assert shown is not None
    squares = receipt.drawing.squares if receipt.drawing else ()
    if receipt.media_type in DRAWN_ALONE:
        # What is shown of it has to be there: without it a small square could pass for the picture.
        largest = receipt.drawing and (max(receipt.drawing.edges), "image/png")
        if receipt.picture_file or largest not in [(one.edge, one.media_type) for one in squares]:
            raise BadRecord(
                f"{path} is of an SVG, and does not name its largest square alone; resolve it again"
            )
    else:
        picture = _beside(
            path, receipt.picture_file, "picture", ENDINGS.get(str(receipt.media_type), "")
        )
        if read_file(picture, limits.max_bytes, "put it back") != proof.picture:
            raise Unverified(
                f"{picture} is not the picture that {path.name} proves; it was changed"
            )
    for square in squares:
        file = _beside(path, square.file, "square", ENDINGS.get(square.media_type, ""))
        drawn = _square(shown, square.edge, square.media_type)
        if read_file(file, MAX_RENDERED_BYTES, "put it back") != drawn:
            raise Unverified(
                f"{file} is not what is drawn of {path.name}'s picture; do not show it"
            )


def _square(rendered: Rendered, edge: int, media_type: str) -> bytes | None:
    with suppress(KeyError):
        return rendered.rendition(edge, media_type).data
    return None


def _source(path: Path, receipt: Receipt, limits: Limits) -> "_CarBlocks":
    if receipt.car_file is None and receipt.metadata_binding is Binding.ON_CHAIN:
        return _CarBlocks(path, [], [])
    return _CarBlocks.load(_beside(path, receipt.car_file, "CAR", "car"), limits)


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


def _beside(path: Path, name: str | None, what: str, ending: str) -> Path:
    if not name or Path(name).name != name or name == ".." or not name.isprintable():
        raise BadRecord(f"{path} names no {what} beside it; resolve the token again")
    # A picture may be a page as well, for whoever opens it by another ending.
    if not name.endswith(f".{ending}"):
        raise BadRecord(
            f"{path} names {brief(name)} as its {what}, which would end in .{ending}; "
            "resolve the token again"
        )
    return path.parent / name
