"""What `ape run pin` prints: the plan, what came of it, and what is missing where and why."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pfpkit.addresses import without_credentials
from pfpkit.collection import Collection
from pfpkit.console import duration, facts, shown, size, table
from pfpkit.duplicates import Duplicate, duplicate_lines
from pfpkit.errors import BadInput
from pfpkit.flow.events import Events
from pfpkit.flow.pin_directory import DirectoryRun
from pfpkit.flow.pin_run import PinRun
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.plan import ServicePlan
from pfpkit.upload import Missing, grouped
from pfpkit.whole import DIRECTORY

__all__ = [
    "PinOptions",
    "pin_command",
    "show_duplicates",
    "show_plan",
    "show_removed",
    "show_run",
    "show_sheet",
    "show_stopped",
]

_REASONS, _KEYS = 20, 8


@dataclass(frozen=True, slots=True)
class PinOptions:
    """What `ape run pin` was asked for."""

    to: tuple[str, ...] = (BlockStore.name,)
    gateways: tuple[str, ...] = ()
    dry_run: bool = False
    rehash: bool = False
    repair: bool = False
    no_duplicates: bool = False
    directory: bool = True
    as_json: bool = False
    sheet: Path | None = None


def show_removed(collection: Collection, options: PinOptions, events: Events) -> None:
    """Print what of each picture's file is not pinned."""
    for entry in collection:
        for removed in entry.removed:
            events.say("removed", token=entry.key, file=entry.image_path.name, part=removed)
            if not options.as_json:
                click.echo(f"  {entry.image_path.name}: removed {removed}")


def show_plan(
    plans: Sequence[ServicePlan], directory: DirectoryRun, options: PinOptions, events: Events
) -> None:
    """Print what each service is to get."""
    rows = []
    for plan in plans:
        total = len(plan.todo)
        rows.append(
            (
                plan.name,
                f"{total:,}",
                f"{plan.pins:,}",
                size(plan.bytes),
                f"{plan.requests:,}",
                duration(60 * plan.minutes) if plan.pinner.pace.per_minute else "no rate limit",
            )
        )
        events.say(
            "plan",
            service=plan.name,
            tokens=total,
            pins=plan.pins,
            bytes=plan.bytes,
            requests=plan.requests,
            minutes=round(plan.minutes, 2),
            failure=plan.failure,
        )
    whole = directory.directory
    events.say("directory", root=str(whole.root), bytes=whole.bytes, refused=directory.refused)
    if not options.as_json:
        head = ("to pin on", "bundles", "roots", "size", "requests", "takes at least")
        click.echo(table(head, rows))
        for plan in plans:
            if plan.failure is not None:
                click.echo(f"  {plan.name} gets nothing in this run: {plan.failure}")
        for name, why in directory.refused.items():
            click.echo(f"  {name} does not get the directory of all bundles: {why}")
    if options.dry_run:
        click.echo("nothing was pinned or recorded: --dry-run", err=options.as_json)


def show_duplicates(duplicates: Sequence[Duplicate], options: PinOptions, events: Events) -> None:
    """Warn of tokens that show one picture; BadInput with --no-duplicates."""
    lines = duplicate_lines(duplicates)
    for one in duplicates:
        events.say("duplicate", same=one.same, tokens=one.keys)
    if options.no_duplicates and lines:
        raise BadInput("\n  ".join(["refused by --no-duplicates, nothing was uploaded:", *lines]))
    if not options.as_json:
        for line in lines:
            click.echo(f"  warning: {line}")


def show_sheet(file: Path, pages: int, options: PinOptions, events: Events) -> None:
    """Print where the contact sheet is."""
    events.say("sheet", file=str(file), pages=pages)
    if not options.as_json:
        more = f", the first of {pages:,} pages" if pages > 1 else ""
        click.echo(facts([("sheet", f"{shown(str(file))}{more}: open it in a browser")]))


