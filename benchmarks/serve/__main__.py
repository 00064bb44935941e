"""`make bench-serve`: measure side by side, print, record. `ONLY=avatar,picture` for some parts.

Who is compared takes turns, another one first in each round, so that what else the machine does
meets all of them alike. Each part replaces its own figures in benchmarks/results/serve.json.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from support.profile import Browser

from benchmarks.pin.__main__ import head as machine
from benchmarks.pin.corpus import ROOT
from benchmarks.resolve.stage import EMBEDDED, OURS, Stage, serving, stage, store
from benchmarks.serve import report
from benchmarks.serve.load import load, tool
from benchmarks.serve.stage import NGINX, Memory, bare, nginx, refusing, service, silent

BUILD = ROOT / ".build" / "bench-serve"
PICTURE = ROOT / "metadata" / "images" / "1.png"
ROUNDS, SECONDS, CONNECTIONS = 5, 4, 32
CROWD, CROWDS = 200, 5


def avatar(there: Stage) -> Any:
    """A token's avatar of 400 pixels, asked for again and again."""
    path = f"/avatar/eip155:31337/erc721:{there.contracts[OURS]}/1?size=400"
    return _beside(there, lambda url: url + path)


def picture(there: Stage) -> Any:
    """The file of 400 pixels of a picture that somebody uploaded."""

    def uploaded(url: str) -> str:
        with Browser(url, {}) as browser:
            browser.sign_up("somebody")
            assert browser.upload(PICTURE.read_bytes()).status_code == 303
            return url + str(browser.picture_of("somebody")["images"]["400"]["webp"])

    return _beside(there, uploaded)


def first(there: Stage) -> Any:
    """200 tokens at once that nobody asked for before, half of the gateways dead; five times."""
    rows = []
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory(dir=BUILD)))
        gateways = [
            there.gateways[EMBEDDED],
            refusing(),
            open_.enter_context(serving(store()[0])),
            open_.enter_context(silent()),
        ]
        url, process = open_.enter_context(service(folder, node=there.rpc, gateways=gateways))
        for begin in range(1, CROWD * CROWDS, CROWD):
            end = begin + CROWD - 1
            command = [sys.executable, "-m", "benchmarks.serve.crowd", url, there.contracts[OURS]]
            with Memory(process) as memory:
                said = subprocess.run(  # noqa: S603
                    [*command, str(begin), str(end)], cwd=ROOT, stdout=subprocess.PIPE, check=True
                ).stdout
            found = json.loads(said)
            rows.append(
                {
                    "first": begin,
                    "last": end,
                    "answered": sum(status == 200 for status, _ in found),
                    "seconds": [round(seconds, 3) for _, seconds in found],
                    "memory": memory.most,
                }
            )
            print(f"  {begin:>4} to {end}: {rows[-1]['answered']} in {max(rows[-1]['seconds'])} s")
    return rows


def _beside(there: Stage, address: Callable[[str], str]) -> Any:
    """Ask the service for what `address` says, and the others for the same bytes."""
    with ExitStack() as open_:
        folder = Path(open_.enter_context(TemporaryDirectory(dir=BUILD)))
        gateways = [there.gateways[EMBEDDED]]
        urls, file = {}, folder / "picture.webp"
        for server, (ours, plain) in report.SERVERS.items():
            place = folder / server
            there_ = service(place, node=there.rpc, gateways=gateways, server=server)
            urls[ours] = address(open_.enter_context(there_)[0])
            if not file.exists():
                got = httpx.get(urls[ours], trust_env=False).raise_for_status()
                file.write_bytes(got.content)
            urls[plain] = open_.enter_context(bare(file, server=server)) + "/picture.webp"
        data = file.read_bytes()
        urls[report.NGINX] = open_.enter_context(nginx(folder)) + "/picture.webp"
        for url in urls.values():
            assert httpx.get(url, trust_env=False).content == data
        print(f"  {len(data):,} bytes", flush=True)
        return _taking_turns(urls)


def _taking_turns(urls: dict[str, str]) -> Any:
    names = list(urls)
    rows: dict[str, dict[str, list[float]]] = {
        name: {"rate": [], "p50_ms": [], "p99_ms": []} for name in names
    }
    for turn in range(ROUNDS):
        at = turn % len(names)
        for name in names[at:] + names[:at]:
            found = load(urls[name], seconds=SECONDS, connections=CONNECTIONS)
            for what in ("rate", "p50_ms", "p99_ms"):
                rows[name][what].append(round(getattr(found, what), 2))
            print(f"  {name:<22} {found.rate:10,.0f} a second, 99% in {found.p99_ms:.1f} ms")
    return rows


PARTS: dict[str, Callable[[Stage], Any]] = {"avatar": avatar, "picture": picture, "first": first}


def head() -> dict[str, Any]:
    """What everything was measured with."""
    said = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr  # noqa: S603
    others = {"nginx": said.partition(": ")[2].strip(), "tool": tool()}
    return machine() | others | {"libraries": report.libraries()}


def main() -> None:
    wanted = (os.environ.get("ONLY") or ",".join(PARTS)).split(",")
    if unknown := set(wanted) - set(PARTS):
        sys.exit(f"ONLY: there is no part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    if not NGINX.is_file():
        sys.exit("bench-serve: nginx is missing; on Debian: apt-get install nginx wrk")
    BUILD.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    before = os.getloadavg()[0]
    with stage() as there:
        for name in wanted:
            print(f"{name}: {PARTS[name].__doc__}", flush=True)
            report.KEPT.keep(head(), name, PARTS[name](there), before)
    print(f"took {time.monotonic() - begin:.0f} s\n\n" + report.everything(report.KEPT.read()))


if __name__ == "__main__":
    main()
