"""Publish the source of the deployed contract: `ape run publish`."""

from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.cli import run
from pfpkit.explorers.settings import NAMES
from pfpkit.flow.publish import publish_source


@click.command(cls=ScriptCommand)
@click.option(
    "--to",
    "names",
    multiple=True,
    type=click.Choice(NAMES),
    default=["sourcify"],
    show_default=True,
    help="The explorer; repeatable.",
)
def cli(provider: Any, names: tuple[str, ...]) -> None:
    """Publish the source on explorers and wait until they confirm it.

    sourcify needs no key; etherscan needs one in ETHERSCAN_API_KEY. What is sent is what was
    recorded with the deployment, after it was compiled here and compared with the chain.
    """
    session = Session(provider)
    run(publish_source(session, tuple(dict.fromkeys(names))))
    click.echo(session.hint("ape run verify", signs=False))
