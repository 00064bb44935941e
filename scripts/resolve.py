"""From a token to its picture, verified: `ape run resolve`."""

import asyncio
from pathlib import Path
from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.errors import BadInput
from pfpkit.flow.resolve import ResolveOptions, show, show_all


@click.command(cls=ScriptCommand)
@click.argument("token", required=False)
@click.option("--all", "every", is_flag=True, help="Every token of the recorded deployment.")
@click.option("--holder", metavar="ADDRESS", help="Show it only if this address owns it.")
@click.option(
    "--at", default="latest", help="How deep: latest, latest-12, safe, finalized; or a number."
)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Fetch from it.")
@click.option("--node", "nodes", multiple=True, metavar="URL", help="Ask this node too.")
@click.option("--agree", type=click.IntRange(1), help="So many nodes have to; else most of them.")
@click.option("--servers", is_flag=True, help="Fetch from web servers too, which proves nothing.")
@click.option("--squares", is_flag=True, help="Save the picture as squares too, of three sizes.")
@click.option("--decode/--no-decode", default=True, help="Without: tell pictures by headers alone.")
@click.option("--cache/--no-cache", default=True, help="Keep content in .pfpkit/cache.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(".pfpkit/avatars"))
@click.option("--json", "as_json", is_flag=True, help="Print receipts, and nothing else.")
def cli(provider: Any, token: str | None, every: bool, **options: Any) -> None:
    """Resolve TOKEN (eip155:<chain>/erc721:<contract>/<id>, <contract>/<id> of this network, an id
    of the recorded deployment, or an ENS name, whose address has to hold its avatar).

    Writes the picture, its receipt and the proof, or says why it is not shown.
    """
    if (token is None) != every:
        raise BadInput("name one token, or --all of the recorded deployment")
    session, asked = Session(provider), ResolveOptions(**options)
    asyncio.run(show_all(session, asked) if token is None else show(session, token, asked))
