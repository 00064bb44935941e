"""The two ways side by side, over real parts: an object store and a row, and a token's content.

The same picture is put into the object store as a platform would, and is a token of the demo. Each
measurement asks both ways anew, counts what was asked, and tells what was noticed. The three acts
are real: other bytes under the object's key, other bytes from a gateway, a transfer on the chain.
Only in the demo, for they need a gateway of its own, and a chain whose accounts are unlocked.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy.orm import Session as Records

from pfpkit.chain import Node
from pfpkit.cid import CID
from pfpkit.console import clipped
from pfpkit.errors import ChainError, NotFound
from pfpkit.media import Rendered, Renderer
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.profile.database import Database
from pfpkit.profile.demo import ask_node
from pfpkit.profile.events import ALIVE, ALIVE_S, RETRY, event
from pfpkit.profile.objects import Objects, digest_of
from pfpkit.profile.records import StoredFile
from pfpkit.profile.settings import Settings
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution, Resolver, Verdict
from pfpkit.retrieval import Retriever
from pfpkit.rpc import RpcError
from pfpkit.views import Call

__all__ = ["Comparison"]

_EDGE = 400
_TYPE = "image/webp"
_MOST_TOKENS = 100
_AT_ONCE = 10
_GAS = 200_000
_KEY = f"{0:064x}-{0:016x}"
"""Of the object: the same at every start, so that no start leaves one behind."""


@dataclass(slots=True)
class _Source:
    """The demo's blocks as one gateway serves them, and how often it was asked."""

    store: BlockStore
    lies: dict[CID, bytes] = field(default_factory=dict)
    asked: int = 0

    def get(self, cid: CID) -> bytes:
        """Return a block, or other bytes in its place."""
        self.asked += 1
        return self.lies.get(cid) or self.store.get(cid)


@dataclass(frozen=True, slots=True)
class _Way:
    """One measurement of one way."""

    data: bytes | None
    latency_ms: float
    requests: int
    words: str


