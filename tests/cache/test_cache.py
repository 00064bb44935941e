"""Cache: blocks for ever, hashed when they are read; facts for their seconds; one flight a key"""

import asyncio
import os
import threading

import pytest
from support.cached import BLOCK, Source, entries

from pfpkit.cache import NEGATIVE_S, OWNERSHIP_S, Cache, Fact
from pfpkit.cid import CID, DAG_PB, Block, cid_of
from pfpkit.errors import GatewayError, WrongBytes


def test_block__second_time__from_disk_also_in_another_process(cache, folder):
    """A block is fetched once; the next cache of the same folder has it, in any spelling."""
    source = Source(BLOCK)
    cid = cid_of(BLOCK)

    async def story():
        assert await cache.block(cid, source) == BLOCK
        assert await cache.block(cid, source) == BLOCK
        other = CID(0, DAG_PB, cid.digest)
        return await Cache(folder).block(other, source)

    assert asyncio.run(story()) == BLOCK
    assert source.asked == 1
    assert (cache.counts.hits, cache.counts.misses, cache.counts.problem) == (1, 1, "")


def test_block__of_large_and_empty_bytes__the_same_bytes(cache):
    """Also what is read in a thread, and what has no bytes at all."""
    for data in (b"", os.urandom(3_000_000)):
        source = Source(data)
        for _ in range(2):
            assert asyncio.run(cache.block(cid_of(data), source)) == data
        assert source.asked == 1


def test_block__when_the_source_lies__wrong_bytes_and_nothing_kept(cache, folder):
    """Bytes that are not those of the CID are neither returned nor kept."""
    source = Source(b"other bytes")
    for _ in range(2):
        with pytest.raises(WrongBytes):
            asyncio.run(cache.block(cid_of(BLOCK), source))
    with pytest.raises(WrongBytes):
        asyncio.run(cache.keep([Block(cid_of(BLOCK), b"other bytes")]))
    assert source.asked == 2
    assert not folder.exists()


def test_block__when_the_source_fails__its_error_and_asked_again(cache):
    """A gateway that failed is asked again: a failure is no answer."""
    source = Source(GatewayError("no gateway"))
    for _ in range(2):
        with pytest.raises(GatewayError):
            asyncio.run(cache.block(cid_of(BLOCK), source))
    assert source.asked == 2


def test_block__when_asked_at_once_by_another_codec__is_asked_for_itself(cache):
    """Whoever names honest bytes by a codec that gateways refuse costs no other the bytes."""
    cid = cid_of(BLOCK, DAG_PB)
    lying, honest = Source(GatewayError("no such codec here")), Source(BLOCK)
    asked = asyncio.Event()

    async def slowly():
        await asked.wait()
        return await lying()

    async def both():
        first = asyncio.create_task(cache.block(CID(1, 0x71, cid.digest), slowly))
        await asyncio.sleep(0)
        second = asyncio.create_task(cache.block(cid, honest))
        await asyncio.sleep(0)
        asked.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    refused, given = asyncio.run(both())
    assert (type(refused), given) == (GatewayError, BLOCK)
    assert (lying.asked, honest.asked) == (1, 1)


def test_kept__of_many_blocks_in_a_row__others_have_their_turn(cache):
    """As of a picture of chunks that are each small enough to be read at once."""
    blocks = [Block(cid_of(data), data) for data in (bytes([n]) * 200_000 for n in range(40))]

    async def read():
        await cache.keep(blocks)
        turns = 0

        async def other():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        for cid, data in blocks:
            assert await cache.kept(cid) == data
        beside.cancel()
        return turns

    assert asyncio.run(read()) >= 5


def test_keep__of_a_whole_car__is_hashed_beside_the_event_loop(cache):
    """Right blocks are kept until a wrong one comes; nobody waits while it is found out."""
    right = [Block(cid_of(data), data) for data in (bytes([n]) * 100 for n in range(3))]
    wrong = Block(cid_of(b"x"), b"y")
    threads = set()

    def blocks():
        for block in (*right, wrong):
            threads.add(threading.get_ident())
            yield block

    async def read():
        with pytest.raises(WrongBytes):
            await cache.keep(blocks())
        return [await cache.kept(cid) for cid, _ in (*right, wrong)]

    assert asyncio.run(read()) == [*(data for _, data in right), None]
    assert threading.get_ident() not in threads


def test_recall__when_stale__is_given_to_whoever_wants_that(cache, clock):
    """To compare with what is found now; nobody else gets it."""

    async def story():
        noted = await cache.note("owner", Fact(b"pip", OWNERSHIP_S))
        believed = await cache.recall("owner")
        clock.time += OWNERSHIP_S
        return noted, believed, await cache.recall("owner"), await cache.recall("owner", stale=True)

    noted, believed, later, stale = asyncio.run(story())
    assert (believed, later, stale) == (noted, None, noted)
    assert OWNERSHIP_S <= cache.age_s(noted) < OWNERSHIP_S + 1


