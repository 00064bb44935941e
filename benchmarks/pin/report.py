"""The results of `make bench-pin` as Markdown; reads benchmarks/results/pin.json and no more.

`tools/figures.py` puts them into docs/benchmarks-pin.md, and the run prints the same text.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks.gas.report import table
from benchmarks.record import Record, Results, loads, locked

KEPT = Record("pin.json")
LOCK = Path(__file__).resolve().parent / "peers" / "package-lock.json"

SHA256 = "hashlib.sha256"
OURS = "pfpkit"
IMPORTER = "ipfs-unixfs-importer"
IPFS_CAR = "ipfs-car"
CHECKED = "pfpkit, from pictures, each decoded"
CHECKED_MANY = "pfpkit, from 100,000 pictures, each decoded"
FILES = "plain files"
STORE = "pfpkit, the embedded store"
FIRST = "the first run"
AGAIN = "a run with nothing to do"
JSON = "json"
RECORD = "pfpkit, the record"
_MIB = 2**20


def libraries() -> dict[str, str]:
    """The other programs, and their versions."""
    return locked(LOCK)


def measured_with(results: Results) -> str:
    """Machine and versions, in two sentences."""
    if "head" not in results:
        return "Not measured yet: `make bench-pin`."
    head = results["head"]
    others = ", ".join(f"{name} {version}" for name, version in head["libraries"].items())
    sha = "with" if head["sha_instructions"] else "without"
    return (
        f"Measured on {head['processor']} ({head['cores']} cores, {sha} SHA instructions); Python "
        f"{head['python']}, {head['openssl']}; Node.js {head['node']}; {others}. Other work on the "
        f"machine meanwhile, as its load: {loads(results)}."
    )


def part(results: Results, name: str) -> str:
    """One part's table: seconds, their ratio to what pfpkit took, processor and memory."""
    if name not in results["parts"]:
        return f"Not measured yet: `make bench-pin ONLY={name}`."
    rows = results["parts"][name]["rows"]
    columns = ["", "seconds", "from", "to", "processor, s", "memory, MiB", _against(name)]
    lines = []
    for title, row in rows.items():
        seconds = row["seconds"]
        lines.append(
            [
                title,
                f"{median(seconds):.2f}",
                f"{min(seconds):.2f}",
                f"{max(seconds):.2f}",
                f"{median(row['cpu_s']):.2f}",
                f"{row['memory'] / _MIB:.0f}",
                f"{median(seconds) / median(rows[BASE[name]]['seconds']):.2f}",
            ]
        )
    found = table(columns, lines)
    return found if name != "record" else found + "\n\n" + _writing(rows)


BASE = {"cid": SHA256, "bundles": IMPORTER, "store": FILES, "resume": FIRST, "record": JSON}


def _against(name: str) -> str:
    return f"times {BASE[name]}"


def _writing(rows: Results) -> str:
    ours, theirs = median(rows[RECORD]["write"]), median(rows[JSON]["write"])
    return f"Writing: {ours:.2f} s beside {theirs:.2f} s by json, {ours / theirs:.2f} times."


def figures(results: Results) -> str:
    """What was asked for, beside what was measured."""
    words = {True: "yes", False: "**no**", None: "only stated"}
    lines = [[asked, found, words[holds]] for asked, found, holds in _asked(results)]
    lines += [
        [f"{name}, all of it", "not yet", ""] for name in BASE if name not in results["parts"]
    ]
    return table(["asked", "measured", "holds"], lines)


def _asked(results: Results) -> list[tuple[str, str, bool | None]]:
    found: list[tuple[str, str, bool | None]] = []
    rows = {name: part["rows"] for name, part in results["parts"].items()}

    def seconds(name: str, title: str) -> float:
        return float(median(rows[name][title]["seconds"]))

    def at_most(asked: str, ratio: float, limit: float, what: str = "times") -> None:
        found.append((asked, f"{ratio:.2f} {what}", ratio <= limit))

    if "cid" in rows:
        mine = seconds("cid", OURS)
        at_most("CID of 1 GiB: at most 1.15 x hashlib", mine / seconds("cid", SHA256), 1.15)
        for other in (IMPORTER, IPFS_CAR):
            at_most(f"CID of 1 GiB: faster than {other}", mine / seconds("cid", other), 0.999)
        memory = rows["cid"][OURS]["memory"] / _MIB
        at_most("CID of 1 GiB: flat memory (64 MiB)", memory, 64, "MiB")
    if "bundles" in rows:
        mine = seconds("bundles", OURS)
        for other in (IMPORTER, IPFS_CAR):
            limit = seconds("bundles", other)
            at_most(f"10,000 bundles: faster than {other}, same work", mine / limit, 0.999)
        checked = seconds("bundles", CHECKED)
        for other in (IMPORTER, IPFS_CAR):
            limit = seconds("bundles", other)
            asked = f"10,000 bundles, each picture decoded too: beside {other}, which decodes none"
            found.append((asked, f"{checked / limit:.2f} times", None))
        cores = median(rows["bundles"][CHECKED]["cpu_s"]) / checked
        found.append(("10,000 bundles: uses both cores", f"{cores:.2f} cores", cores > 1.4))
        if CHECKED_MANY in rows["bundles"]:
            at_most(
                "100,000 bundles: at most 10 times 10,000",
                seconds("bundles", CHECKED_MANY) / checked,
                10,
            )
            memory = rows["bundles"][CHECKED_MANY]["memory"] / _MIB
            at_most("100,000 bundles: within 512 MiB", memory, 512, "MiB")
    if "store" in rows:
        speed = seconds("store", FILES) / seconds("store", STORE)
        asked = "10,000 bundles pinned: at least half the speed of files"
        found.append((asked, f"{speed:.2f} times", speed >= 0.5))
    if "resume" in rows:
        share = seconds("resume", AGAIN) / seconds("resume", FIRST) * 100
        at_most("a run with nothing to do: at most 5% of the first", share, 5, "%")
    if "record" in rows:
        reading = seconds("record", RECORD) / seconds("record", JSON)
        found.append(("record, 100,000 entries, read: beside json", f"{reading:.2f} times", None))
        writing = median(rows["record"][RECORD]["write"]) / median(rows["record"][JSON]["write"])
        found.append(("record, 100,000 entries, written: same", f"{writing:.2f} times", None))
    return found


def everything(results: Results) -> str:
    """All tables."""
    parts = [f"{name}:\n{part(results, name)}" for name in BASE if name in results["parts"]]
    return "\n\n".join([measured_with(results), *parts, figures(results)])
