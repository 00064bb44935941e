"""Receipts: what was resolved, at which block, and how each step ended, as JSON.

What the chain said (owner and URIs at a block) cannot be checked without a node; a receipt states
it, and says at which block. Where the URI holds the content itself, that is what the chain said
too. All else is checked again offline by `pfpkit.recheck`, from the CAR beside the receipt.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from pfpkit.block import BlockRef
from pfpkit.cid import CID
from pfpkit.drawing import Drawing
from pfpkit.errors import BadInput, BadMetadata, BadRecord
from pfpkit.media import MediaOutcome
from pfpkit.metadata import read_json
from pfpkit.proof import Binding, Outcome, Proof, Step, StepError
from pfpkit.reference import NOBODY, Standard, TokenRef
from pfpkit.stated import (
    address,
    brief,
    cid,
    count,
    entries,
    matching,
    object_of,
    optional,
    read_file,
    text,
)
from pfpkit.timestamp import timestamp
from pfpkit.tokens import MAX_URI, TokenAnswer
from pfpkit.tokens import Outcome as Reading

__all__ = ["Receipt", "Verdict"]

TYPE = "pfpkit-receipt"
VERSION = 3
# On-chain metadata of a mebibyte, escaped twice.
_MAX_BYTES = 8 * 2**20
_MAX_STEPS = 100
_BALANCE = re.compile(r"0|[1-9][0-9]{0,77}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Verdict(StrEnum):
    """What may be shown for a token, and a holder if one was named."""

    VERIFIED = "verified"
    """The picture, as the token's: no other bytes could have been shown for it."""
    PENDING = "pending"
    """The holder has it, and not yet for as many blocks as was asked for."""
    NOT_OWNER = "not-owner"
    """The holder does not have it."""
    NO_TOKEN = "no-token"  # noqa: S105 - an NFT
    """Nobody has it: it was never minted, or is burned."""
    UNVERIFIABLE = "unverifiable"
    """A picture was found, and nothing binds the token to it."""
    UNVERIFIED = "unverified"
    """A step of the walk to the picture failed."""
    UNKNOWN = "unknown"
    """The chain could not be read: neither owner nor not."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was found for one token. `holder` is whom the picture was asked for, if anyone.

    `owner` is of an ERC-721 token, `balance` the holder's of an ERC-1155 token. `token_uri` is as
    it was followed, with `{id}` replaced; None where the contract gave none. `outcome` is what came
    of the picture: `not-decoded` where nobody was asked to decode it. `picture_file` has the bytes
    that were minted, and is None for what is shown as squares alone.
    """

    token: TokenRef
    block: BlockRef
    owner: str | None
    balance: int | None
    holder: str | None
    token_uri: str | None
    image_uri: str | None
    bundle_cid: CID | None
    metadata_cid: CID | None
    image_cid: CID | None
    image_sha256: str | None
    media_type: str | None
    width: int | None
    height: int | None
    outcome: MediaOutcome | None
    metadata_binding: Binding | None
    image_binding: Binding | None
    verdict: Verdict
    steps: tuple[Step, ...]
    resolved_at: str
    picture_file: str | None = None
    car_file: str | None = None
    drawing: Drawing | None = None

    @classmethod
    def of(
        cls,
        said: TokenAnswer,
        proof: Proof,
        resolved_at: str,
        pending: str = "",
        *,
        took_ms: int = 0,
    ) -> Self:
        """Return the receipt of what the chain said and of a proof, whose steps come after it.

        `resolved_at` is when the chain was asked, and `took_ms` how long its answer took, which is
        for all tokens that were asked for with it. `pending` says why the holder does not count
        yet, if that is so.
        """
        steps = (*_chain_steps(said, pending, took_ms), *proof.steps)
        return cls(
            token=said.ref,
            block=said.block,
            owner=said.owner,
            balance=said.balance,
            holder=said.holder,
            token_uri=said.uri,
            image_uri=said.image_uri,
            **_facts(proof),
            verdict=_verdict(steps),
            steps=steps,
            resolved_at=resolved_at,
        )

    def again(self, proof: Proof) -> Self:
        """Return what a verified receipt of the same chain's word and of this proof would say."""
        said = TokenAnswer(
            self.token,
            self.holder,
            self.block,
            Reading.READ,
            owner=self.owner,
            balance=self.balance,
        )
        steps = (*_chain_steps(said, "", 0), *proof.steps)
        return replace(self, **_facts(proof), steps=steps, verdict=_verdict(steps))

    @property
    def failure(self) -> Step | None:
        """The first step that failed."""
        return next((step for step in self.steps if step.outcome is Outcome.FAILED), None)

    def beside(
        self, picture_file: str | None, car_file: str | None, drawing: Drawing | None = None
    ) -> Self:
        """Return the receipt naming the files beside it; no CAR where no block was needed."""
        return replace(self, picture_file=picture_file, car_file=car_file, drawing=drawing)

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
            "balance": None if self.balance is None else str(self.balance),
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
                "outcome": self.outcome,
            },
            "bindings": {"metadata": self.metadata_binding, "image": self.image_binding},
            "verdict": self.verdict,
            "steps": [asdict(step) for step in self.steps],
            "resolved_at": self.resolved_at,
            "files": {"picture": self.picture_file, "car": self.car_file},
            "drawing": None if self.drawing is None else asdict(self.drawing),
        }
        return (json.dumps(fields, indent=2) + "\n").encode()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a receipt; BadRecord says what is wrong with it."""
        data = read_file(path, _MAX_BYTES, "name a receipt")
        try:
            fields = read_json(data, str(path), _MAX_BYTES)
        except BadMetadata as error:
            raise BadRecord(f"{error}; resolve the token again for a new receipt") from error
        if not isinstance(fields, dict) or fields.get("type") != TYPE:
            raise BadRecord(f"{path} is no receipt; name the .receipt.json that `resolve` wrote")
        version = fields.get("version")
        if type(version) is not int or version != VERSION:
            raise BadRecord(f"{path} is of version {brief(version)}; this reads {VERSION}")
        try:
            receipt = cls._of_fields(fields)
        except (KeyError, TypeError, ValueError, BadInput) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            raise BadRecord(f"{path} cannot be used: {what}; resolve the token again") from error
        receipt._refuse_other_forms(fields, path)
        if receipt.verdict is Verdict.VERIFIED and (what := receipt._contradiction()):
            raise BadRecord(f"{path} says verified, and {what}; do not trust it")
        return receipt

    def _contradiction(self) -> str:
        """Return what of the chain's word cannot be so, if anything."""
        if self.token.standard is Standard.ERC721:
            if self.owner in (None, NOBODY) or self.balance is not None:
                return "names no owner, as a token of ERC-721 has one"
        elif self.owner is not None or self.holder in (None, NOBODY) or not self.balance:
            return "names no holder who has some, as a token of ERC-1155 has one"
        elif self.balance >= 2**256:
            return f"names a balance of {self.balance}, which no chain can state"
        elif self.image_uri is not None or "{id}" in (self.token_uri or ""):
            return "names what no token of ERC-1155 is read with"
        if len(self.token_uri or "") > MAX_URI:
            return f"names a token URI of over {MAX_URI:,} letters, which is not read"
        try:
            datetime.fromisoformat(self.resolved_at)
        except ValueError:
            return f"was resolved at {self.resolved_at}, which is no time"
        return ""

    @classmethod
    def _of_fields(cls, fields: Mapping[str, Any]) -> Self:
        block, cids, image, bindings, files = (
            object_of(fields[k]) for k in ("block", "cids", "image", "bindings", "files")
        )
        return cls(
            token=TokenRef.parse(text(fields["token"])),
            block=BlockRef(
                count(block["number"]), matching(_HASH, block["hash"]), count(block["timestamp"])
            ),
            owner=optional(address, fields["owner"]),
            balance=optional(_balance, fields["balance"]),
            holder=optional(address, fields["holder"]),
            token_uri=optional(text, fields["token_uri"]),
            image_uri=optional(text, fields["image_uri"]),
            bundle_cid=optional(cid, cids["bundle"]),
            metadata_cid=optional(cid, cids["metadata"]),
            image_cid=optional(cid, cids["image"]),
            image_sha256=optional(text, image["sha256"]),
            media_type=optional(text, image["media_type"]),
            width=optional(count, image["width"]),
            height=optional(count, image["height"]),
            outcome=optional(MediaOutcome, image["outcome"]),
            metadata_binding=optional(Binding, bindings["metadata"]),
            image_binding=optional(Binding, bindings["image"]),
            verdict=Verdict(text(fields["verdict"])),
            steps=tuple(_step(object_of(step)) for step in entries(fields["steps"], _MAX_STEPS)),
            resolved_at=matching(_TIME, fields["resolved_at"]),
            picture_file=optional(text, files["picture"]),
            car_file=optional(text, files["car"]),
            drawing=optional(Drawing.parse, fields["drawing"]),
        )

    def _refuse_other_forms(self, fields: Mapping[str, Any], path: Path) -> None:
        """Refuse what says the same in other words: an unknown field, another case or base."""
        written = json.loads(self.encode())
        for name in sorted(fields.keys() | written.keys()):
            said, wanted = (_canonical(form, name) for form in (fields, written))
            if said != wanted:
                raise BadRecord(
                    f"{path} cannot be used: {brief(name)} is not as `resolve` writes it, or "
                    "disagrees with the other fields; resolve the token again"
                )


