"""A web server on loopback that sends exactly what a test says, and counts who connects.

    with WebServer({"/1.json": page(b"{}")}) as server:
        server.url("/1.json"), server.connections, server.requests

An answer is the bytes to send, or a function that is given the socket and the server's end.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Mapping

from support.certificate import certificate
from support.loopback import Loopback

Answer = bytes | Callable[[socket.socket, threading.Event], None]


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def redirect(place: str, status: str = "302 Found") -> bytes:
    """A redirect to `place`."""
    return page(b"", f"Location: {place}", status=status)


class WebServer(Loopback):
    """Serves `answers` by path until the `with` block ends; 404 for every other path."""

    def __init__(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        host: str = "127.0.0.1",
        tls: bool = False,
    ) -> None:
        super().__init__(_Handler, host)
        self.answers = dict(answers or {})
        self.connections = 0
        self.requests: list[bytes] = []
        self.sent = 0
        self.context: ssl.SSLContext | None = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate())

    def url(self, path: str, host: str = "localhost") -> str:
        """The URL of one of its answers."""
        return f"http{'s' if self.context else ''}://{host}:{self.port}{path}"


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        served = self.server.served
        served.connections += 1
        if served.context is not None:
            self.request = served.context.wrap_socket(self.request, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(65536)
            if not piece:
                return
            head += piece
        served.requests.append(head)
        path = head.split(b" ", 2)[1].decode()
        answer = served.answers.get(path, page(b"", status="404 Not Found"))
        if callable(answer):
            answer(self.request, served.stopping)
        else:
            self.request.sendall(answer)


def dripping(first: bytes, piece: bytes, pause_s: float) -> Answer:
    """`first` at once and then `piece` again and again, for ever."""

    def send(connection: socket.socket, stopping: threading.Event) -> None:
        connection.sendall(first)
        while not stopping.wait(pause_s):
            connection.sendall(piece)

    return send


def after(delay_s: float, answer: bytes) -> Answer:
    """`answer`, late."""

    def send(connection: socket.socket, stopping: threading.Event) -> None:
        if not stopping.wait(delay_s):
            connection.sendall(answer)

    return send


def until(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