def show_run(
    run: PinRun, collection: Collection, options: PinOptions, events: Events
) -> str | None:
    """Print what came of a run; return what is missing where and why, if anything is."""
    names = ", ".join(route.name for route in run.routes)
    read, before, total = run.read, run.read_before, len(run.entries)
    whole = [e.key for e in run.entries if all(plan.holds(e) for plan in run.plans)]
    new = len(run.new.intersection(whole))
    for one in run.missing:
        events.say("missing", token=one.key, place=one.place, why=one.why)
    events.say(
        "done",
        tokens=total,
        new=new,
        read_back=read,
        read_before=before,
        pinned_again=len(run.again),
        missing=len(run.missing),
        routes=names,
        provenance=str(run.provenance),
        directory=str(run.directory.directory.root),
    )
    if not options.as_json:
        rows = [
            ("collection", f"{collection.itself.metadata.name}, {_tokens(len(collection))}"),
            ("bundle", collection.itself.root),
            ("pinned", f"{new:,} bundles new, {len(whole) - new:,} were there"),
        ]
        if len(whole) < total or len(run.plans) > 1:
            rows += [(f"on {name}", text) for name, text in _held(run)]
        rows.append(("read back", f"{read:,} bundles and {read:,} images through: {names}"))
        rows.append(("provenance", f"{run.provenance}, of {run.provenance.tokens:,} tokens"))
        alone = "" if options.directory else ", which was not pinned: --no-directory"
        rows.append(("directory", f"{run.directory.directory.root}, of all bundles{alone}"))
        if before:
            rows.append(("before", f"{before:,} bundles had come back, and were not read again"))
        if run.again:
            rows.append(("again", f"{len(run.again)} bundles pinned again, which no gateway gave"))
        if run.mended:
            rows.append(("mended", f"{len(run.mended):,} bundles in the embedded store"))
        click.echo(facts(rows))
    if not run.missing:
        return None
    return _summary(run.missing, _again(options))


def show_stopped(run: PinRun | None, options: PinOptions, events: Events) -> str:
    """Return what was done before Ctrl-C, and the command that goes on."""
    again = _again(options)
    if run is None:
        events.say("stopped", pinned={}, read_back=0, next=again)
        return f"stopped before anything was pinned; `{again}` begins again"
    back = run.read + run.read_before
    held = {plan.name: plan.count(run.entries) for plan in run.plans}
    events.say("stopped", pinned=held, read_back=back, next=again)
    there = ", ".join(f"{text} are on {name}" for name, text in _held(run))
    return f"stopped: {there}; {back:,} came back and are recorded; `{again}` goes on"


def _held(run: PinRun) -> list[tuple[str, str]]:
    """Return how many bundles each service holds, in words."""
    total = len(run.entries)
    return [(p.name, f"{p.count(run.entries):,} of {total:,} bundles") for p in run.plans]


def _again(options: PinOptions) -> str:
    return pin_command(
        options.to, options.gateways, repair=options.repair, directory=options.directory
    )


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count:,} tokens"


def pin_command(
    to: Sequence[str], gateways: Sequence[str], *, repair: bool, directory: bool = True
) -> str:
    """Return the command that pins there and reads back through those.

    >>> pin_command(["kubo"], ["https://ipfs.io"], repair=True)
    'ape run pin --repair --to kubo --gateway https://ipfs.io'
    >>> pin_command(["kubo"], ["https://me:secret@gateway.example"], repair=False)
    'ape run pin --to kubo --gateway https://gateway.example'
    >>> pin_command(["blockstore"], [], repair=False, directory=False)
    'ape run pin --no-directory'
    """
    words = ["ape", "run", "pin", *(["--repair"] if repair else [])]
    words += [] if directory else ["--no-directory"]
    if tuple(to) != (BlockStore.name,):
        words += [word for name in to for word in ("--to", name)]
    words += [word for url in gateways for word in ("--gateway", without_credentials(url))]
    return shlex.join(words)


def _summary(missing: Sequence[Missing], again: str) -> str:
    """Return which tokens are missing where and why: one line a reason."""
    lines = []
    groups = grouped(missing)
    for place, why, keys in groups[:_REASONS]:
        more = f" and {len(keys) - _KEYS:,} more" if len(keys) > _KEYS else ""
        names = ", ".join(keys[:_KEYS])
        lines.append(
            f"{place}: {'the' if names == DIRECTORY else 'token'} {names}: {why}"
            if len(keys) == 1
            else f"{place}: tokens {names}{more}; the first: {why}"
        )
    if len(groups) > _REASONS:
        lines.append(f"and {len(groups) - _REASONS:,} other reasons")
    count = len({one.key for one in missing} - {DIRECTORY})
    head = "1 token is" if count == 1 else f"{count:,} tokens are"
    if not count:
        head = "the directory of all bundles is"
    return "\n  ".join(
        [f"{head} missing somewhere; run `{again}` again, which does only this:", *lines]
    )
