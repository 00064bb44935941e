"""Hand a token to its holder: `ape run transfer`."""

import asyncio
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Sent, Session
from pfpkit.chain import Node
from pfpkit.console import facts
from pfpkit.errors import ChainError, TransactionFailed
from pfpkit.reference import TokenRef, checksum_address


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--token", "token_id", type=click.IntRange(0), required=True, metavar="ID")
@click.option("--to", metavar="ADDRESS", required=True, help="Who gets it.")
@click.option("--base-fee", type=float, metavar="GWEI", help="For the cost.  [default: the node's]")
@click.option("--price", type=float, help="What one coin costs, for the cost in a currency.")
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, **options: Any) -> None:
    """Transfer a token of the account; a contract is asked whether it takes it."""
    session = Session(provider, account)
    asyncio.run(transfer(session, **options))
    click.echo(session.hint(f"ape run resolve {options['token_id']} --holder {options['to']}"))


async def transfer(
    session: Session,
    *,
    token_id: int,
    to: str,
    base_fee: float | None = None,
    price: float | None = None,
    yes: bool = False,
) -> Sent:
    receiver = checksum_address(to)
    cost = session.price(base_fee, price)
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        ref = TokenRef(session.chain_id, contract, token_id)
        owner = (await node.token(ref)).owner
        if owner == receiver:
            raise TransactionFailed(f"{receiver} owns {ref} already; nothing was sent")
        call = (contract, "safeTransferFrom", owner, receiver, token_id)
        gas = await session.estimate(node, *call)
        session.before(f"transfer {ref}", gas, cost, yes=yes)
        session.send("transfer", *call)
        sent = session.sent[-1]
        after = await node.token(ref, await node.block(sent.block))
    if after.owner != receiver:
        raise ChainError(f"{ref} belongs to {after.owner} after {sent.transaction}")
    rows = [
        ("token", ref),
        ("from", owner),
        ("to", f"{receiver}, at block {sent.block}"),
        ("transaction", f"{sent.transaction}, {sent.gas:,} gas: {cost.of(sent.gas)}"),
    ]
    click.echo(facts(rows))
    return sent
