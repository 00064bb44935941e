"""Receipts: what was resolved, at which block, and how each step ended, as JSON beside a CAR.

A receipt is checked again offline: the CAR holds every block from the bundle to the picture, and
the walk of `pfpkit.evidence` is done once more over those. What the chain said (owner and URIs at a
block) cannot be checked without a node; a receipt states it, and says at which block. Where the
URI holds the content itself, that is what the chain said too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from pfpkit.car import read_car
from pfpkit.chain import BlockRef, TokenState
from pfpkit.cid import CID, Block
from pfpkit.errors import (
    BadCar,
    BadContent,
    BadInput,
    BadMetadata,
    BadRecord,
    NotFound,
    Unverified,
)
from pfpkit.evidence import MAX_BLOCKS, max_proof_bytes, prove
from pfpkit.images import Limits
from pfpkit.metadata import read_json
from pfpkit.proof import Binding, Outcome, Proof, Step
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.timestamp import timestamp

__all__ = ["VERIFIED", "Receipt", "check"]

TYPE = "pfpkit-receipt"
VERSION = 2
VERIFIED = "verified"
NOT_OWNER = "not-owner"
UNVERIFIED = "unverified"
UNVERIFIABLE = "unverifiable"
# On-chain metadata of a mebibyte, escaped twice.
_MAX_BYTES = 8 * 2**20
_CAR_BYTES_A_BLOCK = 64  # its CID and length
_HASH = re.compile(r"0x[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


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
    metadata_binding: Binding | None
    image_binding: Binding | None
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

    def beside(self, picture_file: str, car_file: str | None) -> Self:
        """Return the receipt naming the files beside it; no CAR where no block was needed."""
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
                "bundle": _cid_text(self.bundle_cid),
                "metadata": _cid_text(self.metadata_cid),
                "image": _cid_text(self.image_cid),
            },
            "image": {
                "sha256": self.image_sha256,
                "media_type": self.media_type,
                "width": self.width,
                "height": self.height,
            },
            "bindings": {"metadata": self.metadata_binding, "image": self.image_binding},
            "verdict": self.verdict,
            "steps": [asdict(step) for step in self.steps],
            "resolved_at": self.resolved_at,
            "files": {"picture": self.picture_file, "car": self.car_file},
        }
        return (json.dumps(fields, indent=2) + "\n").encode()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a receipt; BadRecord says what is wrong with it."""
        data = _read(path, _MAX_BYTES, "name a receipt")
        try:
            fields = read_json(data, str(path), _MAX_BYTES)
        except BadMetadata as error:
            raise BadRecord(f"{error}; resolve the token again for a new receipt") from error
        if not isinstance(fields, dict) or fields.get("type") != TYPE:
            raise BadRecord(f"{path} is no receipt; name the .receipt.json that `resolve` wrote")
        version = fields.get("version")
        if type(version) is not int or version != VERSION:
            raise BadRecord(f"{path} is of version {_brief(version)}; this reads {VERSION}")
        try:
            receipt = cls._of_fields(fields)
        except (KeyError, TypeError, ValueError, BadInput) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            raise BadRecord(f"{path} cannot be used: {what}; resolve the token again") from error
        receipt._refuse_other_forms(fields, path)
        return receipt

    @classmethod
    def _of_fields(cls, fields: Mapping[str, Any]) -> Self:
        block, cids, image, bindings, files = (
            _object(fields[k]) for k in ("block", "cids", "image", "bindings", "files")
        )
        return cls(
            token=TokenRef.parse(_text(fields["token"])),
            block=BlockRef(
                _count(block["number"]), _matching(_HASH, block["hash"]), _count(block["timestamp"])
            ),
            owner=checksum_address(_text(fields["owner"])),
            holder=None if fields["holder"] is None else checksum_address(_text(fields["holder"])),
            token_uri=_text(fields["token_uri"]),
            image_uri=_optional_text(fields["image_uri"]),
            bundle_cid=_cid(cids["bundle"]),
            metadata_cid=_cid(cids["metadata"]),
            image_cid=_cid(cids["image"]),
            image_sha256=_optional_text(image["sha256"]),
            media_type=_optional_text(image["media_type"]),
            width=None if image["width"] is None else _count(image["width"]),
            height=None if image["height"] is None else _count(image["height"]),
            metadata_binding=_binding(bindings["metadata"]),
            image_binding=_binding(bindings["image"]),
            verdict=_text(fields["verdict"]),
            steps=tuple(_step(_object(step)) for step in _list(fields["steps"])),
            resolved_at=_matching(_TIME, fields["resolved_at"]),
            picture_file=_optional_text(files["picture"]),
            car_file=_optional_text(files["car"]),
        )

    def _refuse_other_forms(self, fields: Mapping[str, Any], path: Path) -> None:
        """Refuse what says the same in other words: an unknown field, another case or base."""
        written = json.loads(self.encode())
        for name in sorted(fields.keys() | written.keys()):
            said, wanted = (_canonical(form, name) for form in (fields, written))
            if said != wanted:
                raise BadRecord(
                    f"{path} cannot be used: {_brief(name)} is not as `resolve` writes it, or "
                    "disagrees with the other fields; resolve the token again"
                )


