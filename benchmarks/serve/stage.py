"""The service, a bare application and nginx: each one worker, a process of its own, on loopback."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.loopback import free_port

from benchmarks.pin.corpus import ROOT
from benchmarks.pin.process import resident

NGINX = Path("/usr/sbin/nginx")
UVICORN, GRANIAN = "uvicorn", "granian"
_NGINX_CONF = """
daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
    types {{ image/webp webp; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    open_file_cache max=100 inactive=60s;
    server {{ listen 127.0.0.1:{port}; root {folder}; etag on; }}
}}
"""


@contextmanager
def service(
    folder: Path, *, node: str, gateways: Sequence[str], server: str = UVICORN
) -> Iterator[tuple[str, int]]:
    """The profile service with SQLite and files in `folder`; yields its URL and process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "PFPKIT_ORIGIN": url,
        "PFPKIT_SECRET": secrets.token_hex(32),
        "PFPKIT_DATABASE_URL": f"sqlite:///{folder}/profile.db",
        "PFPKIT_OBJECTS": f"file://{folder}/objects",
        "PFPKIT_NODES": node,
        "PFPKIT_CHAIN_ID": "31337",
        "PFPKIT_GATEWAYS": " ".join(gateways),
        "PFPKIT_WORK": str(folder),
        # The chain of a benchmark has no new blocks.
        "PFPKIT_MAX_HEAD_AGE_S": "999999",
    }
    with asgi("pfpkit.profile.asgi:app", server, port, settings) as process:
        yield url, process


@contextmanager
def bare(picture: Path, *, server: str = UVICORN) -> Iterator[str]:
    """The bare application over a file's bytes; yields its URL."""
    port = free_port()
    with asgi("benchmarks.serve.bare:app", server, port, {"BARE_FILE": str(picture)}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def asgi(app: str, server: str, port: int, variables: Mapping[str, str]) -> Iterator[int]:
    """An application under a server with one worker; yields its process."""
    at = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    more = {UVICORN: ["--no-access-log"], GRANIAN: ["--interface", "asgi", "--workers", "1"]}
    command = [sys.executable, "-m", server, app, *at, *more[server]]
    environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
    with running(command, port, environment) as process:
        yield process


@contextmanager
def nginx(folder: Path) -> Iterator[str]:
    """nginx with one worker over the files of a folder; yields its URL."""
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(_NGINX_CONF.format(folder=folder, port=port, user=user))
    command = [str(NGINX), "-p", str(folder), "-e", "stderr", "-c", str(conf)]
    with running(command, port, dict(os.environ)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def silent() -> Iterator[str]:
    """A gateway that takes connections and never says a word; yields its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def refusing() -> str:
    """The URL of a gateway that is not there."""
    return f"http://127.0.0.1:{free_port()}"


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    """A server, from when it answers on its port; yields its process."""
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:  # noqa: S603
        try:
            end = time.monotonic() + 60
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"did not start: {' '.join(command)}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


class Memory:
    """The largest memory of a process and those beneath it, in bytes, while it is entered."""

    def __init__(self, process: int) -> None:
        self._process, self._ended = process, threading.Event()
        self.most = 0

    def __enter__(self) -> Memory:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.most = max(self.most, resident(self._process))
            if self._ended.wait(0.1):
                return


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
