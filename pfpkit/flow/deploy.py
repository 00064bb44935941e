"""Deploy the contract of a collection that is pinned, and record where it is."""

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.console import Price, facts
from pfpkit.deployments import Deployment
from pfpkit.errors import NoSuchContract
from pfpkit.metadata import CollectionMetadata
from pfpkit.publication import read_back
from pfpkit.reference import checksum_address
from pfpkit.workspace import Workspace


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
    people = [
        checksum_address(address) if address else session.address
        for address in (owner, minter, royalty_receiver)
    ]
    async with Node(session.url) as node:
        known = await _known(session, node, again=again)
        if known is not None and not again:
            click.echo(f"{known.address} was deployed in block {known.block}; --again for another")
            return known
        itself = work.collection().itself
        assert isinstance(itself.metadata, CollectionMetadata)
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            for route in routes:
                await read_back(itself.root, itself.image, route)
        arguments = {
            "name": itself.metadata.name,
            "symbol": itself.metadata.symbol or "",
            "owner": people[0],
            "minter": people[1],
            "maxSupply": max_supply,
            "royaltyReceiver": people[2],
            "royaltyBps": royalty_bps,
            "collectionBundle": itself.digest,
        }
        cost: Price = session.price(base_fee, price)
        gas = await session.estimate_deploy(node, arguments)
        Deployment.check_place(session.record())
        session.before("deploy ProfilePicture", gas, cost, yes=yes)
        made = session.deploy(arguments)
    made.save(session.record())
    gas = session.sent[-1].gas
    rows = [
        ("contract", made.address),
        ("contractURI", f"ipfs://{itself.root}/metadata.json"),
        ("transaction", f"{made.transaction}, block {made.block}, {gas:,} gas: {cost.of(gas)}"),
    ]
    if not session.is_ours:
        rows.append(("record", str(session.record().relative_to(session.root))))
    click.echo(facts(rows))
    return made


async def _known(session: Session, node: Node, *, again: bool) -> Deployment | None:
    """Return the recorded deployment if it is still on the chain."""
    if not session.record().exists():
        return None
    try:
        return await session.deployment(node)
    except NoSuchContract as error:
        if not session.is_local and not again:
            raise NoSuchContract(f"{error}; --again replaces the record") from error
        return None
