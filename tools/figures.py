"""Put the figures of benchmarks/results into README and docs, between markers: `make figures`.

    <!-- figures: NAME -->
    written again each time
    <!-- end of figures -->

With `--check` nothing is written, and a file that would change is named and fails the run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gas import plot, report  # noqa: E402 - the line above makes it found
from benchmarks.pin import report as pinning  # noqa: E402
from benchmarks.resolve import report as resolving  # noqa: E402
from benchmarks.serve import report as serving  # noqa: E402

BLOCK = re.compile(r"(<!-- figures: ([^>]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
PAGES = (
    "README.md",
    "docs/gas.md",
    "docs/deploy.md",
    "docs/benchmarks-pin.md",
    "docs/benchmarks-resolve.md",
    "docs/benchmarks-serve.md",
)
PLOT = "benchmarks/results/gas.svg"


def blocks() -> dict[str, Callable[[], str]]:
    """What each name stands for."""
    gas = report.read("gas.json")
    experiments = report.read("gas-experiments.json")
    found: dict[str, Callable[[], str]] = {
        "summary": lambda: report.summary(gas),
        "measured with": lambda: report.measured_with(gas),
        "minting": lambda: report.beside_the_floor(gas, report.MINTING),
        "moving": lambda: report.beside_the_floor(gas, report.MOVING),
        "rest": lambda: report.beside_the_floor(gas, report.REST),
        "minting, against": lambda: report.beside_each_peer(gas, report.MINTING),
        "moving, against": lambda: report.beside_each_peer(gas, report.MOVING),
        "rest, against": lambda: report.beside_each_peer(gas, report.REST),
        "deployment": lambda: report.deployment(gas),
        "costs": lambda: report.costs(gas),
        "features": lambda: report.features(gas),
        "floor": lambda: report.terms(gas),
        "compiler": lambda: report.sweep(experiments),
        "access list": lambda: report.access_lists(experiments),
    }
    pins = pinning.KEPT.read()
    found["pinning, measured with"] = lambda: pinning.measured_with(pins)
    found["pinning, asked"] = lambda: pinning.figures(pins)
    for name in pinning.BASE:
        found[f"pinning, {name}"] = lambda name=name: pinning.part(pins, name)
    reads = resolving.KEPT.read()
    found["resolving, measured with"] = lambda: resolving.measured_with(reads)
    found["resolving, asked"] = lambda: resolving.figures(reads)
    for name in resolving.PARTS:
        found[f"resolving, {name}"] = lambda name=name: resolving.part(reads, name)
    served = serving.KEPT.read()
    found["serving, measured with"] = lambda: serving.measured_with(served)
    found["serving, asked"] = lambda: serving.figures(served)
    found["serving, soak"] = lambda: serving.soak(serving.SOAK.read())
    for name in serving.PARTS:
        found[f"serving, {name}"] = lambda name=name: serving.part(served, name)
    for title in experiments["patches"]:
        found[title] = lambda title=title: report.experiment(experiments, title)
    return found


def filled(page: str, text: str, known: dict[str, Callable[[], str]]) -> str:
    """The page with every block as the results say."""

    def block(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        if name not in known:
            sys.exit(f"{page}: no figures are named {name!r}; there are: {', '.join(known)}")
        return f"{begin}{known[name]()}\n{end}"

    return BLOCK.sub(block, text)


def main() -> int:
    known = blocks()
    texts = {page: filled(page, (ROOT / page).read_text(), known) for page in PAGES}
    texts[PLOT] = plot.draw(report.read("gas.json"))
    stale = [
        name
        for name, text in texts.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    ]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{name}: its figures are not those of benchmarks/results; run: make figures")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(texts[name])
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
