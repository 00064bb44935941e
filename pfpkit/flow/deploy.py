"""Deploy the contract of a collection that is pinned, and record where it is."""

import json
from collections.abc import Mapping
from contextlib import suppress
from textwrap import indent
from typing import Any

import click

from pfpkit.accounts import Session
from pfpkit.atomic import write_file
from pfpkit.chain import Node
from pfpkit.cid import CID
from pfpkit.console import facts
from pfpkit.cost import NO_TERMS, Terms
from pfpkit.deployments import (
    Deployment,
    encoded_arguments,
    input_path,
    pending_path,
    plain_arguments,
)
from pfpkit.errors import BadInput, NoSuchContract
from pfpkit.flow.unfinished import refuse_another_nonce, send_once, unfinished
from pfpkit.fork import forked
from pfpkit.metadata import CollectionMetadata
from pfpkit.publication import read_back
from pfpkit.reference import checksum_address
from pfpkit.solc import fingerprint
from pfpkit.solidity import canonical, standard_json_input
from pfpkit.transaction_plan import Plan
from pfpkit.workspace import Workspace

_WHAT = "deploy ProfilePicture"


async def deploy(
    session: Session,
    gateways: tuple[str, ...] = (),
    *,
    owner: str | None = None,
    minter: str | None = None,
    max_supply: int = 10_000,
    royalty_receiver: str | None = None,
    royalty_bps: int = 0,
    terms: Terms = NO_TERMS,
    again: bool = False,
    only_plan: bool = False,
    as_json: bool = False,
    yes: bool = False,
) -> Deployment | None:
    """Deploy, print and record; None, and nothing sent or recorded, where `only_plan`."""
    work = Workspace(session.root)
    people = [
        checksum_address(address) if address else session.address
        for address in (owner, minter, royalty_receiver)
    ]
    async with Node(session.url) as node:
        known = await _known(session, node, again=again)
        if not only_plan and (found := await unfinished(session, node)) is not None:
            click.echo(f"{found.address} was deployed before, by a run that did not end")
            _save(session, work, found)
            return found
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
        intended = session.intended_deployment(arguments)
        if only_plan:
            async with forked(session.url) as fork:
                planned = await session.plan(node, _WHAT, [intended], terms, fork)
            before = Deployment.load(session.record()) if session.record().exists() else None
            _show_plan(session, planned, before, arguments, as_json=as_json)
            planned.check(terms)
            return None
        planned = await session.plan(node, _WHAT, [intended], terms)
        refuse_another_nonce(session, planned)
        Deployment.check_place(session.record())
        session.agree(planned, terms, yes=yes)
        draft = Deployment(
            chain_id=session.chain_id,
            genesis=session.genesis,
            address=planned.creates,
            transaction="",
            block=(await node.block()).number,
            deployer=session.address,
            arguments=plain_arguments(arguments),
            compiler=session.compiler,
            code=_code(work, intended.data, arguments),
            collection=_collection(work, itself.root),
        )
        made = send_once(session, draft, intended, planned, terms)
    _save(session, work, made)
    gas = session.sent[-1].gas
    rows = [
        ("contract", made.address),
        ("contractURI", f"ipfs://{itself.root}/metadata.json"),
        (
            "transaction",
            f"{made.transaction}, block {made.block}, {gas:,} gas: {planned.price.of(gas)}",
        ),
    ]
    if not session.is_ours:
        rows.append(("record", str(session.record().relative_to(session.root))))
    click.echo(facts(rows))
    return made


def _code(work: Workspace, sent: bytes, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fingerprint of what is deployed; BadInput when what explorers get is other code"""
    found = fingerprint(work.root)
    encoded = encoded_arguments(plain_arguments(arguments))
    if found.arguments_in(sent, len(encoded)) != encoded:
        raise BadInput(
            "Ape would deploy other code than the sources and settings make that explorers are "
            "given; nothing was sent; run `ape compile --force`"
        )
    return found.plain()


def _collection(work: Workspace, root: CID) -> dict[str, Any]:
    provenance = work.pins().whole.provenance
    return {"bundle": str(root), "provenance": str(provenance) if provenance else None}


def _save(session: Session, work: Workspace, made: Deployment) -> None:
    """Record a deployment, and beside it what solc was given."""
    path = session.record()
    made.save(path)
    with suppress(OSError):  # it can be made again of the same sources, and `verify` says so
        write_file(input_path(path), canonical(standard_json_input(work.root)))
    pending_path(path).unlink(missing_ok=True)


def _show_plan(
    session: Session,
    planned: Plan,
    before: Deployment | None,
    arguments: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Print a plan, and what the record would say differently."""
    after = {"address": planned.creates, **plain_arguments(arguments)}
    known = {} if before is None else {"address": before.address, **before.arguments}
    changed = {name: (known.get(name), value) for name, value in after.items()}
    changed = {name: pair for name, pair in changed.items() if pair[0] != pair[1]}
    record = str(session.record().relative_to(session.root))
    if as_json:
        changes = {name: {"from": old, "to": new} for name, (old, new) in changed.items()}
        click.echo(json.dumps({**planned.as_json(), "record": record, "changes": changes}))
        return
    click.echo(planned.text())
    click.echo(f"  {record} {'is new' if before is None else 'would change'}:")
    rows = [
        (name, new if before is None else f"{old} -> {new}") for name, (old, new) in changed.items()
    ]
    click.echo(indent(facts(rows), "  "))
    click.echo("nothing was sent or recorded: --plan")


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
