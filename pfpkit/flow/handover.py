"""Hand the contract to another owner, in the contract's two steps: offered, then accepted.

A multisig accepts by a transaction of its own, so that its call data is printed, after the node has
run it as the new owner's.
"""

import click

from pfpkit.accounts import Session
from pfpkit.chain import Call, Node, Reverted
from pfpkit.console import facts
from pfpkit.cost import NO_TERMS, Terms
from pfpkit.errors import BadInput, ChainError, TransactionFailed
from pfpkit.reference import NOBODY, checksum_address

__all__ = ["handover"]

_ACCEPT = Call("acceptOwnership()", "bool")
_DELEGATION = bytes.fromhex("ef0100")  # EIP-7702: an ordinary account that borrows code


async def handover(
    session: Session,
    *,
    to: str | None = None,
    accept: bool = False,
    no_contract: bool = False,
    terms: Terms = NO_TERMS,
    yes: bool = False,
) -> None:
    """Offer the contract to `to`, or accept it as the account; without either, say how it stands.

    TransactionFailed when the account may not, or the new owner could not accept.
    """
    receiver = checksum_address(to) if to else None
    if receiver and accept:
        raise BadInput("--to offers and --accept accepts; run one after the other")
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        owner, pending = await _owners(node, contract)
        if accept:
            if session.address != pending:
                raise TransactionFailed(
                    f"{session.address} may not accept; the contract is offered to "
                    f"{_shown(pending)}; offer it with --to, or use its --account"
                )
            await _send(session, node, contract, ("acceptOwnership",), terms, yes=yes)
            after, _ = await _owners(node, contract)
            _expect(after == session.address, f"{after} is the owner after all")
            click.echo(facts([("owner", after), ("before", owner)]))
            return
        if receiver is None:
            click.echo(facts([("owner", owner), ("offered to", _shown(pending))]))
        else:
            if session.address != owner:
                raise TransactionFailed(
                    f"{session.address} may not offer it, {owner} may; use its --account"
                )
            if receiver in (owner, NOBODY):
                raise BadInput(f"{receiver} cannot be the new owner; name another one with --to")
            if receiver != pending:
                await _check_kind(node, receiver, no_contract=no_contract)
                call = ("transferOwnership", receiver)
                await _send(session, node, contract, call, terms, yes=yes)
            _, pending = await _owners(node, contract)
            _expect(pending == receiver, f"it is offered to {_shown(pending)} after all")
            click.echo(facts([("owner", owner), ("offered to", pending)]))
        if pending != NOBODY:
            await _show_call(node, contract, pending)


async def _owners(node: Node, contract: str) -> tuple[str, str]:
    """Return the owner, and who may accept."""
    views = [Call("owner()", "address"), Call("pendingOwner()", "address")]
    owner, pending = await node.call(contract, views, await node.block())
    if isinstance(owner, Reverted) or isinstance(pending, Reverted):
        raise ChainError(f"{contract} does not say who owns it; check the record")
    return str(owner), str(pending)


async def _check_kind(node: Node, receiver: str, *, no_contract: bool) -> None:
    code = await node.code(receiver)
    if (code and not code.startswith(_DELEGATION)) or no_contract:
        return
    click.echo(
        f"{receiver} is no contract here: it is an ordinary account, or a multisig of another chain"
    )
    if not click.confirm("Offer the contract to it all the same?"):
        raise TransactionFailed(
            f"nothing was sent; check that the multisig is deployed on this network, or say that "
            f"{receiver} is meant with --no-contract"
        )


async def _send(
    session: Session,
    node: Node,
    contract: str,
    call: tuple[str, ...],
    terms: Terms,
    *,
    yes: bool,
) -> None:
    intended = session.intended(contract, *call)
    planned = await session.plan(node, call[0], [intended], terms)
    session.agree(planned, terms, yes=yes)
    sent = session.send(intended, planned, terms)
    click.echo(facts([("transaction", f"{sent.transaction}, block {sent.block}")]))


async def _show_call(node: Node, contract: str, pending: str) -> None:
    """Print the transaction that the new owner has to send, after it was tried."""
    tried = await node.estimate_gas(pending, contract, _ACCEPT.data)
    if isinstance(tried, Reverted):
        raise ChainError(f"{pending} could not accept: {tried.reason}; offer it to another")
    rows = [("to", contract), ("value", "0"), ("data", f"{_ACCEPT.data}, acceptOwnership()")]
    click.echo(f"the new owner accepts by a transaction of its own:\n{facts(rows)}")


def _expect(right: bool, otherwise: str) -> None:
    if not right:
        raise ChainError(f"{otherwise}; look at the transaction with an explorer")


def _shown(address: str) -> str:
    return "nobody" if address == NOBODY else address
