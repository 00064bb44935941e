"""Mint one picture in one step, or the next bundles of the record: `ape run mint`."""

from pathlib import Path
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli import run
from pfpkit.cli.sending import BATCH, SendOptions, send_options
from pfpkit.flow.mint import mint


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--all", "every", is_flag=True, help="Mint every bundle of the record: the default.")
@click.option("--image", type=click.Path(path_type=Path), help="Mint this picture, in one step.")
@click.option("--name", help="Its name.")
@click.option("--description", help="What is said of it.")
@click.option("--to", metavar="ADDRESS", help="Who gets the tokens.  [default: the account]")
@click.option("--count", type=click.IntRange(1), help="How many of the record.  [default: all]")
@click.option("--entry", "entries", multiple=True, metavar="N", help="These of the record alone.")
@click.option("--any-receiver", is_flag=True, help="Do not ask a contract if it takes tokens.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@BATCH
@send_options
def cli(
    account: Any, provider: Any, gateways: tuple[str, ...], sending: SendOptions, **options: Any
) -> None:
    """Mint one --image, or the next bundles that `ape run pin` recorded.

    A bundle is read back through a gateway before it is minted. What is minted already is read
    from the chain and not minted again; stopped at any time, the next run goes on.
    """
    session = Session(provider, account)
    made = run(mint(session, gateways, options=sending, **options))
    if not made or sending.as_json:
        return
    if options["to"] in (None, session.address):
        click.echo(session.hint(f"ape run transfer --token {made[0].token_id} --to ADDRESS"))
    else:
        command = f"ape run resolve {made[0].token_id} --holder {options['to']}"
        click.echo(session.hint(command, signs=False))