class Comparison:
    """The running comparison. `Comparison.begin` finds a token; `close` stops the gateways."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        objects: Objects,
        renderer: Renderer,
        ref: TokenRef,
        holder: str,
    ) -> None:
        self._settings, self._database, self._objects = settings, database, objects
        self._renderer, self._ref, self._holder = renderer, ref, holder
        store = BlockStore(settings.blocks or settings.work / "blocks")
        self._sources = [_Source(store), _Source(store)]
        self._gateways = [Gateway(source) for source in self._sources]
        self._running = ExitStack()
        self._lock = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._right, self._wrong = b"", b""
        self._name, self._sha256 = "", ""
        self._image: CID | None = None
        self._shown: dict[str, tuple[bytes, str]] = {}
        self._drawn: dict[str, Rendered] = {}
        self.state: dict[str, Any] = {}

    @classmethod
    async def begin(
        cls, settings: Settings, database: Database, objects: Objects, renderer: Renderer
    ) -> Self | None:
        """Return a comparison of a token of the demo's accounts; None where they have none.

        ChainError when no two of them are verified and look different.
        """
        accounts = await _accounts(settings)
        found = await _tokens_of(settings, {one.lower() for one in accounts})
        if len(found) < 2:
            return None
        comparison = cls(settings, database, objects, renderer, *found[-1])
        with ExitStack() as failed:
            failed.callback(comparison.close)
            for gateway in comparison._gateways:
                comparison._running.enter_context(gateway)
            await comparison._prepare(found)
            failed.pop_all()
        return comparison

    def close(self) -> None:
        """Stop the gateways."""
        self._running.close()

    def picture(self, way: str) -> tuple[bytes, str] | None:
        """Return the bytes that a way shows now, and their type."""
        return self._shown.get(way)

    async def act(self, what: str) -> dict[str, Any]:
        """Do one of the acts, measure both ways, and return the state; NotFound for no act."""
        acts = {
            "swap-object": self._swap_object,
            "swap-gateway": self._swap_gateway,
            "sell": self._sell,
            "reset": self._reset,
            "measure": _nothing,
        }
        if what not in acts:
            raise NotFound("there is no such button")
        async with self._lock:
            await acts[what]()
            await self._measure()
        async with self._changed:
            self._changed.notify_all()
        return self.state

    async def events(self) -> AsyncIterator[bytes]:
        """Yield the state now and after each act, and meanwhile that it is so."""
        yield RETRY
        while True:
            told = self.state
            yield event("compare", told)
            while not await self._is_other_than(told, ALIVE_S):
                yield ALIVE

    async def _is_other_than(self, told: dict[str, Any], within_s: float) -> bool:
        """Wait for another state; whether there was one in time."""
        with suppress(TimeoutError):
            async with self._changed, asyncio.timeout(within_s):
                return await self._changed.wait_for(lambda: self.state is not told)
        return False

    async def _prepare(self, tokens: Sequence[tuple[TokenRef, str]]) -> None:
        right, wrong = await self._two(tokens)
        self._ref, self._holder = right.ref, dict(tokens)[right.ref]
        self._right = (await self._square(right)) or b""
        self._wrong = (await self._square(wrong)) or b""
        self._image, self._name = right.proof.image, right.proof.name or ""
        self._sha256 = digest_of(self._right)
        row = StoredFile(
            key=_KEY,
            media_type=_TYPE,
            etag=self._sha256,
            size=len(self._right),
            state="kept",
            since=int(time.time()),
        )
        await self._database.run(_keep, row)
        await self._objects.put(_KEY, self._right)
        assert self._image is not None
        assert wrong.proof.picture is not None
        self._lie = wrong.proof.picture
        await self.act("measure")

    async def _two(self, tokens: Sequence[tuple[TokenRef, str]]) -> tuple[Resolution, Resolution]:
        """Return two verified tokens with different pictures; ChainError when there are none."""
        last: Resolution | None = None
        reason = "none is verified"
        # From the end: the first ones are what people will show as their own.
        for ref, _ in reversed(tokens):
            found = await self._resolved(ref)
            if not found.verified or found.proof.image is None:
                reason = found.reason or reason
            elif last is None:
                last, reason = found, "all others have the same picture"
            elif found.proof.image != last.proof.image:
                return last, found
        raise ChainError(f"the demo has no two tokens with pictures to compare: {reason}")

    async def _swap_object(self) -> None:
        await self._objects.put(_KEY, self._wrong)

    async def _swap_gateway(self) -> None:
        assert self._image is not None
        self._sources[0].lies = {self._image: self._lie}

    async def _sell(self) -> None:
        owner = await self._owner()
        if owner != self._holder:
            return
        others = [one for one in await _accounts(self._settings) if one.lower() != owner.lower()]
        if not others:
            raise ChainError("the demo's node has no other account, which could buy it")
        await self._transfer(owner, others[-1])

    async def _reset(self) -> None:
        await self._objects.put(_KEY, self._right)
        self._sources[0].lies = {}
        owner = await self._owner()
        if owner is not None and owner != self._holder:
            await self._transfer(owner, self._holder)

    async def _owner(self) -> str | None:
        async with Node(self._settings.nodes[0]) as node:
            (said,) = await node.tokens([(self._ref, None)], await node.block())
            return said.owner

    async def _transfer(self, owner: str, to: str) -> None:
        call = Call(
            "safeTransferFrom(address,address,uint256)", "bool", (owner, to, self._ref.token_id)
        )
        sent = {"from": owner, "to": self._ref.contract, "data": call.data, "gas": hex(_GAS)}
        said = await ask_node(self._settings.nodes[0], "eth_sendTransaction", [sent])
        if isinstance(said, RpcError):
            raise ChainError(f"the demo's node refused the transfer: {said}")

    async def _measure(self) -> None:
        ordinary = await self._ordinary()
        for source in self._sources:
            source.asked = 0
        node = Node(self._settings.nodes[0])
        retriever = Retriever([gateway.url for gateway in self._gateways])
        async with Resolver(node, retriever, renderer=None) as resolver:
            begun = time.perf_counter()
            found = await resolver.resolve(self._ref, self._holder)
            took = (time.perf_counter() - begun) * 1000
        gateways = sum(source.asked for source in self._sources)
        words = f"{node.requests} to the node, {gateways} to gateways"
        data = (await self._square(found)) if found.verdict is Verdict.VERIFIED else None
        nft = _Way(data, took, node.requests + gateways, words)
        self._shown = {"ordinary": (ordinary.data or b"", _TYPE)}
        if data is not None:
            self._shown["nft"] = (data, _TYPE)
        self.state = self._state(ordinary, nft, found, [str(one) for one in retriever.faults])

    async def _ordinary(self) -> _Way:
        """Ask the ordinary way, as a platform does: a row, and the object that it names."""
        begun = time.perf_counter()
        data = await self._objects.get(await self._database.run(_named, _KEY))
        took = (time.perf_counter() - begun) * 1000
        return _Way(data, took, 2, "1 to the database, 1 to the object store")

    async def _resolved(self, ref: TokenRef) -> Resolution:
        retriever = Retriever([self._gateways[1].url])
        async with Resolver(Node(self._settings.nodes[0]), retriever, renderer=None) as resolver:
            return await resolver.resolve(ref)

    async def _square(self, found: Resolution) -> bytes | None:
        """Return the square of a resolution's picture; drawn once for each picture."""
        if found.proof.picture is None:
            return None
        digest = found.proof.sha256 or ""
        if digest not in self._drawn:
            self._drawn[digest] = await self._renderer.render(found.proof.picture)
        rendered = self._drawn[digest]
        return rendered.rendition(_EDGE, _TYPE).data if rendered.shown else None

    def _state(
        self, ordinary: _Way, nft: _Way, found: Resolution, faults: list[str]
    ) -> dict[str, Any]:
        served = digest_of(ordinary.data or b"")
        lying = bool(self._sources[0].lies)
        sold = found.verdict is Verdict.NOT_OWNER
        receipt = found.receipt
        block = receipt.block.number if receipt else None
        caught = next((clipped(one, 400) for one in faults), None)
        version = digest_of(nft.data or b"")[:16]
        return {
            "ordinary": {
                "src": f"/compare/ordinary?v={served[:16]}",
                "state": "shown",
                "swapped": served != self._sha256,
                "noticed": False,
                "latency_ms": round(ordinary.latency_ms, 2),
                "requests": ordinary.requests,
                "requests_words": ordinary.words,
                "sha256": served,
            },
            "nft": {
                "src": f"/compare/nft?v={version}" if nft.data else None,
                "picture": _picture(found, block),
                "verdict": str(found.verdict),
                "reason": clipped(found.reason, 400),
                "caught": caught,
                "latency_ms": round(nft.latency_ms, 2),
                "requests": nft.requests,
                "requests_words": nft.words,
                "cid": str(self._image),
                "gateways": [
                    {
                        "name": name,
                        "url": gateway.url,
                        "lying": lying and place == 0,
                        "verdict": "caught" if caught and lying and place == 0 else "honest",
                    }
                    for place, (name, gateway) in enumerate(
                        zip(("the first gateway", "another gateway"), self._gateways, strict=True)
                    )
                ],
                "token": str(self._ref),
                "sold": sold,
                "block": block,
            },
            "image": {"name": self._name, "sha256": self._sha256, "cid": str(self._image)},
        }


