"""The verified read path: from a token's name to its picture, with a receipt.

    async with Resolver(Node(url), Retriever(gateways), renderer=Renderer()) as resolver:
        found = await resolver.resolve(TokenRef.parse(name), holder, at="latest-12")

Owner and URIs are read at one named block; blocks come from any gateway and each is hashed; the
metadata's link is compared with the bundle that the contract commits to; the picture is decoded in
a process that can do nothing else, and made anew as squares. Trusts the node, or enough of several,
for what the chain says, and nobody for content. Whatever a token, its contract, a gateway or a
server does is a verdict with its reason, never an error that costs other tokens their answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Self

from pfpkit.block import BlockRef
from pfpkit.cache import Cache, Flights
from pfpkit.cached import CachedBlocks, CachedPictures
from pfpkit.cached_proofs import CachedProofs, Content
from pfpkit.chain import Node
from pfpkit.errors import ChainError
from pfpkit.evidence import Proof, prove, unwalked
from pfpkit.images import Limits
from pfpkit.media import HeaderReader, MediaLimits, Renderer
from pfpkit.ownership import Ownership, State, ownership, unknown
from pfpkit.proof import StepError
from pfpkit.quorum import Quorum
from pfpkit.reading import Asked, ChainReader, Reading
from pfpkit.receipt import Receipt, Verdict
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.resolution import Resolution, Saved
from pfpkit.retrieval import Retriever
from pfpkit.sources import Blocks, Pictures
from pfpkit.tokens import Outcome, TokenAnswer
from pfpkit.web import Web

__all__ = ["Resolution", "Resolver", "Saved", "Verdict"]

_AT_ONCE = 32
_READ_TOGETHER = 1_000
"""Tokens whose URIs are held before their walks begin; a URI may be a picture."""
_Walk = Callable[[], Awaitable[Resolution]]
_NOBODYS = {Outcome.NO_TOKEN, Outcome.NO_CONTRACT}


class Resolver:
    """Resolves tokens of one chain; use as `async with Resolver(...) as resolver:`.

    `chain` is a node, or several of which enough agree; `blocks` asks the gateways. `renderer`
    decodes pictures in processes of its own and makes them anew as squares; None is for whoever
    draws the verified bytes elsewhere: no pixel is decoded then, answers say so, and an SVG is
    refused. Without `web`, what is on a server of strangers is not fetched. All of them are closed
    with the resolver. With `cache`, content is asked for once, and the chain's word is believed for
    some seconds, but for that on over 1,000 tokens at once (docs/resolve.md). `at_once` walks are
    under way together.
    """

    def __init__(
        self,
        chain: Node | Quorum,
        blocks: Retriever,
        *,
        renderer: Renderer | None,
        web: Web | None = None,
        cache: Cache | None = None,
        limits: Limits | None = None,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._chain, self._blocks, self._web, self._renderer = chain, blocks, web, renderer
        self._cache, self._at_once = cache, at_once
        self._limits = limits or (renderer.limits if renderer else MediaLimits())
        self._reader = ChainReader(chain, cache)
        pictures: Pictures = renderer or HeaderReader(self._limits)
        self._pictures = CachedPictures(renderer, cache) if renderer and cache else pictures
        self._walks = Flights[tuple[Content, bool], Proof]()
        self._proofs = CachedProofs(cache, self._limits, self._pictures) if cache else None
        self._slots = asyncio.Semaphore(at_once)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for part in (self._chain, self._blocks, self._web, self._renderer):
            if part is not None:
                await self._open.enter_async_context(part)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def resolve(
        self,
        ref: TokenRef,
        holder: str | None = None,
        *,
        at: str | int | BlockRef = "latest",
        fresh: bool = False,
    ) -> Resolution:
        """Resolve one token, for `holder` if one is named; see `resolve_each`."""
        asked = _checked([(ref, holder)])
        try:
            reading = await self._reader.read(asked, at, fresh=fresh)
        except ChainError as error:
            return _unread(*asked[0], str(error))
        return await self._resolved(reading.deep[0], reading.latest[0], reading, fresh)

    async def resolve_many(
        self,
        asked: Iterable[tuple[TokenRef, str | None]],
        *,
        at: str | int | BlockRef = "latest",
        fresh: bool = False,
        told: Callable[[Resolution], None] = lambda _: None,
    ) -> list[Resolution]:
        """Resolve tokens as `resolve_each` does, and return what was found in the order asked.

        `told` hears of each as it is found. All pictures are held at once.
        """
        found: dict[int, Resolution] = {}
        async with aclosing(self._each(_checked(asked), at, fresh)) as each:
            async for number, one in each:
                found[number] = one
                told(one)
        return [found[number] for number in sorted(found)]

    async def resolve_each(
        self,
        asked: Iterable[tuple[TokenRef, str | None]],
        *,
        at: str | int | BlockRef = "latest",
        fresh: bool = False,
    ) -> AsyncGenerator[Resolution, None]:
        """Resolve tokens, all at one block, and yield each as it is found, in any order.

        `at_once` pictures are held together, that of the caller included; the next walk begins when
        the caller comes back for more.

        `at` is `latest`, or how deep a holder has to have it: `latest-12`, `safe`, `finalized`;
        whoever has it later only is pending. With a number or a block, it is as of that block, and
        nothing is said of now. With `fresh`, the chain and gateways are asked again for what a
        cache would believe for some seconds. BadReference for a holder that is no address, BadInput
        for a block that is none; all else is in the answers.
        """
        async with aclosing(self._each(_checked(asked), at, fresh)) as each:
            async for _, one in each:
                yield one

    async def _each(
        self, asked: Asked, at: str | int | BlockRef, fresh: bool
    ) -> AsyncGenerator[tuple[int, Resolution], None]:
        found = asyncio.Queue[tuple[int, Resolution]]()
        under_way: set[asyncio.Task[None]] = set()
        number = -1

        async def walked(number: int, walk: _Walk) -> None:
            found.put_nowait((number, await walk()))

        try:
            async with aclosing(self._walks_of(asked, at, fresh)) as walks:
                async for walk in walks:
                    number += 1
                    task = asyncio.create_task(walked(number, walk))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    if number + 1 >= self._at_once:
                        yield await found.get()
            for _ in range(min(number + 1, self._at_once - 1)):
                yield await found.get()
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _walks_of(
        self, asked: Asked, at: str | int | BlockRef, fresh: bool
    ) -> AsyncGenerator[_Walk, None]:
        """Yield what is to be done for each token, in order, as the chain is read part by part."""
        async with aclosing(self._readings(asked, at, fresh)) as readings:
            async for part, reading in readings:
                if isinstance(reading, ChainError):
                    for ref, holder in part:
                        yield partial(_said, _unread(ref, holder, str(reading)))
                    continue
                for then, last in zip(reading.deep, reading.latest, strict=True):
                    yield partial(self._resolved, then, last, reading, fresh)

    async def _readings(
        self, asked: Asked, at: str | int | BlockRef, fresh: bool
    ) -> AsyncGenerator[tuple[Asked, Reading | ChainError], None]:
        """Yield what the chain says of a part of the tokens, always at the same two blocks."""
        if len(asked) <= _READ_TOGETHER:
            try:
                yield asked, await self._reader.read(asked, at, fresh=fresh)
            except ChainError as error:
                yield asked, error
            return
        try:
            blocks = await self._reader.blocks(at)
        except ChainError as error:
            yield asked, error
            return
        for start in range(0, len(asked), _READ_TOGETHER):
            part = asked[start : start + _READ_TOGETHER]
            try:
                yield part, await self._reader.read_at(part, blocks)
            except ChainError as error:
                yield part, error

    async def _resolved(
        self, then: TokenAnswer, last: TokenAnswer, reading: Reading, fresh: bool
    ) -> Resolution:
        async with self._slots:
            try:
                return await self._one(then, last, reading, fresh)
            except Exception as error:  # noqa: BLE001 - what one token meets costs no other
                why = f"{type(error).__name__}, which is a fault of pfpkit; please report it"
                return _unread(then.ref, then.holder, why)

    async def _one(
        self, deep: TokenAnswer, latest: TokenAnswer, reading: Reading, fresh: bool
    ) -> Resolution:
        if deep.holder is None:
            return await self._walked(deep, reading, fresh)
        owned = ownership(deep, latest, reading.undone)
        if owned.state is State.UNKNOWN:
            return _unread(deep.ref, deep.holder, owned.reason, owned, reading.remembered)
        if owned.state is State.PENDING:
            return await self._walked(latest, reading, fresh, owned, owned.reason)
        if owned.state is State.VERIFIED:
            return await self._walked(deep, reading, fresh, owned)
        if latest.outcome in _NOBODYS:
            return _nobodys(latest, reading, owned)
        proof = unwalked("not the holder's, so it was not looked for")
        return _answered(latest, proof, reading, owned)

    async def _walked(
        self,
        said: TokenAnswer,
        reading: Reading,
        fresh: bool,
        owned: Ownership | None = None,
        pending: str = "",
    ) -> Resolution:
        """Return what the walk from a token's URIs finds."""
        if said.outcome in _NOBODYS:
            return _nobodys(said, reading, owned)
        if said.owner is None and said.balance is None:
            why = f"{said.outcome}: {said.reason}"
            return _unread(said.ref, said.holder, why, owned, reading.remembered)
        if said.uri is None:
            proof = unwalked(said.reason or str(said.outcome), StepError(said.outcome))
            return _answered(said, proof, reading, owned, pending)
        content = (said.uri, said.image_uri, said.ref.id_to_fill)
        if self._proofs and (recent := self._proofs.recent(content)):
            proof = recent
        else:
            # Whoever asks meanwhile for the same content waits for this walk, or for its picture
            # from the disk: held once, however many ask.
            proof = await self._walks.once((content, fresh), lambda: self._proved(content, fresh))
        return _answered(said, proof, reading, owned, pending)

    async def _proved(self, content: Content, fresh: bool) -> Proof:
        if self._proofs and (kept := await self._proofs.get(content)):
            return kept
        uri, image_uri, token_id = content
        blocks: Blocks = self._blocks
        if self._cache is not None:
            blocks = CachedBlocks(self._blocks, self._cache, fresh=fresh)
        limits, pictures = self._limits, self._pictures
        proof = await prove(
            *(uri, image_uri, blocks, limits), renderer=pictures, web=self._web, token_id=token_id
        )
        if self._proofs:
            await self._proofs.put(content, proof)
        return proof


