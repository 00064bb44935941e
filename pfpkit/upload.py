"""Upload what a plan lacks: every service at its own pace, and none waits for another.

How much is in memory at once is bounded over all services together, and each has its own part of
that, so that one that stalls holds up nobody. One bundle that a service does not take, or one
service that fails, stops nothing else: it is a `Missing` at the end. Each root that was taken is
in the journal before the next one of its token is sent.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from pfpkit.cid import CID
from pfpkit.errors import (
    AccessDenied,
    NotPinned,
    NotReadBack,
    PfpkitError,
    PinError,
    StoreFull,
    Unavailable,
)
from pfpkit.ledger import Ledger
from pfpkit.pinning import Dag
from pfpkit.pinning.blockfile import leaving
from pfpkit.pinning.embedded import EmbeddedPinner
from pfpkit.pins import PinnedBy
from pfpkit.plan import ServicePlan, Work
from pfpkit.retrieval import Reason
from pfpkit.timestamp import now

__all__ = ["Missing", "grouped", "upload"]

_AT_ONCE = 16
"""Of one service; the back end itself bounds how many of them are under way."""
_TOGETHER, _TOGETHER_BYTES = 64, 8 * 2**20
"""Bundles that the embedded store is given at once: all of them wait for the disk once."""
_MEMORY = 64 * 2**20
"""For the bundles of all services; one that is larger than its service's part goes alone there."""
_BUILDERS = 2
"""Threads that build bundles: more of them only wait for each other's turn in the interpreter."""
_IN_A_ROW = 20
"""So many bundles without an answer, and a service is left alone until the next run."""

_NO_WORD = {Reason.UNREACHABLE, Reason.NOT_HTTP, Reason.BUSY, Reason.REDIRECTED}
"""Faults that say something of the gateway, and nothing of the bundle."""

_ONE_S_OWN = re.compile(r"\S*\d\S*|\S{40,}")
"""Names, counts, times and CIDs in the words of a service: no part of a reason."""

Told = Callable[[str, Work, bool], None]


@dataclass(frozen=True, slots=True)
class Missing:
    """A token that is not where it should be: `place` is a service or a gateway."""

    key: str
    place: str
    why: str
    reason: str = ""
    """`why` without what it is about; equal for tokens that are missing in one way."""
    gone: bool = False
    """Whether a gateway answered, and did not give it."""

    @classmethod
    def of(cls, key: str, place: str, error: Exception) -> Self:
        """Return what an error means for a token."""
        reason = error.reason if isinstance(error, PfpkitError) else ""
        fault = error.fault if isinstance(error, NotReadBack) else None
        gone = isinstance(error, NotReadBack) and (fault is None or fault.reason not in _NO_WORD)
        return cls(key, place, str(error), reason, gone)