def _picture(found: Resolution, block: int | None) -> dict[str, Any]:
    if found.verdict is Verdict.VERIFIED:
        return {"state": "verified", "shape": "hexagon", "words": f"Verified at block {block}"}
    if found.verdict is Verdict.NOT_OWNER:
        return {
            "state": "none",
            "shape": "circle",
            "words": f"Sold: not the owner at block {block}",
        }
    return {"state": "unverified", "shape": "placeholder", "words": "unverified"}


async def _tokens_of(settings: Settings, accounts: set[str]) -> list[tuple[TokenRef, str]]:
    """Return the tokens of the collection that these accounts own."""
    if settings.collection is None:
        return []
    found: list[tuple[TokenRef, str]] = []
    async with Node(settings.nodes[0]) as node:
        block = await node.block()
        for first in range(1, _MOST_TOKENS, _AT_ONCE):
            numbers = range(first, first + _AT_ONCE)
            refs = [TokenRef(settings.chain_id, settings.collection, one) for one in numbers]
            said = [a for a in await node.tokens([(ref, None) for ref in refs], block) if a.owner]
            if not said:
                break
            found += [(a.ref, str(a.owner)) for a in said if str(a.owner).lower() in accounts]
    return found


async def _accounts(settings: Settings) -> list[str]:
    """Return the accounts that the demo's node signs for, none where it does not say."""
    said = await ask_node(settings.nodes[0], "eth_accounts", [])
    return [str(one) for one in said] if isinstance(said, list) else []


def _keep(records: Records, row: StoredFile) -> None:
    # Without its row the sweep would take the object for one that a crash left behind.
    records.merge(row)


def _named(records: Records, key: str) -> str:
    return records.get_one(StoredFile, key).key


async def _nothing() -> None:
    """Only measure."""
