"""Mint one picture in one step, or the next bundles of the record: `ape run mint`."""

import asyncio
from pathlib import Path
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli.terms import terms_options
from pfpkit.flow.mint import mint


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--image", type=click.Path(path_type=Path), help="Mint this picture, in one step.")
@click.option("--name", help="Its name.")
@click.option("--description", help="What is said of it.")
@click.option("--to", metavar="ADDRESS", help="Who gets the tokens.  [default: the account]")
@click.option("--count", type=click.IntRange(1), help="How many of the record.  [default: all]")
@click.option("--entry", "entries", multiple=True, metavar="N", help="These of the record alone.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@terms_options
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, gateways: tuple[str, ...], **options: Any) -> None:
    """Mint one --image, or the next bundles that `ape run pin` recorded.

    A bundle is read back through a gateway before it is minted. What is minted already is read
    from the chain and not minted again.
    """
    session = Session(provider, account)
    made = asyncio.run(mint(session, gateways, **options))
    if made and options["to"] in (None, session.address):
        click.echo(session.hint(f"ape run transfer --token {made[0].token_id} --to ADDRESS"))
    elif made:
        command = f"ape run resolve {made[0].token_id} --holder {options['to']}"
        click.echo(session.hint(command, signs=False))
