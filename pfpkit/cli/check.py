"""`pfpkit check RECEIPT`: do a receipt's proof again, offline, from the CAR beside it."""

import asyncio
import json
from pathlib import Path

import click

from pfpkit.recheck import check


@click.command("check")
@click.argument("receipt", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for programs.")
def check_command(receipt: Path, as_json: bool) -> None:
    """Check a RECEIPT against the CAR and the picture beside it. Needs no network.

    Proves that the picture is the one that the token's URIs commit to. What the chain said is
    taken as the receipt states it: ask any node for the same block to check that too.
    """
    stated, proof = asyncio.run(check(receipt))
    if as_json:
        click.echo(json.dumps({"verdict": stated.verdict, "receipt": json.loads(stated.encode())}))
        return
    width = max(len(step.name) for step in stated.steps)
    for step in stated.steps:
        said = "stated" if step.name in ("chain", "owner") else "proved"
        click.echo(f"{said}  {step.name:{width}}  {step.reason}")
    total = sum(len(block.data) for block in proof.blocks)
    click.echo(f"{stated.verdict}: {stated.token}, {len(proof.blocks)} blocks, {total:,} bytes")
    click.echo(
        f"What the chain said is as the receipt states; any node of chain {stated.token.chain_id} "
        f"can confirm it at block {stated.block.number}."
    )
