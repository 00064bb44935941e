"""Whether what was pinned is still there: on each service by its own word, and through gateways.

A gateway's answer is hashed, so what it gives is proof; a service's list of pins is only what it
says. Changes nothing anywhere.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pfpkit.cid import CID
from pfpkit.errors import BadContent, NotReadBack, PinError
from pfpkit.pinning import Pinner
from pfpkit.pinning.pressure import Clock
from pfpkit.pins import PinEntry
from pfpkit.publication import EMBEDDED, Route, RouteReader
from pfpkit.retrieval import GatewayFault, Reason
from pfpkit.unixfs import adrive, list_directory
from pfpkit.whole import DIRECTORY, DirectoryPins

__all__ = ["Check", "State", "check_directory", "check_gateways", "check_services"]


class State(StrEnum):
    """How a bundle was found in one place."""

    AVAILABLE = "available"
    MISSING = "missing"
    SLOW = "slow"
    WRONG = "wrong"
    SILENT = "no answer"


_STATES = {
    Reason.NOT_FOUND: State.MISSING,
    Reason.INCOMPLETE: State.MISSING,
    Reason.TIMED_OUT: State.SLOW,
    Reason.UNREACHABLE: State.SILENT,
    Reason.BUSY: State.SILENT,
    Reason.REFUSED: State.SILENT,
    Reason.NOT_HTTP: State.SILENT,
    Reason.CUT_SHORT: State.SILENT,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One bundle in one place. `seconds` is how long its bytes took; None where none were read."""

    key: str
    place: str
    state: State
    why: str = ""
    seconds: float | None = None


async def check_services(entries: Sequence[PinEntry], pinners: Iterable[Pinner]) -> list[Check]:
    """Ask every service about both roots of every entry, in as few requests as it takes."""
    return [check for pinner in pinners for check in await _service(entries, pinner)]


async def _service(entries: Sequence[PinEntry], pinner: Pinner) -> list[Check]:
    try:
        held = await pinner.held({root for e in entries for root in (e.bundle, e.image)})
    except PinError as error:
        return [Check(e.key, pinner.name, State.SILENT, str(error)) for e in entries]
    checks = []
    for entry in entries:
        lacking = [str(root) for root in (entry.bundle, entry.image) if root not in held]
        state = State.MISSING if lacking else State.AVAILABLE
        why = f"{' and '.join(lacking)} not pinned there" if lacking else ""
        checks.append(Check(entry.key, pinner.name, state, why))
    return checks


async def check_gateways(
    entries: Sequence[PinEntry],
    routes: Iterable[Route],
    slow_s: float,
    told: Callable[[bool], None] = lambda _: None,
    clock: Clock | None = None,
) -> list[Check]:
    """Read every entry through every route, each block hashed; `told` hears whether it came.

    What took longer than `slow_s` seconds is slow, though it came.
    """
    checks: list[Check] = []

    async def through(route: Route) -> None:
        async with RouteReader(route, clock) as reader:

            async def check(entry: PinEntry) -> None:
                checks.append(found := await _read(entry, reader, slow_s))
                told(found.seconds is not None)

            await reader.each(entries, check)

    async with asyncio.TaskGroup() as group:
        for route in routes:
            group.create_task(through(route))
    return checks


async def check_directory(
    known: DirectoryPins,
    bundles: Mapping[str, CID],
    routes: Iterable[Route],
    clock: Clock | None = None,
) -> list[Check]:
    """Read the directory's own blocks through every route, and compare what it lists.

    Wrong is one that does not list exactly `bundles`, given by name.
    """
    return [await _read_directory(known, bundles, route, clock) for route in routes]


async def _read_directory(
    known: DirectoryPins, bundles: Mapping[str, CID], route: Route, clock: Clock | None
) -> Check:
    begun = time.monotonic()
    async with RouteReader(route, clock) as reader:
        try:
            listing = list_directory(known.root, max_entries=known.entries)
            listed = await adrive(listing, reader.read_block)
        except NotReadBack as error:
            return Check(DIRECTORY, route.name, _state(route, error.fault), str(error))
        except BadContent as error:
            return Check(DIRECTORY, route.name, State.WRONG, str(error))
    if {name: link.cid for name, link in listed.items()} != bundles:
        why = f"{known.root} lists other bundles than the record; run `ape run pin`"
        return Check(DIRECTORY, route.name, State.WRONG, why)
    return Check(DIRECTORY, route.name, State.AVAILABLE, "", time.monotonic() - begun)


async def _read(entry: PinEntry, reader: RouteReader, slow_s: float) -> Check:
    route = reader.route
    try:
        took = await reader.read(entry.bundle, entry.image, entry.blocks)
    except NotReadBack as error:
        return Check(entry.key, route.name, _state(route, error.fault), str(error))
    if took > slow_s:
        why = f"it took {took:.1f} s, which is over {slow_s:g} s"
        return Check(entry.key, route.name, State.SLOW, why, took)
    return Check(entry.key, route.name, State.AVAILABLE, "", took)


def _state(route: Route, fault: GatewayFault | None) -> State:
    """Return what a fault means; right bytes of something else than was recorded are wrong too."""
    # The embedded gateway refuses a block whose bytes on disk are not its own.
    if fault is None or (route.name == EMBEDDED and fault.reason is Reason.REFUSED):
        return State.WRONG
    return _STATES.get(fault.reason, State.WRONG)
