"""A gateway on loopback that misbehaves on demand: one way of lying, stalling or flooding each.

    with HostileGateway(blocks, Lie.FLIPPED_BYTE) as gateway:
        gateway.url, gateway.requests, gateway.sent

Answers with bare sockets, so that it can break HTTP itself. It serves the blocks it is given, each
by its CID, and all of them as the CAR of any CID.
"""

import gzip
import io
import socket
import socketserver
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from pfpkit.car import write_car
from pfpkit.cid import CID, cid_of
from pfpkit.unixfs import Block
from support.loopback import Loopback

_RAW = "application/vnd.ipld.raw"
_CAR = "application/vnd.ipld.car"
_PIECE = b"\0" * 65536


class Lie(StrEnum):
    """What a gateway does instead of its work."""

    HONEST = "answers rightly"
    FLIPPED_BYTE = "flips one byte"
    OTHER_FILE = "serves another file"
    EMPTY = "serves no bytes at all"
    TRUNCATED = "announces all and hangs up half-way"
    ENDLESS = "never ends its body"
    ANNOUNCED_HUGE = "announces a terabyte"
    SILENT = "stalls before the head"
    STALLED = "stalls in the middle of the body"
    DRIPPING = "sends one byte now and then, for ever"
    CRUMBS = "sends chunks of one byte, for ever"
    CRUMBLED = "answers rightly, in chunks of one byte"
    REDIRECTING = "redirects elsewhere"
    ODD_STATUS = "answers with `status`, and with no Location"
    SLOW = "thinks for a while and answers rightly"
    WRONG_TYPE = "serves the right bytes as HTML"
    PLAIN = "ignores the format and serves plain bytes"
    ONLY_FILES = "ignores the format and serves `files`"
    NO_CARS = "406 for a CAR, and the right block"
    GZIP_BOMB = "compresses zeros"
    MISSING = "404"
    BUSY = "429"
    BROKEN = "500"
    GARBAGE = "does not speak HTTP"
    ENDLESS_HEAD = "never ends its head"
    HANGS_UP = "closes the connection at once"
    EXTRA_BLOCK = "adds a foreign block to the CAR"
    MISSING_BLOCK = "leaves the last block out of the CAR"
    HEADER_ONLY = "sends the CAR's header and ends"
    HEADER_THEN_STALL = "sends the CAR's header and stalls"

    @property
    def stalls(self) -> bool:
        """Whether a client has to wait until a limit of its own."""
        return self in (Lie.SILENT, Lie.STALLED, Lie.DRIPPING, Lie.HEADER_THEN_STALL)


class HostileGateway(Loopback):
    """Serves `blocks` with one `lie`, until the `with` block ends."""

    def __init__(
        self, blocks: Sequence[Block], lie: Lie = Lie.HONEST, *, elsewhere: str = "http://[::1]:9/"
    ) -> None:
        super().__init__(_Handler)
        self.blocks = {block.cid: block.data for block in blocks}
        self.lie = lie
        self.elsewhere = elsewhere
        self.files: dict[str, bytes] = {}
        """Served by path, such as `CID/a.json`, to whoever asks for no format."""
        self.lie_of_blocks: Lie | None = None
        """About blocks that are asked for alone, when it is another one than about CARs."""
        self.first: list[Lie] = []
        """Used up one request after another, before `lie`."""
        self.retry_after = "60"
        self.instead: bytes | None = None
        """Sent with the right head in place of any body, when set."""
        self.status = "304 Not Modified"
        self.announced = str(2**40)
        self.requests: list[str] = []
        self.heads: list[bytes] = []
        self.sent = 0
        self.thinking = 0
        self.thought_at_once = 0
        """How many answers it thought about at one time, the most."""
        # Made now: it takes longer than some wait for an answer.
        self.bomb = gzip.compress(bytes(20 * 2**20)) if lie is Lie.GZIP_BOMB else b""

    def car(self, root: CID) -> bytes:
        """Return the CAR that it serves for `root`."""
        blocks = [Block(cid, data) for cid, data in self.blocks.items()]
        if self.lie is Lie.EXTRA_BLOCK:
            blocks.insert(0, Block(cid_of(b"foreign"), b"foreign"))
        elif self.lie is Lie.MISSING_BLOCK:
            blocks.pop()
        elif self.lie in (Lie.HEADER_ONLY, Lie.HEADER_THEN_STALL):
            blocks.clear()
        out = io.BytesIO()
        write_car(out, [root], blocks)
        return out.getvalue()


