"""Follows the chain: which tokens that are shown still belong to who showed them.

A tick asks for the latest block. Transfer events since the last one, a reorganisation, and time say
which tokens to read again, at that block; the answer of that reading counts. All other tokens are
confirmed with the block. What a tick found is written in one transaction, with the block that it
came to: a follower that is killed goes on where it was. Of several workers one follows.

A node that does not answer, or whose latest block is old, confirms nothing, so that every answer
ages until pages call it stale, and then unverified.
"""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Records

from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.errors import ChainError, StorageError
from pfpkit.profile.database import Database
from pfpkit.profile.records import Followed, Holding
from pfpkit.profile.settings import Settings
from pfpkit.quorum import Quorum
from pfpkit.reference import Standard
from pfpkit.tokens import TokenAnswer
from pfpkit.transfers import Transfer

__all__ = ["Follower", "Tick"]

_LOG = logging.getLogger("pfpkit.profile")
_KEPT_BLOCKS = 256
"""Blocks whose hashes are kept: how deep a reorganisation may be and still be found by them."""
_RANGE = 2_000
"""Blocks whose events are asked for at once; after a longer gap every token is read again."""
_CONTRACTS = 200
_READ_AGAIN_S = 300
"""A contract may move tokens without an event: each token is read again so often all the same."""
_LEASE_S = 15
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick came to. `block` is None where another worker follows."""

    block: BlockRef | None = None
    read: int = 0
    lost: tuple[str, ...] = ()
    """Tokens that another has now."""
    undone: int | None = None
    """The first block that a reorganisation took away, if one did."""


@dataclass(slots=True)
class _Plan:
    """Tokens that are read again, and the events that say so."""

    last: BlockRef | None
    kept: list[BlockRef]
    holdings: Sequence[Holding]
    ancestor: int | None = None
    moved: dict[tuple[str, int], Transfer] = field(default_factory=dict)

    def suspects(self, now: float, everything: bool) -> list[Holding]:
        """Return what is read again: moved, undone, not confirmed with the last block, or old."""
        return [one for one in self.holdings if everything or self._suspect(one, now)]

    def _suspect(self, one: Holding, now: float) -> bool:
        if one.lost_block is not None:
            # Only a reorganisation gives a token back without a new signature.
            return self.ancestor is not None and one.lost_block > self.ancestor
        undone = self.ancestor is not None and one.since_block > self.ancestor
        contiguous = self.last is not None and one.block_hash == self.last.hash
        old = one.read_at < now - _READ_AGAIN_S
        moved = (one.contract, int(one.token_id)) in self.moved
        return undone or moved or old or not contiguous or one.standard != Standard.ERC721


class Follower:
    """Follows one chain into one database. `tick` it, or `run` it until it is cancelled."""

    def __init__(self, chain: Node | Quorum, database: Database, settings: Settings) -> None:
        self._chain, self._database, self._settings = chain, database, settings
        self._name = secrets.token_hex(8)
        self.trouble = ""
        """Why the last tick came to nothing; empty after one that did."""

    async def run(self) -> None:
        """Tick until cancelled; what goes wrong is logged once, and tried again."""
        try:
            while True:
                await self._try_tick()
                await asyncio.sleep(self._settings.poll_s)
        finally:
            await self.end()

    async def _try_tick(self) -> None:
        try:
            tick = await self.tick()
            if self.trouble:
                _LOG.info("the chain is followed again")
            self.trouble = ""
            if tick.lost or tick.undone is not None:
                _LOG.info("%s", tick)
        except (ChainError, StorageError) as error:
            if not self.trouble:
                _LOG.warning("the chain is not followed: %s", error)
            self.trouble = str(error)

    async def end(self) -> None:
        """Give the lease back, so that another follows at once and not when it is over."""
        with suppress(StorageError, TimeoutError):
            async with asyncio.timeout(_END_S):
                await self._database.run(_release, self._settings.chain_id, self._name)

    async def tick(self) -> Tick:
        """Follow to the latest block; ChainError or StorageError when that cannot be done."""
        chain_id = self._settings.chain_id
        begun = await self._database.run(_begin, chain_id, self._name)
        if begun is None:
            return Tick()
        now = time.time()
        head = await self._chain.block()
        self._check_age(head, now)
        if begun.last is not None and begun.last.hash == head.hash:
            plan = begun
        else:
            plan = await self._since(begun, head)
        gap = plan.last is None or head.number - plan.last.number > _RANGE
        suspects = plan.suspects(now, everything=gap)
        answers = await self._read(suspects, head)
        found = list(zip(suspects, answers, strict=True))
        lost = await self._database.run(_write, chain_id, self._name, head, plan, found, int(now))
        if lost is None:
            return Tick()
        undone = None if plan.ancestor is None else plan.ancestor + 1
        return Tick(head, len(suspects), tuple(lost), undone)

    def _check_age(self, head: BlockRef, now: float) -> None:
        most = self._settings.max_head_age_s
        if most is not None and now - head.timestamp > most:
            raise ChainError(
                f"the latest block {head.number} is {int(now - head.timestamp)} seconds old; "
                "the node has lost its peers"
            )

    async def _since(self, plan: _Plan, head: BlockRef) -> _Plan:
        """Return the plan with what happened between the last block and this one."""
        last = plan.last
        if last is None:
            return plan
        first = last.number + 1
        if head.number < last.number or not await self._chain.has(last):
            plan.ancestor = await self._ancestor(plan.kept, head)
            first = plan.ancestor + 1
        if head.number - first >= _RANGE:
            return plan
        contracts = sorted({one.contract for one in plan.holdings})
        for start in range(0, len(contracts), _CONTRACTS):
            part = contracts[start : start + _CONTRACTS]
            for event in await self._chain.transfers(part, first, head.number):
                plan.moved[event.contract, event.token_id] = event
        return plan

    async def _ancestor(self, kept: Sequence[BlockRef], head: BlockRef) -> int:
        """Return the number of the last kept block that is on the chain still; 0 where none is."""
        for block in kept:
            if block.number <= head.number and await self._chain.has(block):
                return block.number
        return 0

    async def _read(self, suspects: Sequence[Holding], head: BlockRef) -> list[TokenAnswer]:
        asked = [(one.ref, one.holder) for one in suspects]
        return await self._chain.tokens(asked, head) if asked else []


def _begin(records: Records, chain_id: int, name: str) -> _Plan | None:
    """Take or keep the lease, and return what is known; None where another worker has it."""
    now = int(time.time())
    row = records.get(Followed, chain_id, with_for_update=True)
    if row is None:
        row = Followed(chain_id=chain_id, block=0, blocks="[]", leader=name, lease_ends=0)
        records.add(row)
    if row.leader != name and row.lease_ends > now:
        return None
    row.leader, row.lease_ends = name, now + _LEASE_S
    kept = [BlockRef(*one) for one in json.loads(row.blocks)]
    holdings = records.scalars(select(Holding).where(Holding.chain_id == chain_id)).all()
    return _Plan(kept[0] if kept else None, kept, holdings)


def _release(records: Records, chain_id: int, name: str) -> None:
    records.execute(
        update(Followed)
        .where(Followed.chain_id == chain_id, Followed.leader == name)
        .values(lease_ends=0)
    )


def _write(
    records: Records,
    chain_id: int,
    name: str,
    head: BlockRef,
    plan: _Plan,
    answers: Iterable[tuple[Holding, TokenAnswer]],
    now: int,
) -> list[str] | None:
    """Write what was found, and return the tokens that were lost; None where the lease is gone.

    `now` is when the block was asked for: an answer is as old as that.
    """
    row = records.get(Followed, chain_id, with_for_update=True)
    if row is None or row.leader != name:
        return None
    lost = []
    confirmed = {"block": head.number, "block_hash": head.hash, "block_time": head.timestamp}
    read = set()
    for holding, answer in answers:
        read.add(holding.picture)
        event = plan.moved.get((holding.contract, int(holding.token_id)))
        if _found(records, holding, answer, head, event, now):
            lost.append(str(answer.ref))
    if plan.last is not None:
        # The others: nothing happened to them since the block that they were confirmed with. Not
        # those that came while this tick asked: it did not look for what happened to them.
        records.execute(
            update(Holding)
            .where(
                Holding.chain_id == chain_id,
                Holding.block_hash.in_([plan.last.hash, head.hash]),
                Holding.lost_block.is_(None),
                Holding.read_at > 0,
                Holding.picture.not_in(read),
            )
            .values(**confirmed, checked_at=now)
        )
    kept = [block for block in plan.kept if block.number < head.number]
    if plan.ancestor is not None:
        kept = [block for block in kept if block.number <= plan.ancestor]
    kept = [head, *kept][:_KEPT_BLOCKS]
    row.block = head.number
    row.blocks = json.dumps([[one.number, one.hash, one.timestamp] for one in kept])
    return lost


def _found(
    records: Records,
    holding: Holding,
    answer: TokenAnswer,
    head: BlockRef,
    event: Transfer | None,
    now: int,
) -> bool:
    """Write the answer for one token; whether it is lost now and was not before."""
    row = records.get(Holding, holding.picture)
    if row is None or answer.held is None:
        return False
    row.read_at = now
    if answer.held:
        row.block, row.block_hash, row.block_time = head.number, head.hash, head.timestamp
        row.checked_at = now
        row.lost_block = row.lost_hash = row.lost_at = None
        if event is not None:
            row.since_block = event.block
        return False
    was_lost = row.lost_block is not None
    row.lost_block = event.block if event else head.number
    row.lost_hash = event.block_hash if event else head.hash
    row.lost_at = now
    return not was_lost
