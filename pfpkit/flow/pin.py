"""Pin a collection on every service, read every bundle back, and record what came back."""

import asyncio
import json
import math
import shlex
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import click

from pfpkit.cid import CID
from pfpkit.collection import Collection, CollectionEntry
from pfpkit.console import Progress, facts, table
from pfpkit.errors import BadInput, NotPinned, PfpkitError
from pfpkit.ledger import Ledger
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import PinEntry, PinnedBy, Pins, ReadBack
from pfpkit.plan import ServicePlan, make_plan, new_pin, recorded_pin
from pfpkit.publication import EMBEDDED, Route
from pfpkit.readback import Mend, read_all
from pfpkit.upload import Missing, grouped, now, upload
from pfpkit.workspace import Workspace

__all__ = ["PinOptions", "pin", "pin_command"]

_REASONS, _KEYS = 20, 8


@dataclass(frozen=True, slots=True)
class PinOptions:
    """What `ape run pin` was asked for."""

    to: tuple[str, ...] = (BlockStore.name,)
    gateways: tuple[str, ...] = ()
    dry_run: bool = False
    rehash: bool = False
    repair: bool = False
    as_json: bool = False


async def pin(work: Workspace, options: PinOptions | None = None) -> None:
    """Check, plan, upload, read back, record; NotPinned at the end while anything is missing."""
    options = options or PinOptions()
    async with AsyncExitStack() as stack:
        # First, so that no other run changes what is read from here on.
        ledger = stack.enter_context(work.ledger(holding=not options.dry_run))
        pins = work.pins()  # a record that cannot be read is refused before anything is pinned
        collection = work.collection(Reading(), rehash=options.rehash)
        _refuse_copies(collection)
        for entry in collection:
            for removed in entry.removed:
                click.echo(f"  {entry.image_path.name}: removed {removed}", err=options.as_json)
        pinners = [await stack.enter_async_context(p) for p in work.pinners(options.to)]
        entries = tuple(collection)
        plans = await make_plan(entries, pinners, pins, ledger, repair=options.repair)
        _show_plan(plans, options)
        if options.dry_run:
            return
        routes = stack.enter_context(work.routes(options.gateways, to=options.to))
        run = _Run(work, entries, pins, ledger, plans, routes, options.repair)
        try:
            await run.upload()
            await run.read_back()
        finally:
            # Also after Ctrl-C or a failure: what was read back is true.
            run.record()
    _show(run, collection, options)