def _chain_steps(said: TokenAnswer, pending: str, took_ms: int) -> tuple[Step, Step]:
    block, holder = said.block, said.holder
    at = f"block {block.number} of {_when(block.timestamp)} ({block.hash})"
    read = f"chain {said.ref.chain_id}, read at {at}"
    found = Step("chain", Outcome.PASSED, read, took_ms=took_ms)
    if said.ref.standard is Standard.ERC1155:
        who = f"{holder} has {said.balance or 'none'} of it at that block"
        instead = ""
    else:
        who, instead = f"{said.owner} owns it at that block", f", not {holder}"
    if holder is not None and not said.held:
        return found, Step("owner", Outcome.FAILED, f"{who}{instead}", StepError.NOT_OWNER)
    if pending:
        return found, Step("owner", Outcome.FAILED, f"{who}, {pending}", StepError.NOT_CONFIRMED)
    return found, Step("owner", Outcome.PASSED, f"{who}{'' if holder is None else ', as asked'}")


@lru_cache(maxsize=64)
def _when(seconds: int) -> str:
    try:
        return timestamp(seconds)
    except (ValueError, OverflowError):  # a chain's clock may say anything
        return f"second {seconds}"


def _facts(proof: Proof) -> dict[str, Any]:
    """The fields of a receipt that the content alone decides."""
    found = proof.rendered
    sized = found is not None and found.width > 0
    return {
        "bundle_cid": proof.bundle,
        "metadata_cid": proof.metadata,
        "image_cid": proof.image,
        "image_sha256": proof.sha256,
        "media_type": found.media_type if found else None,
        "width": found.width if found and sized else None,
        "height": found.height if found and sized else None,
        "outcome": found.outcome if found else None,
        "metadata_binding": proof.metadata_binding,
        "image_binding": proof.image_binding,
    }


