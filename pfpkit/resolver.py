"""The verified read path: from a token's name to its picture, with a receipt.

    async with Resolver(Node(url), Retriever(gateways)) as resolver:
        found = await resolver.resolve(TokenRef.parse(name), holder, at="latest-12")

Owner and URIs are read at one named block; blocks come from any gateway and each is hashed; the
metadata's link is compared with the bundle that the contract commits to; the picture is decoded.
Trusts the node, or enough of several, for what the chain says, and nobody for content. Whatever a
token, its contract, a gateway or a server does is a verdict with its reason, never an error that
costs other tokens their answer.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Self

from pfpkit.atomic import write_files
from pfpkit.block import BlockRef
from pfpkit.car import write_car
from pfpkit.chain import Node
from pfpkit.errors import BadInput, ChainError, NoWorker, Unverified
from pfpkit.evidence import Proof, prove, unwalked
from pfpkit.holding import read_twice
from pfpkit.images import Limits
from pfpkit.media import MediaOutcome, Rendered, Renderer
from pfpkit.ownership import Ownership, State, ownership, unknown
from pfpkit.quorum import Quorum
from pfpkit.receipt import Receipt, Verdict
from pfpkit.reference import TokenRef, checksum_address
from pfpkit.retrieval import Retriever
from pfpkit.timestamp import now
from pfpkit.tokens import Outcome, TokenAnswer
from pfpkit.web import Web

__all__ = ["Resolution", "Resolver", "Saved", "Verdict"]

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_AT_ONCE = 32
"""Walks of one resolver that are under way together."""
_SHOWN = {Verdict.VERIFIED, Verdict.PENDING, Verdict.UNVERIFIABLE}
_NOBODYS = {Outcome.NO_TOKEN, Outcome.NO_CONTRACT}


@dataclass(frozen=True, slots=True)
class Saved:
    """The files of one resolution; the receipt names the other two."""

    picture: Path
    receipt: Path
    car: Path | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was found for one token, and a holder if one was named.

    `reason` says in words why the verdict is not `verified`. `receipt` is None where the chain said
    nothing of the token. `ownership` is None where nobody was named. `rendered` are the squares to
    show, where the resolver makes them and there is a picture to show.
    """

    ref: TokenRef
    holder: str | None
    verdict: Verdict
    reason: str
    proof: Proof
    receipt: Receipt | None = None
    ownership: Ownership | None = None
    rendered: Rendered | None = None

    @classmethod
    def of(
        cls,
        receipt: Receipt,
        proof: Proof,
        ownership: Ownership | None = None,
        rendered: Rendered | None = None,
    ) -> Self:
        """Return the resolution that a receipt and its proof are."""
        failure = receipt.failure
        reason = "" if failure is None else f"{failure.name}: {failure.reason}"
        if failure is None and receipt.verdict is Verdict.UNVERIFIABLE:
            reason = "unverifiable: a picture was found, and nothing binds the token to it"
        return cls(
            receipt.token,
            receipt.holder,
            receipt.verdict,
            reason,
            proof,
            receipt,
            ownership,
            rendered,
        )

    @property
    def verified(self) -> bool:
        """Whether the picture may be shown as this token's."""
        return self.verdict is Verdict.VERIFIED

    def stated(self) -> Receipt:
        """Return the receipt; Unverified where the chain said nothing that one could state."""
        if self.receipt is None:
            raise Unverified(f"{self.ref} is not shown. {self.verdict}: {self.reason}")
        return self.receipt

    def save(self, folder: Path, stem: str) -> Saved:
        """Write picture, CAR and receipt, all or none; Unverified when there is no proof.

        BadInput when they cannot be written: what was there before is there still.
        """
        receipt = self.stated()
        if not self.verified or self.proof.picture is None or receipt.media_type is None:
            raise Unverified(f"{self.ref} is not shown. {self.reason}")
        picture = folder / f"{stem}.{_EXTENSIONS[receipt.media_type]}"
        path = folder / f"{stem}.receipt.json"
        car = folder / f"{stem}.car" if self.proof.blocks else None
        files = {
            picture: self.proof.picture,
            path: receipt.beside(picture.name, car.name if car else None).encode(),
        }
        if car is not None:
            blocks = BytesIO()
            write_car(blocks, self.proof.roots, self.proof.blocks)
            files[car] = blocks.getvalue()
        try:
            write_files(files)
        except OSError as error:
            raise BadInput(
                f"{folder / stem}.* cannot be written: {error.strerror}; "
                "make room, or choose another place"
            ) from error
        return Saved(picture, path, car)


class Resolver:
    """Resolves tokens of one chain; use as `async with Resolver(...) as resolver:`.

    `chain` is a node, or several of which enough agree; `blocks` asks the gateways. Without `web`,
    what is on a server of strangers is not fetched. With `renderer`, pictures are made anew as
    squares. All of them are closed with the resolver.
    """

    def __init__(
        self,
        chain: Node | Quorum,
        blocks: Retriever,
        *,
        web: Web | None = None,
        renderer: Renderer | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._chain, self._blocks, self._web, self._renderer = chain, blocks, web, renderer
        self._limits = limits
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
            proof = await prove(said.uri, said.image_uri, self._blocks, self._limits, web=self._web)
        receipt = Receipt.of(said, proof, now(), pending)
        return Resolution.of(receipt, proof, owned, await self._rendered(receipt, proof))

    async def _rendered(self, receipt: Receipt, proof: Proof) -> Rendered | None:
        if self._renderer is None or proof.info is None or receipt.verdict not in _SHOWN:
            return None
        assert proof.picture is not None
        try:
            return await self._renderer.render(proof.picture)
        except (NoWorker, OSError) as error:
            # The verdict stands without squares.
            return Rendered(MediaOutcome.CRASHED, str(error))


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
