"""Whether what was pinned is still there: on each service by its own word, and through gateways.

A gateway's answer is hashed, so what it gives is proof; a service's list of pins is only what it
says. Changes nothing anywhere.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pfpkit.errors import NotPinned, PinError
from pfpkit.pinning import Pinner
from pfpkit.pins import PinEntry
from pfpkit.publication import Route, read_back, reader
from pfpkit.retrieval import GatewayFault, Reason, Retriever

__all__ = ["Check", "State", "check_gateways", "check_services"]

_AT_ONCE = 8
_STATES = {
    Reason.NOT_FOUND: "MISSING",
    Reason.INCOMPLETE: "MISSING",
    Reason.TIMED_OUT: "SLOW",
    Reason.UNREACHABLE: "SILENT",
    Reason.REFUSED: "SILENT",
    Reason.NOT_HTTP: "SILENT",
    Reason.CUT_SHORT: "SILENT",
}


class State(StrEnum):
    """How a bundle was found in one place."""

    AVAILABLE = "available"
    MISSING = "missing"
    SLOW = "slow"
    WRONG = "wrong"
    SILENT = "no answer"


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
    told: Callable[[], None] = lambda: None,
) -> list[Check]:
    """Read every entry through every route, each block hashed; `told` is called after each.

    What took longer than `slow_s` seconds is slow, though it came.
    """
    checks: list[Check] = []

    async def work(route: Route, waiting: deque[PinEntry]) -> None:
        async with reader(route) as gateway:
            while waiting:
                checks.append(await _read(waiting.popleft(), route, gateway, slow_s))
                told()

    async with asyncio.TaskGroup() as group:
        for route in routes:
            waiting = deque(entries)
            for _ in range(min(_AT_ONCE, len(entries))):
                group.create_task(work(route, waiting))
    return checks


async def _read(entry: PinEntry, route: Route, gateway: Retriever, slow_s: float) -> Check:
    begun = time.monotonic()
    before = len(gateway.faults)
    try:
        await read_back(entry.bundle, entry.image, route, gateway)
    except NotPinned as error:
        return Check(entry.key, route.name, _state(gateway.faults[before:]), str(error))
    took = time.monotonic() - begun
    if took > slow_s:
        why = f"it took {took:.1f} s, which is over {slow_s:g} s"
        return Check(entry.key, route.name, State.SLOW, why, took)
    return Check(entry.key, route.name, State.AVAILABLE, "", took)


def _state(faults: Sequence[GatewayFault]) -> State:
    """Return what faults mean; right bytes of something else than was recorded are wrong too."""
    if not faults:
        return State.WRONG
    return State[_STATES.get(faults[-1].reason, "WRONG")]
