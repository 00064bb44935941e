"""Hand a token to its holder: `ape run transfer`."""

import asyncio
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli.terms import terms_options
from pfpkit.flow.transfer import transfer


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--token", "token_id", type=click.IntRange(0), required=True, metavar="ID")
@click.option("--to", metavar="ADDRESS", required=True, help="Who gets it.")
@terms_options
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, **options: Any) -> None:
    """Transfer a token of the account; a contract is asked whether it takes it."""
    session = Session(provider, account)
    asyncio.run(transfer(session, **options))
    command = f"ape run resolve {options['token_id']} --holder {options['to']}"
    click.echo(session.hint(command, signs=False))
