"""A node behind a bad line: requests are lost on the way there, or their answers on the way back.

    with FaultyNode(anvil.url, Random(7), lose=0.1) as node: ...

What it passes on, the real node did, whether anybody hears of it or not.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler
from random import Random
from urllib.error import URLError
from urllib.request import Request, urlopen

from support.loopback import Loopback


class FaultyNode(Loopback):
    """Each share is that of all requests: of answers that are lost after the request was passed on,
    of requests that fail with 502 and go nowhere, of requests that are passed on twice (the second
    answer is given), and of answers that are late by `late_s`. `methods` counts what was asked.
    While it has `refuses`, it says just that to every transaction, and passes none on.
    """

    def __init__(
        self,
        real: str,
        chance: Random,
        *,
        lose: float = 0.0,
        fail: float = 0.0,
        twice: float = 0.0,
        late: float = 0.0,
        late_s: float = 0.2,
    ) -> None:
        self.real = real
        self.refuses = ""
        self.methods: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._chance = chance
        self._shares = {"lost": lose, "failed": fail, "passed on twice": twice, "late": late}
        self._late_s = late_s
        self._lock = threading.Lock()
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                fault = node._drawn(body)
                answer = node._refused(body)
                if answer is None and fault != "failed":
                    answer = node._passed(body, fault)
                if fault == "lost":
                    self.close_connection = True
                    return
                self.send_response(502 if answer is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(Handler)

    def _drawn(self, body: bytes) -> str:
        """What happens to a request; noted."""
        asked = json.loads(body)
        with self._lock:
            for one in asked if isinstance(asked, list) else [asked]:
                self.methods[one["method"]] += 1
            lot = self._chance.random()
            for fault, share in self._shares.items():
                if lot < share:
                    self.faults[fault] += 1
                    return fault
                lot -= share
        return ""

    def _refused(self, body: bytes) -> bytes | None:
        """What it says to transactions that it takes none of; None to all else."""
        if not self.refuses or b"eth_sendRawTransaction" not in body:
            return None
        asked, error = json.loads(body), {"code": -32000, "message": self.refuses}
        many = asked if isinstance(asked, list) else [asked]
        said = [{"jsonrpc": "2.0", "id": one["id"], "error": error} for one in many]
        return json.dumps(said if isinstance(asked, list) else said[0]).encode()

    def _passed(self, body: bytes, fault: str) -> bytes | None:
        """What the real node answers; None when there is none."""
        try:
            for _ in range(2 if fault == "passed on twice" else 1):
                request = Request(self.real, body, {"Content-Type": "application/json"})
                with urlopen(request, timeout=60) as response:
                    answer: bytes = response.read()
        except (URLError, OSError):
            return None
        if fault == "late":
            time.sleep(self._late_s)
        return answer
