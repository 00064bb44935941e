"""A deployment that is sent once: it is on the disk before, and found again after a kill.

The address of a contract follows from account and nonce, so that a run which ended before it could
write its record leaves enough to say what became of it: beside the record, <its name>.pending.json.
"""

from dataclasses import replace

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.cost import Terms
from pfpkit.deployments import CONSTRUCTOR, Deployment, pending_path
from pfpkit.errors import TransactionFailed
from pfpkit.solc import Fingerprint
from pfpkit.transaction_plan import Plan, created_address

__all__ = ["send_once", "unfinished"]


async def send_once(
    session: Session, node: Node, draft: Deployment, plan: Plan, terms: Terms
) -> Deployment:
    """Deploy what `draft` says and return its record, not yet saved."""
    draft.save(pending_path(session.record()))
    values = [
        bytes.fromhex(draft.arguments[name][2:]) if kind == "bytes32" else draft.arguments[name]
        for name, kind in CONSTRUCTOR.items()
    ]
    try:
        sent = session.deploy(values, plan, terms)
    except TransactionFailed:
        # Refused by the account or by the node: what was not sent is not waited for.
        if await node.nonce(session.address) == plan.steps[0].nonce:
            pending_path(session.record()).unlink(missing_ok=True)
        raise
    return replace(draft, transaction=sent.transaction, block=sent.block)


async def unfinished(session: Session, node: Node) -> Deployment | None:
    """Return the deployment that an earlier run sent and did not record, if it is on the chain.

    TransactionFailed while it is under way. One that never came, or failed, is forgotten.
    """
    path = pending_path(session.record())
    if not path.exists():
        return None
    draft = Deployment.load(path)
    code = await node.code(draft.address)
    if code and Fingerprint.parse(draft.code).is_runtime(code):
        found = await node.first_log(draft.address, draft.block)
        if found is not None:
            return replace(draft, transaction=found[0], block=found[1])
    waiting = await node.nonce(draft.deployer)
    mined = await node.nonce(draft.deployer, "latest")
    under_way = [created_address(draft.deployer, nonce) for nonce in range(mined, waiting)]
    if draft.address in under_way:
        raise TransactionFailed(
            f"the deployment that an earlier run sent is under way: {draft.address}, by "
            f"{draft.deployer}; wait until it is in a block and run this again; if it never gets "
            f"there, send a transaction with nonce {mined + under_way.index(draft.address)} and "
            "higher fees from a wallet"
        )
    path.unlink()
    return None
