"""A fault run: pinning in processes of their own, killed by SIGKILL, on services that fail.

run = FaultRun(world)
run.until(lambda: world.kubo.uploads.total() > 100, then="kill")
run.to_the_end()
run.check(collection)
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pfpkit.collection import Collection
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import drive, list_directory
from pfpkit.workspace import Workspace
from support.services import SECRETS, World

TO = ("blockstore", "kubo", "pinata")
PIN = """
import asyncio, sys
from pathlib import Path
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.pinning import pressure
from pfpkit.workspace import Workspace
quick = pressure.Clock(chance=lambda: 0.02)
pressure.Clock = lambda: quick
options = PinOptions(tuple(sys.argv[2:]), (sys.argv[1],))
try:
    asyncio.run(pin(Workspace(Path.cwd()), options))
except Exception as error:
    sys.exit(f"error: {error}")
"""
_LOOK_S = 0.005


@dataclass(frozen=True)
class Event:
    """What happens to a run once `due` is true."""

    name: str
    due: Callable[[], bool]
    happens: Callable[[subprocess.Popen[str]], None]


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL: nothing in the process can notice it."""
    process.kill()


@dataclass
class FaultRun:
    """`ape run pin` again and again until nothing is missing, through a row of events."""

    world: World
    told: Callable[[str], None] = lambda _: None
    codes: list[int] = field(default_factory=list)
    """How each process ended: -9 when it was killed, 1 when something was missing."""
    said: str = ""
    """What the last one printed."""

    def start(self) -> subprocess.Popen[str]:
        """A run in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PIN, self.world.gateway.url, *TO],
            cwd=self.world.root,
            env={**os.environ, **SECRETS},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def through(self, events: Sequence[Event], *, most: int, timeout_s: float) -> None:
        """Run until a run ends well after every event; AssertionError after `most` runs."""
        waiting = list(events)
        end = time.monotonic() + timeout_s
        for number in range(1, most + 1):
            with self.start() as process:
                self._watch(process, waiting, end)
                self.said = process.communicate()[0]
            self.codes.append(process.returncode)
            self.told(f"run {number} ended with {process.returncode}")
            assert "Traceback" not in self.said, self.said
            if process.returncode == 0:
                assert not waiting, f"it ended before: {', '.join(one.name for one in waiting)}"
                return
        raise AssertionError(f"not complete after {most} runs: {self.said}")

    def _watch(self, process: subprocess.Popen[str], waiting: list[Event], end: float) -> None:
        while process.poll() is None:
            if waiting and waiting[0].due():
                event = waiting.pop(0)
                self.told(event.name)
                event.happens(process)
            if time.monotonic() > end:
                process.kill()
                raise AssertionError("it did not end in time")
            time.sleep(_LOOK_S)

    def check(self) -> None:
        """AssertionError unless each root is everywhere, was sent once, and is recorded."""
        world = self.world
        collection = Collection.read(world.root / "metadata")
        roots = {str(root) for entry in collection for root in (entry.root, entry.image)}
        assert len(roots) == 2 * (len(collection) + 1)
        whole = Workspace(world.root).pins().whole.directory
        assert whole is not None
        assert list(whole.pinned_by) == list(TO)
        roots.add(str(whole.root))
        for service in (world.kubo, world.pinata):
            assert set(service.pins) == roots
            assert service.twice == []
        store = BlockStore(world.root / ".pfpkit/blocks")
        assert {str(root) for root in store.roots()} == roots
        assert all(store.is_whole(entry.root) for entry in collection)
        listed = drive(list_directory(whole.root, max_entries=len(collection) + 1), store.get)
        assert {n: link.cid for n, link in listed.items()} == {e.key: e.root for e in collection}
        entries = Workspace(world.root).pins().entries
        assert [entry.bundle for entry in entries] == [entry.root for entry in collection]
        assert all([pin.pinner for pin in entry.pinners] == list(TO) for entry in entries)
        routes = [world.gateway.url]
        assert all([back.gateway for back in entry.read_back] == routes for entry in entries)

    def check_rest(self) -> None:
        """AssertionError unless one more run does nothing and asks nobody."""
        asked = (self.world.kubo, self.world.pinata, self.world.gateway)
        before = [len(one.requests) for one in asked]
        with self.start() as process:
            self.said = process.communicate(timeout=300)[0]
        assert process.returncode == 0, self.said
        assert [len(one.requests) for one in asked] == before
