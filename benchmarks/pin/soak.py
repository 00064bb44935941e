"""`make soak-pin`: 10,000 small bundles to three back ends, and nothing is spared them.

One service fails a fifth of its calls and is cut off twice; the pinning process is killed three
times with SIGKILL. It has to end complete, with nothing lost and no bundle uploaded again to a
service that had said it holds it. Prints what happened; ends with 1 otherwise. Services, gateway
and runs are processes and sockets on loopback (tests/support/fault_run.py).
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

from support.fault_run import Event, FaultRun, kill
from support.hostile_service import Fault, Reply, Request
from support.services import KeepingPinata, World

TOKENS = int(os.environ.get("TOKENS", "10000"))
CUT_S = 4.0
TIMEOUT_S = 3600
MOST_RUNS = 15


class Failing(KeepingPinata):
    """Pinata's API, which fails and is cut off; counts how it answered."""

    failing = 0.2
    is_cut = False

    def __init__(self) -> None:
        super().__init__()
        self.answers: Counter[str] = Counter()

    def respond(self, request: Request) -> Reply | Fault:
        answer: Reply | Fault = Fault.HANGS_UP if self.is_cut else super().respond(request)
        if isinstance(answer, Fault):
            self.answers["cut off"] += 1
        else:
            self.answers["failed" if answer.status >= 500 else "answered"] += 1
        return answer

    def cut_off(self, _: object) -> None:
        """Hang up on every caller for a while."""
        self.is_cut = True
        timer = threading.Timer(CUT_S, self._back)
        timer.daemon = True
        timer.start()

    def _back(self) -> None:
        self.is_cut = False


def main() -> int:
    begin = time.monotonic()

    def told(what: str) -> None:
        print(f"  {time.monotonic() - begin:6.0f} s  {what}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        told(f"making {TOKENS:,} bundles")
        world = World(Path(folder) / "project", TOKENS)
        world.pinata = pinata = Failing()
        with world:
            run = FaultRun(world, told)
            try:
                run.through(events(world, pinata), most=MOST_RUNS, timeout_s=TIMEOUT_S)
                told("complete: checking what everybody holds, and that one more run does nothing")
                run.check()
                run.check_rest()
            except AssertionError as error:
                told(f"FAILED: {error}")
                return 1
            finally:
                summary(world, pinata, run)
    told("nothing was lost, and nothing was uploaded twice")
    return 0


def events(world: World, pinata: Failing) -> list[Event]:
    """Kills and cuts in turn, by how many uploads came, and by how much was read back."""
    roots = 2 * (TOKENS + 1)

    def sent(service: Counter[str], share: float) -> bool:
        return service.total() >= share * roots

    asked: list[int] = []

    def read(share: float) -> bool:
        asked.append(len(world.gateway.requests))
        return asked[-1] - asked[0] >= share * TOKENS  # since it is waited for

    uploads = pinata.uploads
    uploads_all = (uploads, world.kubo.uploads)

    def sent_to_both(share: float) -> bool:
        return sum(one.total() for one in uploads_all) >= share * 2 * roots

    return [
        Event("SIGKILL, with a fifth of all uploads done", partial(sent_to_both, 0.2), kill),
        Event("the failing service is cut off", partial(sent, uploads, 0.4), pinata.cut_off),
        Event("SIGKILL, with six tenths of its uploads done", partial(sent, uploads, 0.6), kill),
        Event("it is cut off again", partial(sent, uploads, 0.8), pinata.cut_off),
        Event("SIGKILL, while bundles are read back", partial(read, 0.2), kill),
    ]


def summary(world: World, pinata: Failing, run: FaultRun) -> None:
    """Print what happened."""
    print(f"bundles             {TOKENS + 1:,}, two roots each, and one root over all of them")
    print(f"runs                {len(run.codes)}, of which {run.codes.count(-9)} killed")
    calls = ", ".join(f"{count:,} {how}" for how, count in sorted(pinata.answers.items()))
    print(f"calls of pinata     {sum(pinata.answers.values()):,}: {calls}")
    for name, service in (("kubo", world.kubo), ("pinata", pinata)):
        more = service.uploads.total() - len(service.uploads)
        print(
            f"uploads to {name:<9}"
            f"{service.uploads.total():,} of {len(service.uploads):,} roots; "
            f"{more:,} again after a call that failed, {len(service.twice)} after success"
        )
    print(f"read back           {len(world.gateway.requests):,} requests of the gateway")


if __name__ == "__main__":
    sys.exit(main())