@pytest.mark.parametrize("bit", [0, 7, 8 * 300, -1])
def test_block__when_damaged_on_disk__fetched_again_and_mended(cache, folder, bit):
    """Any flipped bit is found, counted, and fetched anew."""
    source = Source(BLOCK)
    asyncio.run(cache.block(cid_of(BLOCK), source))
    (path,) = entries(folder)
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    for _ in range(2):
        assert asyncio.run(cache.block(cid_of(BLOCK), source)) == BLOCK
    assert source.asked == 2
    assert cache.counts.damaged == 1


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "of another key", "old", "folder"])
def test_fact__when_damaged_on_disk__asked_again_and_mended(cache, folder, damage):
    """A fact has a checksum over its key and its time, too."""
    source = Source(Fact(b"owner", 1e6))

    async def story(key):
        return (await cache.fact(key, source)).data

    asyncio.run(story("token 1"))
    (path,) = entries(folder)
    data = path.read_bytes()
    if damage == "of another key":
        asyncio.run(story("token 2"))
        (other,) = set(entries(folder)) - {path}
        path.write_bytes(other.read_bytes())
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        flipped = data.replace(b"1000000.0", b"9000000.0")
        assert flipped != data
        damaged = {"cut": data[:-1], "empty": b"", "flipped": flipped, "old": b"x" + data}
        path.write_bytes(damaged[damage])
    before = source.asked
    assert asyncio.run(story("token 1")) == b"owner"
    assert source.asked == before + 1
    if damage != "folder":
        assert asyncio.run(story("token 1")) == b"owner"
        assert (source.asked, cache.counts.damaged) == (before + 1, 1)


def test_fact__within_its_seconds__believed_and_then_asked_again(cache, clock):
    """An owner is believed for one slot, with the time at which it was found."""
    source = Source(Fact(b'{"owner":"0x..","block":7}', OWNERSHIP_S))

    async def story():
        first = await cache.fact("owner of 7", source)
        clock.time = first.at + OWNERSHIP_S - 0.5
        assert await cache.fact("owner of 7", source) == first
        assert source.asked == 1
        clock.time = first.at + OWNERSHIP_S + 0.5
        again = await cache.fact("owner of 7", source)
        assert (source.asked, again.at > first.at) == (2, True)

    asyncio.run(story())


def test_fact__that_something_is_missing__believed_shortly(cache, clock):
    """That there is no such token is kept as such, and not for long."""
    source = Source(Fact(b"no such token", NEGATIVE_S, found=False))

    async def story():
        for _ in range(3):
            fact = await cache.fact("token 9", source)
            assert (fact.found, fact.data) == (False, b"no such token")
        assert source.asked == 1
        clock.time += NEGATIVE_S
        await cache.fact("token 9", source)
        assert source.asked == 2

    asyncio.run(story())


def test_fact__that_is_not_to_be_kept__asked_each_time(cache, folder):
    """That a node did not answer says nothing about the next moment."""
    source = Source(Fact(b"the node is away", 0))
    for _ in range(3):
        asyncio.run(cache.fact("owner of 7", source))
    assert source.asked == 3
    assert not folder.exists()


def test_fact__for_ever__after_years(cache, clock):
    """What follows from a CID alone never grows old."""
    source = Source(Fact(b"rendered", None))

    async def story():
        await cache.fact("avatar of bafy", source)
        clock.time += 10 * 365 * 86_400
        assert (await cache.fact("avatar of bafy", source)).data == b"rendered"

    asyncio.run(story())
    assert source.asked == 1


def test_fact__when_the_clock_was_put_back__asked_again(cache, clock):
    """A fact from the future would be believed too long."""
    source = Source(Fact(b"owner", OWNERSHIP_S))
    asyncio.run(cache.fact("owner of 7", source))
    clock.time -= 3_600
    asyncio.run(cache.fact("owner of 7", source))
    assert source.asked == 2


def test_fact__when_the_clock_was_put_back_by_its_age__asked_again(folder, clock):
    """An hour later it is the same time again; the owner is one of an hour ago."""
    up = 5_000.0
    cache = Cache(folder, now=clock, up=lambda: up)
    source = Source(Fact(b"owner", OWNERSHIP_S))
    asyncio.run(cache.fact("owner of 7", source))
    up += 1
    asyncio.run(cache.fact("owner of 7", source))
    assert source.asked == 1
    up += 3_600
    asyncio.run(cache.fact("owner of 7", source))
    assert source.asked == 2
    up = 10.0  # the machine was started again
    asyncio.run(cache.fact("owner of 7", source))
    assert source.asked == 3


def test_fact__once_forgotten__asked_again(cache):
    """A fact whose block was undone can be forgotten; one that is unknown, too."""
    source = Source(Fact(b"owner", 1e6))

    async def story():
        await cache.forget("owner of 7")
        await cache.fact("owner of 7", source)
        await cache.forget("owner of 7")
        await cache.fact("owner of 7", source)

    asyncio.run(story())
    assert source.asked == 2


def test_cache__when_many_ask_at_once__one_flight(cache):
    """A hundred at the same moment ask the network once."""

    class Slow(Source):
        async def __call__(self):
            await asyncio.sleep(0.05)
            return await super().__call__()

    blocks, facts = Slow(BLOCK), Slow(Fact(b"owner", 1e6))

    async def story():
        cid = cid_of(BLOCK)
        await asyncio.gather(*(cache.block(cid, blocks) for _ in range(100)))
        await asyncio.gather(*(cache.fact("owner", facts) for _ in range(100)))

    asyncio.run(story())
    assert (blocks.asked, facts.asked) == (1, 1)
