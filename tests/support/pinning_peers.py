"""Kubo's RPC, Pinata's two APIs and a pinning service on loopback, as their documents say.

They keep what they are sent, and judge it by themselves: a CAR is read and has to be whole, a
folder is cut by the service's own chunker, a pinning service fetches from the Kubo that an origin
names. Shapes: docs.ipfs.tech/reference/kubo/rpc; docs.pinata.cloud, "Upload a File", "List Files",
"Delete File by ID", "Pin File to IPFS", "Unpin File"; tus.io/protocols/resumable-upload; and
ipfs.github.io/pinning-services-api-spec.
"""

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import unquote

from pfpkit.car import read_car
from pfpkit.cid import CID, Block, cid_of
from pfpkit.errors import PfpkitError
from pfpkit.unixfs import UNIXFS_V1_2025, add_directory, add_file, decode_node
from support.hostile_service import Reply, Request, Service

JWT = "eyJhbGciOiJIUzI1NiJ9.very-secret-jwt.x/y+z=="
KEY, KEY_SECRET = "classic-key-0123", "classic-secret-4567"
TOKEN = "service-token-89ab"
KUBO_TOKEN = "kubo-token-cdef"

OTHER = str(cid_of(b"something else"))
PEER_ID = "12D3KooWQ6Vn8mJ8jG3xH1zX4q7aJf5yT2uK9bL0cD3eF6gH7iJ8"


def parts_of(request: Request) -> dict[str, list[tuple[str, bytes]]]:
    """The parts of a multipart/form-data body: name -> (file name, bytes)."""
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    first, *parts, last = request.body.split(b"--" + boundary)
    assert (first, last) == (b"", b"--\r\n")
    found: dict[str, list[tuple[str, bytes]]] = {}
    for part in parts:
        head, _, data = part.partition(b"\r\n\r\n")
        (name,) = re.findall(rb'[; ]name="([^"]*)"', head)
        file_name = re.findall(rb'filename="([^"]*)"', head) or [b""]
        found.setdefault(name.decode(), []).append((file_name[0].decode(), data[:-2]))
    return found


class Peer(Service):
    """Keeps pins; `wrong_cid` and `pins_nothing` are its two lies."""

    def __init__(self) -> None:
        super().__init__()
        self.pins: dict[str, str] = {}
        """CID -> an id of the service."""
        self.labels: list[str] = []
        self.wrong_cid = False
        self.pins_nothing = False
        self.stored = 0
        """How many uploads were new."""

    def keep(self, root: str) -> tuple[str, bool]:
        """Pin; return what is said of the CID, and whether it was there."""
        duplicate = root in self.pins
        if self.wrong_cid:
            return OTHER, False
        if not self.pins_nothing and not duplicate:
            self.pins[root] = f"id-{len(self.labels)}-{self.stored}"
            self.stored += 1
        return root, duplicate


def _car_root(car: bytes) -> tuple[str, int]:
    """The only root of a whole CAR, every block verified, and how many blocks it has."""
    roots, blocks = read_car(BytesIO(car))
    count = len(list(blocks))
    (root,) = roots
    return str(root), count


