"""Pin the collection in metadata/ and read every bundle back: `ape run pin`."""

from pathlib import Path
from typing import Any

import click

from pfpkit.addresses import without_credentials
from pfpkit.cli import Command, run
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.workspace import Workspace


@click.command(cls=Command)
@click.option(
    "--to", multiple=True, metavar="NAME", default=("blockstore",), help="Pin there; repeatable."
)
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
@click.option("--dry-run", is_flag=True, help="Stop after the plan; pin and record nothing.")
@click.option("--rehash", is_flag=True, help="Read every file, also those that look the same.")
@click.option("--repair", is_flag=True, help="Believe no record; pin again what is missing.")
@click.option("--no-duplicates", is_flag=True, help="Refuse two tokens that show one picture.")
@click.option(
    "--no-directory",
    "directory",
    flag_value=False,
    default=True,
    help="Do not pin the directory of all bundles.",
)
@click.option(
    "--sheet",
    metavar="FILE.html",
    type=click.Path(path_type=Path),
    help="Write a page with all pictures, to look at before minting.",
)
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines.")
def cli(to: tuple[str, ...], gateways: tuple[str, ...], **asked: Any) -> None:
    """Pin the collection in metadata/ and read every bundle back through a gateway.

    Checks every file first and names every fault at once; then shows what it will pin on which
    service. Run again, it does what is missing. Services: blockstore (on this machine), kubo,
    pinata, pinata-classic, service:NAME; they are configured in ape-config.yaml, pfpkit.pinning.
    """
    options = PinOptions(to=to, gateways=gateways, **asked)
    run(pin(Workspace(Path.cwd()), options))
    if not options.dry_run and not options.as_json:
        named = "".join(f" --gateway {without_credentials(url)}" for url in gateways)
        click.echo(f"next: ape run deploy{named} --account ALIAS")
