"""What was found for one token, and what of it is left on disk.

The receipt and its CAR prove the bytes that were minted. The picture that lies beside them is those
bytes, or, for what is shown as pixels alone (an SVG), a square that was drawn of them.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from pfpkit.atomic import write_files
from pfpkit.car import write_car
from pfpkit.drawing import DRAWN_ALONE, ENDINGS, Drawing, file_name
from pfpkit.errors import BadInput, Unverified
from pfpkit.media import Rendered, Rendition
from pfpkit.ownership import Ownership
from pfpkit.proof import Proof
from pfpkit.receipt import Receipt, Verdict
from pfpkit.reference import TokenRef

__all__ = ["Files", "Resolution", "Saved"]


@dataclass(frozen=True, slots=True)
class Files:
    """What is left of one resolution, by name of file; the receipt names the others.

    `picture` is the one to show: the minted bytes, or the largest square of what is drawn. `car` is
    None where no block was needed.
    """

    picture: str
    receipt: str
    car: str | None
    squares: tuple[str, ...]
    data: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """The files of one resolution; the receipt names the others.

    `picture` is the one to show: the minted bytes, or the largest square of what is drawn.
    """

    picture: Path
    receipt: Path
    car: Path | None
    squares: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was found for one token, and a holder if one was named.

    `reason` says in words why the verdict is not `verified`. `receipt` is None where the chain said
    nothing of the token. `ownership` is None where nobody was named. `remembered` is whether the
    chain was asked for an earlier question, and not for this one: what it said is as of its block,
    and `receipt.resolved_at` is when it was asked.
    """

    ref: TokenRef
    holder: str | None
    verdict: Verdict
    reason: str
    proof: Proof
    receipt: Receipt | None = None
    ownership: Ownership | None = None
    remembered: bool = False

    @classmethod
    def of(
        cls,
        receipt: Receipt,
        proof: Proof,
        ownership: Ownership | None = None,
        *,
        remembered: bool = False,
    ) -> Self:
        """Return the resolution that a receipt and its proof are."""
        failure = receipt.failure
        reason = "" if failure is None else f"{failure.name}: {failure.reason}"
        if failure is None and receipt.verdict is Verdict.UNVERIFIABLE:
            reason = "unverifiable: a picture was found, and nothing binds the token to it"
        ref, holder = receipt.token, receipt.holder
        return cls(
            ref, holder, receipt.verdict, reason, proof, receipt, ownership, remembered=remembered
        )

    @property
    def verified(self) -> bool:
        """Whether the picture may be shown as this token's."""
        return self.verdict is Verdict.VERIFIED

    @property
    def rendered(self) -> Rendered | None:
        """What came of the picture, by its `outcome`: its squares, or the word for a refusal."""
        return self.proof.rendered

    def stated(self) -> Receipt:
        """Return the receipt; Unverified where the chain said nothing that one could state."""
        if self.receipt is None:
            raise Unverified(f"{self.ref} is not shown. {self.verdict}: {self.reason}")
        return self.receipt

    def json(self) -> dict[str, Any]:
        """Return it as JSON's own types, with the receipt and without the pictures."""
        return {
            "token": str(self.ref),
            "holder": self.holder,
            "verdict": self.verdict,
            "reason": self.reason,
            "receipt": None if self.receipt is None else json.loads(self.receipt.encode()),
        }

    def files(self, stem: str, *, squares: Collection[int] = ()) -> Files:
        """Return picture, CAR and receipt as files; Unverified when there is no proof.

        `squares` are edges in pixels whose squares are there too, as WebP and PNG. Where the minted
        bytes are an SVG they are in the CAR or the receipt alone, and the largest square is the
        picture.
        """
        receipt, proof = self.stated(), self.proof
        if not self.verified or proof.picture is None or proof.rendered is None:
            raise Unverified(f"{self.ref} is not shown. {self.reason}")
        drawn = self._drawn(stem, squares)
        ending = ENDINGS.get(str(receipt.media_type))
        minted = f"{stem}.{ending}" if ending else None
        car = f"{stem}.car" if proof.blocks else None
        drawing = Drawing.of(proof.rendered, drawn) if drawn else None
        data = {} if minted is None else {minted: proof.picture}
        data |= {name: one.data for name, one in drawn.items()}
        stated = f"{stem}.receipt.json"
        data[stated] = receipt.beside(minted, car, drawing).encode()
        if car is not None:
            blocks = BytesIO()
            write_car(blocks, proof.roots, proof.blocks)
            data[car] = blocks.getvalue()
        return Files(minted or next(iter(drawn)), stated, car, tuple(drawn), data)

    def save(self, folder: Path, stem: str, *, squares: Collection[int] = ()) -> Saved:
        """Write the `files`, all or none; Unverified when there is no proof.

        BadInput when they cannot be written: what was there before is there still.
        """
        files = self.files(stem, squares=squares)
        try:
            write_files({folder / name: data for name, data in files.data.items()})
        except OSError as error:
            raise BadInput(
                f"{folder / stem}.* cannot be written: {error.strerror}; "
                "make room, or choose another place"
            ) from error
        return Saved(
            folder / files.picture,
            folder / files.receipt,
            folder / files.car if files.car else None,
            tuple(folder / name for name in files.squares),
        )

    def _drawn(self, stem: str, squares: Collection[int]) -> dict[str, Rendition]:
        """Return the squares to write, by name of file; first the one to show, where one has to."""
        assert self.proof.rendered is not None
        made = self.proof.rendered.renditions
        chosen = [one for one in made if one.edge in squares]
        if self.proof.rendered.media_type in DRAWN_ALONE:
            pictures = [one for one in made if one.media_type == "image/png"]
            chosen.insert(0, max(pictures, key=lambda one: one.edge))
        return {file_name(stem, one): one for one in chosen}
