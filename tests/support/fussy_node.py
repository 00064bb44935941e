"""A real node behind a front that takes less than others do: no large batches, no batches, no lens.

    with FussyNode(anvil.url, most=10) as node: ...

What it takes, the real node answers.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.request import Request, urlopen

from support.loopback import Loopback


class FussyNode(Loopback):
    """Takes batches of at most `most` requests, and refuses others with `status`.

    With `most` 0 it takes no batch. Without `lens`, it takes no eth_call that names no contract.
    `sizes` are the sizes of the requests that came, 0 for one that is no batch.
    """

    def __init__(
        self, real: str, *, most: int = 10_000, lens: bool = True, status: int = 200
    ) -> None:
        self.sizes: list[int] = []
        self.calls: list[dict[str, Any]] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                batch = isinstance(asked, list)
                node.sizes.append(len(asked) if batch else 0)
                if batch and len(asked) > most:
                    error = {"code": -32600, "message": "batch too large"}
                    self._send(status, {"jsonrpc": "2.0", "id": None, "error": error})
                    return
                many = asked if batch else [asked]
                node.calls += [one for one in many if one["method"] == "eth_call"]
                answers = [node._answer(real, one, lens) for one in many]
                self._send(200, answers if batch else answers[0])

            def _send(self, code: int, answer: Any) -> None:
                body = json.dumps(answer).encode()
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(Handler)

    @staticmethod
    def _answer(real: str, asked: dict[str, Any], lens: bool) -> Any:
        if not lens and asked["method"] == "eth_call" and "to" not in asked["params"][0]:
            error = {"code": -32602, "message": "missing field `to`"}
            return {"jsonrpc": "2.0", "id": asked["id"], "error": error}
        request = Request(real, json.dumps(asked).encode(), {"Content-Type": "application/json"})
        with urlopen(request) as response:
            return json.loads(response.read())
