"""The whole read path on loopback, for who attacks it: chain, gateways, web servers and victims.

    with ReadPath() as path:
        for end in path.walked(attacks):
            end.step, end.word, end.took_s

A token is a contract on a real anvil, resolved for its holder by a real `Resolver` over gateways
and a web server that is allowed by name. Two other servers, the victims, listen on all addresses of
this machine, and their ports are asked: nothing but their addresses forbids them. Every connection
that this process makes meanwhile is written down.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pfpkit.chain import Node
from pfpkit.cid import Block
from pfpkit.ens import REGISTRY, avatar, normalized
from pfpkit.errors import PfpkitError
from pfpkit.guard import Lookup
from pfpkit.media import Bounds, Rendered, Renderer
from pfpkit.reference import Standard, TokenRef
from pfpkit.resolver import Resolution, Resolver, Verdict
from pfpkit.retrieval import Limits, Retriever
from pfpkit.unixfs import UNIXFS_V1_2025
from pfpkit.web import Web, WebLimits
from support import programs
from support.anvil import HOLDER, Anvil
from support.connects import Connects
from support.dags import file_dag
from support.ens import Ens
from support.held import Held
from support.hostile_gateway import HostileGateway
from support.shelves import PICTURE, file_cid
from support.tokens import CHAIN_ID
from support.trees import Blocks
from support.web_server import Answer, WebServer

if TYPE_CHECKING:
    from resolver.attacks.attack import Attack

LINK = f"ipfs://{file_cid(PICTURE)}"
BOUNDS = Bounds(cpu_s=1)
EDGE = 48
"""Pixels of a square: small ones are quick."""
WEB_BYTES = 2**16
"""As many as servers may send here."""
_AT_ONCE = 32
_TLS = ssl.create_default_context()
_PATIENT = (
    Limits(read_s=5.0, block_s=8.0, car_s=8.0),
    WebLimits(WEB_BYTES, read_s=5.0, total_s=8.0),
)
_SOON = (
    Limits(read_s=0.4, block_s=0.6, car_s=0.6),
    WebLimits(WEB_BYTES, read_s=0.4, total_s=0.6),
)


class Name(NamedTuple):
    """What somebody types: a reference, or an ENS name."""

    text: str


@dataclass
class Scene:
    """What one attack puts where: blocks on a gateway of its own, pages, and contracts."""

    path: ReadPath
    blocks: Blocks = field(default_factory=Blocks)
    shows: bytes = PICTURE
    """The only bytes that may be shown."""

    @cached_property
    def gateway(self) -> HostileGateway:
        """The attack's own gateway, which has `blocks`."""
        return HostileGateway([])

    @property
    def victim(self) -> str:
        """The address of a server that nobody may reach."""
        return self.path.victim.url("/", "127.0.0.1")

    def file(self, data: bytes) -> str:
        """The URI of a file on the gateway."""
        dag = file_dag(data, UNIXFS_V1_2025)
        self.blocks.update(dag.blocks)
        return f"ipfs://{dag.root}"

    def metadata(self, image: str = LINK, **fields: object) -> str:
        """The URI of metadata on the gateway."""
        return self.file(json.dumps({"image": image, **fields}).encode())

    def picture(self, data: bytes) -> str:
        """The URI of metadata whose picture these bytes are."""
        self.shows = data
        return self.inline(self.file(data))

    @staticmethod
    def inline(image: str, **fields: object) -> str:
        """The URI that is metadata itself."""
        said = json.dumps({"image": image, **fields}).encode()
        return "data:application/json;base64," + base64.b64encode(said).decode()

    def page(self, answer: Answer) -> str:
        """The URL of an answer of the server that is allowed."""
        where = f"/{next(self.path.numbers)}"
        self.path.server.answers[where] = answer
        return self.path.server.url(where)

    def token(self, token_uri: str | bytes, **views: bytes) -> TokenRef:
        """The holder's token with this URI."""
        return self.path.token(token_uri, **views)

    def contract(
        self, views: Mapping[str, bytes], standard: Standard = Standard.ERC721
    ) -> TokenRef:
        """Token 1 of a contract that answers so (`support.programs`)."""
        return self.path.contract(views, standard)


