"""One run of pinning: upload what is missing, read back what is held, record what came back."""

import asyncio
from collections.abc import Sequence

from pfpkit.cid import CID
from pfpkit.collection import CollectionEntry
from pfpkit.errors import PfpkitError
from pfpkit.flow.events import Events
from pfpkit.flow.pin_directory import DirectoryRun
from pfpkit.ledger import Ledger
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import PinEntry, PinnedBy, Pins, ReadBack
from pfpkit.plan import ServicePlan, Work, new_pin, recorded_pin
from pfpkit.progress import Progress
from pfpkit.provenance import Provenance
from pfpkit.publication import EMBEDDED, Route
from pfpkit.readback import Mend, Wanted, read_all
from pfpkit.timestamp import now
from pfpkit.upload import Missing, upload
from pfpkit.workspace import Workspace

__all__ = ["PinRun"]


class PinRun:
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
        directory: DirectoryRun,
        events: Events,
    ) -> None:
        self._work = work
        self._pins = pins
        self._ledger = ledger
        self._repair = repair
        self._events = events
        self.entries = entries
        self.plans = plans
        self.provenance = Provenance.of(e.digest for e in entries if e.number is not None)
        self.routes = routes
        self.directory = directory
        self.missing: list[Missing] = []
        self.new = {work.entry.key for plan in plans for work in plan.todo}
        self.mended: set[str] = set()
        self.again: set[str] = set()
        self.read = self.read_before = 0
        self._came: dict[str, list[str]] = {}
        self._found = now()

    async def upload(self) -> None:
        """Pin what is missing, everywhere at once."""
        self.missing += await self._upload("pinned", self.plans)
        known = {(one.key, one.place) for one in self.missing}
        why = "its picture is also that of another token, with which it could not be pinned"
        self.missing += [
            Missing(entry.key, plan.name, why)
            for plan in self.plans
            for entry in self.entries
            if not plan.holds(entry) and (entry.key, plan.name) not in known
        ]
        self.missing += await self.directory.upload()

    async def read_back(self) -> None:
        """Read back what is held somewhere and was not read before, through every route."""
        self._found = now()  # what is pinned by now was pinned before it is read
        await self._mend_store()
        self.missing += await self.directory.mend_store()
        held = [e for e in self.entries if any(plan.holds(e) for plan in self.plans)]
        wanted = [(route, [e for e in held if self._unread(e, route)]) for route in self.routes]
        missing = await self._read("read back", wanted, self._mend())
        if self._repair:
            missing = await self._pin_again(missing)
        self.missing += missing
        # Where bundles do not come back, the directory of them proves nothing.
        silent = {one.place for one in self.missing}
        right = [route for route in self.routes if route.name not in silent]
        self.missing += await self.directory.read_back(right)

    async def _pin_again(self, failed: list[Missing]) -> list[Missing]:
        """Pin once more what a gateway of others asked for did not give, and read it again.

        A service may list what it lost. Returns what is missing then. Nothing is done about a
        gateway that cannot be asked.
        """
        self.again = {one.key for one in failed if one.gone and one.place != EMBEDDED}
        entries = [entry for entry in self.entries if entry.key in self.again]
        plans = [plan.repeated(entries) for plan in self.plans if plan.name != BlockStore.name]
        if not any(plan.todo for plan in plans):
            self.again = set()
            return failed
        missing = await self._upload("pinned again", plans)
        places = {(one.key, one.place) for one in failed}
        wanted = [
            (route, [e for e in self.entries if (e.key, route.name) in places])
            for route in self.routes
            if any(one.gone and one.place == route.name != EMBEDDED for one in failed)
        ]
        read = {route.name for route, _ in wanted}
        missing += [one for one in failed if one.place not in read]
        return missing + await self._read("read again", wanted)

    async def _upload(self, label: str, plans: Sequence[ServicePlan]) -> list[Missing]:
        with Progress(label, {plan.name: len(plan.todo) for plan in plans}) as progress:

            def told(service: str, work: Work, well: bool) -> None:
                progress.add(service, size=work.bytes if well else 0, well=well)
                if well:
                    self._tell("pinned", "service", service, work.entry, work.bytes)
                self._events.progress("pin", progress)

            return await upload(plans, self._ledger, told)

    async def _read(self, label: str, wanted: Wanted, mend: Mend | None = None) -> list[Missing]:
        with Progress(label, {route.name: len(entries) for route, entries in wanted}) as progress:

            def told(route: str, entry: CollectionEntry, well: bool) -> None:
                progress.add(route, size=entry.made.bytes if well else 0, well=well)
                if well:
                    self._tell("read_back", "gateway", route, entry, entry.made.bytes)
                self._events.progress("read_back", progress)

            return await read_all(wanted, self._ledger, told, mend)

    def _tell(self, event: str, kind: str, place: str, entry: CollectionEntry, size: int) -> None:
        bundle, image = str(entry.root), str(entry.image)
        where = {"token": entry.key, kind: place}
        self._events.say(event, **where, bundle=bundle, image=image, bytes=size)

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
            if route.speaks_for(pin.pinner)
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
            (name in came or back.at > pin.at) and Route(name, "").speaks_for(pin.pinner)
            for name, back in backs.items()
        )

    def came(self, entry: CollectionEntry) -> list[str]:
        """Return through which routes of this run an entry came, now or before; see `record`."""
        return self._came.get(entry.key, [])

    def _reads(self, entry: CollectionEntry) -> dict[str, ReadBack]:
        known = self._pins.of(entry.key, entry.root, entry.image)
        backs = () if known is None else known.read_back
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
            came = [n for n in backs if n in names and (entry.key, n) not in failed]
            self._came[entry.key] = came
            if names == set(came):
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
        directory = self.directory.record(self.routes)
        if made or directory or self.provenance != self._pins.whole.provenance:
            bundles = {entry.key: entry.root for entry in self.entries}
            try:
                self._work.record(made, self.routes, bundles, directory)
            except PfpkitError as error:
                if not self.missing:
                    raise
                # A full disk fails both; what was not pinned is told too.
                self.missing += [Missing(one.key, "the record", str(error)) for one in made]
                return
        # Another token with the same picture may still wait for it.
        settled -= waiting
        self._ledger.keep(
            lambda pinner, root: (pinner, root) not in settled,
            lambda gateway, bundle: (gateway, bundle) not in settled,
        )
