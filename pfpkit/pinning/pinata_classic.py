"""Pinata's classic API (key and secret) through pinatapy-vourhey, for accounts that have no JWT.

Follows docs.pinata.cloud, "Pin File to IPFS", "List Files" (`/data/pinList`) and "Unpin File". The
service cuts the files itself: only where every file is at most 262,144 bytes does every chunker
that is in use give our CID, and no other DAG is taken. pinatapy runs in a worker process, one for
each call, that is ended at a deadline; see `pinata_worker`. What is uploaded lies in a temporary
folder with a name made up for it, and no other path is on the wire.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import httpx

from pfpkit.cid import CID, RAW
from pfpkit.errors import BadBlock, NotFound, PinError, StoreFull
from pfpkit.pinning import Dag, DagSummary, PinReceipt
from pfpkit.pinning.blockfaults import FULL
from pfpkit.pinning.client import Answer, Client, Secret
from pfpkit.pinning.parcel import Parcel
from pfpkit.pinning.pressure import Clock, Failure, Pressure
from pfpkit.pinning.remote import Remote, cids_of, wrong_cid
from pfpkit.temporary import temporary_folder
from pfpkit.unixfs import drive, list_directory

T = TypeVar("T")

NAME = "pinata-classic"
API = "https://api.pinata.cloud"
PRESSURE = Pressure(per_minute=60, at_once=2, total_s=60.0, read_s=30.0)
"""The free plan's rate (page "Limits"); each call is a process, so few run at once."""

MAX_FILE = 262_144
MAX_TOTAL = 32 * 2**20
"""pinatapy builds the whole request in memory."""

_WORKER = "pfpkit.pinning.pinata_worker"
_PAGE = 1000
_DATA_TOKENS = 2  # `/data/` has half the rate of the rest
_MAX_OUTPUT = 8 * 2**20
_DENIED = "set PINATA_API_KEY and PINATA_API_SECRET to a key that may pin files"
_USE_JWT = "set PINATA_JWT and pin to `pinata` instead, which takes CARs"


@dataclass(frozen=True, slots=True)
class ClassicKey:
    """An API key and its secret; repr shows neither."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


class PinataClassicPinner(Remote):
    """A `Pinner` over Pinata's classic API."""

    def __init__(
        self,
        key: ClassicKey,
        *,
        api: str = API,
        pressure: Pressure = PRESSURE,
        clock: Clock | None = None,
    ) -> None:
        # Its connections are never used: the worker has its own. Its gate and its words are.
        hidden = Secret("pinata_secret_api_key", key.secret, (key.key,))
        super().__init__(
            Client(NAME, api, pressure, secrets=(hidden,), clock=clock, denied=_DENIED)
        )
        self._key = key

    def refuses(self, dag: DagSummary) -> str | None:
        """Refuse what another chunker may give another CID, or what is too much for memory."""
        if dag.largest_file > MAX_FILE:
            return (
                f"{self.name} cuts files by itself, and one of {dag.largest_file:,} bytes, over "
                f"{MAX_FILE:,}, may get another CID there; {_USE_JWT}"
            )
        if dag.sharded:
            return f"{self.name} may cut so large a folder in another way; {_USE_JWT}"
        if dag.nested:
            return f"{self.name} takes a flat folder of files, not folders in it; {_USE_JWT}"
        if dag.bytes > MAX_TOTAL:
            return f"{self.name} takes at most {MAX_TOTAL:,} bytes at once; {_USE_JWT}"
        return None

    async def ready(self) -> None:
        """List one pin: reachable, and the key accepted; pinatapy is installed."""
        if find_spec("pinatapy") is None:
            raise PinError(f"{self.name} needs pinatapy-vourhey: pip install 'pfpkit[ape]'")
        await self._list({"pageLimit": "1"})

    async def pin(self, dag: Dag, label: str = "", *, again: bool = False) -> PinReceipt:
        """Upload a file, or a folder of files. PinError for a DAG that `refuses` refuses."""
        parcel = await Parcel.packed(dag)
        summary = await asyncio.to_thread(DagSummary.of, dag)
        if reason := self.refuses(summary):
            raise PinError(f"{dag.root} was not sent: {reason}")
        options = {
            "pinataMetadata": {"name": (label or str(dag.root))[:255]},
            "pinataOptions": {"cidVersion": 1},
        }
        name = secrets.token_hex(8)
        async with _laid_out(dag, name) as path:
            new = await self._call(
                f"take {dag.root}",
                lambda answer: _pinned(answer, dag.root),
                {
                    "call": "pin",
                    "path": str(path),
                    "folder": f"{name}/" if path.is_dir() else "/",
                    "options": options,
                },
            )
        return PinReceipt(self.name, dag.root, parcel.blocks, parcel.size, new)

    async def held(self, roots: Iterable[CID]) -> frozenset[CID]:
        """Return those of `roots` that are listed, from pages of 1,000 when they are many."""
        asked = frozenset(roots)
        missing = {root.as_v1() for root in asked}
        offset, pages = 0, 0
        # An account may list far more than we ask for: then single questions are cheaper.
        while missing and pages < len(asked) and len(asked) > 1:
            found = await self._list({"pageLimit": str(_PAGE), "pageOffset": str(offset)})
            pages, offset = pages + 1, offset + len(found)
            missing -= cids_of(found)
            if not found:
                return frozenset(root for root in asked if root.as_v1() not in missing)
        for root in tuple(missing):
            missing -= cids_of(await self._list({"pageLimit": str(_PAGE), "cid": str(root)}))
        return frozenset(root for root in asked if root.as_v1() not in missing)

    async def unpin(self, root: CID) -> bool:
        """Unpin `root` from the account; it is asked first, for Pinata calls absence an error."""
        if not await self.has(root):
            return False
        return await self._call(
            f"unpin {root}", lambda answer: True, {"call": "unpin", "cid": str(root)}
        )

    async def _list(self, options: Mapping[str, str]) -> list[str]:
        """Return the CIDs of one page of what is pinned, as the service writes them."""

        def judge(answer: object) -> list[str] | Failure:
            rows = answer.get("rows") if isinstance(answer, dict) else None
            if not isinstance(rows, list):
                return Failure("its answer lists no pins", retryable=True)
            pinned = [row for row in rows if isinstance(row, dict) and not row.get("date_unpinned")]
            return [str(row.get("ipfs_pin_hash")) for row in pinned]

        task = {"call": "list", "options": {"status": "pinned", "includeCount": "false", **options}}
        return await self._call("list its pins", judge, task, tokens=_DATA_TOKENS)

    async def _call(
        self,
        what: str,
        judge: Callable[[object], T | Failure],
        task: Mapping[str, object],
        tokens: int = 1,
    ) -> T:
        async def attempt() -> T | Failure:
            said = await self._work(task)
            if isinstance(said, Failure):
                return said
            if error := said.get("error"):
                return Failure(self.client.clip(str(error)), retryable=not said.get("final"))
            status, text = said.get("status"), said.get("text")
            if not isinstance(status, int):
                return Failure("its worker ended with code 0 and no answer")
            headers = httpx.Headers({"Retry-After": _header(said.get("retry_after"))})
            fault = self.client.fault(Answer(status, headers, str(text or "").encode()))
            return judge(said.get("answer")) if fault is None else fault

        return await self.client.gate.run(what, attempt, tokens=tokens)

    async def _work(self, task: Mapping[str, object]) -> dict[str, object] | Failure:
        """Run one task in a worker and return its answer; the worker is ended in every case."""
        pressure = self.client.pressure
        whole = {
            **task,
            "api": self.client.url,
            "key": self._key.key,
            "secret": self._key.secret,
            "connect_s": pressure.connect_s,
            "read_s": pressure.read_s,
            "within_s": pressure.total_s,
        }
        try:
            process = await _started()
        except OSError as error:
            # No file descriptors or no memory: others will end, and then there are some.
            return Failure(f"no worker could be started ({error.strerror})", retryable=True)
        try:
            async with asyncio.timeout(pressure.total_s):
                output = await _talk(process, json.dumps(whole).encode())
                await process.wait()
        except TimeoutError:
            return Failure(f"not done after {pressure.total_s:g} s", retryable=True)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        try:
            said = json.loads(output)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return Failure(f"its worker ended with code {process.returncode} and no answer")
        return said


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        _WORKER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # What else is in the environment is none of its business.
        env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ},
        # A Ctrl-C is for us; we end it then.
        start_new_session=True,
    )