class Reading:
    """Progress of reading pictures; says nothing of a few, which take no time."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        if total >= 1000:
            self._progress = self._progress or Progress("checked", total)
            self._progress(done)


class _Run:
    """One run: what there is to pin, what was known before it, and what came of it."""

    def __init__(
        self,
        work: Workspace,
        entries: Sequence[CollectionEntry],
        pins: Pins,
        ledger: Ledger,
        plans: list[ServicePlan],
        routes: list[Route],
        repair: bool,
    ) -> None:
        self._work = work
        self._pins = pins
        self._ledger = ledger
        self._repair = repair
        self.entries = entries
        self.plans = plans
        self.routes = routes
        self.missing: list[Missing] = []
        self.new = {work.entry.key for plan in plans for work in plan.todo}
        self.mended: set[str] = set()
        self.read = self.read_before = 0
        self._found = now()

    async def upload(self) -> None:
        """Pin what is missing, everywhere at once."""
        counts: dict[str, int] = {}
        progress = Progress("pinned", sum(len(plan.todo) for plan in self.plans))

        def told(service: str, done: int) -> None:
            counts[service] = done
            progress(sum(counts.values()))

        self.missing += await upload(self.plans, self._ledger, told)
        known = {(one.key, one.place) for one in self.missing}
        why = "its picture is also that of another token, with which it could not be pinned"
        self.missing += [
            Missing(entry.key, plan.name, why)
            for plan in self.plans
            for entry in self.entries
            if not plan.holds(entry) and (entry.key, plan.name) not in known
        ]

    async def read_back(self) -> None:
        """Read back what is held somewhere and was not read before, through every route."""
        self._found = now()  # what is pinned by now was pinned before it is read
        await self._mend_store()
        held = [e for e in self.entries if any(plan.holds(e) for plan in self.plans)]
        wanted = [(route, [e for e in held if self._unread(e, route)]) for route in self.routes]
        done = 0
        progress = Progress("read back", sum(len(entries) for _, entries in wanted))

        def told() -> None:
            nonlocal done
            done += 1
            progress(done)

        self.missing += await read_all(wanted, self._ledger, told, self._mend())

    async def _mend_store(self) -> None:
        """Put back what the embedded store lacks of what it lists; that is read again."""
        mend = self._mend()
        store = self._work.store
        for plan in self.plans:
            if mend is None or plan.name != BlockStore.name:
                continue
            for entry in self.entries:
                if not plan.holds(entry) or entry.key in self.new:
                    continue
                if not await asyncio.to_thread(store.is_whole, entry.root):
                    self.mended.add(entry.key)
                    try:
                        await mend(entry)
                    except PfpkitError as error:
                        self.missing.append(Missing(entry.key, plan.name, str(error)))

    def _unread(self, entry: CollectionEntry, route: Route) -> bool:
        back = self._reads(entry).get(route.name)
        if back is None or self._repair or entry.key in self.new or entry.key in self.mended:
            return True
        return any(
            pin.at > back.at or (new and pin.at == back.at)
            for pin, new in self._held(entry)
            if _speaks_for(route.name, pin.pinner)
        )

    def _held(self, entry: CollectionEntry) -> list[tuple[PinnedBy, bool]]:
        """Return who holds both roots of an entry, and whether that is in no record yet."""
        pins = []
        for plan in self.plans:
            if plan.holds(entry):
                known = recorded_pin(entry, self._pins, plan.name)
                if known and self._ledger.lost_by(plan.name) & {entry.root, entry.image}:
                    known = None
                pin = known or new_pin(plan, entry, self._ledger, self._found)
                pins.append((pin, known is None))
        return pins

    def _proven(self, entry: CollectionEntry, pin: PinnedBy, backs: dict[str, ReadBack]) -> bool:
        """Return whether the bundle came back after it was pinned; times are whole seconds."""
        came = self._ledger.came(entry.root)
        return any(
            (name in came or back.at > pin.at) and _speaks_for(name, pin.pinner)
            for name, back in backs.items()
        )

    def _reads(self, entry: CollectionEntry) -> dict[str, ReadBack]:
        known = self._pins.get(entry.key)
        same = known is not None and (known.bundle, known.image) == (entry.root, entry.image)
        backs = known.read_back if known is not None and same else ()
        return {b.gateway: b for b in (*backs, *self._ledger.reads_of(entry.root))}

    def _mend(self) -> Mend | None:
        if not any(plan.name == BlockStore.name for plan in self.plans):
            return None

        async def mend(entry: CollectionEntry) -> None:
            bundle = await asyncio.to_thread(entry.bundle)
            await self._work.embedded.pin(Dag(bundle.root, bundle.blocks))

        return mend

    def record(self) -> None:
        """Record each entry that came back, with who holds it; the journal forgets those."""
        settled: set[tuple[str, CID]] = set()
        waiting: set[tuple[str, CID]] = set()
        made = []
        self.read = self.read_before = 0
        failed = {(one.key, one.place) for one in self.missing}
        names = {route.name for route in self.routes}
        for entry in self.entries:
            backs = self._reads(entry)
            if names <= backs.keys() and not any((entry.key, n) in failed for n in names):
                now_read = bool(names & self._ledger.came(entry.root))
                self.read += now_read
                self.read_before += not now_read
            pinned = self._held(entry)
            held = tuple(p for p, new in pinned if not new or self._proven(entry, p, backs))
            if backs and held:
                found = PinEntry(entry.key, entry.root, entry.image, held, tuple(backs.values()))
                known = self._pins.get(entry.key)
                if known is None or known.merged(found) != known:
                    made.append(found)
                settled |= {(name, entry.root) for name in backs}
            for plan in self.plans:
                known_there = any(pin.pinner == plan.name for pin in held) and bool(backs)
                rows = settled if known_there else waiting
                rows |= {(plan.name, root) for root in (entry.root, entry.image)}
        if made:
            self._work.record(made, self.routes)
        # Another token with the same picture may still wait for it.
        settled -= waiting
        self._ledger.keep(
            lambda pinner, root: (pinner, root) not in settled,
            lambda gateway, bundle: (gateway, bundle) not in settled,
        )


def _speaks_for(route: str, pinner: str) -> bool:
    """Return whether a route can have got its blocks from a pinner: the embedded one has its own.

    >>> _speaks_for("embedded", "kubo"), _speaks_for("https://ipfs.io", "kubo")
    (False, True)
    """
    return route != EMBEDDED or pinner == BlockStore.name


def _show_plan(plans: Sequence[ServicePlan], options: PinOptions) -> None:
    rows = []
    for plan in plans:
        total = sum(1 for _ in plan.todo)
        rows.append(
            (
                plan.name,
                f"{total:,}",
                f"{plan.pins:,}",
                _size(plan.bytes),
                f"{plan.requests:,}",
                _duration(plan.minutes) if plan.pinner.pace.per_minute else "no rate limit",
            )
        )
        if options.as_json:
            _say(
                event="plan",
                service=plan.name,
                tokens=total,
                pins=plan.pins,
                bytes=plan.bytes,
                requests=plan.requests,
                minutes=round(plan.minutes, 2),
                failure=plan.failure,
            )
    if not options.as_json:
        head = ("to pin on", "tokens", "roots", "size", "requests", "at the least")
        click.echo(table(head, rows))
        for plan in plans:
            if plan.failure is not None:
                click.echo(f"  {plan.name}: {plan.failure}")
    if options.dry_run:
        click.echo("nothing was pinned or recorded: --dry-run", err=options.as_json)


def _show(run: _Run, collection: Collection, options: PinOptions) -> None:
    names = ", ".join(route.name for route in run.routes)
    read, before, total = run.read, run.read_before, len(run.entries)
    if options.as_json:
        for one in run.missing:
            _say(event="missing", token=one.key, place=one.place, why=one.why)
        _say(
            event="done",
            tokens=total,
            new=len(run.new),
            read_back=read,
            read_before=before,
            routes=names,
        )
    else:
        rows = [
            ("collection", f"{collection.itself.metadata.name}, {len(collection)} tokens"),
            ("bundle", collection.itself.root),
            ("pinned", f"{len(run.new)} bundles new, {total - len(run.new)} were there"),
            ("read back", f"{read} bundles and {read} images through: {names}"),
        ]
        if before:
            rows.append(("before", f"{before} bundles had come back, and were not read again"))
        if run.mended:
            rows.append(("mended", f"{len(run.mended)} bundles in the embedded store"))
        click.echo(facts(rows))
    if run.missing:
        again = pin_command(options.to, options.gateways, repair=options.repair)
        raise NotPinned(_summary(run.missing, again))


def pin_command(to: Sequence[str], gateways: Sequence[str], *, repair: bool) -> str:
    """Return the command that pins there and reads back through those.

    >>> pin_command(["kubo"], ["https://ipfs.io"], repair=True)
    'ape run pin --repair --to kubo --gateway https://ipfs.io'
    >>> pin_command(["blockstore"], [], repair=False)
    'ape run pin'
    """
    words = ["ape", "run", "pin", *(["--repair"] if repair else [])]
    if tuple(to) != (BlockStore.name,):
        words += [word for name in to for word in ("--to", name)]
    words += [word for url in gateways for word in ("--gateway", url)]
    return shlex.join(words)


def _summary(missing: Sequence[Missing], again: str) -> str:
    """Return which tokens are missing where and why: one line a reason."""
    lines = []
    groups = grouped(missing)
    for place, why, keys in groups[:_REASONS]:
        more = f" and {len(keys) - _KEYS:,} more" if len(keys) > _KEYS else ""
        names = ", ".join(keys[:_KEYS])
        lines.append(
            f"{place}: token {names}: {why}"
            if len(keys) == 1
            else f"{place}: tokens {names}{more}; the first: {why}"
        )
    if len(groups) > _REASONS:
        lines.append(f"and {len(groups) - _REASONS:,} other reasons")
    count = len({one.key for one in missing})
    head = "1 token is" if count == 1 else f"{count:,} tokens are"
    return "\n  ".join(
        [f"{head} missing somewhere; run `{again}` again, which does only this:", *lines]
    )


def _say(**event: object) -> None:
    click.echo(json.dumps(event))


def _size(count: int) -> str:
    """Return a number of bytes as people read it.

    >>> _size(1_234_567)
    '1.2 MB'
    """
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= step:
            return f"{count / step:,.1f} {unit}"
    return f"{count} bytes"


def _duration(minutes: float) -> str:
    """Return a time as people read it.

    >>> _duration(333.4)
    '5 h 34 min'
    """
    whole = math.ceil(minutes)
    hours, rest = divmod(whole, 60)
    return f"{hours} h {rest} min" if hours else f"{whole} min"


def _refuse_copies(collection: Collection) -> None:
    """BadInput when two tokens would be minted with one bundle."""
    seen: dict[CID, str] = {}
    for entry in collection.tokens:
        if entry.root in seen:
            raise BadInput(
                f"tokens {seen[entry.root]} and {entry.key} are the same picture with the same "
                "words; change one of them or take it out"
            )
        seen[entry.root] = entry.key
