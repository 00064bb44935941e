"""Deploy the collection's contract and record where it is: `ape run deploy`."""

import asyncio
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import ScriptCommand, Session
from pfpkit.chain import Node
from pfpkit.console import Price, facts
from pfpkit.deployments import Deployment
from pfpkit.errors import BadRecord, NoSuchContract
from pfpkit.publication import read_back
from pfpkit.workspace import Workspace


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--owner", metavar="ADDRESS", help="Chooses the minter later.  [default: account]")
@click.option("--minter", metavar="ADDRESS", help="Mints.  [default: the account]")
@click.option("--max-supply", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--royalty-receiver", metavar="ADDRESS", help="[default: the account]")
@click.option("--royalty-bps", type=click.IntRange(0, 10_000), default=0, show_default=True)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@click.option("--base-fee", type=float, metavar="GWEI", help="For the cost.  [default: the node's]")
@click.option("--price", type=float, help="What one coin costs, for the cost in a currency.")
@click.option("--again", is_flag=True, help="Deploy another one and record it instead.")
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, gateways: tuple[str, ...], **options: Any) -> None:
    """Deploy ProfilePicture for the collection in metadata/, which has to be pinned before."""
    session = Session(provider, account)
    asyncio.run(deploy(session, gateways, **options))
    click.echo(session.hint("ape run mint"))


async def deploy(
    session: Session,
    gateways: tuple[str, ...] = (),
    *,
    owner: str | None = None,
    minter: str | None = None,
    max_supply: int = 10_000,
    royalty_receiver: str | None = None,
    royalty_bps: int = 0,
    base_fee: float | None = None,
    price: float | None = None,
    again: bool = False,
    yes: bool = False,
) -> Deployment:
    work = Workspace(session.root)
    async with Node(session.url) as node:
        known = await _known(session, node)
        if known is not None and not again:
            click.echo(f"{known.address} was deployed in block {known.block}; --again for another")
            return known
        itself = work.collection().itself
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            for route in routes:
                await read_back(itself.root, itself.image, route)
        arguments = {
            "name": itself.metadata.name,
            "symbol": itself.metadata.symbol or "",
            "owner": owner or session.address,
            "minter": minter or session.address,
            "maxSupply": max_supply,
            "royaltyReceiver": royalty_receiver or session.address,
            "royaltyBps": royalty_bps,
            "collectionBundle": itself.digest,
        }
        cost: Price = session.price(base_fee, price)
        gas = await session.estimate_deploy(node, arguments)
        session.before("deploy ProfilePicture", gas, cost, yes=yes)
        made = session.deploy(arguments)
    made.save(session.record())
    gas = session.sent[-1].gas
    rows = [
        ("contract", made.address),
        ("contractURI", f"ipfs://{itself.root}/metadata.json"),
        ("transaction", f"{made.transaction}, block {made.block}, {gas:,} gas: {cost.of(gas)}"),
        ("record", session.record().relative_to(session.root)),
    ]
    click.echo(facts(rows))
    return made


async def _known(session: Session, node: Node) -> Deployment | None:
    """Return the recorded deployment if it is still on the chain."""
    try:
        return await session.deployment(node)
    except NoSuchContract:
        return None
    except BadRecord:
        if session.record().exists():
            raise
        return None
