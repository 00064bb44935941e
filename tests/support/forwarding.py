"""Services that nobody here wrote, each behind a front that records, and lies when told to.

A front passes every request on and gives back what the real service answered; what `next` names,
and the two lies of `pinning_peers.Peer`, happen at the front. So the same tests run against both.
"""

from __future__ import annotations

import atexit
import json
import tempfile
from abc import abstractmethod
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import httpx

from support import peers
from support.hostile_service import Reply, Request, Service
from support.pinning_peers import OTHER, PEER_ID, TOKEN, Kubo

_CONNECTION = {"connection", "content-length", "host", "transfer-encoding", "keep-alive"}


@cache
def _running(name: str) -> peers.Peer:
    """One process of a kind for all tests of a run; it ends with the run."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if name == "js-ipfs":
        return stack.enter_context(peers.js_ipfs(folder))
    delegate = f"/ip4/203.0.113.1/tcp/4001/p2p/{PEER_ID}"
    return stack.enter_context(peers.pinning_service(folder, TOKEN, delegate))


class Front(Service):
    """Passes on to a real service."""

    def __init__(self, real: peers.Peer) -> None:
        super().__init__()
        self.real = real
        self.labels: list[str] = []
        self.wrong_cid = False
        self.pins_nothing = False
        self.stored = 0
        """How many uploads were new."""
        self._client = httpx.Client(base_url=real.about["url"], trust_env=False, timeout=60)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.clear()
        self._client.close()

    @abstractmethod
    def clear(self) -> None:
        """Leave nothing pinned for the next test."""

    def answer(self, request: Request) -> Reply:
        """What the real service says."""
        headers = {k: v for k, v in request.headers.items() if k not in _CONNECTION}
        said = self._client.request(
            request.method,
            request.path,
            params=request.query,
            headers=headers,
            content=request.body,
        )
        kept = {k: v for k, v in said.headers.items() if k.lower() not in _CONNECTION}
        return Reply(said.status_code, said.content, kept)


class JsIpfs(Front):
    """js-ipfs's RPC. It asks for no credentials."""

    def __init__(self) -> None:
        super().__init__(_running("js-ipfs"))

    @property
    def pins(self) -> dict[str, str]:
        """What is pinned there, as it says."""
        asked = {"type": "recursive", "cid-base": "base32"}
        said = self._client.post("/api/v0/pin/ls", params=asked)
        return {cid: pin["Type"] for cid, pin in said.json()["Keys"].items()}

    def clear(self) -> None:
        for cid in self.pins:
            self.forget(cid)

    def forget(self, cid: str) -> None:
        """Lose a pin."""
        self._client.post("/api/v0/pin/rm", params={"arg": cid}).raise_for_status()

    def answer(self, request: Request) -> Reply:
        reply = super().answer(request)
        if not request.path.endswith("/dag/import") or reply.status != 200:
            return reply
        assert isinstance(reply.body, bytes)
        root = json.loads(reply.body.splitlines()[0])["Root"]["Cid"]["/"]
        self.stored += 1
        if self.pins_nothing:
            self.forget(root)
        if self.wrong_cid:
            return Reply(200, reply.body.replace(root.encode(), OTHER.encode()), reply.headers)
        return reply


class NpmService(Front):
    """npm's mock-ipfs-pinning-service, which keeps requests; what fetches is played here: each
    goes through its states when it is asked for, and is pinned when an origin has the DAG."""

    one_a_cid = True
    """A second request for a CID is the first one again."""

    def __init__(self, sources: list[Kubo]) -> None:
        super().__init__(_running("mock-ipfs-pinning-service"))
        self.sources = sources
        self.states = States(self.real)
        self.fails = False
        self.stays_queued = False

    @property
    def pins(self) -> dict[str, str]:
        """CID -> the request that pinned it."""
        pins = self.real.ask("pins")["pins"]
        return {p["pin"]["cid"]: p["requestid"] for p in pins if p["status"] == "pinned"}

    def clear(self) -> None:
        self.real.ask("forget")

    def answer(self, request: Request) -> Reply:
        request_id = unquote(request.path.removeprefix("/pins").removeprefix("/"))
        if request.method == "GET" and request_id in self.states and not self.stays_queued:
            self.states.step(request_id)
        reply = super().answer(request)
        if request.method == "POST" and reply.status == 202:
            self._added(request.json, json.loads(reply.data()))
        if self.pins_nothing:
            for pinned in self.pins.values():
                self.states[pinned] = (self.states[pinned][0], ["failed"])
        if self.wrong_cid:
            said = reply.data()
            for pin in self.real.ask("pins")["pins"]:
                said = said.replace(pin["pin"]["cid"].encode(), OTHER.encode())
            return Reply(reply.status, said, reply.headers)
        return reply

    def _added(self, pin: dict[str, object], said: dict[str, object]) -> None:
        self.labels.append(str(pin["name"]))
        self.stored += 1
        ports = {str(origin).split("/")[4] for origin in list(pin["origins"])}
        found = any(pin["cid"] in s.pins for s in self.sources if s.url.rpartition(":")[2] in ports)
        end = "failed" if self.fails or not found else "pinned"
        self.states[str(said["requestid"])] = (str(pin["cid"]), ["queued", "pinning", end])


class States(MutableMapping[str, tuple[str, list[str]]]):
    """A request's id -> its CID, and the states that it still goes through; kept at the service."""

    def __init__(self, real: peers.Peer) -> None:
        self._real = real
        self._coming: dict[str, list[str]] = {}

    def step(self, request_id: str) -> None:
        """Go on to the next state, if there is one."""
        cid, states = self[request_id]
        if len(states) > 1:
            self[request_id] = (cid, states[1:])

    def _pins(self) -> dict[str, tuple[str, str]]:
        pins = self._real.ask("pins")["pins"]
        return {pin["requestid"]: (pin["pin"]["cid"], pin["status"]) for pin in pins}

    def __getitem__(self, request_id: str) -> tuple[str, list[str]]:
        cid, status = self._pins()[request_id]
        return cid, [status, *self._coming.get(request_id, ())]

    def __setitem__(self, request_id: str, value: tuple[str, list[str]]) -> None:
        cid, (now, *coming) = value
        self._coming[request_id] = coming
        self._real.ask("put", requestid=request_id, cid=cid, status=now)

    def __delitem__(self, request_id: str) -> None:
        self._real.ask("forget", cid=self[request_id][0])

    def __iter__(self) -> Iterator[str]:
        return iter(self._pins())

    def __len__(self) -> int:
        return len(self._pins())

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    __hash__ = None  # type: ignore[assignment]
