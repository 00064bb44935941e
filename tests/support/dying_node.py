"""A node that goes away in the middle: it passes requests to a real one, until one is asked for.

    with DyingNode(anvil.url, at="eth_sendRawTransaction") as node: ...

The request at which it dies reaches the real node; the answer reaches nobody, and from then on
nobody listens.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.request import Request, urlopen


class DyingNode:
    """`url` is where it listens as long as it lives; `asked` are the bodies that it was sent."""

    def __init__(self, real: str, at: str = "") -> None:
        self.asked: list[bytes] = []
        node, last = self, f'"{at}"'.encode()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                node.asked.append(body)
                json = {"Content-Type": "application/json"}
                with urlopen(Request(real, body, json)) as response:
                    answer = response.read()
                if at and last in body:
                    node.die()
                if node.dead.is_set():
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.dead = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def was_asked(self, method: str) -> bool:
        """Whether a request of this method came."""
        return any(f'"{method}"'.encode() in body for body in self.asked)

    def __enter__(self) -> Self:
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.die()

    def die(self) -> None:
        """Stop listening; a second time does nothing."""
        if not self.dead.is_set():
            # First of all its loop, which would turn for ever over a socket that is closed.
            self.server.shutdown()
            self.server.server_close()
            self.dead.set()
