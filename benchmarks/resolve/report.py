"""The results of `make bench-resolve` as Markdown; reads their JSON and no more.

`tools/figures.py` puts them into docs/benchmarks-resolve.md, and the run prints the same text.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks.gas.report import table
from benchmarks.record import Record, Results, loads, locked

KEPT = Record("resolve.json")
LOCK = Path(__file__).resolve().parent / "peers" / "package-lock.json"

OURS = "pfpkit, verified"
DECODED = "pfpkit, verified, decoded and drawn anew"
HTTPX = "unverified, httpx"
AIOHTTP = "unverified, aiohttp"
JAVASCRIPT = "@helia/verified-fetch and viem"
EACH = "pfpkit, none kept"
AGAIN = "pfpkit, asked again"
REMEMBERED = "pfpkit, from the files of its cache"
FILES = "plain files, read and hashed"
TASKS = {
    OURS: "resolve",
    DECODED: "render",
    HTTPX: "httpx",
    AIOHTTP: "aiohttp",
    EACH: "each",
    AGAIN: "again",
    REMEMBERED: "remembered",
    FILES: "files",
}
EVERYBODY = [OURS, DECODED, HTTPX, AIOHTTP, JAVASCRIPT]
UNDECODED = [OURS, HTTPX, AIOHTTP, JAVASCRIPT]
PARTS = ("one", "many", "other", "helia", "memory", "warm")
AT_ONCE = (1, 32, 128)
_MIB = 2**20


def libraries() -> dict[str, str]:
    """The other programs and libraries, and their versions."""
    return locked(LOCK) | {
        name: version(name) for name in ("httpx", "httpcore", "aiohttp", "uvicorn")
    }


def measured_with(results: Results) -> str:
    """Machine and versions, in two sentences."""
    if "head" not in results:
        return "Not measured yet: `make bench-resolve`."
    head = results["head"]
    others = ", ".join(f"{name} {number}" for name, number in head["libraries"].items())
    sha = "with" if head["sha_instructions"] else "without"
    return (
        f"Measured on {head['processor']} ({head['cores']} cores, {sha} SHA instructions); Python "
        f"{head['python']}, {head['openssl']}; Node.js {head['node']}; {others}. Other work on the "
        f"machine meanwhile, as its load, the servers' own included: {loads(results)}."
    )


def at_once(count: int) -> str:
    """What a row of `memory` is called."""
    return f"{count} at once"


def part(results: Results, name: str) -> str:
    """One part's table: time and processor time, beside what httpx took."""
    if name not in results["parts"]:
        return f"Not measured yet: `make bench-resolve ONLY={name}`."
    rows = results["parts"][name]["rows"]
    scale, unit = (1000, "ms") if name == "one" else (1, "s")
    first = ["the first, ms"] if name == "one" else []
    columns = ["", unit, "from", "to", *first, f"processor, {unit}", "memory, MiB"]
    base = {"memory": at_once(AT_ONCE[0]), "warm": FILES}.get(name, HTTPX)
    beside = base.removeprefix("unverified, ")
    columns += [f"times {beside}", f"processor, times {beside}"]
    lines = []
    for title, row in rows.items():
        seconds = [one * scale for one in row["seconds"]]
        cpu = median(row["cpu_s"]) * scale
        lines.append(
            [
                title,
                *(f"{value:.2f}" for value in (median(seconds), min(seconds), max(seconds))),
                *([f"{median(row['first']) * 1000:.0f}"] if first else []),
                f"{cpu:.2f}",
                f"{row['memory'] / _MIB:.0f}",
                f"{_ratio(rows, title, base, 'seconds'):.2f}",
                f"{_ratio(rows, title, base, 'cpu_s'):.2f}",
            ]
        )
    return table(columns, lines)


def _ratio(rows: Results, one: str, other: str, what: str) -> float:
    """How many times as much one took as the other, in the median of the rounds."""
    pairs = zip(rows[one][what], rows[other][what], strict=True)
    return float(median(mine / theirs for mine, theirs in pairs))


def figures(results: Results) -> str:
    """What was asked for, beside what was measured."""
    words = {True: "yes", False: "**no**", None: "only stated"}
    lines = [[asked, *found, words[holds]] for asked, found, holds in _asked(results)]
    lines += [
        [f"{name}, all of it", "not yet", "", ""] for name in PARTS if name not in results["parts"]
    ]
    return table(["asked", "time", "processor", "holds"], lines)


def _asked(results: Results) -> list[tuple[str, tuple[str, str], bool | None]]:
    found: list[tuple[str, tuple[str, str], bool | None]] = []

    def compared(name: str, asked: str, one: str, other: str, limit: float | None) -> None:
        if name not in results["parts"]:
            return
        rows = results["parts"][name]["rows"]
        ratios = [_ratio(rows, one, other, what) for what in ("seconds", "cpu_s")]
        holds = None if limit is None else ratios[0] <= limit
        found.append((asked, (f"{ratios[0]:.2f} times", f"{ratios[1]:.2f} times"), holds))

    for name, tokens in (
        ("many", "1,000 tokens"),
        ("other", "1,000 tokens, OpenZeppelin's contract"),
    ):
        for plain in (HTTPX, AIOHTTP):
            asked = f"{tokens}: at most 1.15 x {plain}"
            compared(name, asked, OURS, plain, 1.15)
        asked = f"{tokens}: at most half of {JAVASCRIPT}"
        compared(name, asked, OURS, JAVASCRIPT, 0.5)
    asked = f"1,000 tokens, decoded and drawn anew: beside {JAVASCRIPT}"
    compared("many", asked, DECODED, JAVASCRIPT, None)
    compared("one", f"one token: at most half of {JAVASCRIPT}", OURS, JAVASCRIPT, 0.5)
    compared("one", f"one token: beside {HTTPX}", OURS, HTTPX, None)
    compared("helia", f"200 tokens through Helia's gateway: beside {HTTPX}", OURS, HTTPX, None)
    files = "at most twice of reading and hashing the files"
    compared("warm", f"1,000 tokens asked for again: {files}", AGAIN, FILES, 2)
    asked = f"1,000 tokens from the cache of another process: {files}"
    compared("warm", asked, REMEMBERED, FILES, 2)
    if "memory" in results["parts"]:
        rows = results["parts"]["memory"]["rows"]
        least, most = AT_ONCE[0], AT_ONCE[-1]
        more = rows[at_once(most)]["memory"] - rows[at_once(least)]["memory"]
        each = f"{more / (most - least) / 1024:.0f} KiB"
        found.append((f"memory of one more resolve at once, up to {most}", (each, ""), None))
    return found


def everything(results: Results) -> str:
    """All tables."""
    parts = [f"{name}:\n{part(results, name)}" for name in PARTS if name in results["parts"]]
    return "\n\n".join([measured_with(results), *parts, figures(results)])
