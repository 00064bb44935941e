"""`pfpkit pins`: a pinned collection as one CAR, to another machine and back."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pfpkit.console import facts, shown
from pfpkit.errors import BadInput, NotPinned
from pfpkit.progress import Progress

if TYPE_CHECKING:
    from pfpkit.cid import CID
    from pfpkit.pins import PinEntry
    from pfpkit.workspace import Workspace

_file = click.argument("file", metavar="FILE.car", type=click.Path(path_type=Path))


@click.group(no_args_is_help=True)
def pins() -> None:
    """Move the pinned collection of this folder's project as one file."""


@pins.command("export", no_args_is_help=True)
@_file
def export(file: Path) -> None:
    """Write every recorded bundle, and so every image, into one CAR from the block store."""
    # `pfpkit cid` starts faster without a web server.
    from pfpkit.collection_car import export_car
    from pfpkit.workspace import Workspace

    work = Workspace(Path.cwd())
    entries = work.pins().entries
    with Progress("exported", len(entries)) as progress:
        root, size = export_car(work.store, entries, file, lambda done, _: progress(done))
    rows = [
        ("root", f"{root}, a directory of all bundles"),
        ("bundles", f"{len(entries):,}"),
        ("file", f"{shown(str(file))}, {size:,} bytes"),
    ]
    click.echo(facts(rows))
    click.echo(f"next: pfpkit pins import {shown(file.name)}, in a project on another machine")


@pins.command("import", no_args_is_help=True)
@_file
def import_(file: Path) -> None:
    """Hash every block of an exported CAR, pin all of it to the block store, and record it."""
    from pfpkit.collection_car import import_car
    from pfpkit.workspace import Workspace

    work = Workspace(Path.cwd())
    known = work.pins()
    root, entries = import_car(work.store, file)
    others = [e.key for e in entries if (k := known.get(e.key)) and k.bundle != e.bundle]
    if others:
        raise BadInput(
            f"the records here name other bundles for {', '.join(others[:8])}; nothing was "
            "recorded; move .pfpkit/pins.json and metadata/pins.json away to take the file's"
        )
    asyncio.run(_record(work, root, entries))
    rows = [
        ("root", root),
        ("bundles", f"{len(entries):,}, pinned and read back through: embedded"),
    ]
    click.echo(facts(rows))
    click.echo("next: ape run verify --pins")


async def _record(work: "Workspace", root: "CID", entries: "list[PinEntry]") -> None:
    """Read all of it back through the embedded gateway, and record what came."""
    from pfpkit.availability import State, check_directory, check_gateways
    from pfpkit.pinning.blockstore import BlockStore
    from pfpkit.pins import ReadBack
    from pfpkit.timestamp import now
    from pfpkit.whole import DirectoryPins

    with work.routes(()) as routes:
        with Progress("read back", len(entries)) as progress:
            checks = await check_gateways(
                entries, routes, float("inf"), lambda came: progress.add(well=came)
            )
        bundles = {entry.key: entry.bundle for entry in entries}
        whole = DirectoryPins(root, len(entries), {BlockStore.name: now()})
        checks += await check_directory(whole, bundles, routes)
        bad = {check.key: check.why for check in checks if check.state is not State.AVAILABLE}
        backs = tuple(ReadBack(route.name, now()) for route in routes)
        good = [replace(e, read_back=backs) for e in entries if e.key not in bad]
        whole = replace(whole, read_back={back.gateway: back.at for back in backs})
        work.record(good, routes, bundles, None if bad else whole)
    if bad:
        key, why = next(iter(bad.items()))
        raise NotPinned(f"{len(bad):,} bundles cannot be read back; the first is {key}: {why}")
