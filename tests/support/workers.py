"""The profile service as docs/pfpkit-profile.service starts it: uvicorn with two workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx

from pfpkit.profile.settings import Settings
from support.loopback import free_port

UNIT = Path(__file__).parents[2] / "docs" / "pfpkit-profile.service"


class Workers:
    """Serves `settings` until the `with` block ends; `origin` is where, `log` what was printed."""

    def __init__(self, settings: Settings) -> None:
        self._port = free_port()
        self.origin = f"http://127.0.0.1:{self._port}"
        self.settings = replace(settings, origin=self.origin)
        self.log = settings.work / "workers.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it by the unit's command line, and wait until it answers."""
        found = re.search(r"^ExecStart=/opt/pfpkit/bin/(.*)$", UNIT.read_text(), re.MULTILINE)
        assert found is not None, "the unit starts something else"
        program, *options = found[1].split()
        options[options.index("--port") + 1] = str(self._port)
        command = [str(Path(sys.executable).with_name(program)), *options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=os.environ | environment_of(self.settings), stdout=log, stderr=log
            )
        end = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        """End it as systemd does."""
        self._process.terminate()
        self._process.wait(30)

    @property
    def workers(self) -> list[int]:
        """The processes that answer requests."""
        return [one for one in children(self._process.pid) if "spawn_main" in _words(one)]

    @property
    def family(self) -> list[int]:
        """Every process of it: the first, the workers, and who decodes for them."""
        found = [self._process.pid]
        for one in found:
            found += children(one)
        return found

    def kill(self, worker: int) -> None:
        """Kill a worker as a crash would, and wait until there is another one."""
        os.kill(worker, signal.SIGKILL)
        end = time.monotonic() + 30
        while worker in self.workers or len(self.workers) < 2 or not self._answers():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    @contextmanager
    def alone(self, worker: int) -> Iterator[None]:
        """Let only this worker answer, for less time than its master gives one that is silent."""
        (other,) = (one for one in self.workers if one != worker)
        os.kill(other, signal.SIGSTOP)
        # It may have been stopped within a transaction, which SQLite gives nobody else then.
        while not self._answers("/users/nobody-at-all/picture", 404, within_s=1.0):
            os.kill(other, signal.SIGCONT)
            time.sleep(0.05)
            os.kill(other, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(other, signal.SIGCONT)

    def _answers(self, path: str = "/healthz", status: int = 200, within_s: float = 5.0) -> bool:
        try:
            got = httpx.get(self.origin + path, timeout=within_s, trust_env=False)
        except httpx.TransportError:
            return False
        return got.status_code == status


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that say these settings."""
    objects = settings.objects
    found = {
        "PFPKIT_ORIGIN": settings.origin,
        "PFPKIT_SECRET": settings.secret,
        "PFPKIT_DATABASE_URL": settings.database_url,
        "PFPKIT_OBJECTS": f"file://{objects.folder}"
        if objects.folder
        else f"s3://{objects.bucket}",
        "PFPKIT_S3_ENDPOINT": objects.endpoint,
        "PFPKIT_S3_REGION": objects.region,
        "PFPKIT_S3_KEY_ID": objects.key_id,
        "PFPKIT_S3_SECRET_KEY": objects.secret_key,
        "PFPKIT_NODES": " ".join(settings.nodes),
        "PFPKIT_CHAIN_ID": str(settings.chain_id),
        "PFPKIT_GATEWAYS": " ".join(settings.gateways),
        "PFPKIT_WORK": str(settings.work),
        "PFPKIT_FRESH_S": str(settings.fresh_s),
        "PFPKIT_MAX_AGE_S": str(settings.max_age_s),
        "PFPKIT_MAX_HEAD_AGE_S": str(settings.max_head_age_s or 999_999),
        "PFPKIT_POLL_S": str(settings.poll_s),
        "PFPKIT_PER_MINUTE": str(settings.per_minute),
    }
    return {name: value for name, value in found.items() if value}


def children(process: int) -> list[int]:
    """The processes that a process started and that are there still."""
    try:
        threads = os.listdir(f"/proc/{process}/task")
        texts = [Path(f"/proc/{process}/task/{one}/children").read_text() for one in threads]
    except OSError:
        return []
    return [int(one) for text in texts for one in text.split()]


def runs(process: int) -> bool:
    """Whether a process is there, and is not one that has ended and is not waited for yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _words(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
