"""From a token to its picture, verified: `ape run resolve`."""

import asyncio
from pathlib import Path
from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.flow.resolve import show


@click.command(cls=ScriptCommand)
@click.argument("token")
@click.option("--holder", metavar="ADDRESS", help="Show it only if this address owns it.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Fetch from it.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(".pfpkit/avatars"))
@click.option("--json", "as_json", is_flag=True, help="Print the receipt, and nothing else.")
def cli(provider: Any, token: str, **options: Any) -> None:
    """Resolve TOKEN (eip155:<chain>/erc721:<contract>/<id>, or an id of the recorded deployment).

    Writes the picture, its receipt and the proof, or says why it is not shown.
    """
    asyncio.run(show(Session(provider), token, **options))
