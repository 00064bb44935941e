"""What the remote back ends share: how they begin and end, what they upload, how CIDs compare."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Self

from pfpkit.cid import CID
from pfpkit.console import shown
from pfpkit.errors import BadCID, WrongCID
from pfpkit.pinning import DagSummary, Pace
from pfpkit.pinning.client import Client, Upload
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Failure

_MAX_NAME = 1024


class Remote(ABC):
    """What the remote back ends share: a name, a client, and an end."""

    after: str | None = None
    joins = False

    def __init__(self, client: Client, requests: int = 1) -> None:
        self.name = client.name
        self.client = client
        self.pace = Pace(client.pressure.per_minute, requests)

    def refuses(self, dag: DagSummary) -> str | None:
        """Return None: it takes every DAG."""
        return None

    @abstractmethod
    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are pinned; each back end knows the cheapest way."""

    async def has(self, root: CID) -> bool:
        """Return whether `root` is pinned there, as far as the service says."""
        return bool(await self.held((root,)))

    async def give(
        self,
        what: str,
        send: Callable[[], Awaitable[bool | Failure]],
        listed: Callable[[], Awaitable[bool | Failure]] | None,
    ) -> bool:
        """Return what `send` gives; it is tried again only when the service does not have it.

        An answer may be lost, or a 503, after all of it was stored: `listed` makes one request and
        returns whether it was. None: it is sent whatever is listed.
        """
        unsure = False

        async def attempt() -> bool | Failure:
            nonlocal unsure
            if unsure and listed is not None and (found := await listed()):
                return found
            sent = await send()
            unsure = isinstance(sent, Failure) and not sent.busy
            return sent

        return await self.client.gate.run(what, attempt)

    async def aclose(self) -> None:
        """Close all connections. Closing twice is fine."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def car_form(fields: Mapping[str, str], parcel: Parcel) -> Upload:
    """Return the multipart/form-data (RFC 7578) of `fields` and of the CAR as the part `file`.

    No path of this machine is in it: the file is called by its root.
    """
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
        f'filename="{parcel.dag.root}.car"\r\nContent-Type: application/vnd.ipld.car\r\n\r\n'
    )
    head, tail = "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()

    async def read() -> AsyncIterator[bytes]:
        yield head
        async for piece in parcel.stream():
            yield piece
        yield tail

    length = len(head) + parcel.length + len(tail)
    return Upload(length, f"multipart/form-data; boundary={boundary}", read)


def is_name(said: object) -> bool:
    """Return whether `said` can be part of a path: services call their pins by names."""
    return isinstance(said, str) and 0 < len(said) <= _MAX_NAME and said.isprintable()


def wrong_cid(root: CID, said: object) -> Failure | None:
    """Return the failure of a service that says it keeps another CID than `root`, or None."""
    if is_cid(root, said):
        return None
    if not isinstance(said, str) or not said:
        return Failure("its answer names no CID", retryable=True)
    other = shown(said[:100])
    return Failure(
        f"it keeps {other} where {root} was sent; it cut the files with another chunker or "
        "profile than unixfs-v1-2025, or changed them",
        error=WrongCID,
        next="nothing is recorded for it; use a service that takes CARs",
    )


def cids_of(texts: Iterable[object]) -> set[CID]:
    """Return the CIDs (version 1) among what a service lists; what is none is left out."""
    found = set()
    for text in texts:
        with suppress(BadCID):
            found.add(CID.parse(str(text)).as_v1())
    return found


def is_cid(root: CID, said: object) -> bool:
    """Return whether `said` is the text of `root`, in any base and version."""
    if not isinstance(said, str):
        return False
    try:
        return CID.parse(said).as_v1() == root.as_v1()
    except BadCID:
        return False
