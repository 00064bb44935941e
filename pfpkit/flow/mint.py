"""Mint one picture in one step, or the next bundles of the record."""

from dataclasses import replace
from pathlib import Path

import click

from pfpkit.accounts import Minting, Session
from pfpkit.bundle import build
from pfpkit.chain import Node
from pfpkit.cid import CID
from pfpkit.collection import read_file
from pfpkit.console import facts, table
from pfpkit.cost import NO_TERMS, Price, Terms
from pfpkit.errors import BadInput, ChainError, NotPinned, TransactionFailed
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.minted import Minted, read_minted
from pfpkit.progress import Progress
from pfpkit.publication import Route, publish, read_back
from pfpkit.reference import checksum_address
from pfpkit.workspace import Workspace

AT_ONCE = 100  # one transaction of about 3.3 million gas, far below EIP-7825's cap


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
    terms: Terms = NO_TERMS,
    yes: bool = False,
) -> list[Minting]:
    """Mint and print what came of it; what is minted already, the chain says."""
    work = Workspace(session.root)
    receiver = checksum_address(to) if to else session.address
    if image is None and (name is not None or description is not None):
        raise BadInput("--name and --description go with --image; add it")
    if image is not None and (count is not None or entries):
        raise BadInput("--count and --entry choose from the record; leave them out with --image")
    if image is not None and not name:
        raise BadInput("a picture needs a name for ever; give it with --name")
    words = TokenMetadata(name, description) if name else None
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        state = await read_minted(node, contract)
        if state.minter != session.address:
            raise TransactionFailed(
                f"{session.address} may not mint, {state.minter} may; use --account of the minter"
            )
        with work.routes(gateways, live=not session.is_local) as routes:
            session.check_routes(routes)
            if image is None or words is None:
                digests = await _next(work, routes, state, entries, count)
            else:
                digests = [await _one_picture(work, routes, state, image, words)]
        if not digests:
            click.echo(f"all bundles of the record are minted: {state.total} tokens")
            return []
        if len(digests) > state.left:
            raise BadInput(
                f"{len(digests)} to mint, but only {state.left} of {state.max_supply} are left; "
                "use --count"
            )
        first = digests[:AT_ONCE]
        call = ("mint", receiver, first[0]) if len(first) == 1 else ("mintBatch", receiver, first)
        what = f"mint {len(digests)} to {receiver}"
        one = session.intended(contract, *call)
        planned = await session.plan(node, what, [one], terms)
        if len(digests) > AT_ONCE:
            # The others cannot be estimated before the first one is in a block.
            whole, rest = divmod(len(digests), AT_ONCE)
            sizes = [AT_ONCE] * whole + [rest] * bool(rest)
            all_ = [replace(one, gas=planned.gas * size // AT_ONCE) for size in sizes]
            planned = await session.plan(node, what, all_, terms)
        session.agree(planned, terms, yes=yes)
        made: list[Minting] = []
        with Progress("minted", len(digests)) as progress:
            for start in range(0, len(digests), AT_ONCE):
                batch = digests[start : start + AT_ONCE]
                made += await session.mint(node, contract, receiver, batch)
                progress(len(made))
    _show(made, planned.price)
    return made


def _show(made: list[Minting], cost: Price) -> None:
    if len(made) == 1:
        only = made[0]
        rows = [
            ("token id", only.token_id),
            ("metadata URI", only.metadata_uri),
            ("image URI", only.image_uri),
        ]
        click.echo(facts(rows))
    else:
        ids = [(minting.token_id, minting.metadata_uri, minting.image_uri) for minting in made]
        click.echo(table(["token id", "metadata URI", "image URI"], ids))
    gas = sum(sent.gas for sent in {minting.sent for minting in made})
    click.echo(f"  {len(made)} minted with {gas:,} gas: {cost.of(gas)}")


async def _one_picture(
    work: Workspace, routes: list[Route], state: Minted, path: Path, words: TokenMetadata
) -> bytes:
    """Bundle, pin and read back one picture; return its digest."""
    picture = clean(read_file(path), source=str(path))
    for removed in picture.removed:
        click.echo(f"  {path.name}: removed {removed}")
    bundle = build(picture, words)
    if bundle.digest in state.by_digest:
        raise BadInput(
            f"{path}: the same picture and words are token {state.by_digest[bundle.digest]} "
            "already; change one of them"
        )
    async for _ in publish([("0", bundle)], [work.embedded], routes):
        pass
    return bundle.digest


async def _next(
    work: Workspace,
    routes: list[Route],
    state: Minted,
    keys: tuple[str, ...],
    count: int | None,
) -> list[bytes]:
    """Return the digests of the record's bundles that are not minted, each read back now."""
    pins = work.pins()
    if not pins.tokens:
        raise NotPinned("no bundle is pinned; run `ape run pin` first")
    if state.unknown and not keys:
        ids = ", ".join(map(str, state.unknown))
        raise ChainError(
            f"tokens {ids} were minted and burned in one block, so no node knows their bundles; "
            "name the entries to mint with --entry"
        )
    chosen = [work.pinned(key) for key in keys] if keys else list(pins.tokens)
    missing = [entry for entry in chosen if entry.digest not in state.by_digest]
    if len(missing) < len(chosen):
        click.echo(f"  {len(chosen) - len(missing)} of {len(chosen)} were minted before")
    seen: dict[CID, str] = {}
    for entry in missing[:count]:
        if entry.bundle in seen:
            raise BadInput(f"tokens {seen[entry.bundle]} and {entry.key} are the same; change one")
        seen[entry.bundle] = entry.key
        if not entry.read_back:
            raise NotPinned(f"{entry.key} was never read back; run `ape run pin` again")
        for route in routes:
            await read_back(entry.bundle, entry.image, route)
    return [entry.digest for entry in missing[:count]]
