"""The profile service on loopback, over a real chain and gateway, with a node that can go away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import uvicorn

from pfpkit.bundle import build
from pfpkit.images import clean
from pfpkit.metadata import Attribute, TokenMetadata
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.profile.app import application
from pfpkit.profile.settings import ObjectPlace, Settings
from pfpkit.reference import TokenRef
from support.anvil import DEPLOYER, HOLDER, Anvil
from support.loopback import Loopback
from support.tokens import Tokens

PICTURES = Path(__file__).parents[2] / "metadata" / "images"
_READY_WITHIN_S = 30


class Road(Loopback):
    """Passes JSON-RPC on to a node while it is `open`, and hangs up while it is not."""

    def __init__(self, real: str) -> None:
        self.open = True
        road = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not road.open:
                    self.close_connection = True
                    return
                with urlopen(Request(real, body, {"Content-Type": "application/json"})) as answer:
                    text = answer.read()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Nothing is printed among the tests' lines."""

        super().__init__(Handler)


@dataclass
class Site:
    """A running service, and what it stands on."""

    url: str
    chain: Anvil
    road: Road
    tokens: Tokens
    store: BlockStore
    settings: Settings

    def mint(self, picture: str = "1.png", name: str = "Fennel", to: str = HOLDER) -> TokenRef:
        """A pinned token of a sample picture."""
        return self.mint_picture((PICTURES / picture).read_bytes(), name, to)

    def mint_picture(self, data: bytes, name: str = "Fennel", to: str = HOLDER) -> TokenRef:
        """A pinned token of this picture."""
        image = clean(data)
        words = TokenMetadata(name, "Knows every path.", (Attribute("Fox", trait_type="Species"),))
        bundle = build(image, words)
        self.store.pin(Dag(bundle.root, bundle.blocks))
        self.store.pin(Dag(bundle.image, bundle.image_blocks))
        return self.tokens.mint(bundle.digest, to=to)[0]


@contextmanager
def running_site(folder: Path, project: Any, **changes: Any) -> Iterator[Site]:
    """A service with SQLite and files in `folder`, of a new collection; `changes` are settings."""
    with ExitStack() as parts:
        chain = parts.enter_context(Anvil())
        road = parts.enter_context(Road(chain.url))
        store = BlockStore(folder / "blocks")
        gateway = parts.enter_context(Gateway(store))
        people = [DEPLOYER, HOLDER]
        tokens = Tokens(chain.node, project, people, name="Lanternwood", max_supply=1000)
        listener = parts.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(
            **{
                "origin": url,
                "secret": "s" * 32,
                "database_url": f"sqlite:///{folder / 'profile.db'}",
                "objects": ObjectPlace(folder=folder / "objects"),
                "nodes": (road.url,),
                "chain_id": 31337,
                "gateways": (gateway.url,),
                "collection": tokens.address,
                "pinners": ("blockstore",),
                "blocks": folder / "blocks",
                "work": folder / "work",
                "max_head_age_s": None,
                "poll_s": 0.25,
                **changes,
            }
        )
        parts.enter_context(_served(settings, listener))
        yield Site(url, chain, road, tokens, store, settings)


@contextmanager
def _served(settings: Settings, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        application(settings), log_level="warning", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until = time.monotonic() + _READY_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the service did not start; its log is above")
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()
