"""From a token to its picture on disk, or the reason why it is not shown."""

from pathlib import Path

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.console import facts
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution, Saved, resolve
from pfpkit.retrieval import Retriever
from pfpkit.workspace import Workspace


async def show(
    session: Session,
    token: str,
    *,
    gateways: tuple[str, ...] = (),
    holder: str | None = None,
    out: Path = Path(".pfpkit/avatars"),
    as_json: bool = False,
) -> tuple[Resolution, Saved]:
    work = Workspace(session.root)
    async with Node(session.url) as node:
        ref = await _reference(session, node, token)
        with work.routes(gateways, live=not session.is_local) as routes:
            async with Retriever(route.url for route in routes) as retriever:
                found = await resolve(ref, node, retriever, holder=holder)
                faults = retriever.faults
    if as_json:
        click.echo(found.receipt.encode(), nl=False)
    else:
        click.echo(facts([(f"{s.name}: {s.outcome}", s.reason) for s in found.receipt.steps]))
        for fault in faults:
            click.echo(f"  gateway fault: {fault}", err=True)
    saved = found.save(out, f"{ref.chain_id}-{ref.contract.lower()}-{ref.token_id}")
    if not as_json:
        rows = [("picture", saved.picture), ("receipt", saved.receipt)]
        rows += [("proof", saved.car)] if saved.car else []
        click.echo(f"{found.receipt.verdict}\n{facts(rows)}\nnext: pfpkit check {saved.receipt}")
    return found, saved


async def _reference(session: Session, node: Node, token: str) -> TokenRef:
    if token.isdecimal():
        return TokenRef(session.chain_id, (await session.deployment(node)).address, int(token))
    return TokenRef.parse(token)
