"""The work that is measured, each piece a process of its own: `python -m benchmarks.pin.work TASK`.

Most tasks are pfpkit's; `sha256`, `files` and `json` are the plain ones beside them. Each prints
its seconds and what came of it as one JSON line, last.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from pfpkit.atomic import write_file
from pfpkit.car import section_head, write_car
from pfpkit.cid import CID, Block, cid_of
from pfpkit.collection import Collection
from pfpkit.flow.pin import pin
from pfpkit.paths import add_path
from pfpkit.pins import Pins
from pfpkit.plan import make_plan
from pfpkit.unixfs import Entry, Sink, add_directory
from pfpkit.upload import upload
from pfpkit.workspace import Workspace

Said = dict[str, Any]
BATCH = 64
FLUSHERS = 16


def cid(path: str) -> Said:
    """The CID of one file, as `pfpkit cid` computes it."""
    return {"root": str(add_path(Path(path)).cid)}


def sha256(path: str) -> Said:
    """The standard library's own way over the same file."""
    with open(path, "rb", buffering=0) as file:
        return {"digest": hashlib.file_digest(file, "sha256").hexdigest()}


def folders(folder: str, car: str) -> Said:
    """Finished bundles, one directory of all of them, a CAR: what the other programs do."""
    with open(car, "wb") as out:
        entry = add_path(Path(folder), sink=_car_sink(out))
        _finish(out, entry.cid)
    return {"root": str(entry.cid)}


def pictures(project: str, car: str) -> Said:
    """Pictures and token files, each checked in full, to bundles, their directory, and a CAR."""
    entries: dict[str, Entry] = {}
    with open(car, "wb") as out:
        sink = _car_sink(out)
        for entry in Collection.read(Path(project) / "metadata"):
            bundle = entry.bundle()
            for block in bundle.blocks:
                sink(block)
            entries[entry.key] = Entry(bundle.root, sum(len(b.data) for b in bundle.blocks), 0)
        root = add_directory(entries, sink=sink).cid
        _finish(out, root)
    return {"root": str(root)}


def _car_sink(out: BinaryIO) -> Sink:
    # The root is known last: its place is kept by a CID of the same length.
    write_car(out, [CID(1, 0x70, bytes(32))], ())

    def sink(block: Block) -> None:
        out.write(section_head(block.cid, len(block.data)))
        out.write(block.data)

    return sink


def _finish(out: BinaryIO, root: CID) -> None:
    out.seek(0)
    write_car(out, [root], ())
    out.flush()
    os.fsync(out.fileno())


def store(project: str) -> Said:
    """Pin a collection whose CIDs are known in the embedded store, as `ape run pin` does."""
    work = Workspace(Path(project))
    entries = tuple(work.collection())

    async def pinned() -> Said:
        with work.ledger() as ledger:
            plans = await make_plan(entries, work.pinners(("blockstore",)), work.pins(), ledger)
            begin = time.perf_counter()
            missing = await upload(plans, ledger, lambda *_: None)
            seconds = time.perf_counter() - begin
        assert not missing, missing[0]
        return {"seconds": seconds, "bundles": len(entries)}

    return asyncio.run(pinned())


def files(folder: str, out: str) -> Said:
    """The same bytes as plain files in one folder: written, then flushed batch by batch.

    The third file of a bundle has the size of its directory's block.
    """
    Path(out).mkdir()
    sources = [Path(folder, token) for token in os.listdir(folder)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(FLUSHERS) as pool:
        for at in range(0, len(sources), BATCH):
            _write_batch(sources[at : at + BATCH], out, pool)
    return {"seconds": time.perf_counter() - begin, "bundles": len(sources)}


def _write_batch(sources: list[Path], out: str, pool: ThreadPoolExecutor) -> None:
    descriptors = []
    for source in sources:
        image = (source / "image").read_bytes()
        words = (source / "metadata.json").read_bytes()
        for name, data in (("image", image), ("words", words), ("folder", words[:120])):
            path = os.path.join(out, f"{source.name}-{name}")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            assert os.write(descriptor, data) == len(data)
            descriptors.append(descriptor)
    list(pool.map(os.fsync, descriptors))
    for descriptor in descriptors:
        os.close(descriptor)
    handle = os.open(out, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def run(project: str) -> Said:
    """`ape run pin` to the embedded store, without the start of Ape itself."""
    asyncio.run(pin(Workspace(Path(project))))
    return {}


def record(path: str) -> Said:
    """Read the record, and write it anew."""
    begin = time.perf_counter()
    pins = Pins.load(Path(path))
    read = time.perf_counter() - begin
    begin = time.perf_counter()
    pins.save(Path(path + ".again"))
    return {"seconds": read, "write": time.perf_counter() - begin, "entries": len(pins.entries)}


def plain_json(path: str) -> Said:
    """The same bytes by `json`, which checks nothing of what they say."""
    begin = time.perf_counter()
    fields = json.loads(Path(path).read_bytes())
    read = time.perf_counter() - begin
    begin = time.perf_counter()
    write_file(Path(path + ".json"), json.dumps(fields).encode())
    return {"seconds": read, "write": time.perf_counter() - begin, "entries": len(fields) - 1}


def fake_cid(number: int, codec: int) -> CID:
    """A CID that names nothing, for a record of any size."""
    return cid_of(number.to_bytes(8), codec)


TASKS: dict[str, Callable[..., Said]] = {
    "cid": cid,
    "sha256": sha256,
    "folders": folders,
    "pictures": pictures,
    "store": store,
    "files": files,
    "run": run,
    "record": record,
    "json": plain_json,
}


def main() -> None:
    task, *words = sys.argv[1:]
    begin = time.perf_counter()
    said = TASKS[task](*words)
    seconds = time.perf_counter() - begin
    print("\n" + json.dumps({"seconds": seconds, **said}))


if __name__ == "__main__":
    main()
