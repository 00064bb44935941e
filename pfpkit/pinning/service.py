"""Any provider of the IPFS Pinning Service API 1.0.0: pins by CID what it fetches from our node.

Follows ipfs.github.io/pinning-services-api-spec. Nothing is uploaded: the service is told a CID
and `origins`, the addresses of a back end of the same run that serves the blocks over libp2p, and
is asked for the state until it says "pinned" or "failed". A request that is still under way from
an earlier run is followed, not made again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

from pfpkit.cid import CID
from pfpkit.errors import NotPinned, PinError, Unavailable
from pfpkit.pinning import Dag, DagSummary, PinReceipt
from pfpkit.pinning.client import Answer, Client, Secret
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Clock, Failure, Pressure
from pfpkit.pinning.remote import Remote, is_cid, is_name, wrong_cid

PREFIX = "service:"
PRESSURE = Pressure(per_minute=60, at_once=16)
"""Most of the time is waiting for a state, so many are under way at once."""

_CIDS_A_QUESTION = 10  # "cid": maxItems 10
_RESULTS = 1000  # "limit": maximum 1000
_LIST_BYTES = 8 * 2**20
_MAX_ORIGINS = 20
_MAX_NAME = 255
_FIRST_POLL_S, _MAX_POLL_S = 1.0, 30.0
_ALL = "queued,pinning,pinned,failed"


class Serving(Protocol):
    """A back end that gives its blocks to others; `KuboPinner` is one."""

    name: str

    async def has(self, root: CID) -> bool:
        """Return whether the DAG is there."""

    async def origins(self) -> tuple[str, ...]:
        """Return the multiaddrs where its blocks can be fetched."""

    async def connect(self, addresses: Iterable[str]) -> None:
        """Try to connect to peers."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A PinStatus object, as far as it matters here."""

    id: str
    status: str
    cid: object
    delegates: tuple[str, ...]
    details: str


