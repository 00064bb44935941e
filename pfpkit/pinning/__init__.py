"""What every pinning back end promises: the `Pinner` protocol and its values.

A pinner keeps all blocks of a DAG under its root and says so with a receipt. What a receipt says
is never proof: a bundle is minted only after its bytes were read back through another route and
hashed (`pfpkit.retrieval`). One file of this package is one back end; `settings.make_pinners`
makes those that a run names. Pinners of remote services hold connections: use them as
`async with pinner:`, within one event loop.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from pfpkit.cid import CID, Block
from pfpkit.unixfs import Kind, decode_node

__all__ = ["Dag", "DagSummary", "Pace", "PinReceipt", "Pinner"]


@dataclass(frozen=True, slots=True)
class Dag:
    """A root and the blocks reachable from it, in any order.

    `blocks` can be read again from its start, because an upload may have to be repeated: a tuple,
    or an object whose `__iter__` makes the blocks anew. An iterator is refused with TypeError.

    `present` are roots below it that the back end holds already with all that is under them; what
    is below them need not be in `blocks`. Only for a back end that `joins`.
    """

    root: CID
    blocks: Iterable[Block]
    present: frozenset[CID] = frozenset()

    def __post_init__(self) -> None:
        if isinstance(self.blocks, Iterator):
            raise TypeError("the blocks of a Dag are read more than once, an iterator is not")


@dataclass(frozen=True, slots=True)
class DagSummary:
    """What a plan has to know of a DAG: sizes in bytes, and the largest file in it.

    `bytes` counts each different block once. `sharded` says that a folder in it is a HAMT, `nested`
    that a folder is in another one.
    """

    root: CID
    blocks: int
    bytes: int
    largest_file: int
    sharded: bool = False
    nested: bool = False

    @classmethod
    def of(cls, dag: Dag) -> Self:
        """Return the summary of a DAG by reading its blocks; none is hashed. BadBlock if odd."""
        sizes: dict[CID, int] = {}
        largest, sharded = 0, False
        folders, inside = set(), set()
        for cid, data in dag.blocks:
            sizes[cid] = len(data)
            node = decode_node(cid, data)
            sharded = sharded or node.kind is Kind.HAMT
            # A part of a file is never larger than the file.
            largest = max(largest, node.size if node.is_file else 0)
            if not node.is_file:
                folders.add(cid)
                inside |= {link.cid for link in node.links}
        nested = not folders.isdisjoint(inside)
        return cls(dag.root, len(sizes), sum(sizes.values()), largest, sharded, nested)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a plan needs to foretell a run's time: a service's rate, and the requests of one pin.

    >>> Pace(per_minute=60.0, requests=1).minutes(90)
    1.5
    """

    per_minute: float | None = None
    """None: nothing but the machine and the line bounds it."""
    requests: int = 1

    def minutes(self, pins: int) -> float:
        """Return how long so many pins take at the least."""
        return pins * self.requests / self.per_minute if self.per_minute else 0.0


@dataclass(frozen=True, slots=True)
class PinReceipt:
    """What a back end says it holds: `blocks` different blocks of `bytes` bytes under `root`."""

    pinner: str
    root: CID
    blocks: int
    bytes: int
    new: bool
    """False when the root was pinned there before."""


class Pinner(Protocol):
    """A place that keeps DAGs. Pinning twice is the same as pinning once.

    Every method may run many times at once; the back end itself bounds how much is under way, and
    tries again what is worth it. What it raises is a PinError that names the service, what it
    said and what to do, and never a secret:

    - AccessDenied: the service refuses the credentials; nothing else will succeed there;
    - Unavailable: it did not answer rightly in time, retries included; run again later;
    - WrongCID: it kept other bytes than ours, both CIDs are named;
    - any other PinError: this one DAG was refused, others may do.
    """

    @property
    def name(self) -> str:
        """The name that receipts, errors and records use, such as "kubo" or "service:pin.io"."""

    @property
    def after(self) -> str | None:
        """The name of the pinner of the same run that has to hold a DAG first, or None.

        A pinning service fetches the blocks from it.
        """

    @property
    def joins(self) -> bool:
        """Whether it pins a root over others that it holds, without their blocks: `Dag.present`."""

    @property
    def pace(self) -> Pace:
        """The rate limit that the back end keeps to."""

    def refuses(self, dag: DagSummary) -> str | None:
        """Return why this back end can not take the DAG and what to do, or None. Asks nobody."""

    async def ready(self) -> None:
        """Return when the service is reachable and takes the credentials.

        To be awaited before anything is uploaded. PinError says what is wrong and what to do.
        """

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Keep every block of `dag`; `label` is the name that the service's own pages show.

        With `again` it is given to the service though that lists it: some list what they lost.

        The DAG is checked first: WrongBytes or NotPinned, before anything is sent, when a block
        is not its CID's or is absent. The embedded store takes blocks that it has as given.
        """

    async def has(self, root: CID) -> bool:
        """Return whether `root` is pinned there, as far as the back end says."""

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are pinned there, in as few requests as it can be asked."""

    async def unpin(self, root: CID) -> bool:
        """Stop keeping `root`; return whether it was pinned."""

    async def aclose(self) -> None:
        """Close its connections. Closing twice is fine."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
