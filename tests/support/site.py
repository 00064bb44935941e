"""The profile service on loopback, over a real chain and gateway, with a node that can go away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from pfpkit.bundle import build
from pfpkit.cid import CID
from pfpkit.images import clean
from pfpkit.metadata import Attribute, TokenMetadata
from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.profile.attempts import Attempts
from pfpkit.reference import TokenRef
from support.anvil import DEPLOYER, HOLDER, Anvil
from support.loopback import Loopback
from support.profile import ProfileService, settings_in
from support.tokens import Tokens

PICTURES = sorted((Path(__file__).parents[2] / "metadata" / "images").iterdir())
"""The pictures of the collection that is here, whichever that is."""


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


class CountedStore(BlockStore):
    """A block store that counts what its gateway is asked for."""

    asked = 0

    def get(self, cid: CID) -> bytes:
        self.asked += 1
        return super().get(cid)


@dataclass
class Site:
    """A running service (`support.profile` or `support.workers`), and what it stands on."""

    service: Any
    chain: Anvil
    road: Road
    tokens: Tokens
    store: CountedStore

    @property
    def url(self) -> str:
        """Its address."""
        return self.service.origin

    def forget_attempts(self) -> None:
        """Let all tests sign up, which one person may not do as often."""
        self.service.parts.attempts = Attempts()

    def mint(self, picture: int = 0, name: str = "Fennel", to: str = HOLDER) -> TokenRef:
        """A pinned token of one of the pictures."""
        return self.mint_picture(PICTURES[picture % len(PICTURES)].read_bytes(), name, to)

    def mint_picture(self, data: bytes, name: str = "Fennel", to: str = HOLDER) -> TokenRef:
        """A pinned token of this picture."""
        image = clean(data)
        words = TokenMetadata(name, "Knows every path.", (Attribute("Fox", trait_type="Species"),))
        bundle = build(image, words)
        self.store.pin(Dag(bundle.root, bundle.blocks))
        self.store.pin(Dag(bundle.image, bundle.image_blocks))
        return self.tokens.mint(bundle.digest, to=to)[0]


@contextmanager
def running_site(
    folder: Path, project: Any, *, serve: Any = ProfileService, **changes: Any
) -> Iterator[Site]:
    """A service with its things in `folder`, of a new collection; `changes` are settings."""
    with ExitStack() as parts:
        chain = parts.enter_context(Anvil())
        road = parts.enter_context(Road(chain.url))
        store = CountedStore(folder / "blocks")
        gateway = parts.enter_context(Gateway(store))
        people = [DEPLOYER, HOLDER]
        tokens = Tokens(chain.node, project, people, name="Lanternwood", max_supply=1000)
        settings = settings_in(
            folder,
            nodes=(road.url,),
            gateways=(gateway.url,),
            collection=tokens.address,
            pinners=("blockstore",),
            blocks=folder / "blocks",
            **changes,
        )
        service = parts.enter_context(serve(settings))
        yield Site(service, chain, road, tokens, store)
