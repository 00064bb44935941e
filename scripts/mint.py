"""Mint one picture in one step, or the next bundles of the record: `ape run mint`."""

import asyncio
from pathlib import Path
from typing import Any

import click
from ape.cli import account_option

from pfpkit.accounts import Minting, ScriptCommand, Session
from pfpkit.bundle import build
from pfpkit.chain import Node
from pfpkit.cid import CID
from pfpkit.collection import read_file
from pfpkit.console import Progress, facts
from pfpkit.errors import BadInput, NotPinned, TransactionFailed
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.minted import Minted, read_minted
from pfpkit.publication import publish, read_back
from pfpkit.reference import checksum_address
from pfpkit.workspace import Workspace

AT_ONCE = 100  # one transaction of about 4.7 million gas, far below EIP-7825's cap


@click.command(cls=ScriptCommand)
@account_option()
@click.option("--image", type=click.Path(path_type=Path), help="Mint this picture, in one step.")
@click.option("--name", help="Its name.")
@click.option("--description", help="What is said of it.")
@click.option("--to", metavar="ADDRESS", help="Who gets the tokens.  [default: the account]")
@click.option("--count", type=click.IntRange(1), help="How many of the record.  [default: all]")
@click.option("--entry", "entries", multiple=True, metavar="N", help="These of the record alone.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@click.option("--base-fee", type=float, metavar="GWEI", help="For the cost.  [default: the node's]")
@click.option("--price", type=float, help="What one coin costs, for the cost in a currency.")
@click.option("--yes", is_flag=True, help="Do not ask on a live network.")
def cli(account: Any, provider: Any, gateways: tuple[str, ...], **options: Any) -> None:
    """Mint one --image, or the next bundles that `ape run pin` recorded.

    A bundle is read back through a gateway before it is minted. What is minted already is read
    from the chain and not minted again.
    """
    session = Session(provider, account)
    made = asyncio.run(mint(session, gateways, **options))
    if made:
        click.echo(session.hint(f"ape run transfer --token {made[0].token_id} --to ADDRESS"))


async def mint(
    session: Session,
    gateways: tuple[str, ...] = (),
    *,
    image: Path | None = None,
    name: str | None = None,
    description: str | None = None,
    to: str | None = None,
    count: int | None = None,
    entries: tuple[str, ...] = (),
    base_fee: float | None = None,
    price: float | None = None,
    yes: bool = False,
) -> list[Minting]:
    work = Workspace(session.root)
    receiver = checksum_address(to) if to else session.address
    cost = session.price(base_fee, price)
    made: list[Minting] = []
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        state = await read_minted(node, contract)
        if state.minter != session.address:
            raise TransactionFailed(
                f"{session.address} may not mint, {state.minter} may; use --account of the minter"
            )
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            if image is not None:
                digests = [await _one_picture(work, routes, image, name, description)]
                _refuse_minted(state, digests[0])
            else:
                if name is not None or description is not None:
                    raise BadInput("--name and --description go with --image; add it")
                digests = await _next(work, routes, state, entries)
                digests = digests[:count]
        if not digests:
            click.echo(f"all bundles of the record are minted: {state.total} tokens")
            return []
        if len(digests) > state.left:
            raise BadInput(f"{state.left} tokens may still be minted, not {len(digests)}; --count")
        first = digests[:AT_ONCE]
        method = "mint" if len(first) == 1 else "mintBatch"
        gas = await session.estimate(
            node, contract, method, receiver, first[0] if len(first) == 1 else first
        )
        total = gas * len(digests) // len(first)
        session.before(f"mint {len(digests)} to {receiver}", total, cost, yes=yes)
        progress = Progress("minted", len(digests))
        for start in range(0, len(digests), AT_ONCE):
            made += await session.mint(node, contract, receiver, digests[start : start + AT_ONCE])
            progress(len(made))
    for minting in made:
        rows = [
            ("token id", minting.token_id),
            ("metadata URI", minting.metadata_uri),
            ("image URI", minting.image_uri),
        ]
        click.echo(facts(rows))
    gas = sum(sent.gas for sent in session.sent)
    click.echo(f"{len(made)} minted, {gas:,} gas: {cost.of(gas)}")
    return made


async def _one_picture(
    work: Workspace, routes: list[Any], path: Path, name: str | None, description: str | None
) -> bytes:
    """Bundle, pin and read back one picture; return its digest."""
    if not name:
        raise BadInput("a picture needs a name for ever; give it with --name")
    picture = clean(read_file(path), source=str(path))
    for removed in picture.removed:
        click.echo(f"  {path.name}: removed {removed}")
    bundle = build(picture, TokenMetadata(name, description))
    async for _ in publish([("0", bundle)], [work.store], routes):
        pass
    return bundle.digest


def _refuse_minted(state: Minted, digest: bytes) -> None:
    if digest in state.by_digest:
        raise BadInput(
            f"the same picture with the same name is token {state.by_digest[digest]} already; "
            "change one of them"
        )


async def _next(
    work: Workspace, routes: list[Any], state: Minted, keys: tuple[str, ...]
) -> list[bytes]:
    """Return the digests of the record's bundles that are not minted, each read back now."""
    pins = work.pins()
    if not pins.tokens:
        raise NotPinned("no bundle is pinned; run `ape run pin` first")
    chosen = [work.pinned(key) for key in keys] if keys else list(pins.tokens)
    missing = [entry for entry in chosen if entry.digest not in state.by_digest]
    if len(missing) < len(chosen):
        click.echo(f"  {len(chosen) - len(missing)} of {len(chosen)} were minted before")
    seen: dict[CID, str] = {}
    for entry in missing:
        if entry.bundle in seen:
            raise BadInput(f"tokens {seen[entry.bundle]} and {entry.key} are the same; change one")
        seen[entry.bundle] = entry.key
        if not entry.read_back:
            raise NotPinned(f"{entry.key} was never read back; run `ape run pin` again")
        for route in routes:
            await read_back(entry.bundle, entry.image, route)
    return [entry.digest for entry in missing]
