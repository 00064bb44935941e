"""Kubo's RPC API as a pinning back end: a node of one's own, or a service that offers its RPC.

Follows the Kubo RPC API v0 reference (docs.ipfs.tech/reference/kubo/rpc): `dag/import` of a CAR
with `pin-roots`, so that no chunker can change a CID; `pin/ls`, `pin/rm`, `id`, `swarm/connect`,
`version`. The answer of `dag/import` is 200 before the import has ended, and what went wrong then
is in its lines, or only in an HTTP trailer: a pin counts when `pin/ls` lists it afterwards.
"""

import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import TypeVar, Unpack

from pfpkit.cid import CID
from pfpkit.errors import BadCID, NotPinned, PinError
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.client import Answer, Asked, Client, Secret
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Clock, Failure, Pressure
from pfpkit.pinning.remote import Remote, car_form, is_cid, wrong_cid

T = TypeVar("T")

NAME = "kubo"
URL = "http://127.0.0.1:5001"
PRESSURE = Pressure(at_once=8)

_ASK_EACH = 20
"""Up to so many roots are asked for one by one; more by one list of all pins."""
_LIST_BYTES = 256 * 2**20
_MAX_ADDRESSES = 20
_CONNECT_WITHIN = "10s"


class KuboPinner(Remote):
    """A `Pinner` that also serves what it holds over libp2p: see `origins`."""

    joins = True

    def __init__(
        self,
        url: str = URL,
        secret: Secret | None = None,
        pressure: Pressure = PRESSURE,
        clock: Clock | None = None,
        name: str = NAME,
    ) -> None:
        super().__init__(
            Client(
                name,
                url,
                pressure,
                secrets=() if secret is None else (secret,),
                clock=clock,
                denied="set KUBO_AUTH to bearer:TOKEN or basic:USER:PASSWORD",
            ),
            requests=3,
        )
        self.version = ""

    async def ready(self) -> None:
        """Ask for the node's version and keep it in `version`."""

        def judge(answer: Answer) -> str | Failure:
            said = answer.json()
            version = said.get("Version") if isinstance(said, dict) else None
            if isinstance(version, str) and version:
                return self.client.clip(version)
            return Failure(f"{self.client.url} is no Kubo RPC", next="check the URL of kubo")

        self.version = await self._rpc("say its version", "version", judge)

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Import the DAG and pin its root, unless it is pinned. Labels are not kept."""
        parcel = await Parcel.packed(dag)
        root = dag.root

        async def send() -> bool | Failure:
            return await self._once(
                "dag/import",
                lambda answer: self._imported(answer, parcel),
                params={"pin-roots": "true", "stats": "true"},
                upload=car_form({}, parcel),
            )

        held = await self.has(root)
        if again or not held:
            listed = None if again else lambda: self._has(root)
            await self.give(f"import {root}", send, listed)
            if not await self.has(root):
                raise NotPinned(
                    f"{self.name} said that it pinned {root}, and does not list it; run it again"
                )
        return PinReceipt(self.name, root, parcel.blocks, parcel.size, new=not held)

    async def has(self, root: CID) -> bool:
        """Return whether `root` is pinned recursively, so with everything under it."""
        return await self.client.gate.run(f"say whether it has {root}", lambda: self._has(root))

    async def _has(self, root: CID) -> bool | Failure:
        def judge(answer: Answer) -> bool | Failure:
            said = answer.json()
            keys = said.get("Keys") if isinstance(said, dict) else None
            if not isinstance(keys, dict):
                return Failure("its answer lists no pins", retryable=True)
            return any(
                is_cid(root, key) and isinstance(pin, dict) and pin.get("Type") == "recursive"
                for key, pin in keys.items()
            )

        params = {"arg": str(root), "type": "recursive"}
        return await self._once("pin/ls", judge, params=params, if_not_pinned=False)

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are pinned recursively."""
        asked = tuple(dict.fromkeys(roots))
        if len(asked) <= _ASK_EACH:
            return frozenset([root for root in asked if await self.has(root)])
        pinned = await self._rpc(
            "list its pins",
            "pin/ls",
            _listed,
            params={"type": "recursive", "stream": "true"},
            max_bytes=_LIST_BYTES,
        )
        return frozenset(root for root in asked if root.as_v1() in pinned)

    async def unpin(self, root: CID) -> bool:
        """Remove the recursive pin; the node's garbage collector takes the blocks later."""
        return await self._rpc(
            f"unpin {root}",
            "pin/rm",
            lambda answer: True,
            params={"arg": str(root)},
            if_not_pinned=False,
        )

    async def origins(self) -> tuple[str, ...]:
        """Return at most 20 multiaddrs where others get blocks from this node, public ones first.

        Addresses of local networks are given only when there is no other: a pinning service that
        runs beside the node can use them.
        """

        def judge(answer: Answer) -> tuple[str, ...] | Failure:
            said = answer.json()
            found = said.get("Addresses") if isinstance(said, dict) else None
            if not isinstance(found, list):
                return Failure("its answer names no addresses", retryable=True)
            whole = [each for each in found if isinstance(each, str) and "/p2p/" in each]
            return tuple([a for a in whole if _is_public(a)] or whole)[:_MAX_ADDRESSES]

        return await self._rpc("say its addresses", "id", judge)

    async def connect(self, addresses: Iterable[str]) -> None:
        """Try to connect to peers; one that cannot be reached is no error, for it is a hint."""
        for address in tuple(addresses)[:_MAX_ADDRESSES]:
            if address.startswith("/") and "/p2p/" in address:
                with suppress(PinError):
                    await self._rpc(
                        "connect to a peer",
                        "swarm/connect",
                        lambda answer: True,
                        params={"arg": address, "timeout": _CONNECT_WITHIN},
                    )

    def _imported(self, answer: Answer, parcel: Parcel) -> bool | Failure:
        """Judge the lines of `dag/import`: our root without an error, and the right counts."""
        found = False
        for line in _lines(answer.body):
            if line is None:
                return Failure("its answer was cut short", retryable=True)
            if line.get("Type") == "error":
                return Failure(self.client.clip(str(line.get("Message"))))
            root, stats = line.get("Root"), line.get("Stats")
            if isinstance(root, dict):
                if said := root.get("PinErrorMsg"):
                    return Failure(self.client.clip(str(said)))
                cid = root.get("Cid")
                named = cid.get("/") if isinstance(cid, dict) else cid
                if wrong := wrong_cid(parcel.dag.root, named):
                    return wrong
                found = True
            if isinstance(stats, dict) and stats.get("BlockCount") != parcel.blocks:
                return Failure(
                    f"it took {stats.get('BlockCount')} of {parcel.blocks} blocks", retryable=True
                )
        return True if found else Failure("its answer names no root", retryable=True)

    async def _rpc(
        self,
        what: str,
        command: str,
        judge: Callable[[Answer], T | Failure],
        *,
        if_not_pinned: T | None = None,
        **asked: Unpack[Asked],
    ) -> T:
        """Call one command, as often as is worth it."""

        async def attempt() -> T | Failure:
            return await self._once(command, judge, if_not_pinned=if_not_pinned, **asked)

        return await self.client.gate.run(what, attempt)

    async def _once(
        self,
        command: str,
        judge: Callable[[Answer], T | Failure],
        *,
        if_not_pinned: T | None = None,
        **asked: Unpack[Asked],
    ) -> T | Failure:
        """Call one command; Kubo answers its own errors with 500 and a JSON that says them."""

        def judged(answer: Answer) -> T | Failure:
            if answer.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                return judge(answer)
            said = answer.json()
            if not isinstance(said, dict) or said.get("Type") != "error":
                # Not Kubo, but something before it that has a bad moment.
                return self.client.fault(answer) or Failure("500")
            message = str(said.get("Message"))
            if if_not_pinned is not None and "not pinned" in message:
                return if_not_pinned
            return Failure(self.client.clip(message))

        asked["expects"] = {HTTPStatus.INTERNAL_SERVER_ERROR}
        return await self.client.once("POST", f"/api/v0/{command}", judged, **asked)


