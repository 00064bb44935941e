"""Follow the chain for the profiles of this machine, and print what happens: `ape run watch`."""

from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.flow.watch import watch


@click.command(cls=ScriptCommand)
@click.option("--once", is_flag=True, help="Follow to the latest block, and end.")
def cli(provider: Any, once: bool) -> None:
    """Follow Transfer events into the database of `ape run serve`, from where it was left.

    The service does so itself while it runs; this keeps it true meanwhile, and says what it sees.
    Ctrl-C ends it.
    """
    watch(Session(provider), once=once)
