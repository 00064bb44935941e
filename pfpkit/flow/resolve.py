"""From tokens to their pictures on disk, or the reasons why they are not shown."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.console import facts, table
from pfpkit.errors import BadInput, Unverified
from pfpkit.media import SIZES, Renderer
from pfpkit.minted import read_minted
from pfpkit.progress import Progress
from pfpkit.quorum import Quorum
from pfpkit.receipt import Receipt
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution, Resolver, Verdict
from pfpkit.retrieval import Retriever
from pfpkit.web import Web
from pfpkit.workspace import Workspace

__all__ = ["ResolveOptions", "show", "show_all"]

_SHOWN = 20
_NUMBER = re.compile(r"[0-9]{1,78}")


@dataclass(frozen=True, slots=True)
class ResolveOptions:
    """What `ape run resolve` was asked for.

    `nodes` are asked beside the network's own, and `agree` of all have to say the same. `squares`
    are saved too; without `decode`, pictures are told by their headers.
    """

    gateways: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    agree: int | None = None
    holder: str | None = None
    at: str = "latest"
    servers: bool = False
    squares: bool = False
    decode: bool = True
    out: Path = Path(".pfpkit/avatars")
    as_json: bool = False


async def show(session: Session, token: str, options: ResolveOptions) -> None:
    """Resolve one token, print each step, and save what is verified; Unverified otherwise."""
    async with Node(session.url) as node:
        ref = await _reference(session, node, token)
    (found,), faults = await _resolved(session, [ref], options)
    receipt = found.stated()
    if options.as_json:
        click.echo(receipt.encode(), nl=False)
    else:
        click.echo(facts([(f"{s.name}: {s.outcome}", s.reason) for s in receipt.steps]))
    _tell(faults, options)
    saved = found.save(options.out, _stem(ref), squares=SIZES if options.squares else ())
    if not options.as_json:
        rows = [("picture", saved.picture)]
        rows += [("square", square) for square in saved.squares if square != saved.picture]
        rows += [("receipt", saved.receipt)]
        rows += [("proof", saved.car)] if saved.car else []
        click.echo(f"{found.verdict}\n{facts(rows)}\nnext: pfpkit check {saved.receipt}")


async def show_all(session: Session, options: ResolveOptions) -> None:
    """Resolve every token of the recorded deployment at one block, and save what is verified.

    Unverified lists the others, but for those that are burned.
    """
    async with Node(session.url) as node:
        contract = (await session.deployment(node)).address
        total = (await read_minted(node, contract)).total
    refs = [TokenRef(session.chain_id, contract, number) for number in range(1, total + 1)]
    found, faults = await _resolved(session, refs, options)
    for one in found:
        if one.verified:
            one.save(options.out, _stem(one.ref), squares=SIZES if options.squares else ())
        if options.as_json:
            click.echo(json.dumps(_line(one)))
    _tell(faults, options)
    if not options.as_json:
        _summary(found, options)
    bad = [one for one in found if one.verdict not in (Verdict.VERIFIED, Verdict.NO_TOKEN)]
    if bad:
        lines = [f"token {one.ref.token_id} {one.verdict}: {one.reason}" for one in bad[:_SHOWN]]
        lines += [f"and {len(bad) - _SHOWN:,} more; --json lists all"] if bad[_SHOWN:] else []
        head = f"{len(bad):,} of {len(found):,} tokens are not verified:"
        raise Unverified("\n  ".join([head, *lines]))


async def _resolved(
    session: Session, refs: Sequence[TokenRef], options: ResolveOptions
) -> tuple[list[Resolution], list[str]]:
    """Return what was found, and what gateways and nodes did wrong meanwhile."""
    nodes = [Node(url) for url in (session.url, *options.nodes)]
    if options.squares and not options.decode:
        raise BadInput("--squares are drawn of what is decoded; leave --no-decode out")
    if options.agree is not None and not options.nodes:
        raise BadInput("--agree needs other nodes to ask; name them with --node")
    agree = options.agree or len(nodes) // 2 + 1
    chain = Quorum(nodes, agree) if len(nodes) > 1 else nodes[0]
    web = Web() if options.servers else None
    work = Workspace(session.root)
    with work.routes(options.gateways, live=not session.is_local) as routes:
        retriever = Retriever(route.url for route in routes)
        renderer = Renderer() if options.decode else None
        async with Resolver(chain, retriever, renderer=renderer, web=web) as resolver:
            asked = [(ref, options.holder) for ref in refs]
            with Progress("resolved", len(refs) if len(refs) > 1 else 0) as progress:
                found = await resolver.resolve_many(
                    asked,
                    at=options.at,
                    told=lambda one: progress.add(well=one.verified) if len(refs) > 1 else None,
                )
    faults = [f"gateway fault: {fault}" for fault in retriever.faults]
    if isinstance(chain, Quorum):
        faults += [f"node fault: {fault}" for fault in chain.faults]
    return found, faults


def _tell(faults: Sequence[str], options: ResolveOptions) -> None:
    if not options.as_json:
        for fault in faults[:_SHOWN]:
            click.echo(f"  {fault}", err=True)
        if len(faults) > _SHOWN:
            click.echo(f"  and {len(faults) - _SHOWN:,} more faults", err=True)


def _summary(found: Sequence[Resolution], options: ResolveOptions) -> None:
    counts = Counter(one.verdict for one in found)
    click.echo(table(("verdict", "tokens"), [(v, f"{counts[v]:,}") for v in Verdict if counts[v]]))
    block = next((one.receipt.block for one in found if one.receipt), None)
    rows: list[tuple[str, object]] = []
    if block is not None:
        rows.append(("block", f"{block.number} ({block.hash})"))
    if counts[Verdict.VERIFIED]:
        rows.append(("pictures", f"{options.out}, each with its receipt"))
    click.echo(facts(rows))


def _line(found: Resolution) -> dict[str, object]:
    """Return what `--all --json` prints of one token."""
    receipt: Receipt | None = found.receipt
    return {
        "token": str(found.ref),
        "holder": found.holder,
        "verdict": found.verdict,
        "reason": found.reason,
        "receipt": None if receipt is None else json.loads(receipt.encode()),
    }


def _stem(ref: TokenRef) -> str:
    return f"{ref.chain_id}-{ref.contract.lower()}-{ref.token_id}"


async def _reference(session: Session, node: Node, token: str) -> TokenRef:
    if _NUMBER.fullmatch(token):
        return TokenRef(session.chain_id, (await session.deployment(node)).address, int(token))
    return TokenRef.parse(token, session.chain_id)
