"""Publish the source of a deployment on explorers, and record what they confirmed."""

from collections.abc import Sequence
from dataclasses import replace

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.configuration import pfpkit_section
from pfpkit.console import facts
from pfpkit.deployments import Deployment, input_path
from pfpkit.errors import BadRecord, ExplorerError
from pfpkit.explorers import Submission
from pfpkit.explorers.settings import make_explorer
from pfpkit.flow.verify_source import read_input, verify_source
from pfpkit.timestamp import now

__all__ = ["publish_source"]


async def publish_source(session: Session, names: Sequence[str]) -> None:
    """Publish on each explorer named; ExplorerError when one did not confirm, after all."""
    path = session.record()
    record = Deployment.load(path)
    made = record.fingerprint
    if made is None:
        raise BadRecord(
            f"{path} is of version 1, and does not say which code was deployed; deploy with this "
            "pfpkit, or publish by hand what `make bytecode` writes"
        )
    given, whose = read_input(path), str(input_path(path).relative_to(session.root))
    async with Node(session.url) as node:
        # No explorer is given what does not make the deployed code.
        await verify_source(record, given, whose, node)
    submission = Submission(
        record.chain_id,
        record.address,
        record.transaction,
        made.compiler,
        given,
        record.encoded,
    )
    section = pfpkit_section(session.root / "ape-config.yaml").get("explorers")
    explorers = [make_explorer(name, section, session.network) for name in names]
    failed = []
    for explorer in explorers:
        try:
            said = await explorer.publish(submission)
        except ExplorerError as error:
            failed.append(str(error))
            continue
        known = {**record.verified, explorer.name: {"match": said.match, "at": now()}}
        record = replace(record, verified=known)
        record.save(path)
        when = " before" if said.before else ""
        click.echo(facts([(explorer.name, f"{said.match}{when}, {said.url}")]))
    if failed:
        raise ExplorerError("\n  ".join(["not everything is published:", *failed]))
