"""Cache: several processes on one folder, killed at any moment, stopped with the lock in hand"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time

from support.cached import on_disk

from pfpkit.cache import Cache, disk
from pfpkit.cid import Block, cid_of

BOUND = 60 * 12_288

WORK = """
import asyncio, pathlib, random, sys
from pfpkit.cache import Cache
from pfpkit.cid import cid_of

folder, seed, rounds, bound = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])

async def story():
    cache = Cache(folder, max_bytes=bound)
    chance = random.Random(seed)
    print("ready", flush=True)
    for _ in range(rounds):
        data = chance.randrange(100).to_bytes(4, "big") + bytes(chance.choice([10, 9_000]))
        async def fetch():
            return data
        assert await cache.block(cid_of(data), fetch) == data
    print(cache.counts.hits, cache.counts.damaged, cache.counts.not_kept, cache.counts.problem)

asyncio.run(story())
"""


def started(folder, seed, rounds):
    told = [sys.executable, "-c", WORK, str(folder), str(seed), str(rounds), str(BOUND)]
    return subprocess.Popen(told, stdout=subprocess.PIPE, text=True)


def test_cache__of_several_processes__right_bytes_within_the_bound(tmp_path):
    """Four processes read and write one folder at once: nothing is damaged, or over the bound."""
    workers = [started(tmp_path, seed, 400) for seed in range(4)]
    while any(worker.poll() is None for worker in workers):
        # While the files are looked at, an eighth of them may go, and others come.
        assert on_disk(tmp_path) <= BOUND * 5 // 4
        time.sleep(0.01)
    for worker in workers:
        ready, counts = worker.communicate()[0].splitlines()
        assert ready == "ready"
        hits, damaged, not_kept, *problem = counts.split(" ", 3)
        assert (int(damaged), int(not_kept), problem) == (0, 0, [""])
        assert int(hits) > 50
    assert on_disk(tmp_path) <= BOUND


def test_cache__when_processes_are_killed__nothing_wrong_is_read(tmp_path):
    """SIGKILL at any moment leaves whole entries, within the bound, and a cache that goes on."""
    chance = random.Random(3)
    for seed in range(8):
        worker = started(tmp_path, seed, 100_000)
        worker.stdout.readline()
        time.sleep(chance.uniform(0, 0.1))
        worker.kill()
        worker.communicate()
        assert on_disk(tmp_path) <= BOUND
    last = started(tmp_path, 99, 200)
    hits, damaged, not_kept, _ = last.communicate()[0].splitlines()[1].split(" ", 3)
    assert int(hits) > 50
    assert (int(damaged), int(not_kept)) == (0, 0)


HOLDER = """
import pathlib, sys, time
from pfpkit.cache.disk import Disk

with Disk(pathlib.Path(sys.argv[1]), 10**6, time.time)._total():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_cache__when_a_process_holds_the_lock__others_go_on_without_keeping(tmp_path, monkeypatch):
    """A process that was stopped in the middle costs the others one wait, and then none."""
    monkeypatch.setattr(disk, "_LOCK_S", 0.2)
    told = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holder = subprocess.Popen(told, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGSTOP)
    cache = Cache(tmp_path)

    async def story():
        for number in range(50):
            data = bytes([number])

            async def fetch(data=data):
                return data

            assert await cache.block(cid_of(data), fetch) == data

    begin = time.monotonic()
    asyncio.run(story())
    assert time.monotonic() - begin < 9  # each waiting for the lock: 10 s
    assert cache.counts.not_kept == 50
    assert "another process holds the cache" in cache.counts.problem
    holder.kill()
    holder.communicate()
    cache = Cache(tmp_path)
    asyncio.run(cache.keep([Block(cid_of(b"x"), b"x")]))
    assert cache.counts.not_kept == 0
