"""The directory of a whole collection: one more root, pinned once everything in it is.

A back end that joins gets the directory's own blocks alone, for it holds the bundles; Pinata is
sent everything again as one CAR; one that cuts files by itself cannot take it, which is said.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress

from pfpkit.cid import CID, Block
from pfpkit.collection import CollectionEntry
from pfpkit.directory import Directory
from pfpkit.errors import NotPinned, PfpkitError, PinError
from pfpkit.flow.events import Events
from pfpkit.pinning import Dag, DagSummary
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import Pins
from pfpkit.plan import ServicePlan
from pfpkit.progress import Progress
from pfpkit.publication import EMBEDDED, Route
from pfpkit.readback import read_blocks
from pfpkit.timestamp import now
from pfpkit.upload import Missing
from pfpkit.whole import DIRECTORY, DirectoryPins
from pfpkit.workspace import Workspace

__all__ = ["DirectoryRun"]


class DirectoryRun:
    """One run's part that is about the directory: what was known of it, and what came of it."""

    def __init__(
        self,
        work: Workspace,
        entries: Sequence[CollectionEntry],
        pins: Pins,
        plans: Sequence[ServicePlan],
        events: Events,
        *,
        repair: bool,
        wanted: bool,
    ) -> None:
        self.directory = Directory.of({e.key: (e.root, e.made.tsize) for e in entries})
        self.refused: dict[str, str] = {}
        """The services that cannot take it, and why."""
        self._work = work
        self._entries = entries
        self._plans = plans
        self._repair = repair
        self._wanted = wanted
        self._events = events
        known = pins.whole.directory
        same = known is not None and known.root == self.directory.root
        self._known = known if known and same else DirectoryPins(self.directory.root, len(entries))
        self._held: set[str] = set()
        self._new: dict[str, str] = {}
        self._read: dict[str, str] = {}

    async def plan(self) -> None:
        """Find out who lacks it, and add it to their plans."""
        for plan in self._plans if self._wanted else ():
            why = plan.pinner.refuses(self._summary(plan))
            if why is not None:
                self.refused[plan.name] = why
            elif plan.failure is None and not await self._is_held(plan):
                plan.extra = self._summary(plan)

    async def upload(self) -> list[Missing]:
        """Pin it where every bundle is, first where others fetch it from; return who failed."""
        plans = [
            plan
            for plan in sorted(self._plans, key=lambda plan: plan.pinner.after is not None)
            if self._wanted
            and plan.name not in self._held | self.refused.keys()
            # What is missing is told, token by token.
            and all(entry.root in plan.held for entry in self._entries)
        ]
        # To be sent everything again takes long; the rest does not.
        whole = any(not plan.pinner.joins for plan in plans)
        with Progress("directory", len(plans)) if whole else nullcontext() as progress:
            missing = []
            for plan in plans:
                failed = await self._pin(plan)
                missing += [] if failed is None else [failed]
                if progress is not None:
                    progress.add(well=failed is None)
        return missing

    async def _pin(self, plan: ServicePlan) -> Missing | None:
        if plan.failure is not None:
            return Missing(DIRECTORY, plan.name, plan.failure)
        try:
            await self._check_bundles(plan)
            await plan.pinner.pin(self._dag(plan), DIRECTORY)
        except (PfpkitError, OSError) as error:
            return Missing.of(DIRECTORY, plan.name, error)
        self._held.add(plan.name)
        self._new[plan.name] = now()
        self._tell("pinned", "service", plan.name, self._summary(plan).bytes)
        return None

    async def mend_store(self) -> list[Missing]:
        """Put it back into the embedded store when that lost it during this run."""
        missing: list[Missing] = []
        for plan in self._plans:
            if plan.name != BlockStore.name or plan.name not in self._held:
                continue
            try:
                if not await asyncio.to_thread(self._is_in_store):
                    # Whatever else was lost with it is given too.
                    blocks = _AllBlocks(self.directory.blocks, self._entries)
                    await plan.pinner.pin(Dag(self.directory.root, blocks))
                    self._new[plan.name] = now()
            except (PfpkitError, OSError) as error:
                self._held.discard(plan.name)
                missing.append(Missing.of(DIRECTORY, plan.name, error))
        return missing

    async def read_back(self, routes: Sequence[Route]) -> list[Missing]:
        """Read its blocks through those routes that have not given them since it was pinned."""
        missing: list[Missing] = []
        if not self._held:
            return missing
        for route in routes:
            before = route.name in self._known.read_back and not self._repair
            if before and not any(map(route.speaks_for, self._new)):
                continue
            failed = await self._try(route)
            if failed is not None and failed.gone and self._repair and route.name != EMBEDDED:
                # A service may list what it lost.
                await self._pin_again()
                failed = await self._try(route)
            if failed is not None:
                missing.append(failed)
        return missing

    def record(self, routes: Sequence[Route]) -> DirectoryPins | None:
        """Return what is new to the record: pins that came back, and through whom; else None."""
        came = [route for route in routes if route.name in self._read]
        pins = {
            name: at
            for name, at in self._new.items()
            if any(route.speaks_for(name) for route in came)
        }
        found = DirectoryPins(self.directory.root, len(self._entries), pins, self._read)
        return found if pins or self._read else None

    async def _try(self, route: Route) -> Missing | None:
        try:
            await self._read_through(route)
        except PfpkitError as error:
            return Missing.of(DIRECTORY, route.name, error)
        self._read[route.name] = now()
        self._tell("read_back", "gateway", route.name, self.directory.bytes)
        return None

    def _tell(self, event: str, kind: str, place: str, size: int) -> None:
        where = {"token": DIRECTORY, kind: place}
        self._events.say(event, **where, bundle=str(self.directory.root), image=None, bytes=size)

    async def _pin_again(self) -> None:
        for plan in self._plans:
            if plan.name in self._held and plan.name != BlockStore.name:
                with suppress(PfpkitError):  # it does not come back then, which is told
                    await plan.pinner.pin(self._dag(plan), DIRECTORY, again=True)

    async def _is_held(self, plan: ServicePlan) -> bool:
        root = self.directory.root
        believed = plan.name in self._known.pinned_by and not self._repair
        if plan.name == BlockStore.name:
            held = await asyncio.to_thread(self._is_in_store)
        elif believed:
            held = True
        else:
            try:
                await plan.pinner.ready()
                held = root in await plan.pinner.held((root,))
            except PinError as error:
                plan.failure = plan.failure or str(error)
                return False
        if held:
            self._held.add(plan.name)
            if plan.name not in self._known.pinned_by:
                self._new[plan.name] = now()
        return held

    def _is_in_store(self) -> bool:
        store = self._work.store
        own = (block.cid for block in self.directory.blocks)
        return store.has(self.directory.root) and not store.lacking(own)

    async def _check_bundles(self, plan: ServicePlan) -> None:
        """NotPinned unless the back end says that it has each bundle: it would look for the rest in
        the network, for hours. One that fetches from another of this run may do that."""
        if not plan.pinner.joins or plan.pinner.after is not None:
            return
        lacking = self.directory.bundles - await plan.pinner.held(self.directory.bundles)
        if lacking:
            raise NotPinned(
                f"{len(lacking):,} of its bundles are not held there any more, such as "
                f"{min(lacking, key=str)}; run `ape run pin --repair`"
            )

    def _summary(self, plan: ServicePlan) -> DagSummary:
        blocks, size = len(self.directory.blocks), self.directory.bytes
        if not plan.pinner.joins:
            blocks += sum(entry.made.blocks for entry in self._entries)
            size += sum(entry.made.bytes for entry in self._entries)
        largest = max(entry.made.largest_file for entry in self._entries)
        root = self.directory.root
        return DagSummary(root, blocks, size, largest, len(self.directory.blocks) > 1, nested=True)

    def _dag(self, plan: ServicePlan) -> Dag:
        root, own = self.directory.root, self.directory.blocks
        if plan.pinner.joins:
            return Dag(root, own, self.directory.bundles)
        return Dag(root, _AllBlocks(own, self._entries))

    async def _read_through(self, route: Route) -> None:
        cids = [block.cid for block in self.directory.blocks]
        try:
            await read_blocks(route, cids)
        except NotPinned:
            if route.name != EMBEDDED:
                raise
            # The store is ours: what is damaged in it is mended, and read once more.
            dag = Dag(self.directory.root, self.directory.blocks, self.directory.bundles)
            await self._work.embedded.pin(dag)
            await read_blocks(route, cids)


class _AllBlocks:
    """The blocks of the directory and of every bundle, made from the files each time."""

    def __init__(self, own: Sequence[Block], entries: Sequence[CollectionEntry]) -> None:
        self._own = own
        self._entries = entries

    def __iter__(self) -> Iterator[Block]:
        yield from self._own
        seen: set[CID] = set()
        for entry in self._entries:
            for block in entry.bundle().blocks:
                if block.cid not in seen:
                    seen.add(block.cid)
                    yield block
