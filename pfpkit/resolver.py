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
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Self

from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.errors import ChainError
from pfpkit.evidence import prove, unwalked
from pfpkit.holding import read_twice
from pfpkit.images import Limits
from pfpkit.media import Renderer
from pfpkit.ownership import Ownership, State, ownership, unknown
from pfpkit.quorum import Quorum
from pfpkit.receipt import Receipt, Verdict
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.resolution import Resolution, Saved
from pfpkit.retrieval import Retriever
from pfpkit.timestamp import now
from pfpkit.tokens import Outcome, TokenAnswer
from pfpkit.web import Web

__all__ = ["Resolution", "Resolver", "Saved", "Verdict"]

_AT_ONCE = 32
"""Walks of one resolver that are under way together."""
_NOBODYS = {Outcome.NO_TOKEN, Outcome.NO_CONTRACT}


class Resolver:
    """Resolves tokens of one chain; use as `async with Resolver(...) as resolver:`.

    `chain` is a node, or several of which enough agree; `blocks` asks the gateways. `renderer`
    decodes pictures in processes of its own and makes them anew as squares; None is for whoever
    draws the verified bytes elsewhere: no pixel is decoded then, answers say so, and an SVG is
    refused. Without `web`, what is on a server of strangers is not fetched. All of them are closed
    with the resolver.
    """

    def __init__(
        self,
        chain: Node | Quorum,
        blocks: Retriever,
        *,
        renderer: Renderer | None,
        web: Web | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._chain, self._blocks, self._web, self._renderer = chain, blocks, web, renderer
        self._limits = limits or (renderer.limits if renderer else None)
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for part in (self._chain, self._blocks, self._web, self._renderer):
            if part is not None:
                await self._open.enter_async_context(part)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    async def resolve(
        self, ref: TokenRef, holder: str | None = None, *, at: str | int | BlockRef = "latest"
    ) -> Resolution:
        """Resolve one token, for `holder` if one is named; see `resolve_many`."""
        (found,) = await self.resolve_many([(ref, holder)], at=at)
        return found

    async def resolve_many(
        self,
        asked: Sequence[tuple[TokenRef, str | None]],
        *,
        at: str | int | BlockRef = "latest",
        told: Callable[[Resolution], None] = lambda _: None,
    ) -> list[Resolution]:
        """Resolve tokens, all at one block, and return what was found in the order asked.

        `at` is `latest`, or how deep a holder has to have it: `latest-12`, `safe`, `finalized`;
        whoever has it later only is pending. With a number or a block, it is as of that block, and
        nothing is said of now. `told` hears of each as it is found. BadReference for a holder that
        is no address, BadInput for a block that is none; all else is in the answers.
        """
        wanted = [(ref, holder and checksum_address(holder)) for ref, holder in asked]
        try:
            deep, latest = await self._read(wanted, at)
        except ChainError as error:
            return [_unread(ref, holder, str(error)) for ref, holder in wanted]

        async def one(then: TokenAnswer, last: TokenAnswer) -> Resolution:
            async with self._slots:
                try:
                    found = await self._one(then, last)
                except Exception as error:  # noqa: BLE001 - what one token meets costs no other
                    why = f"{type(error).__name__}, which is a fault of pfpkit; please report it"
                    found = _unread(then.ref, then.holder, why)
            told(found)
            return found

        async with asyncio.TaskGroup() as group:
            pairs = zip(deep, latest, strict=True)
            tasks = [group.create_task(one(then, last)) for then, last in pairs]
        return [task.result() for task in tasks]

    async def _read(
        self, wanted: Sequence[tuple[TokenRef, str | None]], at: str | int | BlockRef
    ) -> tuple[list[TokenAnswer], list[TokenAnswer]]:
        if isinstance(at, str) and not at.isdecimal():
            return await read_twice(self._chain, wanted, at)
        block = at if isinstance(at, BlockRef) else await self._chain.block(at)
        found = await self._chain.tokens(wanted, block)
        return found, found

    async def _one(self, deep: TokenAnswer, latest: TokenAnswer) -> Resolution:
        if deep.holder is None:
            return await self._walked(deep)
        owned = ownership(deep, latest)
        if owned.state is State.UNKNOWN:
            return _unread(deep.ref, deep.holder, owned.reason, owned)
        if owned.state is State.PENDING:
            return await self._walked(latest, owned, pending=owned.reason)
        if owned.state is State.VERIFIED:
            return await self._walked(deep, owned)
        if latest.outcome in _NOBODYS:
            return _nobodys(latest, owned)
        proof = unwalked("not the holder's, so it was not looked for")
        return Resolution.of(Receipt.of(latest, proof, now()), proof, owned)

    async def _walked(
        self, said: TokenAnswer, owned: Ownership | None = None, pending: str = ""
    ) -> Resolution:
        """Return what the walk from a token's URIs finds."""
        if said.outcome in _NOBODYS:
            return _nobodys(said, owned)
        if said.owner is None and said.balance is None:
            return _unread(said.ref, said.holder, f"{said.outcome}: {said.reason}", owned)
        if said.uri is None:
            proof = unwalked(said.reason or str(said.outcome), str(said.outcome))
        else:
            proof = await prove(
                said.uri,
                said.image_uri,
                self._blocks,
                self._limits,
                renderer=self._renderer,
                web=self._web,
            )
        return Resolution.of(Receipt.of(said, proof, now(), pending), proof, owned)


def _nobodys(said: TokenAnswer, owned: Ownership | None) -> Resolution:
    reason = f"nobody has it at block {said.block.number}: {said.reason or said.outcome}"
    verdict = Verdict.NO_TOKEN if said.holder is None else Verdict.NOT_OWNER
    return Resolution(
        said.ref, said.holder, verdict, reason, unwalked("there is no token"), ownership=owned
    )


def _unread(
    ref: TokenRef, holder: str | None, reason: str, owned: Ownership | None = None
) -> Resolution:
    if owned is None and holder is not None:
        owned = unknown(ref, holder, reason)
    proof = unwalked("the chain could not be read")
    return Resolution(ref, holder, Verdict.UNKNOWN, reason, proof, ownership=owned)
