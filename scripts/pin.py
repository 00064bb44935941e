"""Pin the collection in metadata/ and read every bundle back: `ape run pin`."""

import asyncio
from pathlib import Path

import click

from pfpkit.cli import Command
from pfpkit.console import Progress, facts
from pfpkit.publication import publish
from pfpkit.workspace import Workspace


@click.command(cls=Command)
@click.option("--to", default=["blockstore"], multiple=True, type=click.Choice(["blockstore"]))
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="Read back through it.")
def cli(to: tuple[str, ...], gateways: tuple[str, ...]) -> None:
    """Pin the collection in metadata/ and read every bundle back through a gateway.

    Checks every file first and names every fault at once. Run again, it does what is missing.
    """
    asyncio.run(pin(Workspace(Path.cwd()), gateways))
    click.echo("next: ape run deploy")


async def pin(work: Workspace, gateways: tuple[str, ...] = ()) -> None:
    collection = work.collection()
    for entry in collection:
        for removed in entry.removed:
            click.echo(f"  {entry.image_path.name}: removed {removed}")
    bundles = [(entry.key, entry) for entry in collection]
    progress = Progress("pinned and read back", len(bundles))
    done, new = [], 0
    with work.routes(gateways) as routes:
        try:
            made = ((key, entry.bundle()) for key, entry in bundles)
            async for published in publish(made, [work.store], routes):
                done.append(published.entry)
                new += published.new
                progress(len(done))
        finally:
            work.record(done, routes)
        names = ", ".join(route.name for route in routes)
    own = work.pinned("collection")
    rows = [
        ("collection", f"{collection.itself.metadata.name}, {len(collection)} tokens"),
        ("bundle", own.bundle),
        ("pinned", f"{new} bundles new, {len(done) - new} were there"),
        ("read back", f"{len(done)} bundles and {len(done)} images through: {names}"),
    ]
    click.echo(facts(rows))
