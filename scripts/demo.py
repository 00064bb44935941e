"""The whole flow on a local chain, from image files to a verified avatar: `ape run demo`."""

import asyncio
from pathlib import Path
from typing import Any

import click

from pfpkit.accounts import ScriptCommand, Session, test_accounts
from pfpkit.cost import Terms
from pfpkit.errors import BadInput
from pfpkit.flow.demo import demo


@click.command(cls=ScriptCommand)
@click.option("--base-fee", default="10", show_default=True, metavar="GWEI")
@click.option("--price", default="3000usd", show_default=True, help="Of one coin.")
@click.option("--out", type=click.Path(path_type=Path), default=Path(".pfpkit/demo"))
def cli(provider: Any, base_fee: str, price: str, out: Path) -> None:
    """Pin, deploy, mint, transfer and resolve on a chain of its own; then let gateways lie."""
    deployer, holder = test_accounts(2)
    session = Session(provider, deployer)
    if not session.is_local:
        raise BadInput(f"the demo is for local chains, not {session.network}; leave --network out")
    terms = Terms.parse({"base_fee": base_fee, "price": price})
    with session.forgetting():
        asyncio.run(demo(session, str(holder.address), terms, out))
