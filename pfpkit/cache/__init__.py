"""What was read before, so that it need not be asked for again. Losing it costs time, nothing else.

Blocks are kept by their CID for ever, and hashed again whenever they are read. Facts, such as what
a chain said at a block, are kept for the seconds that whoever found them says: an owner briefly,
with the block in the fact; that there is no such token, shortly; that a node did not answer, never.
Inside a process each key has one flight: who asks while somebody is asking waits for that answer.
Between processes nothing is agreed; each writes whole files (`pfpkit.cache.disk`). Nothing here
raises for a disk that is full, damaged or not there: `counts` says what went wrong.

Files instead of a library or SQLite, on purpose: diskcache unpickles what it reads and has no
release that does not; a damaged SQLite file loses every entry, and cannot be replaced while another
process has it open; and a picture in its own file is read as fast as any file.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from pfpkit.cache.disk import Disk, Longer
from pfpkit.cache.flights import Flights
from pfpkit.cache.recent import Recent
from pfpkit.cid import CID, Block, verify
from pfpkit.errors import BadContent

__all__ = ["NEGATIVE_S", "OWNERSHIP_S", "Cache", "Counts", "Fact", "Flights", "Recent"]

T = TypeVar("T")

OWNERSHIP_S = 12.0
"""How long an owner is believed: one slot of Ethereum."""
NEGATIVE_S = 30.0
"""How long it is believed that something is not there."""

_INLINE_BYTES = 2**18
"""Smaller entries are read on the event loop: handing them to a thread would take longer."""
_TURN_BYTES = 2**20
"""When so much was read there, the others have their turn."""
_HEAD = b"pfpkit fact 1\n"
_DIGEST = 32


@dataclass(frozen=True, slots=True)
class Fact:
    """Something found, or found missing, and for how many seconds it may be believed."""

    data: bytes
    keep_s: float | None
    """None: for ever, as for what follows from a CID alone. 0: it is not kept at all."""
    found: bool = True
    """Whether it is there; if not, `data` says why."""
    at: float = 0.0
    """When it was found, in seconds since 1970; given by the cache."""
    up: float = field(default=0.0, compare=False)
    """The same by a clock that nobody can put back; given by the cache."""


@dataclass(slots=True)
class Counts:
    """How often something was there, was not, was damaged, or could not be kept."""

    hits: int = 0
    misses: int = 0
    damaged: int = 0
    not_kept: int = 0
    problem: str = ""
    """The last reason for which something could not be kept."""


class Cache:
    """Blocks and facts in `folder`, at most `max_bytes` on disk; what was used longest ago goes.

    `memory_bytes` bounds what a resolver holds beside it of the proofs that it made itself.
    `now` gives seconds since 1970, `up` those since the machine's start. One event loop uses it;
    any number of processes share a folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 2**30,
        memory_bytes: int = 2**26,
        now: Callable[[], float] = time.time,
        up: Callable[[], float] = time.monotonic,
    ) -> None:
        self.counts = Counts()
        self.memory_bytes = memory_bytes
        self._disk = Disk(folder, max_bytes, now)
        self._now, self._up = now, up
        self._since_turn = 0
        self._blocks = Flights[CID, bytes]()
        self._facts = Flights[str, Fact]()

    async def block(self, cid: CID, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the bytes of `cid`, from disk or else by `fetch`, hashed in either case.

        Raises what `fetch` raises, and WrongBytes when its bytes are others.
        """

        async def fetched() -> bytes:
            data = await fetch()
            await self.keep([Block(cid, data)])
            return data

        kept = await self.kept(cid)
        # By codec too: a gateway may refuse the hash under one that somebody else made up.
        return await self._blocks.once(cid.as_v1(), fetched) if kept is None else kept

    async def kept(self, cid: CID) -> bytes | None:
        """Return the bytes of `cid` if they are here, hashed."""

        def checked(data: bytes) -> bytes:
            verify(cid, data)
            return data

        return await self._get(_block_key(cid), checked)

    async def keep(self, blocks: Iterable[Block]) -> None:
        """Keep blocks that came without being asked for, such as those of a CAR; WrongBytes.

        They are gone through in a thread, where each is hashed and then written.
        """

        def hashed() -> Iterator[tuple[str, bytes]]:
            for cid, data in blocks:
                verify(cid, data)
                yield _block_key(cid), data

        await self._put(hashed())

    async def recall(self, key: str, *, stale: bool = False) -> Fact | None:
        """Return what is known under `key`, if it is still believed; with `stale`, if not, too."""

        def believed(data: bytes) -> Fact | None:
            fact = _fact_of(data, key)
            return fact if stale or _holds(fact, self._now(), self._up()) else None

        return await self._get(_fact_key(key), believed)

    async def note(self, key: str, fact: Fact) -> Fact:
        """Keep a fact for its seconds, found now, and return it with that time."""
        found = replace(fact, at=self._now(), up=self._up())
        if found.keep_s is None or found.keep_s > 0:
            await self._put([(_fact_key(key), _bytes_of(found, key))])
        return found

    def age_s(self, fact: Fact) -> float:
        """Return how many seconds ago a fact was found."""
        return self._now() - fact.at

    async def fact(self, key: str, ask: Callable[[], Awaitable[Fact]]) -> Fact:
        """Return what is known under `key`, or else what `ask` finds, and keep that.

        Raises what `ask` raises; that is not kept.
        """

        async def asked() -> Fact:
            return await self.note(key, await ask())

        kept = await self.recall(key)
        return await self._facts.once(key, asked) if kept is None else kept

    async def forget(self, key: str) -> None:
        """Forget a fact, as when a block that it rests on is gone."""
        await asyncio.to_thread(self._disk.drop, _fact_key(key))

    async def _get(self, key: str, read: Callable[[bytes], T | None]) -> T | None:
        """Return what `read` makes of an entry; a damaged one is dropped, and counts as none."""

        def got(max_bytes: int | None = None) -> T | None:
            data = self._disk.get(key, max_bytes)
            self._since_turn += len(data or b"")
            return None if data is None else read(data)

        try:
            try:
                found = got(_INLINE_BYTES)
            except Longer:
                found = await asyncio.to_thread(got)
        except BadContent:
            found = None
            self.counts.damaged += 1
            self._disk.drop(key)
        self.counts.hits += found is not None
        self.counts.misses += found is None
        if self._since_turn > _TURN_BYTES:
            self._since_turn = 0
            await asyncio.sleep(0)
        return found

    async def _put(self, entries: Iterable[tuple[str, bytes]]) -> None:
        def put() -> list[str]:
            said = (self._disk.put(key, data) for key, data in entries)
            return [problem for problem in said if problem]

        problems = await asyncio.to_thread(put)
        self.counts.not_kept += len(problems)
        self.counts.problem = problems[-1] if problems else self.counts.problem


def _block_key(cid: CID) -> str:
    # The bytes follow from the hash alone, whatever version and codec a CID of theirs has.
    return f"block {cid.hash_code} {cid.digest.hex()}"


def _fact_key(key: str) -> str:
    return f"fact {key}"


def _holds(fact: Fact, now: float, up: float) -> bool:
    """Return whether a fact is believed; one from the future is not, for a clock was put back.

    Both clocks have to say so: one may be put back by just a fact's age, the other stands still
    while the machine sleeps, and begins anew with it.
    """
    if fact.keep_s is None:
        return True
    return 0 <= now - fact.at < fact.keep_s and 0 <= up - fact.up < fact.keep_s


def _bytes_of(fact: Fact, key: str) -> bytes:
    times = {"at": fact.at, "up": fact.up, "keep_s": fact.keep_s}
    about = {"key": key, **times, "found": fact.found}
    body = json.dumps(about).encode() + b"\n" + fact.data
    return _HEAD + hashlib.sha256(body).digest() + body


def _fact_of(data: bytes, key: str) -> Fact:
    """Read what `_bytes_of` wrote under this key; BadContent when it is anything else."""
    digest, body = data[len(_HEAD) : len(_HEAD) + _DIGEST], data[len(_HEAD) + _DIGEST :]
    if not data.startswith(_HEAD) or hashlib.sha256(body).digest() != digest:
        raise BadContent(f"{key}: the entry does not match its checksum")
    about, _, kept = body.partition(b"\n")
    try:
        said = json.loads(about.decode())
        if said["key"] != key:
            raise BadContent(f"{key}: the entry is that of {said['key']}")
        return Fact(kept, said["keep_s"], said["found"], said["at"], said["up"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadContent(f"{key}: the entry is none that this pfpkit reads") from error
