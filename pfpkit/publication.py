"""Pin bundles on every back end, and read them back through a route that is not the back end.

Two roots a token: the bundle, and the image file that wallets follow. A bundle counts as read back
when `<bundle>/metadata.json`, `<bundle>/image` and `<image>` came through a gateway, every block
hashed, and were the blocks computed here. Trusts no back end's word.

A gateway of others is pressed as little as a pinning service: `RouteReader` keeps a rate, and when
it is told to wait, nothing more is asked of that gateway until then.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from pfpkit.addresses import is_public
from pfpkit.bundle import IMAGE, METADATA, Bundle
from pfpkit.cid import CID
from pfpkit.errors import GatewayError, NotReadBack, PfpkitError, PinError
from pfpkit.pinning import Dag, Pinner, PinReceipt
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.pressure import Clock, Failure, Gate, Pressure, retry_after
from pfpkit.pins import PinEntry, PinnedBy, ReadBack
from pfpkit.retrieval import Fetched, GatewayFault, IpfsPath, Limits, Reason, Retriever
from pfpkit.timestamp import now

_T = TypeVar("_T")

__all__ = ["EMBEDDED", "Published", "Route", "RouteReader", "publish", "read_back"]

EMBEDDED = "embedded"
"""The name of the embedded gateway in records: its port changes with every run."""

_AT_ONCE = 8
_OURS = Pressure(at_once=_AT_ONCE, retries=0)
_NEAR = Pressure(at_once=_AT_ONCE, retries=3, backoff_s=2.0)
"""It may need a moment to find what was just pinned, so it is asked again."""
_PUBLIC = Pressure(per_minute=1200, burst=40, at_once=_AT_ONCE, retries=3, backoff_s=2.0)
"""Requests for single blocks. Public gateways do not say how many they take; they say 429."""

_LIMITS = Limits(block_s=30.0)
_FINAL = {
    Reason.WRONG_TYPE,
    Reason.COMPRESSED,
    Reason.TOO_LARGE,
    Reason.CRUMBS,
    Reason.REDIRECTED,
}


@dataclass(frozen=True, slots=True)
class Route:
    """A gateway to read back through: its name in the record, and its URL.

    `per_minute` and `at_once` overrule how hard it is pressed, in requests for single blocks.
    """

    name: str
    url: str
    per_minute: float | None = None
    at_once: int | None = None

    @property
    def pressure(self) -> Pressure:
        """How hard it may be pressed."""
        if self.name == EMBEDDED:
            return _OURS
        known = _PUBLIC if self.is_public else _NEAR
        return replace(
            known,
            per_minute=self.per_minute or known.per_minute,
            at_once=self.at_once or known.at_once,
        )

    @property
    def is_public(self) -> bool:
        """Whether a stranger could ask the same gateway."""
        return self.name != EMBEDDED and is_public(self.url)

    def speaks_for(self, pinner: str) -> bool:
        """Return whether it can have got its blocks from a back end: the embedded one has its own.

        >>> Route(EMBEDDED, "").speaks_for("kubo"), Route("https://ipfs.io", "").speaks_for("kubo")
        (False, True)
        """
        return self.name != EMBEDDED or pinner == BlockStore.name


@dataclass(frozen=True, slots=True)
class Published:
    """One bundle, pinned and read back; `new` when a back end did not hold it before."""

    entry: PinEntry
    new: bool


async def publish(
    bundles: Iterable[tuple[str, Bundle]], pinners: Sequence[Pinner], routes: Sequence[Route]
) -> AsyncIterator[Published]:
    """Pin each (key, bundle) everywhere and read it back through every route, one after another.

    Stops at the first that cannot be pinned or read back; what was yielded before stays true.
    """
    for key, bundle in bundles:
        receipts = [await _pin(pinner, bundle) for pinner in pinners]
        routes_read = []
        for route in routes:
            await read_back(bundle.root, bundle.image, route)
            routes_read.append(ReadBack(route.name, now()))
        # The bundle's own count: the image's blocks are among its blocks.
        held = tuple(PinnedBy(r.pinner, now(), r.blocks, r.bytes) for r, _ in receipts)
        entry = PinEntry(key, bundle.root, bundle.image, held, tuple(routes_read))
        yield Published(entry, any(r.new for pair in receipts for r in pair))


async def _pin(pinner: Pinner, bundle: Bundle) -> tuple[PinReceipt, PinReceipt]:
    whole = await pinner.pin(Dag(bundle.root, bundle.blocks))
    image = await pinner.pin(Dag(bundle.image, bundle.image_blocks))
    return whole, image


class RouteReader:
    """Reads bundles back through one route, many at once, at the pace that it allows.

    Use as `async with RouteReader(route) as reader:`.
    """

    def __init__(self, route: Route, clock: Clock | None = None) -> None:
        self.route = route
        self._clock = clock or Clock()
        self._gate = Gate(route.name, route.pressure, clock)
        # Blocks alone, one after another: its pace counts each request.
        self._gateway = Retriever([route.url], _LIMITS, plain_files=False, ahead=0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._gateway.__aexit__(*error)

    async def each(self, items: Iterable[_T], work: Callable[[_T], Awaitable[None]]) -> None:
        """Do `work` with each item, in order of beginning and several at once."""
        waiting = deque(items)

        async def some() -> None:
            while waiting:
                await work(waiting.popleft())

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.route.pressure.at_once, len(waiting))):
                group.create_task(some())

    async def read(self, bundle: CID, image: CID, blocks: int) -> float:
        """Read a bundle of so many blocks back and return how many seconds that took.

        NotReadBack as `read_back` raises it, after as many tries as are worth it.
        """

        async def reading() -> float:
            begun = time.monotonic()
            await read_back(bundle, image, self.route, self._gateway)
            return time.monotonic() - begun

        # The bundle's own block is read for each of its two files.
        return await self._paced(bundle, reading, blocks + 1)

    async def read_block(self, cid: CID) -> bytes:
        """Read one block back, hashed; NotReadBack after as many tries as are worth it."""

        async def reading() -> bytes:
            try:
                return await self._gateway.block(cid)
            except GatewayError as error:
                raise _not_given(cid, self.route, error) from error

        return await self._paced(cid, reading, 1)

    async def _paced(self, cid: CID, reading: Callable[[], Awaitable[_T]], tokens: int) -> _T:
        last: NotReadBack | None = None

        async def attempt() -> _T | Failure:
            nonlocal last
            try:
                return await reading()
            except NotReadBack as error:
                last = error
                return self._judged(error)

        try:
            return await self._gate.run(f"give {cid}", attempt, tokens=tokens)
        except PinError as error:
            # It was told to wait for too long before this one had its turn.
            fault = GatewayFault(self.route.name, cid, Reason.BUSY, str(error))
            raise last or NotReadBack(str(error), reason=error.reason, fault=fault) from None

    def _judged(self, error: NotReadBack) -> Failure:
        fault: GatewayFault | None = error.fault
        if fault is None or fault.reason in _FINAL:
            return Failure(error.reason)
        wait = retry_after(fault.retry_after, self._clock.today())
        return Failure(error.reason, True, wait, fault.reason is Reason.BUSY)


async def read_back(
    bundle: CID, image: CID, route: Route, gateway: Retriever | None = None
) -> tuple[Fetched, Fetched]:
    """Read metadata and image through a route and hash every block; NotReadBack says what failed.

    Returns the two files. The image is read by the bundle's path, whose last step asks for its own
    CID, as wallets do that follow the metadata's link. `gateway` is a client of that route alone.
    """
    if gateway is None:
        async with Retriever([route.url], _LIMITS, plain_files=False, ahead=0) as own:
            return await read_back(bundle, image, route, own)
    try:
        metadata = await gateway.read(IpfsPath(bundle, METADATA))
        inside = await gateway.read(IpfsPath(bundle, IMAGE))
    except GatewayError as error:
        raise _not_given(bundle, route, error) from error
    except PfpkitError as error:
        raise NotReadBack(
            f"{bundle} read back through {route.name} is no bundle: {error}; "
            "run `ape run pin --repair`",
            reason=f"is no bundle: {error.reason}",
        ) from error
    if inside.cid != image:
        raise NotReadBack(
            f"{bundle} holds {inside.cid} as its image, not {image}; run `ape run pin` again",
            reason="holds another image",
        )
    return metadata, inside


def _not_given(cid: CID, route: Route, error: GatewayError) -> NotReadBack:
    # Without a fault, all of it took too long together.
    late = GatewayFault(route.name, cid, Reason.TIMED_OUT, "")
    fault = error.faults[-1] if error.faults else late
    return NotReadBack(
        f"{cid} cannot be read back through {route.name}: {error}; {_what_next(route, fault)}",
        reason=f"{fault.reason}; {_what_next(route, fault)}",
        fault=fault,
    )


def _what_next(route: Route, fault: GatewayFault) -> str:
    if route.name != EMBEDDED:
        return "run `ape run pin --repair`, or name another --gateway"
    # The embedded gateway answers 500 for a block that is not the one its file is named by.
    if fault.reason is Reason.REFUSED:
        return "its block on disk is damaged; run `ape run pin --repair`, which mends it"
    return "run `ape run pin --repair`, which puts back what is missing"