class _Handler(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        gateway = self.server.served
        target = self._read_target()
        if target is None:
            return
        gateway.requests.append(target)
        parts = urlsplit(target)
        wants_car = parse_qs(parts.query).get("format") == ["car"]
        path = unquote(parts.path.removeprefix("/ipfs/"))
        if gateway.lie is Lie.ONLY_FILES or not parts.query:
            self._file(gateway.files.get(path))
            return
        if wants_car and gateway.lie is Lie.NO_CARS:
            self._answer("406 Not Acceptable", "text/plain", b"no CARs here\n")
            return
        cid = CID.parse(path.partition("/")[0])
        body = gateway.car(cid) if wants_car else gateway.blocks.get(cid)
        if gateway.instead is not None:
            body = gateway.instead
        if body is None:
            self._answer("404 Not Found", "text/plain", b"no such block\n")
        else:
            self._lie(body, _CAR if wants_car else _RAW)

    def _file(self, data: bytes | None) -> None:
        if data is None:
            self._answer("404 Not Found", "text/plain", b"no such file\n")
        else:
            self._answer("200 OK", "application/octet-stream", data)

    def _read_target(self) -> str | None:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(65536)
            if not piece:
                return None
            head += piece
        self.server.served.heads.append(head)
        return head.split(b" ", 2)[1].decode()

    def _lie(self, body: bytes, media_type: str) -> None:
        gateway = self.server.served
        lie = (media_type == _RAW and gateway.lie_of_blocks) or gateway.lie
        match gateway.first.pop(0) if gateway.first else lie:
            case Lie.FLIPPED_BYTE:
                middle = len(body) // 2
                flipped = bytes((body[middle] ^ 1,)) if body else b"!"
                self._answer("200 OK", media_type, body[:middle] + flipped + body[middle + 1 :])
            case Lie.OTHER_FILE:
                self._answer("200 OK", media_type, b"another file altogether")
            case Lie.EMPTY:
                self._answer("200 OK", media_type, b"")
            case Lie.TRUNCATED:
                self._head("200 OK", media_type, len(body))
                self._send(body[: len(body) // 2])
            case Lie.ENDLESS:
                self._head("200 OK", media_type, None)
                while not self.server.served.stopping.is_set():
                    self._send(_PIECE)
            case Lie.ANNOUNCED_HUGE:
                self._head("200 OK", media_type, self.server.served.announced)
                self._send(body)
                self._stall()
            case Lie.SILENT:
                self._stall()
            case Lie.STALLED:
                self._head("200 OK", media_type, len(body))
                self._send(body[: len(body) // 2])
                self._stall()
            case Lie.DRIPPING:
                self._head("200 OK", media_type, None)
                while not self.server.served.stopping.wait(0.05):
                    self._send(b"\0")
            case Lie.CRUMBS:
                self._head("200 OK", media_type, None, "Transfer-Encoding: chunked")
                while not self.server.served.stopping.is_set():
                    self._send(b"1\r\n\0\r\n" * 4096)
            case Lie.CRUMBLED:
                self._head("200 OK", media_type, None, "Transfer-Encoding: chunked")
                self._send(b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
            case Lie.REDIRECTING:
                place = f"Location: {self.server.served.elsewhere}"
                self._answer("302 Found", "text/plain", b"over there\n", place)
            case Lie.ODD_STATUS:
                self._answer(self.server.served.status, media_type, b"")
            case Lie.SLOW:
                gateway.thinking += 1
                gateway.thought_at_once = max(gateway.thought_at_once, gateway.thinking)
                gateway.stopping.wait(0.05)
                gateway.thinking -= 1
                self._answer("200 OK", media_type, body)
            case Lie.WRONG_TYPE:
                self._answer("200 OK", "text/html", body)
            case Lie.PLAIN:
                self._answer("200 OK", "application/octet-stream", body)
            case Lie.GZIP_BOMB:
                self._answer("200 OK", media_type, gateway.bomb, "Content-Encoding: gzip")
            case Lie.MISSING:
                self._answer("404 Not Found", "text/plain", b"not here\n")
            case Lie.BUSY:
                wait = f"Retry-After: {gateway.retry_after}"
                self._answer("429 Too Many Requests", "text/plain", b"later\n", wait)
            case Lie.BROKEN:
                self._answer("500 Internal Server Error", "text/plain", b"oh no\n")
            case Lie.GARBAGE:
                self._send(b"\x16\x03\x01 this is not HTTP\r\n\r\n" + body)
            case Lie.ENDLESS_HEAD:
                self._send(b"HTTP/1.1 200 OK\r\n")
                while not self.server.served.stopping.is_set():
                    self._send(b"X-Filler: " + b"x" * 1000 + b"\r\n")
            case Lie.HANGS_UP:
                pass
            case Lie.HEADER_THEN_STALL:
                self._head("200 OK", media_type, None)
                self._send(body)
                self._stall()
            case _:
                self._answer("200 OK", media_type, body)

    def _answer(self, status: str, media_type: str, body: bytes, *headers: str) -> None:
        self._head(status, media_type, len(body), *headers)
        self._send(body)

    def _head(self, status: str, media_type: str, length: int | str | None, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", "Connection: close", *headers]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        self._send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _send(self, data: bytes) -> None:
        self.request.sendall(data)
        self.server.served.sent += len(data)

    def _stall(self) -> None:
        self.server.served.stopping.wait()
