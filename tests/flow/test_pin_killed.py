"""The fault run in small: killed by SIGKILL twice, on three back ends, it ends complete.

200 bundles, one back end failing a fifth of its calls: no root is uploaded again to who held it,
and nothing is lost. In full, with 10,000 bundles, it is `make soak-pin`.
"""

from functools import partial
from pathlib import Path

from support.fault_run import Event, FaultRun, kill
from support.services import World

TOKENS = 200


def test_pin__when_killed_twice_and_a_fifth_fails__ends_complete(tmp_path: Path) -> None:
    """What three services hold in the end is the collection, uploaded once each."""
    with World(tmp_path / "project", TOKENS) as world:
        world.pinata.failing = 0.2
        run = FaultRun(world)

        def uploaded(count: int) -> bool:
            assert not (world.root / "metadata/pins.json").exists()
            return world.kubo.uploads.total() + world.pinata.uploads.total() >= count

        # The first SIGKILL among the uploads, the second among the last of them.
        events = [Event(f"killed at {n}", partial(uploaded, n), kill) for n in (100, 300)]
        # A fifth of all calls fails, so one call may fail for good.
        run.through(events, most=5, timeout_s=200)
        assert run.codes[:2] == [-9, -9]
        run.check()
        run.check_rest()
        assert "0 bundles new, 201 were there" in run.said
