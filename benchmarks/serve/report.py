"""The results of `make bench-serve` as Markdown; reads their JSON and no more.

`tools/figures.py` puts them into docs/benchmarks-serve.md, and the run prints the same text.
"""

from __future__ import annotations

from importlib.metadata import version
from statistics import median

from benchmarks.gas.report import table
from benchmarks.record import Record, Results, loads

KEPT = Record("serve.json")
SOAK = Record("serve-soak.json")
SERVERS = {
    name: (f"the profile service, {name}", f"bare Starlette, {name}")
    for name in ("uvicorn", "granian")
}
"""What each server runs: the service, and what it is compared with."""
NGINX = "nginx, the file"
PARTS = ("avatar", "picture", "first")
GOAL = 0.9
WITHIN_S = 60
_MIB = 2**20
_WHAT = {"avatar": "a token's avatar", "picture": "the file of somebody's picture"}


def libraries() -> dict[str, str]:
    """The versions of the libraries that serve."""
    return {name: version(name) for name in ("starlette", "uvicorn", "h11", "granian")}


def soak(results: Results) -> str:
    """What the soak saw."""
    if "soak" not in results["parts"]:
        return "Not measured yet: `make soak-serve`."
    row = results["parts"]["soak"]["rows"]
    acts = ", ".join(f"{count} x {name}" for name, count in sorted(row["acts"].items()))
    looks = ", ".join(f"{count:,} {name}" for name, count in row["looks"].items())
    lines = [
        ["lasted", f"{row['seconds']} s, SEED={row['seed']}"],
        ["what was done", acts],
        ["what was seen, once a second", looks],
        ["answers to platforms; events to pages", f"{row['answers']:,}; {row['events']:,}"],
        ["connections that a kill cut", f"{row['hung_up']:,}"],
        ["blocks that a full hexagon stood after its sale, at most", str(row["worst_blocks"])],
        [
            "age of an answer behind a full hexagon, at most",
            f"{row['worst_age_s']} s of {row['fresh_s']:.0f}",
        ],
        [
            "seconds that it stood after its sale while nobody followed the chain, at most",
            f"{row['worst_away_s']} s of {row['fresh_s']:.0f} and {row['slack_s']:.0f}",
        ],
        ["memory, end", f"{row['memory_mib']:,} MiB, {row['memory_grown']} of the middle's"],
        ["open files, more than in the middle", str(row["files_grown"])],
        ["orphans, faults", str(row["faults"])],
    ]
    return table(["", "figure"], lines)


def measured_with(results: Results) -> str:
    """Machine and versions, in some sentences."""
    if "head" not in results:
        return "Not measured yet: `make bench-serve`."
    head = results["head"]
    others = ", ".join(f"{name} {number}" for name, number in head["libraries"].items())
    return (
        f"Measured on {head['processor']} ({head['cores']} cores); Python {head['python']}, "
        f"{others}; {head['nginx']}. The load was made by {head['tool']}. The machine's load "
        f"before everything began, by other work: {loads(results)}."
    )


def part(results: Results, name: str) -> str:
    """One part's table."""
    if name not in results["parts"]:
        return f"Not measured yet: `make bench-serve ONLY={name}`."
    rows = results["parts"][name]["rows"]
    return _crowds(rows) if name == "first" else _rates(rows)


def _rates(rows: Results) -> str:
    columns = ["", "answers a second", "from", "to", "half within, ms", "99% within, ms"]
    lines = []
    beside = {one: bare for ours, bare in SERVERS.values() for one in (ours, bare)}
    for title in rows:
        rates = rows[title]["rate"]
        lines.append(
            [
                title,
                *(f"{value:,.0f}" for value in (median(rates), min(rates), max(rates))),
                *(f"{median(rows[title][what]):.1f}" for what in ("p50_ms", "p99_ms")),
                f"{_ratio(rows, title, beside[title]):.2f}" if title in beside else "",
                f"{_ratio(rows, title, NGINX):.2f}",
            ]
        )
    return table([*columns, "times bare", "times nginx"], lines)


def _crowds(rows: list[Results]) -> str:
    columns = ["tokens", "answered", "half within, s", "99% within, s", "last, s", "memory, MiB"]
    lines = []
    for row in rows:
        took = sorted(row["seconds"])
        shown = [median(took), took[int(0.99 * (len(took) - 1))], took[-1]]
        lines.append(
            [
                f"{row['first']} to {row['last']}",
                f"{row['answered']} of {len(took)}",
                *(f"{value:.1f}" for value in shown),
                f"{row['memory'] / _MIB:,.0f}",
            ]
        )
    return table(columns, lines)


def _ratio(rows: Results, one: str, other: str) -> float:
    """How many times as many answers one gave as the other, in the median of the rounds."""
    pairs = zip(rows[one]["rate"], rows[other]["rate"], strict=True)
    return float(median(mine / theirs for mine, theirs in pairs))


def figures(results: Results) -> str:
    """What was asked for, beside what was measured."""
    lines = []
    for name in ("avatar", "picture"):
        if name in results["parts"]:
            rows = results["parts"][name]["rows"]
            for ours, bare in SERVERS.values():
                ratio = _ratio(rows, ours, bare)
                asked = f"{_WHAT[name]}: at least {GOAL:g} of {bare}"
                lines.append([asked, f"{ratio:.2f}", _word(ratio >= GOAL)])
                asked = f"{_WHAT[name]}, {ours.partition(', ')[2]}: beside {NGINX}"
                lines.append([asked, f"{_ratio(rows, ours, NGINX):.2f}", "only stated"])
    if "first" in results["parts"]:
        rows = results["parts"]["first"]["rows"]
        last = max(second for row in rows for second in row["seconds"])
        lost = sum(len(row["seconds"]) - row["answered"] for row in rows)
        asked = f"200 first resolves at once: none over {WITHIN_S} s"
        lines.append([asked, f"{last:.1f} s", _word(last <= WITHIN_S)])
        lines.append(["200 first resolves at once: none lost", str(lost), _word(not lost)])
        grown = rows[-1]["memory"] / rows[1]["memory"]
        asked = (
            f"memory of the last {len(rows[-1]['seconds'])} beside the second: at most 1.1 times"
        )
        lines.append([asked, f"{grown:.2f} times", _word(grown <= 1.1)])
    lines += [[f"{one}, all of it", "not yet", ""] for one in PARTS if one not in results["parts"]]
    return table(["asked", "measured", "holds"], lines)


def _word(holds: bool) -> str:
    return "yes" if holds else "**no**"


def everything(results: Results) -> str:
    """All tables."""
    parts = [f"{name}:\n{part(results, name)}" for name in PARTS if name in results["parts"]]
    return "\n\n".join([measured_with(results), *parts, figures(results)])