async def _said(found: Resolution) -> Resolution:
    return found


def _checked(asked: Iterable[tuple[TokenRef, str | None]]) -> Asked:
    return tuple((ref, holder and checksum_address(holder)) for ref, holder in asked)


def _answered(
    said: TokenAnswer,
    proof: Proof,
    reading: Reading,
    owned: Ownership | None = None,
    pending: str = "",
) -> Resolution:
    receipt = Receipt.of(said, proof, reading.asked_at, pending, took_ms=reading.took_ms)
    return Resolution.of(receipt, proof, owned, remembered=reading.remembered)


def _nobodys(said: TokenAnswer, reading: Reading, owned: Ownership | None) -> Resolution:
    reason = f"nobody has it at block {said.block.number}: {said.reason or said.outcome}"
    verdict = Verdict.NO_TOKEN if said.holder is None else Verdict.NOT_OWNER
    proof = unwalked("there is no token")
    return Resolution(
        *(said.ref, said.holder, verdict, reason, proof),
        ownership=owned,
        remembered=reading.remembered,
    )


def _unread(
    ref: TokenRef,
    holder: str | None,
    reason: str,
    owned: Ownership | None = None,
    remembered: bool = False,
) -> Resolution:
    if owned is None and holder is not None:
        owned = unknown(ref, holder, reason)
    proof = unwalked("the chain could not be read")
    said = (ref, holder, Verdict.UNKNOWN, reason, proof)
    return Resolution(*said, ownership=owned, remembered=remembered)