@dataclass(frozen=True)
class End:
    """How an attack ended: at which step, with which word for programs, and what it took.

    `peak_bytes` and `cpu_s`, the most memory of this process and its processor time, are of all
    that were walked to at once.
    """

    attack: Attack
    scene: Scene
    step: str
    word: str
    reason: str
    took_s: float
    """In seconds, by the clock."""
    found: Resolution | None = None
    peak_bytes: int = 0
    cpu_s: float = 0.0


class ReadPath:
    """Use as `with ReadPath() as path:`. `lookup` makes what looks up the hosts of one attack."""

    def __init__(self, lookup: Callable[[], Lookup] | None = None) -> None:
        self.server = WebServer()
        self.others = HostileGateway([Block(file_cid(PICTURE), PICTURE)])
        self.victim, self.victim6 = WebServer(host="0.0.0.0"), WebServer(host="::")
        self.numbers = itertools.count(1)
        self.connects = Connects()
        self.allowed: list[str] = []
        """Servers that may be asked although their addresses are not public, as `host:port`."""
        self._lookup = lookup
        self._renderers: dict[int, Renderer] = {}
        self._ports = set[int]()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.chain = stack.enter_context(Anvil("--no-request-size-limit"))
            for server in (self.server, self.others, self.victim, self.victim6):
                stack.enter_context(server)
            runner = stack.enter_context(asyncio.Runner())
            self._run = runner.run
            stack.callback(lambda: self._run(self._closed()))
            self.allowed = [f"localhost:{self.server.port}"]
            self._ports = {self.chain.port, self.server.port, self.others.port}
            stack.enter_context(self.connects)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def ens(self) -> Ens:
        """The registry of the chain, where every chain with ENS has it."""
        return Ens(self.chain.node, HOLDER, at=REGISTRY)

    @cached_property
    def honest(self) -> TokenRef:
        """The holder's token that nothing is wrong with; `holder.eth` names it."""
        normalized("holder.eth")  # which loads its tables, once and for all that are measured
        ref = self.token(Scene.inline(LINK))
        self.register("holder.eth", str(ref))
        return ref

    def register(self, name: str, record: str) -> None:
        """Give the holder a name, with this avatar record."""
        made = self.ens.register(name)
        self.ens.text(made, "avatar", record)
        self.ens.address(made, HOLDER)

    @property
    def forbidden(self) -> list[Any]:
        """Where this process connected to, and may not."""
        return [place for place in self.connects.made if place[1] not in self._ports]

    def contract(
        self, views: Mapping[str, bytes], standard: Standard = Standard.ERC721
    ) -> TokenRef:
        """Token 1 of a new contract that answers so."""
        address = f"0x{0xA77AC << 140 | next(self.numbers):040x}"
        code = "0x" + programs.contract(views).hex()
        self.chain.rpc("anvil_setCode", address, code)
        return TokenRef(CHAIN_ID, address, 1, standard)

    def token(self, token_uri: str | bytes, **views: bytes) -> TokenRef:
        """The holder's ERC-721 token with this URI, and with other `views` of a uint256."""
        honest = {"ownerOf": programs.word(HOLDER), "tokenURI": programs.text(token_uri)}
        return self.contract({f"{name}(uint256)": do for name, do in (honest | views).items()})

    def walked(self, attacks: Iterable[Attack]) -> Iterator[End]:
        """How each ends, some of them at once; those that wait do so together."""
        for some in _batches(sorted(attacks, key=lambda one: not one.waits), _AT_ONCE):
            yield from self._ends(some)

    def walked_alone(self, attack: Attack, edge: int = EDGE) -> End:
        """How one ends whose squares are of `edge` pixels."""
        (end,) = self._ends([attack], edge)
        return end

    def resolved(self, refs: Iterable[TokenRef]) -> list[Resolution]:
        """What comes of tokens of the holder's that are asked for in one question."""

        async def found() -> list[Resolution]:
            async with Node(self.chain.url) as node, Retriever([self.others.url]) as retriever:
                resolver = Resolver(node, retriever, renderer=self._renderer(EDGE))
                return await resolver.resolve_many((ref, HOLDER) for ref in refs)

        return list(self._run(found()))

    def rendered(self, data: bytes, edge: int = EDGE) -> Rendered:
        """What comes of a picture, by the worker that had the attacks before it."""

        async def made() -> Rendered:
            return await self._renderer(edge).render(data)

        found: Rendered = self._run(made())
        return found

    def _renderer(self, edge: int) -> Renderer:
        if edge not in self._renderers:
            self._renderers[edge] = Renderer(workers=1, sizes=(edge,), bounds=BOUNDS)
        return self._renderers[edge]

    def _target(self, arranged: str | Name | TokenRef) -> Name | TokenRef:
        return self.token(arranged) if isinstance(arranged, str) else arranged

    async def _closed(self) -> None:
        for renderer in self._renderers.values():
            await renderer.close()

    def _ends(self, attacks: list[Attack], edge: int = EDGE) -> list[End]:
        scenes = [(attack, Scene(self)) for attack in attacks]
        asked = [(attack, scene, self._target(attack.arrange(scene))) for attack, scene in scenes]
        with ExitStack() as stack:
            for _, scene in scenes:
                if scene.blocks or "gateway" in vars(scene):
                    scene.blocks.setdefault(file_cid(PICTURE), PICTURE)
                    scene.gateway.blocks = dict(scene.blocks)
                    self._ports.add(stack.enter_context(scene.gateway).port)
            started = time.process_time()
            with Held() as held:
                found = self._run(self._together(asked, edge))
            cpu_s = time.process_time() - started
        return [replace(end, peak_bytes=held.peak_bytes, cpu_s=cpu_s) for end in found]

    async def _together(self, asked: list[tuple[Attack, Scene, Any]], edge: int) -> list[End]:
        return await asyncio.gather(*[self._end(*one, edge) for one in asked])

    async def _end(self, attack: Attack, scene: Scene, target: Name | TokenRef, edge: int) -> End:
        blocks, limits = _SOON if attack.waits else _PATIENT
        gateway = scene.gateway if "gateway" in vars(scene) else self.others
        ports = {80, 443, self.victim.port, self.victim6.port}
        async with (
            Node(self.chain.url) as node,
            Retriever([gateway.url], blocks) as retriever,
            Web(
                limits,
                allowed=self.allowed,
                ports=ports,
                lookup=self._lookup and self._lookup(),
                tls=_TLS,
            ) as web,
        ):
            resolver = Resolver(node, retriever, renderer=self._renderer(edge), web=web)
            started = time.monotonic()
            found, error = None, None
            try:
                found = await resolver.resolve(*await _named(node, target))
            except PfpkitError as failure:
                error = failure
            took_s = time.monotonic() - started
        if found is None:
            return End(attack, scene, "name", type(error).__name__, str(error), took_s)
        return End(attack, scene, *_told(found), found.reason, took_s, found)


async def _named(node: Node, target: Name | TokenRef) -> tuple[TokenRef, str | None]:
    """The token that is meant, and who has to hold it; as `ape run resolve` reads a name."""
    if isinstance(target, TokenRef):
        return target, HOLDER
    if "." not in target.text or "/" in target.text:
        return TokenRef.parse(target.text, CHAIN_ID), HOLDER
    said = await avatar(node, target.text, await node.block())
    assert said.token is not None
    return said.token, said.address


def _told(found: Resolution) -> tuple[str, str]:
    """The step at which it ended, and its word."""
    if found.receipt is None:
        unknown = found.verdict is Verdict.UNKNOWN
        return "chain", found.reason.partition(":")[0] if unknown else str(found.verdict)
    if (failure := found.receipt.failure) is None:
        shown = found.rendered.outcome if found.rendered and found.verified else found.verdict
        return "media", str(shown)
    refused = failure.name == "media" and found.rendered is not None
    return failure.name, str(found.rendered.outcome if refused else failure.error)


def _batches(attacks: Iterable[Attack], size: int) -> Iterator[list[Attack]]:
    left = iter(attacks)
    while some := list(itertools.islice(left, size)):
        yield some
