"""Give each recipient of a file the token meant for them: `ape run airdrop recipients.csv`."""

from pathlib import Path
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli import run
from pfpkit.cli.sending import BATCH, SendOptions, send_options
from pfpkit.flow.airdrop import airdrop


@click.command(cls=ScriptCommand)
@account_option()
@click.argument("recipients", type=click.Path(path_type=Path))
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@click.option("--any-receiver", is_flag=True, help="Do not ask contracts if they take tokens.")
@BATCH
@send_options
def cli(
    account: Any,
    provider: Any,
    recipients: Path,
    gateways: tuple[str, ...],
    sending: SendOptions,
    **options: Any,
) -> None:
    """Mint the tokens that RECIPIENTS names, each to its recipient.

    RECIPIENTS is a CSV with the columns `recipient` (an address or an ENS name) and `token` (the
    number of a token in the collection). Every fault is told, with its line, before anything is
    sent. What is minted already is not minted again; stopped at any time, the next run goes on.
    """
    session = Session(provider, account)
    made = run(airdrop(session, recipients, gateways, options=sending, **options))
    if made and not sending.as_json:
        click.echo(session.hint("ape run resolve --all", signs=False))