async def _talk(process: asyncio.subprocess.Process, task: bytes) -> bytes:
    if process.stdin is None or process.stdout is None:
        return b""
    # It may have ended already; that shows in what it said.
    with suppress(ConnectionError):
        process.stdin.write(task)
        await process.stdin.drain()
        process.stdin.close()
    output = bytearray()
    while piece := await process.stdout.read(2**16):
        output += piece
        if len(output) > _MAX_OUTPUT:
            return b""
    return bytes(output)


@asynccontextmanager
async def _laid_out(dag: Dag, name: str) -> AsyncIterator[Path]:
    """Yield the path of the DAG's files in a temporary folder, called `name` there."""
    async with AsyncExitStack() as stack:
        try:
            path = stack.enter_context(temporary_folder("pfpkit-pinata-")) / name
            await asyncio.to_thread(_lay_out, dag, path)
        except OSError as error:
            raise _unwritten(dag.root, error) from error
        yield path


def _unwritten(root: CID, error: OSError) -> PinError:
    reason = f"{root} was not sent to {NAME}: {error.strerror} ({error.filename or 'a file'})"
    if error.errno in FULL:
        return StoreFull(f"{reason}; free some space for temporary files and run it again")
    return PinError(f"{reason}; TMPDIR has to name a folder that you may write, for {NAME}")


def _lay_out(dag: Dag, path: Path) -> None:
    """Write the DAG as the file `path`, or as a folder of files there."""
    blocks = {cid.as_v1(): data for cid, data in dag.blocks}

    def get(cid: CID) -> bytes:
        return blocks[cid.as_v1()]

    if dag.root.codec == RAW:
        path.write_bytes(get(dag.root))
        return
    try:
        entries = drive(list_directory(dag.root, max_entries=10_000), get)
        path.mkdir()
        for name, link in entries.items():
            if link.cid.codec != RAW or "/" in name or name in (".", ".."):
                raise BadBlock(f"{name!r} is no file of one raw block")
            (path / name).write_bytes(get(link.cid))
    except (BadBlock, NotFound, ValueError) as error:
        raise PinError(
            f"{dag.root} was not sent: {NAME} takes a file, or a flat folder of them "
            f"({error}); {_USE_JWT}"
        ) from error


def _pinned(answer: object, root: CID) -> bool | Failure:
    """Judge what pinatapy returned: return whether the pin is new."""
    # It returns errors as a dict too; only one with the CID is an answer.
    if not isinstance(answer, dict) or "IpfsHash" not in answer:
        return Failure("its answer is not that of a pin", retryable=True)
    return wrong_cid(root, answer["IpfsHash"]) or answer.get("isDuplicate") is not True


def _header(value: object) -> str:
    text = str(value or "")
    return text if text.isascii() and text.isprintable() else ""
