"""`make bench-pin`: measure side by side, print, record. `ONLY=cid|bundles|store|resume|record`.

Who is compared takes turns, so that what else the machine does meets all of them alike. Each part
replaces its own figures in benchmarks/results/pin.json.
"""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.pin import corpus, report
from benchmarks.pin.process import Run, run
from benchmarks.pin.work import fake_cid
from pfpkit.car import read_car
from pfpkit.cid import CID, DAG_PB, RAW
from pfpkit.pins import PinEntry, PinnedBy, Pins, ReadBack
from pfpkit.unixfs import drive, list_directory
from pfpkit.workspace import Workspace

PEERS = corpus.BUILD / "peers"
OUT = corpus.BUILD / f"run-{os.getpid()}"
TOKENS, MANY = 10_000, 100_000
ENTRIES = 100_000
AT = "2026-11-20T18:30:00Z"

Contest = Mapping[str, Callable[[int], Run]]


def ours(*words: object) -> Run:
    """One of our tasks."""
    return run([sys.executable, "-m", "benchmarks.pin.work", *map(str, words)])


def peer(program: str, *words: object) -> Run:
    """One of the other programs."""
    return run(["node", str(PEERS / program), *map(str, words)], folder=PEERS)


def taking_turns(contest: Contest, repeats: int) -> dict[str, Any]:
    """Run everyone `repeats` times in turn; return what each took."""
    runs: dict[str, list[Run]] = {name: [] for name in contest}
    for repeat in range(repeats):
        for name, once in contest.items():
            found = once(repeat)
            runs[name].append(found)
            print(f"  {name:<44} {found.seconds:8.2f} s", flush=True)
    return {name: _row(found) for name, found in runs.items()}


def _row(runs: list[Run]) -> dict[str, Any]:
    said = runs[-1].said
    row: dict[str, Any] = {
        "seconds": [round(one.seconds, 3) for one in runs],
        "cpu_s": [round(one.cpu_s, 3) for one in runs],
        "memory": max(one.memory for one in runs),
    }
    if "root" in said:
        row["root"] = said["root"]
    if "write" in said:
        row["write"] = [round(one.said["write"], 3) for one in runs]
    return row


def cid() -> dict[str, Any]:
    """The CID of a file of 1 GiB."""
    path = corpus.large_file()
    ours("sha256", path)  # into the page cache, for all of them
    return taking_turns(
        {
            report.SHA256: lambda _: ours("sha256", path),
            report.OURS: lambda _: ours("cid", path),
            report.IMPORTER: lambda _: peer("importer.mjs", "file", path),
            report.IPFS_CAR: lambda _: peer("ipfs_car.mjs", "file", path),
        },
        5,
    )


def bundles() -> dict[str, Any]:
    """Bundles to CIDs and a CAR."""
    project = corpus.collection(TOKENS)
    folder = corpus.finished(project)

    def car(name: str) -> Path:
        # Written over, not removed: a file system is slow in the seconds after many removals.
        return OUT / f"{name}.car"

    found = taking_turns(
        {
            report.OURS: lambda _: ours("folders", folder, car("folders")),
            report.IMPORTER: lambda _: peer("importer.mjs", "folders", folder, car("importer")),
            report.IPFS_CAR: lambda _: peer("ipfs_car.mjs", "folders", folder, car("ipfs_car")),
            report.CHECKED: lambda _: ours("pictures", project, car("pictures")),
        },
        3,
    )
    assert _listed(car("folders")) == _listed(car("importer")), "the CIDs of bundles differ"
    many = corpus.collection(MANY)
    found |= taking_turns(
        {report.CHECKED_MANY: lambda _: ours("pictures", many, car("pictures"))}, 1
    )
    return found


def _listed(car: Path) -> dict[str, CID]:
    """What the directory in a CAR lists: each bundle's CID by its name."""
    with car.open("rb") as file:
        (root,), blocks = read_car(file, whole=False)
        held = {cid: data for cid, data in blocks if cid.codec == DAG_PB}
    listing = drive(list_directory(root, max_entries=2 * TOKENS), held.__getitem__)
    return {name: link.cid for name, link in listing.items()}


def _project(name: str, *, known: bool) -> Path:
    """A project of its own over the same collection; with `known`, every CID is computed."""
    source = corpus.collection(TOKENS)
    project = OUT / name
    project.mkdir(parents=True)
    (project / "metadata").symlink_to(source / "metadata")
    if known:
        Workspace(source).collection()  # at once, when it was computed before
        (project / ".pfpkit").mkdir()
        shutil.copy(source / ".pfpkit" / "index", project / ".pfpkit" / "index")
    return project


def store() -> dict[str, Any]:
    """Pinning to the embedded store, beside the same bytes as files."""
    folder = corpus.finished(corpus.collection(TOKENS))
    return taking_turns(
        {
            report.FILES: lambda n: ours("files", folder, OUT / f"files-{n}"),
            report.STORE: lambda n: ours("store", _project(f"store-{n}", known=True)),
        },
        3,
    )


def resume() -> dict[str, Any]:
    """A first run of `ape run pin`, and others with nothing to do."""
    project = _project("resume", known=False)
    found = taking_turns({report.FIRST: lambda _: ours("run", project)}, 1)
    return found | taking_turns({report.AGAIN: lambda _: ours("run", project)}, 3)


def record() -> dict[str, Any]:
    """The record at 100,000 entries, beside `json`."""
    entry = PinEntry(
        "1",
        fake_cid(1, DAG_PB),
        fake_cid(1, RAW),
        (PinnedBy("kubo", AT, 3, 50_000), PinnedBy("pinata", AT, 3, 50_000)),
        (ReadBack("https://ipfs.io", AT),),
    )
    entries = tuple(
        replace(entry, key=str(n), bundle=fake_cid(n, DAG_PB), image=fake_cid(n, RAW))
        for n in range(1, ENTRIES + 1)
    )
    path = OUT / "pins.json"
    Pins(entries).save(path)
    return taking_turns(
        {
            report.JSON: lambda _: ours("json", path),
            report.RECORD: lambda _: ours("record", path),
        },
        5,
    )


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "cid": cid,
    "bundles": bundles,
    "store": store,
    "resume": resume,
    "record": record,
}


def head() -> dict[str, Any]:
    """What everything was measured with."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line for line in info.splitlines() if line.startswith("model name")), ":")
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
    return {
        "processor": model.partition(":")[2].strip(),
        "cores": len(os.sched_getaffinity(0)),
        "sha_instructions": "sha_ni" in info,
        "python": platform.python_version(),
        "openssl": " ".join(ssl.OPENSSL_VERSION.split()[:2]),
        "node": node.stdout.strip(),
        "libraries": report.libraries(),
    }


def main() -> None:
    wanted = os.environ.get("ONLY") or ",".join(PARTS)
    unknown = set(wanted.split(",")) - set(PARTS)
    if unknown:
        sys.exit(f"ONLY={wanted}: there is no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    OUT.mkdir(parents=True)
    try:
        for name in wanted.split(","):
            begin = time.monotonic()
            print(f"{name}: {PARTS[name].__doc__}", flush=True)
            report.KEPT.keep(head(), name, PARTS[name](), os.getloadavg()[1])
            print(f"  {name} took {time.monotonic() - begin:.0f} s", flush=True)
    finally:
        shutil.rmtree(OUT, ignore_errors=True)
    print("\n" + report.everything(report.KEPT.read()))


if __name__ == "__main__":
    main()
