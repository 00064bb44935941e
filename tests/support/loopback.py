"""What the servers of these tests share: one thread, a free port on loopback, and a clean end."""

from __future__ import annotations

import socket
import socketserver
import threading
from typing import Any, Self


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    # Many connect at once.
    request_queue_size = 64
    served: Any

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up on a liar is no news."""


class _Server6(_Server):
    address_family = socket.AF_INET6


def free_port() -> int:
    """A port of this machine that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


class Loopback:
    """Serves with `handler` until its `with` block ends; handlers find it as `self.server.served`.

    `stopping` is set at the end, for what drips or stalls until then.
    """

    def __init__(
        self, handler: type[socketserver.BaseRequestHandler], host: str = "127.0.0.1"
    ) -> None:
        self.stopping = threading.Event()
        self._server = (_Server6 if ":" in host else _Server)((host, 0), handler)
        self._server.served = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def port(self) -> int:
        """The free port that it took."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