class ServicePinner(Remote):
    """A `Pinner` over one pinning service, which fetches what `serving` holds."""

    joins = True

    def __init__(
        self,
        name: str,
        url: str,
        secret: Secret,
        serving: Serving | None,
        *,
        denied: str = "",
        pressure: Pressure = PRESSURE,
        clock: Clock | None = None,
        pinned_within_s: float = 900.0,
    ) -> None:
        client = Client(PREFIX + name, url, pressure, secrets=(secret,), clock=clock, denied=denied)
        # Asked whether it is there, told to pin, asked for the state twice: in the usual case.
        super().__init__(client, requests=4)
        self._serving = serving
        self._within = pinned_within_s
        self.after = None if serving is None else serving.name

    def refuses(self, dag: DagSummary) -> str | None:
        """Refuse everything when no back end of the run serves blocks over libp2p."""
        if self._serving is not None:
            return None
        return (
            f"{self.name} fetches the blocks by itself, and no back end of this run serves them; "
            "pin to `kubo` too"
        )

    async def ready(self) -> None:
        """Ask for one pin: reachable, the token accepted, an answer of the API's form."""
        await self._list({"limit": "1"})

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Have the service fetch the DAG; Unavailable when it has not after 15 minutes.

        Again, it is told to replace the request that it says is pinned (`POST /pins/{requestid}`).
        """
        parcel = await Parcel.packed(dag)
        root = dag.root
        known = await self._of((root,), _ALL)
        pinned = [request for request in known if request.status == "pinned"]
        if pinned and not again:
            return PinReceipt(self.name, root, parcel.blocks, parcel.size, new=False)
        running = [request for request in known if request.status in ("queued", "pinning")]
        if running:
            request = running[0]
        else:
            request = await self._add(root, label, pinned[0] if pinned else None)
        await self._wait(root, request)
        if not await self.has(root):
            raise NotPinned(f"{self.name} says that it pinned {root}, and does not list it")
        return PinReceipt(self.name, root, parcel.blocks, parcel.size, new=not pinned)

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that it says are pinned; it is asked for ten at once."""
        asked = tuple(dict.fromkeys(roots))
        found: set[CID] = set()
        for start in range(0, len(asked), _CIDS_A_QUESTION):
            some = asked[start : start + _CIDS_A_QUESTION]
            requests = await self._of(some, "pinned")
            pinned = [request.cid for request in requests if request.status == "pinned"]
            found.update(root for root in some if any(is_cid(root, cid) for cid in pinned))
        return frozenset(found)

    async def unpin(self, root: CID) -> bool:
        """Remove every request for that CID, those that wait or failed too."""
        requests = await self._of((root,), _ALL)
        for request in requests:
            await self.client.call(
                f"unpin {root}",
                "DELETE",
                _path(request.id),
                lambda answer: True,
                # Somebody else was faster.
                expects={HTTPStatus.NOT_FOUND},
            )
        return any(request.status == "pinned" for request in requests)

    async def _described(self, root: CID, label: str) -> dict[str, object]:
        """Return the Pin object: what to fetch, and where it is."""
        if self._serving is None:
            raise PinError(f"{self.name} cannot fetch {root}: nothing serves it; pin to kubo too")
        if not await self._serving.has(root):
            raise PinError(
                f"{self.name} cannot fetch {root}: {self._serving.name} does not hold it; "
                "pin it there first"
            )
        origins = dict.fromkeys(await self._serving.origins())
        name = (label or str(root))[:_MAX_NAME]
        return {"cid": str(root), "name": name, "origins": list(origins)[:_MAX_ORIGINS]}

    async def _add(self, root: CID, label: str, instead: _Request | None) -> _Request:
        pin = await self._described(root, label)
        path = "/pins" if instead is None else _path(instead.id)
        unsure = False

        async def attempt() -> _Request | Failure:
            nonlocal unsure
            if unsure:
                # An answer was lost: a second request would be a second pin.
                found = await self.client.once("GET", "/pins", self._listed, params=_query((root,)))
                if isinstance(found, Failure):
                    return found
                for request in found:
                    is_new = instead is None or request.id != instead.id
                    if is_new and request.status != "failed" and is_cid(root, request.cid):
                        return request
            unsure = True
            return await self.client.once(
                "POST", path, lambda answer: self._status(answer, root), body=pin
            )

        request = await self.client.gate.run(f"pin {root}", attempt)
        # "Clients should preconnect to delegates": behind a NAT nobody could dial us.
        if self._serving is not None:
            await self._serving.connect(request.delegates)
        return request

    async def _wait(self, root: CID, request: _Request) -> None:
        """Ask for the state until it is pinned. PinError when it failed or takes too long."""
        until = self.client.gate.now() + self._within
        pause = _FIRST_POLL_S
        while request.status != "pinned":
            if request.status == "failed":
                words = f" ({request.details})" if request.details else ""
                raise PinError(
                    f"{self.name} failed to pin {root}{words}; "
                    "look whether its origins can be reached from outside, and run it again"
                )
            if self.client.gate.now() + pause > until:
                raise Unavailable(
                    f"{self.name} has not pinned {root} after {self._within:.0f} s, it is still "
                    f"{request.status}; run it again later, which goes on waiting"
                )
            await self.client.gate.sleep(pause)
            pause = min(pause * 2, _MAX_POLL_S)
            request = await self._ask(root, request.id)

    async def _ask(self, root: CID, request_id: str) -> _Request:
        return await self.client.call(
            f"say how far {root} is",
            "GET",
            _path(request_id),
            lambda answer: self._status(answer, root),
        )

    async def _of(self, roots: Sequence[CID], statuses: str) -> list[_Request]:
        """Return the requests for CIDs in the given states; the filter is not trusted."""
        found = await self._list(_query(roots, statuses))
        return [request for request in found if any(is_cid(root, request.cid) for root in roots)]

    async def _list(self, params: Mapping[str, str]) -> list[_Request]:
        return await self.client.call(
            "list its pins", "GET", "/pins", self._listed, params=params, max_bytes=_LIST_BYTES
        )

    def _listed(self, answer: Answer) -> list[_Request] | Failure:
        said = answer.json()
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list):
            return Failure(
                f"{self.client.url} is no pinning service: its answer lists no pins",
                retryable=True,
            )
        requests = [_request(result, self.client) for result in results]
        return [request for request in requests if request is not None]

    def _status(self, answer: Answer, root: CID) -> _Request | Failure:
        request = _request(answer.json(), self.client)
        if request is None:
            return Failure("its answer is no PinStatus", retryable=True)
        return wrong_cid(root, request.cid) or request


def _query(roots: Sequence[CID], statuses: str = _ALL) -> dict[str, str]:
    return {"cid": ",".join(map(str, roots)), "status": statuses, "limit": str(_RESULTS)}


def _request(said: object, client: Client) -> _Request | None:
    """Return a PinStatus object, or None when it is none; words in it are made printable."""
    if not isinstance(said, dict):
        return None
    pin, info, delegates = said.get("pin"), said.get("info"), said.get("delegates")
    request_id, status = said.get("requestid"), said.get("status")
    # A request called `..` would be another address.
    if not isinstance(request_id, str) or not is_name(request_id.strip(".")):
        return None
    if status not in _ALL.split(","):
        return None
    details = info.get("status_details") if isinstance(info, dict) else None
    return _Request(
        request_id,
        status,
        pin.get("cid") if isinstance(pin, dict) else None,
        tuple(each for each in delegates if isinstance(each, str))
        if isinstance(delegates, list)
        else (),
        client.clip(details) if isinstance(details, str) else "",
    )


def _path(request_id: str) -> str:
    return "/pins/" + quote(request_id, safe="")