async def upload(plans: Sequence[ServicePlan], ledger: Ledger, told: Told) -> list[Missing]:
    """Pin what each plan lacks and return what could not be pinned.

    `told` is called with a service's name and each work that is done there, well or not.
    """
    part = _MEMORY // max(1, sum(1 for plan in plans if plan.todo))
    with ThreadPoolExecutor(_BUILDERS, "bundle") as builders:
        runs = {plan.name: _Run(plan, ledger, _Room(part), told, builders) for plan in plans}
        for run in runs.values():
            first = runs.get(run.plan.pinner.after or "")
            if first is not None and first is not run:
                run.wait_for(first)
        async with asyncio.TaskGroup() as group:
            for run in runs.values():
                group.create_task(run.finish())
    return [missing for run in runs.values() for missing in run.missing]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is not begun before each of `roots` is where it is fetched from."""

    work: Work
    roots: set[CID]


class _Run:
    """One service's work; `finish` ends when all of it is done or has failed."""

    def __init__(
        self, plan: ServicePlan, ledger: Ledger, room: "_Room", told: Told, builders: Executor
    ) -> None:
        self.plan = plan
        self.missing: list[Missing] = []
        self._ledger = ledger
        self._room = room
        self._told = told
        self._builders = builders
        self._ready = deque(plan.todo)
        self._waiting: dict[CID, list[_Waiting]] = {}
        self._changed = asyncio.Condition()
        self._followers: list[_Run] = []
        self._silent = 0
        self._stopped: Exception | None = PinError(plan.failure) if plan.failure else None

    def wait_for(self, first: "_Run") -> None:
        """Take what `first` still lacks only when `first` has it.

        Roots count, not tokens: an image may come to `first` with another token that has it too.
        """
        lacking = {root for work in first.plan.todo for root in work.roots}
        works, self._ready = self._ready, deque()
        for work in works:
            roots = lacking.intersection(work.roots)
            if not roots:
                self._ready.append(work)
            waiting = _Waiting(work, roots)
            for root in roots:
                self._waiting.setdefault(root, []).append(waiting)
        first._followers.append(self)

    async def finish(self) -> None:
        pinner = self.plan.pinner
        async with asyncio.TaskGroup() as group:
            if isinstance(pinner, EmbeddedPinner):
                for _ in range(_BUILDERS):
                    group.create_task(self._keep(pinner))
            else:
                for _ in range(min(_AT_ONCE, len(self.plan.todo))):
                    group.create_task(self._work())
        for follower in self._followers:
            await follower._give_up(self.plan.name)

    async def _work(self) -> None:
        while (work := await self._next()) is not None:
            if self._stopped is None:
                await self._try(work)
            else:
                self._lack(work, self._stopped)
            self._count(work)

    async def _next(self) -> Work | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._ready or not self._waiting)
            return self._ready.popleft() if self._ready else None

    async def _arrived(self, root: CID) -> None:
        """Let in what waited for `root` alone."""
        async with self._changed:
            for waiting in self._waiting.pop(root, ()):
                waiting.roots.discard(root)
                if not waiting.roots:
                    self._ready.append(waiting.work)
            self._changed.notify_all()

    async def _give_up(self, first: str) -> None:
        """Let nothing wait any longer: `first` gets no more."""
        async with self._changed:
            left = {w.work.entry.key: w.work for some in self._waiting.values() for w in some}
            self._waiting.clear()
            error = NotPinned(f"{first} does not have it, and it is fetched from there")
            for work in left.values():
                self._lack(work, error)
                self._count(work)
            self._changed.notify_all()

    def _count(self, work: Work) -> None:
        self._told(self.plan.name, work, self.plan.held.issuperset(work.roots))

    async def _keep(self, pinner: EmbeddedPinner) -> None:
        """Do the embedded store's work: some bundles are built and written while others are."""
        loop = asyncio.get_running_loop()
        while self._ready:
            works = self._together()
            if self._stopped is None:
                async with self._room.of(sum(work.entry.made.bytes for work in works)):
                    with leaving():
                        keep = partial(copy_context().run, _kept, works, pinner)
                        kept = await loop.run_in_executor(self._builders, keep)
                for root in kept.roots:
                    await self._hold(root)
                for work, error in kept.failed:
                    if isinstance(error, StoreFull):
                        self._stopped = error  # nothing else will succeed there
                    self._lack(work, error)
            else:
                for work in works:
                    self._lack(work, self._stopped)
            for work in works:
                self._count(work)

    def _together(self) -> list[Work]:
        """Return some bundles that are ready, at least one."""
        works = [self._ready.popleft()]
        size = works[0].bytes
        while self._ready and len(works) < _TOGETHER and size < _TOGETHER_BYTES:
            works.append(self._ready.popleft())
            size += works[-1].bytes
        return works

    async def _try(self, work: Work) -> None:
        try:
            async with self._room.of(work.entry.made.bytes):
                await self._pin(work)
            self._silent = 0
        except (AccessDenied, StoreFull) as error:
            # Nothing else will succeed there.
            self._stopped = error
            self._lack(work, error)
        except Unavailable as error:
            self._silent += 1
            self._lack(work, error)
            if self._silent >= _IN_A_ROW and self._stopped is None:
                why = f"not tried after {self._silent} in a row had failed: {error}"
                self._stopped = PinError(why)
        except (PfpkitError, OSError) as error:
            # Whatever this machine lacks for one upload, the others are not to be lost with it.
            self._silent = 0
            self._lack(work, error)

    async def _pin(self, work: Work) -> None:
        pinner = self.plan.pinner
        dags = await asyncio.get_running_loop().run_in_executor(self._builders, _dags, work)
        for dag, label in dags:
            receipt = await pinner.pin(dag, label, again=self.plan.again)
            pin = PinnedBy(pinner.name, now(), receipt.blocks, receipt.bytes)
            self._remember(dag.root, pin)
            await self._hold(dag.root)

    async def _hold(self, root: CID) -> None:
        self.plan.held.add(root)
        for follower in self._followers:
            await follower._arrived(root)

    def _remember(self, root: CID, pin: PinnedBy) -> None:
        try:
            self._ledger.pinned(root, pin)
        except PinError as error:
            # More uploads would be more that a kill forgets.
            self._stopped = error
            raise

    def _lack(self, work: Work, error: Exception) -> None:
        self.missing.append(Missing.of(work.entry.key, self.plan.name, error))


@dataclass(slots=True)
class _Kept:
    """What came of bundles that the store was given together."""

    roots: list[CID] = field(default_factory=list)
    failed: list[tuple[Work, Exception]] = field(default_factory=list)


def _kept(works: Sequence[Work], pinner: EmbeddedPinner) -> _Kept:
    kept = _Kept()
    dags: list[tuple[Work, Dag]] = []
    for work in works:
        try:
            dags += [(work, dag) for dag, _ in _dags(work)]
        except (PfpkitError, OSError) as error:
            kept.failed.append((work, error))
    answers = pinner.store.pin_many([dag for _, dag in dags]) if dags else []
    failed: dict[int, tuple[Work, Exception]] = {}
    for (work, dag), answer in zip(dags, answers, strict=True):
        if isinstance(answer, PfpkitError):
            failed.setdefault(id(work), (work, answer))
        else:
            kept.roots.append(dag.root)
    kept.failed += failed.values()
    return kept


def _dags(work: Work) -> list[tuple[Dag, str]]:
    """Return what a service lacks of a token, and what it is called there."""
    bundle = work.entry.bundle()
    dags = []
    # The image first: another token may need it too, whatever comes of this bundle.
    if work.image:
        dags.append((Dag(bundle.image, bundle.image_blocks), f"{work.entry.key} image"))
    if work.bundle:
        dags.append((Dag(bundle.root, bundle.blocks), work.entry.key))
    return dags


class _Room:
    """Lets bundles in, in turn, as long as their bytes fit; one that is larger goes alone."""

    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, size: int) -> AsyncIterator[None]:
        size = min(size, self._size)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._let_in()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._free += size
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._free):
            size, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)


def grouped(missing: Iterable[Missing]) -> list[tuple[str, str, list[str]]]:
    """Return (place, why, tokens) with the tokens that are missing for one reason together.

    Reasons that differ in names and numbers alone are one, told as it was for the first token.
    """
    found: dict[tuple[str, str], tuple[str, list[str]]] = {}
    # The collection first, and 10 after 9.
    for one in sorted(missing, key=lambda one: (one.key.isdecimal(), len(one.key), one.key)):
        reason = (one.place, _ONE_S_OWN.sub("", one.reason or one.why))
        found.setdefault(reason, (one.why, []))[1].append(one.key)
    return [(place, why, keys) for (place, _), (why, keys) in found.items()]
