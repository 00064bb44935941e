"""Hand a token to its holder."""

import click

from pfpkit.accounts import Sent, Session
from pfpkit.chain import BlockRef, Node
from pfpkit.console import facts
from pfpkit.cost import NO_TERMS, Terms
from pfpkit.errors import ChainError, NoSuchToken, TransactionFailed
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.tokens import Outcome


async def transfer(
    session: Session,
    *,
    token_id: int,
    to: str,
    terms: Terms = NO_TERMS,
    yes: bool = False,
) -> Sent:
    receiver = checksum_address(to)
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        ref = TokenRef(session.chain_id, contract, token_id)
        owner = await _owner(node, ref, await node.block())
        if owner == receiver:
            raise TransactionFailed(f"{receiver} owns {ref} already; nothing was sent")
        call = (contract, "safeTransferFrom", owner, receiver, token_id)
        planned = await session.plan(node, f"transfer {ref}", [session.intended(*call)], terms)
        session.agree(planned, terms, yes=yes)
        session.send("transfer", *call)
        sent = session.sent[-1]
        after = await _owner(node, ref, await node.block(sent.block))
    if after != receiver:
        raise ChainError(f"{ref} belongs to {after} after {sent.transaction}")
    rows = [
        ("token", ref),
        ("from", owner),
        ("to", f"{receiver}, at block {sent.block}"),
        ("transaction", f"{sent.transaction}, {sent.gas:,} gas: {planned.price.of(sent.gas)}"),
    ]
    click.echo(facts(rows))
    return sent


async def _owner(node: Node, ref: TokenRef, block: BlockRef) -> str:
    (said,) = await node.tokens([(ref, None)], block)
    if said.outcome is Outcome.NO_TOKEN:
        raise NoSuchToken(f"{ref} does not exist at block {block.number}: {said.reason}")
    if said.owner is None:
        raise ChainError(f"{node.name} does not say who owns {ref}: {said.outcome}, {said.reason}")
    return said.owner
