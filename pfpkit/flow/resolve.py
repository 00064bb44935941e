"""From tokens to their pictures on disk, or the reasons why they are not shown."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from pfpkit.accounts import Session
from pfpkit.block import BlockRef
from pfpkit.cache import Cache
from pfpkit.chain import Node
from pfpkit.console import facts, table
from pfpkit.ens import avatar
from pfpkit.errors import BadInput, Unverified
from pfpkit.media import SIZES, Renderer
from pfpkit.minted import total_minted
from pfpkit.progress import Progress
from pfpkit.quorum import Quorum
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution, Resolver, Saved, Verdict
from pfpkit.retrieval import Retriever
from pfpkit.stated import brief
from pfpkit.web import Web
from pfpkit.workspace import Workspace

__all__ = ["ResolveOptions", "show", "show_all"]

_SHOWN = 20
_NUMBER = re.compile(r"[0-9]{1,78}")


@dataclass(frozen=True, slots=True)
class ResolveOptions:
    """What `ape run resolve` was asked for.

    `nodes` are asked beside the network's own, and `agree` of all have to say the same. `squares`
    are saved too; without `decode`, pictures are told by their headers. `cache` keeps content in
    `.pfpkit/cache`; the chain is asked each time.
    """

    gateways: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    agree: int | None = None
    holder: str | None = None
    at: str = "latest"
    servers: bool = False
    squares: bool = False
    decode: bool = True
    cache: bool = True
    out: Path = Path(".pfpkit/avatars")
    as_json: bool = False


async def show(session: Session, token: str, options: ResolveOptions) -> None:
    """Resolve one token, print each step, and save what is verified; Unverified otherwise."""
    async with Node(session.url) as node:
        ref, holder = await _named(session, node, token, options)
    faults: list[str] = []
    async with _resolver(session, options, faults) as resolver:
        found = await resolver.resolve(ref, holder, at=options.at, fresh=True)
    if options.as_json and found.receipt is None:
        click.echo(json.dumps(found.json()))
    receipt = found.stated()
    if options.as_json:
        click.echo(receipt.encode(), nl=False)
    else:
        click.echo(facts([(f"{s.name}: {s.outcome}", s.reason) for s in receipt.steps]))
    _tell(faults, options)
    saved = _save(found, options)
    if not options.as_json:
        rows = [("picture", saved.picture)]
        rows += [("square", square) for square in saved.squares if square != saved.picture]
        rows += [("receipt", saved.receipt)]
        rows += [("proof", saved.car)] if saved.car else []
        click.echo(f"{found.verdict}\n{facts(rows)}\nnext: pfpkit check {saved.receipt}")


async def show_all(session: Session, options: ResolveOptions) -> None:
    """Resolve every token of the recorded deployment at one block, and save what is verified.

    Each is saved as it is found, and let go of. Unverified lists the others, but for those that are
    burned.
    """
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        total = await total_minted(node, contract)
    asked = [
        (TokenRef(session.chain_id, contract, number), options.holder)
        for number in range(1, total + 1)
    ]
    faults: list[str] = []
    counts: Counter[Verdict] = Counter()
    bad: dict[int, str] = {}
    block: BlockRef | None = None
    async with _resolver(session, options, faults) as resolver:
        each = resolver.resolve_each(asked, at=options.at, fresh=True)
        with Progress("resolved", total) as progress:
            async with aclosing(each):
                async for one in each:
                    if one.verified:
                        await asyncio.to_thread(_save, one, options)
                    elif one.verdict is not Verdict.NO_TOKEN:
                        bad[one.ref.token_id] = f"{one.verdict}: {one.reason}"
                    if options.as_json:
                        click.echo(json.dumps(one.json()))
                    counts[one.verdict] += 1
                    block = one.receipt.block if one.receipt else block
                    progress.add(well=one.verified)
    _tell(faults, options)
    if not options.as_json:
        _summary(counts, block, options)
    if bad:
        lines = [f"token {number} {bad[number]}" for number in sorted(bad)[:_SHOWN]]
        lines += [f"and {len(bad) - _SHOWN:,} more; --json lists all"] if len(bad) > _SHOWN else []
        head = f"{len(bad):,} of {total:,} tokens are not verified:"
        raise Unverified("\n  ".join([head, *lines]))


@asynccontextmanager
async def _resolver(
    session: Session, options: ResolveOptions, faults: list[str]
) -> AsyncIterator[Resolver]:
    """Yield a resolver, and then say in `faults` what gateways and nodes did wrong meanwhile."""
    nodes = [Node(url) for url in (session.url, *options.nodes)]
    if options.squares and not options.decode:
        raise BadInput("--squares are drawn of what is decoded; leave --no-decode out")
    if options.agree is not None and not options.nodes:
        raise BadInput("--agree needs other nodes to ask; name them with --node")
    agree = options.agree or len(nodes) // 2 + 1
    chain = Quorum(nodes, agree) if len(nodes) > 1 else nodes[0]
    work = Workspace(session.root)
    with work.routes(options.gateways, live=not session.is_local) as routes:
        retriever = Retriever(route.url for route in routes)
        async with Resolver(
            chain,
            retriever,
            renderer=Renderer() if options.decode else None,
            web=Web() if options.servers else None,
            cache=Cache(session.root / ".pfpkit" / "cache") if options.cache else None,
        ) as resolver:
            yield resolver
    faults += [f"gateway fault: {fault}" for fault in retriever.faults]
    if isinstance(chain, Quorum):
        faults += [f"node fault: {fault}" for fault in chain.faults]


def _save(found: Resolution, options: ResolveOptions) -> Saved:
    squares = SIZES if options.squares else ()
    return found.save(options.out, found.ref.stem, squares=squares)


def _tell(faults: Sequence[str], options: ResolveOptions) -> None:
    if not options.as_json:
        for fault in faults[:_SHOWN]:
            click.echo(f"  {fault}", err=True)
        if len(faults) > _SHOWN:
            click.echo(f"  and {len(faults) - _SHOWN:,} more faults", err=True)


def _summary(counts: Counter[Verdict], block: BlockRef | None, options: ResolveOptions) -> None:
    click.echo(table(("verdict", "tokens"), [(v, f"{counts[v]:,}") for v in Verdict if counts[v]]))
    rows: list[tuple[str, object]] = []
    if block is not None:
        rows.append(("block", f"{block.number} ({block.hash})"))
    if counts[Verdict.VERIFIED]:
        rows.append(("pictures", f"{options.out}, each with its receipt"))
    click.echo(facts(rows))


async def _named(
    session: Session, node: Node, token: str, options: ResolveOptions
) -> tuple[TokenRef, str | None]:
    """Return the token that is meant, and who has to hold it, if anyone."""
    if _NUMBER.fullmatch(token):
        contract = (await session.deployment(node)).address
        return TokenRef(session.chain_id, contract, int(token)), options.holder
    if "." not in token or "/" in token:
        return TokenRef.parse(token, session.chain_id), options.holder
    said = await avatar(node, token, await node.block(options.at))
    if said.token is None:
        raise Unverified(f"the avatar of {said.name} is {brief(said.text)}, which names no token")
    if said.address is None and options.holder is None:
        raise Unverified(f"{said.name} stands for no address, which could have {said.token}")
    ref = TokenRef.parse(str(said.token), session.chain_id)
    if not options.as_json:
        at = f"at block {said.block.number}"
        rows = [("name", said.name), ("avatar", f"{ref}, {at}"), ("address", said.address)]
        click.echo(facts(rows))
    # ENSIP-12: a name shows what its own address holds.
    return ref, options.holder or said.address
