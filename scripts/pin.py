"""Pin the collection in metadata/ and read every bundle back: `ape run pin`."""

import asyncio
from pathlib import Path

import click

from pfpkit.cli import Command
from pfpkit.flow.pin import pin
from pfpkit.workspace import Workspace


@click.command(cls=Command)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
def cli(gateways: tuple[str, ...]) -> None:
    """Pin the collection in metadata/ and read every bundle back through a gateway.

    Checks every file first and names every fault at once. Run again, it does what is missing.
    """
    asyncio.run(pin(Workspace(Path.cwd()), gateways))
    named = "".join(f" --gateway {url}" for url in gateways)
    click.echo(f"next: ape run deploy{named} --account ALIAS")
