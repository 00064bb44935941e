"""The profile service on this machine, with all that it needs: `ape run serve`."""

from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session, test_accounts
from pfpkit.flow.serve import ServeOptions, serve


@click.command(cls=ScriptCommand)
@click.option("--port", type=click.IntRange(0, 65535), default=8700, show_default=True)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Fetch from it.")
def cli(provider: Any, port: int, **options: Any) -> None:
    """Serve profiles on loopback: SQLite, files, an embedded gateway.

    On a local chain it is the demo: the collection is pinned, deployed and minted where it is not,
    and the page has a wallet of the chain's own accounts. Ctrl-C ends it.
    """
    deployer, _ = test_accounts(2)
    session = Session(provider, deployer)
    with session.forgetting():
        serve(session, ServeOptions(port=port, **options))
