"""Services that keep what they are sent, one gateway before all of them, and a project beside them.

The gateway gives what the services hold and nothing else, so that what was not uploaded can not be
read back.
"""

from __future__ import annotations

import random
from collections import Counter
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

from pfpkit.car import read_car
from support.folders import write_collection
from support.hostile_gateway import HostileGateway
from support.hostile_service import Fault, Reply, Request
from support.pinning_peers import (
    JWT,
    KEY,
    KEY_SECRET,
    TOKEN,
    Kubo,
    Pinata,
    PinningService,
    parts_of,
)

SECRETS = {
    "PINATA_JWT": JWT,
    "PINATA_API_KEY": KEY,
    "PINATA_API_SECRET": KEY_SECRET,
    "PINNING_SERVICE_TOKEN_FAR": TOKEN,
}


class Keeping:
    """What both services add to their peers: blocks for the gateway, and a share of failures."""

    failing = 0.0
    """Of all requests; half of them fail after what was asked has been done."""

    def begin(self, gateway: HostileGateway) -> None:
        self.gateway = gateway
        self.uploads: Counter[str] = Counter()
        self.twice: list[str] = []
        """Roots that came although the service had said that it holds them."""
        self.said: set[str] = set()
        self.chance = random.Random(7)  # the same failures each time

    def respond(self, request: Request) -> Reply | Fault:
        """As the peer does, but for some."""
        draw = self.chance.random()
        if draw < self.failing / 2:
            return Reply(500, {"Message": "out of order", "Code": 0, "Type": "error"})
        answer = super().respond(request)
        if draw < self.failing:
            return Reply(503, b"busy")
        if answer.status == 200:
            self.said |= self.taken_of(request)
        return answer

    def taken_of(self, request: Request) -> set[str]:
        """The root that an upload brought; empty for other requests."""
        if b"multipart" not in request.headers.get("content-type", "").encode():
            return set()
        ((_, car),) = parts_of(request)["file"]
        (root,), _ = read_car(BytesIO(car), whole=False)
        return {str(root)}

    def forget(self, root: str) -> None:
        """Lose a pin, as services do."""
        self.pins.pop(root)
        self.said.discard(root)

    def take(self, request: Request) -> None:
        """Keep the blocks of an upload, and count it."""
        ((_, car),) = parts_of(request)["file"]
        (root,), blocks = read_car(BytesIO(car), whole=False)
        self.gateway.blocks.update((block.cid, block.data) for block in blocks)
        self.uploads[str(root)] += 1
        if str(root) in self.said:
            self.twice.append(str(root))


class KeepingKubo(Keeping, Kubo):
    """Kubo's RPC."""

    def _dag_import(self, request: Request) -> Reply:
        self.take(request)
        return super()._dag_import(request)


class KeepingPinata(Keeping, Pinata):
    """Pinata's v3 API, with pages as long as the real ones."""

    page = 1000
    refused = ""
    """The name of an upload that it will not take."""

    def _upload(self, request: Request) -> Reply:
        if parts_of(request)["name"] == [("", self.refused.encode())]:
            return Reply(400, {"error": {"code": 400, "message": "we do not like it"}})
        self.take(request)
        return super()._upload(request)


class World:
    """A project of `tokens` tokens, Kubo, Pinata, a pinning service that fetches from Kubo, and the
    gateway; use as a `with` block."""

    def __init__(self, folder: Path, tokens: int) -> None:
        self.root = folder
        self.kubo, self.pinata = KeepingKubo(), KeepingPinata()
        self.service = PinningService([self.kubo])
        self.gateway = HostileGateway([])
        write_collection(folder / "metadata", tokens)
        self._stack = ExitStack()

    def __enter__(self) -> World:
        for service in (self.kubo, self.pinata):
            service.begin(self.gateway)
        for part in (self.gateway, self.kubo, self.pinata, self.service):
            self._stack.enter_context(part)
        fast = "per_minute: 1000000"
        (self.root / "ape-config.yaml").write_text(
            "name: project\n"
            "pfpkit:\n"
            "  pinning:\n"
            f"    kubo: {{url: '{self.kubo.url}', {fast}}}\n"
            f"    pinata: {{url: '{self.pinata.url}', uploads_url: '{self.pinata.url}', {fast}}}\n"
            f"    pinata-classic: {{url: '{self.pinata.url}', {fast}}}\n"
            "    services:\n"
            f"      far: {{url: '{self.service.url}', {fast}}}\n"
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def record(self) -> Path:
        """The record in git."""
        return self.root / "metadata" / "pins.json"
