"""What the chain says of tokens, asked or remembered: always as of one block, and with the time.

An answer is remembered for `OWNERSHIP_S` with its block. It says who had a token at that block, not
who has it now; whoever needs that wants it `fresh`. What could not be read is never remembered.
When the chain is asked again, the block of the answer before is looked for: one that a
reorganisation has taken away is named, and no answer that rests on it is believed any more.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, TypeGuard

from pfpkit.block import BlockRef
from pfpkit.cache import OWNERSHIP_S, Cache, Fact, Flights, Recent
from pfpkit.errors import ChainError
from pfpkit.holding import Reader, read_twice, two_blocks
from pfpkit.reference import Standard, TokenRef
from pfpkit.timestamp import timestamp
from pfpkit.tokens import Outcome, TokenAnswer

__all__ = ["Asked", "ChainReader", "Reading"]

Asked = tuple[tuple[TokenRef, str | None], ...]
"""Tokens, each with whom it is asked for, if anyone."""

_UNDERSTOOD_BYTES = 2**22
_PASSING = {Outcome.UNANSWERED, Outcome.NO_QUORUM, Outcome.WRONG_CHAIN}
"""Outcomes of the one who was asked, not of the token."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the chain said at the block that was asked for, and at the latest one, token by token.

    `at` is when it was asked, in seconds since 1970. `undone` is the block of an earlier answer to
    the same question, if that is not on the chain any more; the deeper one of two.
    """

    deep: tuple[TokenAnswer, ...]
    latest: tuple[TokenAnswer, ...]
    at: float
    took_ms: int = 0
    remembered: bool = False
    undone: BlockRef | None = None

    @property
    def asked_at(self) -> str:
        """When it was asked, as receipts write times."""
        return _written(self.at)


class ChainReader:
    """Asks a node or a quorum, and remembers its answers if there is a cache."""

    def __init__(self, chain: Reader, cache: Cache | None) -> None:
        self._chain, self._cache = chain, cache
        self._flights = Flights[str, Reading]()
        self._gone: set[BlockRef] = set()
        self._understood = Recent[tuple[str, bytes], Reading](_UNDERSTOOD_BYTES)

    async def blocks(self, at: str | int | BlockRef) -> tuple[BlockRef, BlockRef]:
        """Return block `at` and the latest one; with a number or a block, that one twice."""
        if _moves(at):
            return await two_blocks(self._chain, at)
        block = at if isinstance(at, BlockRef) else await self._chain.block(at)
        return block, block

    async def read_at(self, asked: Asked, blocks: tuple[BlockRef, BlockRef]) -> Reading:
        """Return what the chain says at these blocks; ChainError when it cannot be asked."""
        begun, started = time.time(), time.monotonic()
        deep, latest = await read_twice(self._chain, asked, *blocks)
        took_ms = round((time.monotonic() - started) * 1000)
        return Reading(tuple(deep), tuple(latest), begun, took_ms)

    async def read(self, asked: Asked, at: str | int | BlockRef, *, fresh: bool = False) -> Reading:
        """Return what the chain says, or said some seconds ago, all of it at one time.

        With a number or a block, or `fresh`, nothing that was asked before is believed.
        ChainError when the chain cannot be asked.
        """
        cache = self._cache
        if cache is None or not asked or not _moves(at):
            return await self.read_at(asked, await self.blocks(at))
        key = self._key(asked, at)
        if fresh:
            return await self._asked(cache, key, asked, at)
        fact = await cache.recall(key)
        found = None if fact is None else self._read_before(key, fact, asked)
        if found is not None and not self._gone.intersection(_blocks(found)):
            return found
        return await self._flights.once(key, lambda: self._asked(cache, key, asked, at))

    async def _asked(self, cache: Cache, key: str, asked: Asked, at: str) -> Reading:
        begun, started = time.time(), time.monotonic()
        fact = await cache.recall(key, stale=True)
        before = None if fact is None else self._read_before(key, fact, asked)
        found = await self.read_at(asked, await self.blocks(at))
        # Before the block was named, not when it was read at: that may be much later.
        found = replace(found, at=begun)
        other = _blocks(before) - _blocks(found) if before else set()
        for block in sorted(other, key=lambda one: one.number):
            with suppress(ChainError):  # what could not be asked is not claimed
                if not await self._chain.has(block):
                    self._gone.add(block)
                    found = replace(found, undone=found.undone or block)
        if any(answer.outcome in _PASSING for answer in (*found.deep, *found.latest)):
            await cache.forget(key)
        elif not await self._later(cache, key, asked, found):
            # From when it was asked: a node that takes its time makes no answer younger.
            keep_s = OWNERSHIP_S - (time.monotonic() - started)
            await cache.note(key, Fact(_bytes_of(found), keep_s))
        return found

    async def _later(self, cache: Cache, key: str, asked: Asked, found: Reading) -> bool:
        """Whether another who asked after this one was answered before it."""
        fact = await cache.recall(key)
        kept = None if fact is None else self._read_before(key, fact, asked)
        return kept is not None and kept.at > found.at

    def _read_before(self, key: str, fact: Fact, asked: Asked) -> Reading | None:
        """Return the reading that a fact is; the same one is understood once."""
        found = self._understood.get((key, fact.data))
        if found is None:
            found = _reading_of(fact, asked)
            if found is not None:
                self._understood.put((key, fact.data), found, 2 * len(fact.data))
        return found

    def _key(self, asked: Asked, at: str) -> str:
        # Of these nodes: whoever wants more of them to agree does not believe fewer.
        names = json.dumps([(str(ref), holder) for ref, holder in asked])
        digest = hashlib.sha256(names.encode()).hexdigest()
        return f"tokens {digest} {at} {self._chain.identity}"


@lru_cache(maxsize=64)  # all tokens of a reading have one
def _written(at: float) -> str:
    return timestamp(at)


def _moves(at: str | int | BlockRef) -> TypeGuard[str]:
    """Whether it names another block later, as `latest` and `safe` do."""
    return isinstance(at, str) and not at.isdecimal()


def _blocks(reading: Reading) -> set[BlockRef]:
    return {answer.block for answer in (*reading.deep[:1], *reading.latest[:1])}


def _bytes_of(reading: Reading) -> bytes:
    """Return a reading as JSON; the two answers of a token are mostly one."""
    same = reading.deep == reading.latest
    said = {
        "at": reading.at,
        "deep": _part(reading.deep),
        "latest": None if same else _part(reading.latest),
    }
    return json.dumps(said).encode()


def _part(answers: Sequence[TokenAnswer]) -> dict[str, Any]:
    # All are of one block; the tokens and holders are those of the question, which is the key.
    return {
        "block": asdict(answers[0].block),
        "answers": [_fields(answer) for answer in answers],
    }


def _reading_of(fact: Fact, asked: Asked) -> Reading | None:
    """Read what `_bytes_of` wrote of the same question; None when it is anything else."""
    try:
        said = json.loads(fact.data.decode())
        deep = _answers(said["deep"], asked)
        latest = deep if said["latest"] is None else _answers(said["latest"], asked)
        return Reading(deep, latest, float(said["at"]), remembered=True)
    except (ValueError, TypeError, KeyError):
        return None


def _fields(answer: TokenAnswer) -> list[Any]:
    declared = None if answer.declared is None else sorted(answer.declared)
    balance = None if answer.balance is None else str(answer.balance)
    said = (answer.outcome, answer.reason, answer.owner, balance)
    return [*said, answer.token_uri, answer.image_uri, declared]


def _answers(said: Mapping[str, Any], asked: Asked) -> tuple[TokenAnswer, ...]:
    """Return the answers that `_part` wrote, in the order in which the tokens were asked for."""
    block = BlockRef(**said["block"])
    return tuple(
        TokenAnswer(
            *(ref, holder, block, Outcome(outcome), reason, owner),
            None if balance is None else int(balance),
            *(token_uri, image_uri),
            None if declared is None else frozenset(map(Standard, declared)),
        )
        for (ref, holder), (outcome, reason, owner, balance, token_uri, image_uri, declared) in zip(
            asked, said["answers"], strict=True
        )
    )