def _verdict(steps: tuple[Step, ...]) -> Verdict:
    """Return `verified` only when every step passed; docs/resolve.md has the other words."""
    failed = [step for step in steps if step.outcome is Outcome.FAILED]
    if any(step.error is StepError.NOT_OWNER for step in failed):
        return Verdict.NOT_OWNER
    if any(step.error is not StepError.NOT_CONFIRMED for step in failed):
        return Verdict.UNVERIFIED
    if any(step.outcome is Outcome.UNVERIFIABLE for step in steps):
        return Verdict.UNVERIFIABLE
    return Verdict.PENDING if failed else Verdict.VERIFIED


def _cid_text(cid: CID | None) -> str | None:
    return None if cid is None else str(cid)


def _step(fields: Mapping[str, Any]) -> Step:
    return Step(
        text(fields["name"]),
        Outcome(text(fields["outcome"])),
        text(fields["reason"]),
        optional(StepError, fields["error"]),
        count(fields["took_ms"]),
    )


def _balance(value: Any) -> int:
    return int(matching(_BALANCE, value))


def _canonical(fields: Mapping[str, Any], name: str) -> str | None:
    # As text, for to Python `True` and `1.0` are equal to 1.
    return json.dumps(fields[name], sort_keys=True) if name in fields else None
