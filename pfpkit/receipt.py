"""Receipts: what was resolved, at which block, and how each step ended, as JSON beside a CAR.

A receipt is checked again offline: the CAR holds every block from the bundle to the picture, and
the walk of `pfpkit.evidence` is done once more over those. What the chain said (owner and URIs at a
block) cannot be checked without a node; a receipt states it, and says at which block.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from pfpkit.car import read_car
from pfpkit.chain import BlockRef, TokenState
from pfpkit.cid import CID
from pfpkit.errors import BadCar, BadInput, BadMetadata, BadRecord, NotFound, Unverified
from pfpkit.evidence import Outcome, Proof, Step, prove
from pfpkit.images import Limits
from pfpkit.metadata import read_json
from pfpkit.reference import TokenRef, checksum_address

__all__ = ["VERIFIED", "Receipt", "check"]

TYPE = "pfpkit-receipt"
VERSION = 1
VERIFIED = "verified"
NOT_OWNER = "not-owner"
UNVERIFIED = "unverified"
_MAX_BYTES = 2**20
_MAX_CAR_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was found for one token. `holder` is whom the picture was asked for, if anyone."""

    token: TokenRef
    block: BlockRef
    owner: str
    holder: str | None
    token_uri: str
    image_uri: str | None
    bundle_cid: CID | None
    metadata_cid: CID | None
    image_cid: CID | None
    image_sha256: str | None
    media_type: str | None
    width: int | None
    height: int | None
    verdict: str
    steps: tuple[Step, ...]
    resolved_at: str
    picture_file: str | None = None
    car_file: str | None = None

    @classmethod
    def of(cls, state: TokenState, holder: str | None, proof: Proof, resolved_at: str) -> Self:
        """Return the receipt of a proof; the chain's steps come before the content's."""
        steps = (*_chain_steps(state.ref, state.block, state.owner, holder), *proof.steps)
        return cls(
            token=state.ref,
            block=state.block,
            owner=state.owner,
            holder=holder,
            token_uri=state.token_uri,
            image_uri=state.image_uri,
            **_facts(proof),
            verdict=_verdict(steps),
            steps=steps,
            resolved_at=resolved_at,
        )

    @property
    def failure(self) -> Step | None:
        """The first step that failed."""
        return next((step for step in self.steps if step.outcome is Outcome.FAILED), None)

    def beside(self, picture_file: str, car_file: str) -> Self:
        """Return the receipt naming the files that are written beside it."""
        return replace(self, picture_file=picture_file, car_file=car_file)

    def encode(self) -> bytes:
        """Return the receipt as JSON, for people and programs."""
        fields = {
            "type": TYPE,
            "version": VERSION,
            "token": str(self.token),
            "chain_id": self.token.chain_id,
            "contract": self.token.contract,
            "token_id": str(self.token.token_id),
            "block": asdict(self.block),
            "owner": self.owner,
            "holder": self.holder,
            "token_uri": self.token_uri,
            "image_uri": self.image_uri,
            "cids": {
                "bundle": _text(self.bundle_cid),
                "metadata": _text(self.metadata_cid),
                "image": _text(self.image_cid),
            },
            "image": {
                "sha256": self.image_sha256,
                "media_type": self.media_type,
                "width": self.width,
                "height": self.height,
            },
            "verdict": self.verdict,
            "steps": [asdict(step) for step in self.steps],
            "resolved_at": self.resolved_at,
            "files": {"picture": self.picture_file, "car": self.car_file},
        }
        return (json.dumps(fields, indent=2) + "\n").encode()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a receipt; BadRecord says what is wrong with it."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise BadRecord(f"{path} cannot be read: {error.strerror}; name a receipt") from error
        try:
            fields = read_json(data, str(path), _MAX_BYTES)
        except BadMetadata as error:
            raise BadRecord(f"{error}; resolve the token again for a new receipt") from error
        if not isinstance(fields, dict) or fields.get("type") != TYPE:
            raise BadRecord(f"{path} is no receipt; name the .receipt.json that `resolve` wrote")
        if fields.get("version") != VERSION:
            raise BadRecord(f"{path} is of version {fields.get('version')}; this reads {VERSION}")
        try:
            return cls._of_fields(fields)
        except (KeyError, TypeError, ValueError, BadInput) as error:
            raise BadRecord(
                f"{path}: a field is missing or wrong ({error}); resolve the token again"
            ) from error

    @classmethod
    def _of_fields(cls, fields: Mapping[str, Any]) -> Self:
        ref = TokenRef.parse(fields["token"])
        said = (fields["chain_id"], fields["contract"], fields["token_id"])
        if said != (ref.chain_id, ref.contract, str(ref.token_id)):
            raise ValueError("'token' says another thing than 'chain_id', 'contract', 'token_id'")
        block, cids, image, files = (fields[k] for k in ("block", "cids", "image", "files"))
        return cls(
            token=ref,
            block=BlockRef(int(block["number"]), str(block["hash"]), int(block["timestamp"])),
            owner=checksum_address(fields["owner"]),
            holder=None if fields["holder"] is None else checksum_address(fields["holder"]),
            token_uri=str(fields["token_uri"]),
            image_uri=None if fields["image_uri"] is None else str(fields["image_uri"]),
            bundle_cid=_cid(cids["bundle"]),
            metadata_cid=_cid(cids["metadata"]),
            image_cid=_cid(cids["image"]),
            image_sha256=image["sha256"],
            media_type=image["media_type"],
            width=image["width"],
            height=image["height"],
            verdict=str(fields["verdict"]),
            steps=tuple(
                Step(s["name"], Outcome(s["outcome"]), s["reason"], s["error"])
                for s in fields["steps"]
            ),
            resolved_at=str(fields["resolved_at"]),
            picture_file=files["picture"],
            car_file=files["car"],
        )


