"""Hand the contract to another owner, such as a multisig: `ape run handover`."""

import asyncio
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli.terms import terms_options
from pfpkit.flow.handover import handover


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--to", metavar="ADDRESS", help="Offer the contract to it.")
@click.option("--accept", is_flag=True, help="Accept the contract as the account.")
@click.option("--no-contract", is_flag=True, help="--to is an ordinary account, on purpose.")
@terms_options
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, **options: Any) -> None:
    """Offer the contract to a new owner, who accepts it; prints what a multisig has to send.

    Without --to and --accept, says who owns it and whom it is offered to. The owner chooses the
    minter and can do nothing else.
    """
    session = Session(provider, account)
    asyncio.run(handover(session, **options))
    click.echo(session.hint("ape run verify", signs=False))
