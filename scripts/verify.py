"""Check a deployment against record, chain, pins and files: `ape run verify`."""

from pathlib import Path
from typing import Any

import click

from pfpkit.accounts import ReadingCommand, Session
from pfpkit.cli import run
from pfpkit.flow.verify import VerifyOptions, verify_all, verify_pins
from pfpkit.flow.verify_deployment import Expected
from pfpkit.workspace import Workspace


@click.command(cls=ReadingCommand)
@click.option("--pins", is_flag=True, help="Check every bundle on services and gateways instead.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Check N of them, by chance.")
@click.option("--to", multiple=True, metavar="NAME", help="Ask that service; repeatable.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read through it.")
@click.option(
    "--slow", "slow_s", default=10.0, show_default=True, help="Seconds that are too long."
)
@click.option(
    "--source",
    type=click.Choice(["record", "sourcify"]),
    is_flag=False,
    flag_value="record",
    help="Compile what explorers were given, or publish, and compare with the chain instead.",
)
@click.option("--owner", metavar="ADDRESS", help="Who has to own the contract.")
@click.option("--minter", metavar="ADDRESS", help="Who has to mint.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON lines.")
def cli(
    provider: Any,
    pins: bool,
    source: str | None,
    owner: str | None,
    minter: str | None,
    **asked: Any,
) -> None:
    """Compare a deployment's record, the chain, the records of pins and the files here.

    With --pins, ask every service that is recorded whether every bundle is still there, unless --to
    or --gateway says whom. Changes nothing. Exits with 1 unless all agree, or all are available.
    """
    if pins:
        run(verify_pins(Workspace(Path.cwd()), VerifyOptions(**asked)))
        return
    expected = Expected.parse(owner, minter)
    run(verify_all(Session(provider), expected, source, as_json=asked["as_json"]))
