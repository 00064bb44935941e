"""A deployment that is sent once: it is on the disk before, and found again after a kill.

The address of a contract follows from account and nonce, so that a run which ended before it could
write its record leaves enough to say what became of it: beside the record, <its name>.pending.json.
What a node does not know may still come from another. So it is forgotten only when its nonce was
used for something else; until then a new one takes the same nonce, and one of the two is mined.
"""

from dataclasses import replace

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.cost import Terms
from pfpkit.deployments import Deployment, pending_path
from pfpkit.errors import BadRecord, ChainError, TransactionFailed
from pfpkit.solc import Fingerprint
from pfpkit.transaction_plan import Intended, Plan, created_address

__all__ = ["refuse_another_nonce", "send_once", "unfinished"]

_AHEAD = 1_000
_DEEP = 256
"""Blocks by which a reorganisation may bring it into an earlier one than the latest was."""


def send_once(
    session: Session, draft: Deployment, intended: Intended, plan: Plan, terms: Terms
) -> Deployment:
    """Send the deployment that `draft` describes and return its record, not yet saved."""
    sent = session.send(intended, plan, terms, lambda: draft.save_draft(session.record()))
    return replace(draft, transaction=sent.transaction, block=sent.block)


async def unfinished(session: Session, node: Node) -> Deployment | None:
    """Return the deployment that an earlier run sent and did not record, if it is on the chain.

    TransactionFailed while it is under way. One that can never come is forgotten.
    """
    path = pending_path(session.record())
    if not path.exists():
        return None
    draft = Deployment.load(path)
    block = await node.block()
    code = await node.code_at(draft.address, block)
    if code and Fingerprint.parse(draft.code).is_runtime(code):
        found = await node.first_log(draft.address, max(0, draft.block - _DEEP))
        if found is None:
            raise ChainError(
                f"{draft.address} is deployed, and {node.name} does not say yet by which "
                "transaction; run this again in a minute"
            )
        sent, _ = await node.transaction(found[0])
        given = str(sent.get("input")) if sent is not None else ""
        if not given.endswith(draft.encoded.hex()):
            path.unlink()
            raise TransactionFailed(
                f"{draft.address} was deployed by {found[0]} with other arguments than the last "
                "run had: one before it had the same nonce; nothing was recorded; run this again "
                "to deploy another"
            )
        return replace(draft, transaction=found[0], block=found[1])
    mined = await node.nonce_at(draft.deployer, block)
    waiting = await node.nonce(draft.deployer)
    nonce = _nonce_of(draft, waiting + _AHEAD)
    if nonce < mined:
        path.unlink()
        return None
    if nonce < waiting:
        raise TransactionFailed(
            f"the deployment that an earlier run sent is under way: {draft.address}, by "
            f"{draft.deployer}; wait until it is in a block and run this again; if it never gets "
            f"there, send a transaction with nonce {nonce} and higher fees from a wallet "
            "(docs/sending.md, Stuck nonces)"
        )
    return None


def refuse_another_nonce(session: Session, plan: Plan) -> None:
    """TransactionFailed when an unfinished deployment may still come beside what is planned."""
    path = pending_path(session.record())
    if path.exists() and (draft := Deployment.load(path)).address != plan.creates:
        raise TransactionFailed(
            f"a deployment that an earlier run sent may still come, at {draft.address} by "
            f"{draft.deployer}, and this one has another nonce; nothing was sent; run it again "
            f"from that account, or remove {path} when you know that it was never sent"
        )


def _nonce_of(draft: Deployment, end: int) -> int:
    for nonce in range(end):
        if created_address(draft.deployer, nonce) == draft.address:
            return nonce
    raise BadRecord(f"{draft.address} is no contract that {draft.deployer} makes; move it away")