async def check(path: Path, limits: Limits | None = None) -> tuple[Receipt, Proof]:
    """Do the content's walk again from the CAR beside a receipt and compare every stated fact.

    Unverified says what differs. What the chain said is taken as stated.
    """
    receipt = Receipt.load(path)
    folder = path.parent
    source = _CarBlocks.load(folder / _name(receipt.car_file, path, "CAR"))
    proof = await prove(receipt.token_uri, receipt.image_uri, source, limits)
    failed = next((step for step in proof.steps if step.outcome is Outcome.FAILED), None)
    if failed is not None:
        raise Unverified(f"{path}: {failed.name} does not hold: {failed.reason}")
    chain = _chain_steps(receipt.token, receipt.block, receipt.owner, receipt.holder)
    again = replace(
        receipt,
        **_facts(proof),
        steps=(*chain, *proof.steps),
        verdict=_verdict((*chain, *proof.steps)),
    )
    for name in Receipt.__dataclass_fields__:
        stated, found = getattr(receipt, name), getattr(again, name)
        if stated != found:
            raise Unverified(
                f"{path} states another {name} than the blocks prove: {_brief(stated)} "
                f"instead of {_brief(found)}; do not trust it, resolve the token again"
            )
    if receipt.verdict != VERIFIED:
        raise Unverified(f"{path} is intact, and its verdict is {receipt.verdict}")
    picture = folder / _name(receipt.picture_file, path, "picture")
    try:
        same = picture.read_bytes() == proof.picture
    except OSError as error:
        raise NotFound(f"{picture} cannot be read: {error.strerror}; put it back") from error
    if not same:
        raise Unverified(f"{picture} is not the picture that {path.name} proves; it was changed")
    return receipt, proof


class _CarBlocks:
    """The blocks of one CAR, each hashed when it was read."""

    def __init__(self, blocks: Mapping[CID, bytes], name: str) -> None:
        self._blocks = blocks
        self._name = name

    @classmethod
    def load(cls, path: Path) -> Self:
        try:
            if path.stat().st_size > _MAX_CAR_BYTES:
                raise BadCar(f"{path} is larger than any proof ({_MAX_CAR_BYTES:,} bytes)")
            with path.open("rb") as file:
                _, blocks = read_car(file)
                return cls({block.cid: block.data for block in blocks}, path.name)
        except OSError as error:
            raise NotFound(f"{path} cannot be read: {error.strerror}; put it beside") from error

    async def block(self, cid: CID) -> bytes:
        try:
            return self._blocks[cid]
        except KeyError:
            raise NotFound(f"{self._name} lacks {cid}; it is no whole proof") from None


def _chain_steps(
    ref: TokenRef, block: BlockRef, owner: str, holder: str | None
) -> tuple[Step, ...]:
    at = f"block {block.number} ({block.hash})"
    found = Step("chain", Outcome.PASSED, f"chain {ref.chain_id}, read at {at}")
    if holder is None or holder == owner:
        asked = "" if holder is None else ", as asked"
        return found, Step("owner", Outcome.PASSED, f"{owner} owns it at that block{asked}")
    reason = f"{owner} owns it at that block, not {holder}"
    return found, Step("owner", Outcome.FAILED, reason, "NotOwner")


def _facts(proof: Proof) -> dict[str, Any]:
    """The fields of a receipt that the blocks alone decide."""
    return {
        "bundle_cid": proof.bundle,
        "metadata_cid": proof.metadata,
        "image_cid": proof.image,
        "image_sha256": proof.sha256,
        "media_type": proof.info.media_type if proof.info else None,
        "width": proof.info.width if proof.info else None,
        "height": proof.info.height if proof.info else None,
    }


def _verdict(steps: tuple[Step, ...]) -> str:
    failed = [step for step in steps if step.outcome is Outcome.FAILED]
    if not failed:
        return VERIFIED
    return NOT_OWNER if failed[0].name == "owner" else UNVERIFIED


def _name(name: str | None, path: Path, what: str) -> str:
    if not name or Path(name).name != name:
        raise BadRecord(f"{path} names no {what} beside it; resolve the token again")
    return name


def _text(cid: CID | None) -> str | None:
    return None if cid is None else str(cid)


def _cid(text: str | None) -> CID | None:
    return None if text is None else CID.parse(text)


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
