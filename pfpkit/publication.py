"""Pin bundles on every back end, and read them back through a route that is not the back end.

Two roots a token: the bundle, and the image file that wallets follow. A bundle counts as read back
when `<bundle>/metadata.json`, `<bundle>/image` and `<image>` came through a gateway, every block
hashed, and were the blocks computed here. Trusts no back end's word.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pfpkit.addresses import is_public
from pfpkit.bundle import IMAGE, METADATA, Bundle
from pfpkit.cid import CID
from pfpkit.errors import GatewayError, NotPinned, PfpkitError
from pfpkit.pinning import Dag, Pinner, PinReceipt
from pfpkit.pins import PinEntry, PinnedBy, ReadBack
from pfpkit.retrieval import Fetched, GatewayFault, IpfsPath, Limits, Reason, Retriever

__all__ = ["EMBEDDED", "Published", "Route", "publish", "read_back", "reader"]

EMBEDDED = "embedded"
"""The name of the embedded gateway in records: its port changes with every run."""


@dataclass(frozen=True, slots=True)
class Route:
    """A gateway to read back through: its name in the record, and its URL."""

    name: str
    url: str

    @property
    def is_public(self) -> bool:
        """Whether a stranger could ask the same gateway."""
        return self.name != EMBEDDED and is_public(self.url)


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
            routes_read.append(ReadBack(route.name, _now()))
        # The bundle's own count: the image's blocks are among its blocks.
        held = tuple(PinnedBy(r.pinner, _now(), r.blocks, r.bytes) for r, _ in receipts)
        entry = PinEntry(key, bundle.root, bundle.image, held, tuple(routes_read))
        yield Published(entry, any(r.new for pair in receipts for r in pair))


async def _pin(pinner: Pinner, bundle: Bundle) -> tuple[PinReceipt, PinReceipt]:
    whole = await pinner.pin(Dag(bundle.root, bundle.blocks))
    image = await pinner.pin(Dag(bundle.image, bundle.image_blocks))
    return whole, image


def reader(route: Route) -> Retriever:
    """Return a client of one route, for several `read_back`s one after another."""
    return Retriever([route.url], Limits(block_s=30.0))


async def read_back(
    bundle: CID, image: CID, route: Route, gateway: Retriever | None = None
) -> tuple[Fetched, Fetched]:
    """Read metadata and image through a route and hash every block; NotPinned says what is missing.

    Returns the two files. The image is read by the bundle's path, whose last step asks for its own
    CID, as wallets do that follow the metadata's link. `gateway` is the route's `reader`.
    """
    if gateway is None:
        async with reader(route) as own:
            return await read_back(bundle, image, route, own)
    before = len(gateway.faults)
    try:
        metadata = await gateway.read(IpfsPath(bundle, METADATA))
        inside = await gateway.read(IpfsPath(bundle, IMAGE))
    except GatewayError as error:
        raise NotPinned(
            f"{bundle} cannot be read back through {route.name}: {error}; "
            f"{_what_next(route, gateway.faults[before:])}"
        ) from error
    except PfpkitError as error:
        raise NotPinned(
            f"{bundle} read back through {route.name} is no bundle: {error}; "
            "run `ape run pin --repair`"
        ) from error
    if inside.cid != image:
        raise NotPinned(
            f"{bundle} holds {inside.cid} as its image, not {image}; run `ape run pin` again"
        )
    return metadata, inside


def _what_next(route: Route, faults: Sequence[GatewayFault]) -> str:
    if route.name != EMBEDDED:
        return "run `ape run pin --repair`, or name another --gateway"
    # The embedded gateway answers 500 for a block that is not the one its file is named by.
    if any(fault.reason is Reason.REFUSED for fault in faults):
        return "its block on disk is damaged; run `ape run pin --repair`, which mends it"
    return "run `ape run pin --repair`, which puts back what is missing"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