def _lines(body: bytes) -> Iterator[dict[str, object] | None]:
    """Yield the objects of an NDJSON body, and None for a line that is none."""
    for line in body.splitlines():
        if line.strip():
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                said = None
            yield said if isinstance(said, dict) else None


def _listed(answer: Answer) -> frozenset[CID] | Failure:
    """Judge the list of all pins: one a line, or all in one object where streams are unknown.

    A block that is pinned with others above it goes when these do: only roots count.
    """
    pinned: set[CID] = set()
    for line in _lines(answer.body):
        if line is None or line.get("Type") == "error":
            return Failure("its list of pins was cut short", retryable=True)
        keys = line.get("Keys")
        for text, pin in keys.items() if isinstance(keys, dict) else ((line.get("Cid"), line),):
            # A node may hold CIDs that we do not read; they are none of ours.
            with suppress(BadCID):
                if isinstance(pin, dict) and pin.get("Type") == "recursive":
                    pinned.add(CID.parse(str(text)).as_v1())
    return frozenset(pinned)


def _is_public(address: str) -> bool:
    """Return whether a multiaddr begins with an IP address of the whole Internet, or a name.

    >>> _is_public("/ip4/192.168.1.7/tcp/4001/p2p/12D3Koo"), _is_public("/dns4/a.io/tcp/4001")
    (False, True)
    """
    _, kind, host, *_ = (*address.split("/", 3), "", "")
    if kind not in ("ip4", "ip6"):
        return kind.startswith("dns") and host != "localhost"
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return False