async def check(path: Path, limits: Limits | None = None) -> tuple[Receipt, Proof]:
    """Do the content's walk again from the CAR beside a receipt and compare every stated fact.

    Unverified says what differs. What the chain said is taken as stated.
    """
    receipt = Receipt.load(path)
    source = _source(path, receipt, limits or Limits())
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
    source.refuse_other_than(proof)
    if receipt.verdict != VERIFIED:
        raise Unverified(f"{path} is intact, and its verdict is {receipt.verdict}")
    picture = _beside(path, receipt.picture_file, "picture")
    if _read(picture, (limits or Limits()).max_bytes, "put it back") != proof.picture:
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
        data = _read(path, max_bytes, "put it beside the receipt")
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


def _read(path: Path, max_bytes: int, what_next: str) -> bytes:
    """Return a file's bytes; NotFound, or BadRecord for what is too large or no file."""
    try:
        if path.exists() and not path.is_file():
            raise BadRecord(f"{path} is no file; {what_next}")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise NotFound(f"{path} cannot be read: {reason}; {what_next}") from error
    if len(data) > max_bytes:
        raise BadRecord(f"{path} is over {max_bytes:,} bytes, too large for a proof; {what_next}")
    return data


def _chain_steps(
    ref: TokenRef, block: BlockRef, owner: str, holder: str | None
) -> tuple[Step, ...]:
    at = f"block {block.number} of {_when(block.timestamp)} ({block.hash})"
    found = Step("chain", Outcome.PASSED, f"chain {ref.chain_id}, read at {at}")
    if holder is None or holder == owner:
        asked = "" if holder is None else ", as asked"
        return found, Step("owner", Outcome.PASSED, f"{owner} owns it at that block{asked}")
    reason = f"{owner} owns it at that block, not {holder}"
    return found, Step("owner", Outcome.FAILED, reason, "NotOwner")


def _when(seconds: int) -> str:
    try:
        return timestamp(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError):  # a chain's clock may say anything
        return f"second {seconds}"


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
        "metadata_binding": proof.metadata_binding,
        "image_binding": proof.image_binding,
    }


def _verdict(steps: tuple[Step, ...]) -> str:
    """Return `verified` only when every step passed; docs/resolve.md has the other words."""
    failed = [step for step in steps if step.outcome is Outcome.FAILED]
    if not failed:
        unbound = any(step.outcome is Outcome.UNVERIFIABLE for step in steps)
        return UNVERIFIABLE if unbound else VERIFIED
    return NOT_OWNER if failed[0].name == "owner" else UNVERIFIED


def _beside(path: Path, name: str | None, what: str) -> Path:
    if not name or Path(name).name != name or name == ".." or not name.isprintable():
        raise BadRecord(f"{path} names no {what} beside it; resolve the token again")
    return path.parent / name


def _cid_text(cid: CID | None) -> str | None:
    return None if cid is None else str(cid)


def _cid(text: Any) -> CID | None:
    return None if text is None else CID.parse(_text(text))


def _step(fields: Mapping[str, Any]) -> Step:
    name, reason = _text(fields["name"]), _text(fields["reason"])
    return Step(
        name,
        Outcome(_text(fields["outcome"])),
        reason,
        _optional_text(fields["error"]),
        _count(fields["took_ms"]),
    )


def _binding(text: Any) -> Binding | None:
    return None if text is None else Binding(_text(text))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{_brief(value)} is no text")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError(f"{_brief(value)} is not of the form {pattern.pattern}")
    return str(value)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{_brief(value)} is no count")
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{_brief(value)} is no object")
    return value


def _canonical(fields: Mapping[str, Any], name: str) -> str | None:
    # As text, for to Python `True` and `1.0` are equal to 1.
    return json.dumps(fields[name], sort_keys=True) if name in fields else None


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{_brief(value)} is no list")
    return value


def _brief(value: object) -> str:
    """Return a value as a message may show it; it may be a stranger's."""
    text = ascii(value) if isinstance(value, str) else str(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 120 else f"{text[:117]}..."
