"""The fault run in small: 200 bundles to three back ends, one failing a fifth of its calls, and

SIGKILL twice: it ends complete, no root is uploaded again to who held it, nothing is lost.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from support.services import SECRETS, World

from pfpkit.collection import Collection
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.workspace import Workspace

TOKENS = 200
PIN = """
import asyncio, sys
from pathlib import Path
from pfpkit.cli import one_line
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.pinning import pressure
from pfpkit.workspace import Workspace
quick = pressure.Clock(chance=lambda: 0.02)
pressure.Clock = lambda: quick
options = PinOptions(("blockstore", "kubo", "pinata"), (sys.argv[1],))
try:
    asyncio.run(pin(Workspace(Path.cwd()), options))
except Exception as error:
    sys.exit(f"error: {error}")
"""


def start(world: World) -> "subprocess.Popen[str]":
    """A run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PIN, world.gateway.url],
        cwd=world.root,
        env={**os.environ, **SECRETS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_pin__when_killed_twice_and_a_fifth_fails__ends_complete(tmp_path: Path) -> None:
    """What three services hold in the end is the collection, uploaded once each."""
    with World(tmp_path / "project", TOKENS) as world:
        world.pinata.failing = 0.2
        # The first SIGKILL among the uploads, the second among the last of them.
        for uploads in (100, 300):
            with start(world) as process:
                while world.kubo.uploads.total() + world.pinata.uploads.total() < uploads:
                    assert process.poll() is None, process.communicate()[0]
                    time.sleep(0.005)
                process.kill()
            assert not (world.root / "metadata/pins.json").exists()
        said = ""
        for _ in range(3):  # a fifth of all calls fails, so one call may fail for good
            with start(world) as process:
                said = process.communicate(timeout=120)[0]
            if process.returncode == 0:
                break
        assert process.returncode == 0, said
        collection = Collection.read(world.root / "metadata")
        roots = {str(root) for entry in collection for root in (entry.root, entry.image)}
        assert len(roots) == 2 * (TOKENS + 1)
        for service in (world.kubo, world.pinata):
            assert set(service.pins) == roots
            assert service.twice == []
        store = BlockStore(world.root / ".pfpkit/blocks")
        assert {str(root) for root in store.roots()} == roots
        entries = Workspace(world.root).pins().entries
        assert [e.bundle for e in entries] == [entry.root for entry in collection]
        everywhere = ["blockstore", "kubo", "pinata"]
        assert all([p.pinner for p in e.pinners] == everywhere for e in entries)
        assert all([r.gateway for r in e.read_back] == [world.gateway.url] for e in entries)
        # Nothing is left to do, and nothing is done.
        before = [len(asked.requests) for asked in (world.kubo, world.pinata, world.gateway)]
        with start(world) as process:
            said = process.communicate(timeout=60)[0]
        assert "0 bundles new, 201 were there" in said
        after = [len(asked.requests) for asked in (world.kubo, world.pinata, world.gateway)]
        assert after == before
