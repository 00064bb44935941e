"""A service on loopback that answers rightly, or once in some other way, on demand.

    class Kubo(Service):
        def answer(self, request): return Reply(200, {"Version": "0.39.0"})

    with Kubo() as kubo:
        kubo.next(Reply(429, headers={"Retry-After": "7"}), Fault.CUT)
        kubo.url, kubo.requests

Speaks HTTP/1.1 over real sockets. What `next` names is used up one request after another, before
the service does anything, or, with `after=True`, after it has done what was asked.
"""

import json
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from support.loopback import Loopback


class Fault(StrEnum):
    """What a service does instead of answering."""

    CUT = "announces its answer and hangs up in the middle"
    CUT_CHUNKED = "hangs up between two chunks of its answer"
    HANGS_UP = "closes the connection without a word"
    SILENT = "takes the request and says nothing"
    GARBAGE = "does not speak HTTP"
    ENDLESS = "never ends its answer"
    NOT_JSON = "answers 200 with a page of HTML"
    EMPTY = "answers 200 with an empty object"


@dataclass(frozen=True)
class Reply:
    """An answer: a JSON value, or bytes as they are."""

    status: int = 200
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    """What came over the wire."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Service(Loopback, ABC):
    """Runs until the `with` block ends. Subclasses say what is right in `answer`."""

    def __init__(self) -> None:
        super().__init__(_Handler)
        self.requests: list[Request] = []
        self.lock = threading.Lock()
        self.busy = self.busiest = 0
        self.pause_s = 0.0
        self._faults: deque[tuple[str, str, Reply | Fault, bool]] = deque()

    def next(
        self, *faults: Reply | Fault, path: str = "", method: str = "", after: bool = False
    ) -> None:
        """Answer the next requests of that method whose path holds `path` like this, in order."""
        self._faults.extend((path, method, fault, after) for fault in faults)

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """Return what the service says to a request."""

    def asked(self, path: str, method: str = "") -> list[Request]:
        """The requests whose path holds `path`."""
        return [r for r in self.requests if path in r.path and method in r.method]

    def respond(self, request: Request) -> Reply | Fault:
        with self.lock:
            self.requests.append(request)
            for each in self._faults:
                path, method, fault, after = each
                if path in request.path and method in request.method:
                    self._faults.remove(each)
                    if after:
                        self.answer(request)
                    return fault
            return self.answer(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise each answer waits 40 ms for the acknowledgement of its head.
    disable_nagle_algorithm = True

    def _any(self) -> None:
        service = self.server.served
        with service.lock:
            service.busy += 1
            service.busiest = max(service.busiest, service.busy)
        try:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            if len(body) < length:
                self.close_connection = True
                return
            service.stopping.wait(service.pause_s) if service.pause_s else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query))
            reply = service.respond(Request(self.command, parts.path, query, headers, body))
            self._send(reply)
        finally:
            with service.lock:
                service.busy -= 1

    do_GET = do_POST = do_PATCH = do_HEAD = do_DELETE = _any

    def _send(self, reply: Reply | Fault) -> None:
        if isinstance(reply, Fault):
            _FAULTS[reply](self)
            return
        data = reply.data()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_WR)

    def _endless(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        self.close_connection = True
        while not self.server.served.stopping.is_set():
            self.wfile.write(b" " * 65536)

    def _silent(self) -> None:
        self.server.served.stopping.wait()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_FAULTS: dict[Fault, Callable[[_Handler], None]] = {
    Fault.CUT: lambda h: h._raw(_HEAD + b'Content-Length: 500\r\n\r\n{"data": {"id'),
    Fault.CUT_CHUNKED: lambda h: h._raw(
        _HEAD + b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"Root": \r\n'
    ),
    Fault.HANGS_UP: lambda h: h._raw(b""),
    Fault.SILENT: _Handler._silent,
    Fault.GARBAGE: lambda h: h._raw(b"\x16\x03\x01 this is no HTTP\r\n\r\n"),
    Fault.ENDLESS: _Handler._endless,
    Fault.NOT_JSON: lambda h: h._send(Reply(200, b"<html>We are moving</html>")),
    Fault.EMPTY: lambda h: h._send(Reply(200, {})),
}
