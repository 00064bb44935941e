"""What a run would do, known before anything is uploaded: for each service, which roots.

Two roots a token: the bundle, and the image file that wallets follow. What the records and the
journal say is pinned is not asked again; a service is asked about everything else, so that what
was pinned in another way, or by a run that was killed in the middle of an answer, is found.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pfpkit.cid import CID
from pfpkit.collection import CollectionEntry
from pfpkit.errors import AccessDenied, PinError
from pfpkit.ledger import Ledger
from pfpkit.pinning import DagSummary, Pinner
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pins import PinnedBy, Pins

__all__ = ["ServicePlan", "Work", "make_plan", "new_pin", "recorded_pin"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Work:
    """One token's roots that one service lacks: its bundle, its image, or both."""

    entry: CollectionEntry
    bundle: bool
    image: bool

    @property
    def roots(self) -> tuple[CID, ...]:
        """The one or two roots."""
        return (self.entry.root,) * self.bundle + (self.entry.image,) * self.image

    @property
    def bytes(self) -> int:
        """How many bytes are sent."""
        made = self.entry.made
        return self.bundle * made.bytes + self.image * made.image_bytes


@dataclass(slots=True)
class ServicePlan:
    """What one service holds, as far as is known, and what it is to get.

    `held` grows as roots are pinned. `failure` says why nothing can be done there in this run.
    With `again`, what is to do is given to the service though that lists it.
    `extra` is one more root that it is to get at the end: the directory of all bundles.
    """

    pinner: Pinner
    held: set[CID] = field(default_factory=set)
    todo: list[Work] = field(default_factory=list)
    failure: str | None = None
    again: bool = False
    extra: DagSummary | None = None

    @property
    def name(self) -> str:
        """The service's name in records."""
        return self.pinner.name

    @property
    def pins(self) -> int:
        """How many roots are to be pinned."""
        return sum(work.bundle + work.image for work in self.todo) + (self.extra is not None)

    @property
    def bytes(self) -> int:
        """How many bytes are to be sent."""
        return sum(work.bytes for work in self.todo) + (self.extra.bytes if self.extra else 0)

    @property
    def requests(self) -> int:
        """How many requests that takes when none fails."""
        return self.pins * self.pinner.pace.requests

    @property
    def minutes(self) -> float:
        """How long it takes at the service's own rate limit, at the least."""
        return self.pinner.pace.minutes(self.pins)

    def repeated(self, entries: Iterable[CollectionEntry]) -> "ServicePlan":
        """Return the plan to give the service once more what it holds of some entries."""
        listed = [entry for entry in entries if self.holds(entry)]
        lost = {root for entry in listed for root in (entry.root, entry.image)}
        held = self.held - lost
        return ServicePlan(self.pinner, held, _missing(listed, held), self.failure, again=True)

    def holds(self, entry: CollectionEntry) -> bool:
        """Return whether both roots are held."""
        return entry.root in self.held and entry.image in self.held

    def count(self, entries: Iterable[CollectionEntry]) -> int:
        """Return of how many entries both roots are held."""
        return sum(map(self.holds, entries))


async def make_plan(
    entries: Sequence[CollectionEntry],
    pinners: Iterable[Pinner],
    pins: Pins,
    ledger: Ledger,
    *,
    repair: bool = False,
) -> list[ServicePlan]:
    """Return what each service lacks. PinError when one refuses a bundle or the credentials.

    With `repair`, or when the journal is damaged, neither records nor journal are believed, and
    what a service does not hold any more is journalled, so that no later run believes it either. A
    service that does not answer is a plan with a `failure`: the others go on.
    """
    plans = [ServicePlan(pinner) for pinner in pinners]
    for plan in plans:
        if not (repair or ledger.damaged) and plan.name != BlockStore.name:
            recorded = _recorded(entries, pins, plan.name) - ledger.lost_by(plan.name)
            plan.held |= ledger.roots(plan.name) | recorded
    # Each is waited for: another that is given up in the middle would talk of it on the terminal.
    answers = await asyncio.gather(*(_ask(plan, entries) for plan in plans), return_exceptions=True)
    failed = [answer for answer in answers if answer is not None]
    if len(failed) > 1 and all(isinstance(error, AccessDenied) for error in failed):
        raise AccessDenied("\n  ".join(map(str, failed)))
    for error in failed:
        raise error
    for plan in plans:
        if plan.failure is None and plan.name != BlockStore.name:
            believed = ledger.roots(plan.name) | _recorded(entries, pins, plan.name)
            asked = {root for entry in entries for root in (entry.root, entry.image)}
            ledger.lost(plan.name, (believed & asked) - plan.held - ledger.lost_by(plan.name))
    for plan in plans:
        plan.todo = _missing(entries, plan.held)
    _check_refusals(plans)
    return plans


async def _ask(plan: ServicePlan, entries: Iterable[CollectionEntry]) -> None:
    """Ask a service, if there is anything to ask it, what it holds of the rest."""
    asked = {root for e in entries for root in (e.root, e.image)} - plan.held
    if not asked:
        return
    try:
        await plan.pinner.ready()
        plan.held |= await plan.pinner.held(asked)
    except AccessDenied:
        raise
    except PinError as error:
        plan.failure = str(error)


def _recorded(entries: Iterable[CollectionEntry], pins: Pins, pinner: str) -> set[CID]:
    """Return the roots of the entries that the records say a service holds."""
    held: set[CID] = set()
    for entry in entries:
        if recorded_pin(entry, pins, pinner) is not None:
            held |= {entry.root, entry.image}
    return held


def _missing(entries: Iterable[CollectionEntry], held: set[CID]) -> list[Work]:
    """Return the work that each root needs once, though two tokens may share an image."""
    claimed = set(held)
    todo = []
    for entry in entries:
        work = Work(entry, entry.root not in claimed, entry.image not in claimed)
        if work.bundle or work.image:
            claimed |= {entry.root, entry.image}
            todo.append(work)
    return todo


def _check_refusals(plans: Iterable[ServicePlan]) -> None:
    """PinError lists what a service will not take, before anything was uploaded."""
    refused: list[str] = []
    count = 0
    for plan in plans:
        for work in plan.todo:
            made = work.entry.made
            why = plan.pinner.refuses(
                DagSummary(made.root, made.blocks, made.bytes, made.largest_file)
            )
            if why is not None:
                count += 1
                if len(refused) < _SHOWN:
                    refused.append(f"{plan.name}: {work.entry.key}: {why}")
    if refused:
        rest = [f"and {count - len(refused):,} more"] if count > len(refused) else []
        head = f"{count:,} refused, and nothing was uploaded:"
        raise PinError("\n  ".join([head, *refused, *rest]))


def recorded_pin(entry: CollectionEntry, pins: Pins, pinner: str) -> PinnedBy | None:
    """Return what the records say of a service that holds both roots of an entry, else None."""
    known = pins.of(entry.key, entry.root, entry.image)
    pinners = () if known is None else known.pinners
    return next((pin for pin in pinners if pin.pinner == pinner), None)


def new_pin(plan: ServicePlan, entry: CollectionEntry, ledger: Ledger, found: str) -> PinnedBy:
    """Return what a record is to say of a pin that is in none: `found` when it was just found."""
    pins = [ledger.pin_of(plan.name, root) for root in (entry.root, entry.image)]
    at = max((pin.at for pin in pins if pin is not None), default=found)
    # The bundle's own count: the image's blocks are among its blocks.
    return PinnedBy(plan.name, at, entry.made.blocks, entry.made.bytes)