class Kubo(Peer):
    """`/api/v0/...`: POST only; errors are 500 with Message, Code and Type.

    Offline: a root is pinned when every block under it was imported, now or before.
    """

    is_old = False
    """Lists pins in one object even when asked for a stream, and gives no stats."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[CID, tuple[CID, ...]] = {}
        """Every block that was imported, and what it links to."""

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") not in (None, f"Bearer {KUBO_TOKEN}"):
            return Reply(403, b"Forbidden\n")
        if request.method != "POST":
            return Reply(405, b"405 - Method Not Allowed\n")
        command = request.path.removeprefix("/api/v0/").replace("/", "_")
        return getattr(self, f"_{command}")(request)

    def _version(self, request: Request) -> Reply:
        return Reply(200, {"Version": "0.39.0", "Commit": "", "Repo": "18"})

    def _dag_import(self, request: Request) -> Reply:
        assert request.query["pin-roots"] == "true"
        ((name, car),) = parts_of(request)["file"]
        assert name
        try:
            (root,), blocks = read_car(BytesIO(car), whole=False)
            count = self._learn(blocks)
        except PfpkitError as error:
            return _kubo_error(str(error))
        missing = self._missing_under(root)
        if missing is not None:
            why = f"block was not found locally (offline): ipld: could not find {missing}"
            line = {"Root": {"Cid": {"/": str(root)}, "PinErrorMsg": why}}
            return Reply(200, json.dumps(line).encode() + b"\n")
        said, _ = self.keep(str(root))
        lines: list[object] = [{"Root": {"Cid": {"/": said}, "PinErrorMsg": ""}}]
        if not self.is_old:
            lines.append({"Stats": {"BlockCount": count, "BlockBytesCount": 1}})
        return Reply(200, "".join(json.dumps(line) + "\n" for line in lines).encode())

    def _learn(self, blocks: Iterator[Block]) -> int:
        """Keep what each block links to; return how many there are."""
        count = 0
        for cid, data in blocks:
            self.links[cid] = tuple(link.cid for link in decode_node(cid, data).links)
            count += 1
        return count

    def _missing_under(self, root: CID) -> CID | None:
        waiting, seen = [root], set()
        while waiting:
            cid = waiting.pop()
            if cid not in self.links:
                return cid
            seen.add(cid)
            waiting += [each for each in self.links[cid] if each not in seen]
        return None

    def _pin_ls(self, request: Request) -> Reply:
        arg = request.query.get("arg")
        if arg is not None:
            if arg not in self.pins:
                return _kubo_error(f"path '{arg}' is not pinned")
            return Reply(200, {"Keys": {arg: {"Type": "recursive", "Name": ""}}})
        if self.is_old:
            return Reply(200, {"Keys": {cid: {"Type": "recursive"} for cid in self.pins}})
        lines = [json.dumps({"Cid": cid, "Type": "recursive"}) + "\n" for cid in self.pins]
        return Reply(200, "".join(lines).encode())

    def _pin_rm(self, request: Request) -> Reply:
        if self.pins.pop(request.query["arg"], None) is None:
            return _kubo_error("not pinned or pinned indirectly")
        return Reply(200, {"Pins": [request.query["arg"]]})

    def _id(self, request: Request) -> Reply:
        port = self.url.rpartition(":")[2]
        return Reply(
            200, {"ID": PEER_ID, "Addresses": [f"/ip4/127.0.0.1/tcp/{port}/p2p/{PEER_ID}"]}
        )

    def _swarm_connect(self, request: Request) -> Reply:
        return _kubo_error(f"connect {request.query['arg']}: failure: dial refused")


def _kubo_error(message: str) -> Reply:
    return Reply(500, {"Message": message, "Code": 0, "Type": "error"})


class Pinata(Peer):
    """The v3 API with its TUS uploads, and the classic one."""

    page = 10
    """How many files a page has at most."""

    def __init__(self) -> None:
        super().__init__()
        self.uploads: dict[str, tuple[dict[str, str], int, bytearray]] = {}
        self.upload_place = ""
        self.says_upload_cid = True

    def answer(self, request: Request) -> Reply:
        head = request.headers
        classic = (head.get("pinata_api_key"), head.get("pinata_secret_api_key"))
        if head.get("authorization") != f"Bearer {JWT}" and classic != (KEY, KEY_SECRET):
            error = {"reason": "INVALID_CREDENTIALS", "details": "Invalid/expired credentials"}
            return Reply(401, {"error": error})
        name, _, rest = request.path.removeprefix("/").partition("/")
        return getattr(self, f"_{name}")(request, rest)

    def _v3(self, request: Request, rest: str) -> Reply:
        if request.method in ("PATCH", "HEAD"):
            return self._resume(request, rest.removeprefix("files/"))
        if rest == "files" and "upload-length" in request.headers:
            return self._begin(request)
        if rest == "files":
            return self._upload(request)
        if request.method == "DELETE":
            wanted = rest.removeprefix("files/public/")
            cid = next((cid for cid, name in self.pins.items() if name == unquote(wanted)), None)
            return Reply(404) if self.pins.pop(cid, None) is None else Reply(200, {"data": None})
        return self._files(request)

    def _upload(self, request: Request) -> Reply:
        parts = parts_of(request)
        assert parts["network"] == [("", b"public")]
        assert parts["car"] == [("", b"true")]
        ((_, car),) = parts["file"]
        self.labels.append(parts["name"][0][1].decode())
        try:
            root, count = _car_root(car)
        except PfpkitError as error:
            return Reply(400, {"error": {"code": 400, "message": str(error)}})
        said, duplicate = self.keep(root)
        data = {"id": self.pins.get(root, "none"), "name": self.labels[-1], "cid": said}
        data |= {
            "size": len(car),
            "number_of_files": count,
            "mime_type": "application/vnd.ipld.car",
        }
        return Reply(200, {"data": data | ({"is_duplicate": True} if duplicate else {})})

    def _files(self, request: Request) -> Reply:
        start = int(request.query.get("pageToken", "0"))
        cid = request.query.get("cid")
        rows = [
            {"id": name, "cid": pin, "name": pin}
            for pin, name in sorted(self.pins.items())
            if cid in (None, pin)
        ]
        some = rows[start : start + self.page]
        token = str(start + self.page) if start + self.page < len(rows) else None
        return Reply(200, {"data": {"files": some or None, "next_page_token": token}})

    def _begin(self, request: Request) -> Reply:
        assert request.headers["tus-resumable"] == "1.0.0"
        pairs = [pair.split(" ") for pair in request.headers["upload-metadata"].split(",")]
        metadata = {name: b64decode(value).decode() for name, value in pairs}
        assert (metadata["network"], metadata["car"]) == ("public", "true")
        self.labels.append(metadata["filename"])
        name = f"up-{len(self.uploads)}"
        self.uploads[name] = (metadata, int(request.headers["upload-length"]), bytearray())
        return Reply(201, headers={"Location": self.upload_place or f"/v3/files/{name}"})

    def _resume(self, request: Request, name: str) -> Reply:
        if name not in self.uploads:
            return Reply(404)
        _, length, car = self.uploads[name]
        if request.method == "PATCH":
            if int(request.headers["upload-offset"]) != len(car):
                return Reply(409)
            car += request.body
        headers = {"Upload-Offset": str(len(car)), "Tus-Resumable": "1.0.0"}
        if request.method == "PATCH" and len(car) == length:
            root, _ = _car_root(bytes(car))
            said, _ = self.keep(root)
            if self.says_upload_cid:
                headers["upload-cid"] = said
        return Reply(200 if request.method == "HEAD" else 204, headers=headers)

    def _data(self, request: Request, rest: str) -> Reply:
        if rest == "testAuthentication":
            return Reply(200, {"message": "Congratulations!"})
        start = int(request.query.get("pageOffset", "0"))
        limit = min(int(request.query["pageLimit"]), self.page)
        cids = [cid for cid in sorted(self.pins) if request.query.get("cid") in (None, cid)]
        rows = [{"ipfs_pin_hash": cid, "date_unpinned": None} for cid in cids]
        return Reply(200, {"rows": rows[start : start + limit]})

    def _pinning(self, request: Request, rest: str) -> Reply:
        if request.method == "DELETE":
            cid = rest.removeprefix("unpin/")
            if self.pins.pop(cid, None) is None:
                error = {"reason": "CURRENT_USER_HAS_NOT_PINNED_CID", "details": "not yours"}
                return Reply(400, {"error": error})
            return Reply(200, b"OK")
        parts = parts_of(request)
        self.labels.append(json.loads(parts["pinataMetadata"][0][1])["name"])
        assert json.loads(parts["pinataOptions"][0][1]) == {"cidVersion": 1}
        said, duplicate = self.keep(_added(parts["file"]))
        answer = {"IpfsHash": said, "PinSize": 1, "Timestamp": "2026-11-21T09:00:00.000Z"}
        return Reply(200, answer | ({"isDuplicate": True} if duplicate else {}))


def _added(files: list[tuple[str, bytes]]) -> str:
    """What `ipfs add --cid-version 1` gives: its chunks have 256 KiB. Names make the folders."""
    kubo = replace(UNIXFS_V1_2025, name="kubo", chunk_size=262_144, width=174)
    blocks: list[object] = []
    made = [(name, add_file(data, kubo, blocks.append)) for name, data in files]
    if len(made) == 1 and "/" not in made[0][0]:
        return str(made[0][1].cid)
    folders = {name.partition("/")[0] for name, _ in made}
    assert len(folders) == 1, folders
    entries = {name.partition("/")[2]: file for name, file in made}
    assert not any("/" in name for name in entries), entries
    return str(add_directory(entries, kubo, blocks.append).cid)


class PinningService(Peer):
    """`/pins`: queued, then pinning, then pinned, when the Kubo of an origin has the DAG."""

    one_a_cid = False
    """A second request for a CID is one of its own."""

    def __init__(self, sources: list[Kubo]) -> None:
        super().__init__()
        self.sources = sources
        self.states: dict[str, tuple[str, list[str]]] = {}
        """A request's id -> its CID, and the states that it still goes through."""
        self.fails = False
        self.stays_queued = False
        self.origins: list[str] = []

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": {"reason": "UNAUTHORIZED", "details": "token is invalid"}})
        request_id = unquote(request.path.removeprefix("/pins").removeprefix("/"))
        if request.method == "POST":
            if request_id:
                # "Replace pin object": remove and add in one step.
                self.pins.pop(self.states.pop(request_id)[0], None)
            return self._add(request.json)
        if not request_id:
            return self._list(request.query)
        if request_id not in self.states:
            return Reply(404, {"error": {"reason": "NOT_FOUND"}})
        if request.method == "DELETE":
            cid, _ = self.states.pop(request_id)
            self.pins.pop(cid, None)
            return Reply(202)
        return Reply(200, self._status(request_id, step=True))

    def _add(self, pin: dict[str, object]) -> Reply:
        cid = str(CID.parse(str(pin["cid"])))
        assert len(str(pin["name"])) <= 255
        assert len(pin["origins"]) <= 20
        self.origins = list(pin["origins"])
        self.labels.append(str(pin["name"]))
        ports = {origin.split("/")[4] for origin in self.origins}
        found = any(cid in s.pins for s in self.sources if s.url.rpartition(":")[2] in ports)
        states = ["queued", "pinning", "failed" if self.fails or not found else "pinned"]
        request_id = f"request/{len(self.labels)}"
        self.states[request_id] = (cid, states)
        return Reply(202, self._status(request_id))

    def _list(self, query: dict[str, str]) -> Reply:
        cids = query["cid"].split(",") if "cid" in query else None
        assert cids is None or len(cids) <= 10
        wanted = query.get("status", "pinned").split(",")
        results = [
            self._status(request_id)
            for request_id, (cid, states) in self.states.items()
            if (cids is None or cid in cids) and states[0] in wanted
        ]
        return Reply(200, {"count": len(results), "results": results})

    def _status(self, request_id: str, step: bool = False) -> dict[str, object]:
        cid, states = self.states[request_id]
        if step and len(states) > 1 and not self.stays_queued:
            del states[0]
        if states[0] == "pinned":
            self.keep(cid)
            if self.pins_nothing:
                self.states[request_id] = (cid, ["failed"])
        return {
            "requestid": request_id,
            "status": "pinned" if step and states[0] == "pinned" else states[0],
            "created": "2026-11-21T09:00:00Z",
            "pin": {"cid": OTHER if self.wrong_cid else cid, "origins": self.origins},
            "delegates": [f"/ip4/203.0.113.1/tcp/4001/p2p/{PEER_ID}"],
            "info": {"status_details": "no provider found"} if states[0] == "failed" else {},
        }
