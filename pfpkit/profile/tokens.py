"""A token as somebody's picture: resolved, kept with receipt and proof, given up in one click."""

import json
import time
from collections.abc import Mapping
from typing import Any

from pfpkit.block import BlockRef
from pfpkit.cid import RAW
from pfpkit.console import clipped
from pfpkit.errors import BadMetadata, ChainError, NotFound
from pfpkit.metadata import read_json
from pfpkit.profile.picture import CLAIMED, Shown
from pfpkit.profile.pictures import rendered_of, set_picture, shown, squares
from pfpkit.profile.problem import Problem
from pfpkit.profile.records import Holding
from pfpkit.profile.service import Service
from pfpkit.proof import Proof
from pfpkit.reference import Standard, TokenRef
from pfpkit.resolver import Resolution, Verdict
from pfpkit.views import Call, Reverted

__all__ = ["CAR", "PICTURE", "show_token", "steps_of", "token_picture"]

CAR, PICTURE = "proof", "picture"
"""Roles of the files that the receipt names: the blocks, and the picture beside them."""
_CAR_TYPE = "application/vnd.ipld.car"
_MOST_TRAITS = 100
_MOST_LETTERS = 2_000


async def show_token(
    service: Service, account: str, ref: TokenRef, holder: str, block: BlockRef
) -> None:
    """Show a token as the account's picture, as `holder` has it at `block`; Problem says why not.

    Only `verified` is shown: every byte was hashed, and the holder has it at the very block at
    which the signature was checked.
    """
    # Before gateways are waited for: the answer is as old as its block, not as what came after it.
    now = int(time.time())
    found = await service.resolver.resolve(ref, holder, at=block, fresh=True)
    _refuse_unverified(found)
    files = squares(rendered_of(found))
    kept = found.files(ref.stem)
    # As bytes of no kind: they are the stranger's own, and are kept beside a receipt, never shown.
    files[PICTURE] = (kept.data[kept.picture], "application/octet-stream")
    if kept.car is not None:
        files[CAR] = (kept.data[kept.car], _CAR_TYPE)
    facts = await _facts(service, found)
    holding = Holding(
        chain_id=ref.chain_id,
        contract=ref.contract,
        token_id=str(ref.token_id),
        standard=ref.standard,
        holder=holder,
        since_block=block.number,
        block=block.number,
        block_hash=block.hash,
        block_time=block.timestamp,
        checked_at=now,
        facts=json.dumps(facts),
        receipt=kept.data[kept.receipt].decode(),
    )
    await set_picture(service, account, "nft", files, holding)


async def token_picture(service: Service, name: str) -> tuple[Shown, Holding]:
    """Return what is shown of somebody, and its token; NotFound where no token is claimed now.

    A token that moved away, or that the chain was not asked about for too long, is not claimed:
    what was said of it once is said no more.
    """
    found = await shown(service, name)
    if found.holding is None or found.state not in CLAIMED:
        raise NotFound(f"no token is shown of {name[:30]} now")
    return found, found.holding


def steps_of(receipt: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return each check of a receipt, as it is in JSON, and its result."""
    return [{key: step[key] for key in ("name", "outcome", "reason")} for step in receipt["steps"]]


def _refuse_unverified(found: Resolution) -> None:
    if found.verdict is Verdict.VERIFIED:
        return
    if found.verdict is Verdict.UNKNOWN:
        raise Problem(503, "unknown", f"the chain cannot be read now: {found.reason}")
    if found.verdict in (Verdict.NOT_OWNER, Verdict.NO_TOKEN):
        raise Problem(403, "not-owner", f"this wallet does not own the token: {found.reason}")
    receipt = found.json()["receipt"]
    steps = steps_of(receipt) if receipt else []
    raise Problem(422, "unverified", found.reason, verdict=str(found.verdict), steps=steps)


async def _facts(service: Service, found: Resolution) -> dict[str, Any]:
    """Return what the page says of a token beside its receipt."""
    metadata = _metadata(found.proof)
    name = found.proof.name
    description = metadata.get("description")
    return {
        "name": clipped(name, 200) if name else None,
        "collection": await _collection_name(service, found.ref, found.stated().block),
        "description": clipped(description, _MOST_LETTERS) if isinstance(description, str) else "",
        "traits": _traits(metadata.get("attributes")),
    }


def _metadata(proof: Proof) -> Mapping[str, Any]:
    """Return the metadata's object where it is one block of the proof; else an empty one."""
    if proof.metadata is None or proof.metadata.codec != RAW:
        return {}
    data = next((block.data for block in proof.blocks if block.cid == proof.metadata), b"")
    try:
        found = read_json(data, "the metadata")
    except BadMetadata:  # a stranger's, read by the walk with more patience
        return {}
    return found if isinstance(found, dict) else {}


def _traits(attributes: object) -> list[dict[str, str]]:
    if not isinstance(attributes, list):
        return []
    return [
        {
            "trait_type": clipped(str(one.get("trait_type", "")), 100),
            "value": clipped(str(one["value"]), 200),
        }
        for one in attributes[:_MOST_TRAITS]
        if isinstance(one, dict) and isinstance(one.get("value"), str | int | float)
    ]


async def _collection_name(service: Service, ref: TokenRef, block: BlockRef) -> str | None:
    if ref.standard is not Standard.ERC721:
        return None
    call = Call("name()", "string", optional=True)
    try:
        answer = await service.chain.execute(ref.contract, call.sent, block)
        return None if isinstance(answer, Reverted) else clipped(str(call.read(answer)), 100)
    except ChainError:  # a name is not worth a refusal
        return None
