"""Check again what was pinned: `ape run verify --pins`."""

from pathlib import Path

import click

from pfpkit.cli import Command, run
from pfpkit.errors import BadInput
from pfpkit.flow.verify import VerifyOptions, verify_pins
from pfpkit.workspace import Workspace


@click.command(cls=Command)
@click.option("--pins", is_flag=True, help="Check every bundle of the records.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Check N of them, by chance.")
@click.option("--to", multiple=True, metavar="NAME", help="Ask that service; repeatable.")
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read through it.")
@click.option(
    "--slow", "slow_s", default=10.0, show_default=True, help="Seconds that are too long."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON lines.")
def cli(pins: bool, **asked: object) -> None:
    """Check that every bundle is still there, on services and through gateways.

    Asks every service that is recorded, unless --to or --gateway says whom. Changes nothing.
    Exits with 1 unless all are available.
    """
    if not pins:
        raise BadInput("say what to verify: --pins")
    run(verify_pins(Workspace(Path.cwd()), VerifyOptions(**asked)))  # type: ignore[arg-type]
