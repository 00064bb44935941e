"""Cache: what it has on the disk is bounded, counted, its own, and never in the way

given a full disk, a folder that may not be written, strange files or `rm -r`, blocks come all the
same
"""

import asyncio
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from support.cached import BLOCK, Source, block, on_disk
from support.limits import bound_by_permissions, no_file_larger

from pfpkit.cache import Cache
from pfpkit.cid import Block, cid_of
from pfpkit.errors import GatewayError


def test_cache__over_its_bound__what_was_used_longest_ago_goes(folder, clock):
    """The disk never holds more than the bound, and what is used stays."""
    bound = 40 * 12_288
    cache = Cache(folder, max_bytes=bound, now=clock)
    used = block(0)

    async def story():
        for number in range(120):
            await cache.keep([Block(*block(number))])
            await cache.block(used[0], Source(GatewayError("gone")))
            assert on_disk(folder) <= bound
        kept = []
        for number in range(120):
            with suppress(GatewayError):
                await cache.block(block(number)[0], Source(GatewayError("gone")))
                kept.append(number)
        return kept

    kept = asyncio.run(story())
    assert kept[0] == 0
    assert kept[1:] == list(range(120 - len(kept) + 1, 120))
    assert 30 <= len(kept) <= 40


def test_cache__of_an_entry_over_its_bound__not_kept_and_said(folder, clock):
    """What is larger than the cache passes through it."""
    cache = Cache(folder, max_bytes=8_192, now=clock)
    source = Source(bytes(9_000))
    for _ in range(2):
        assert asyncio.run(cache.block(cid_of(source.answer), source)) == source.answer
    assert source.asked == 2
    assert cache.counts.not_kept == 2
    assert "9,000 bytes are more than the whole cache" in cache.counts.problem


@pytest.mark.parametrize("total", [b"", b"rubbish", b"-5\n", b"%20d\n" % 10**15, b"%20d" % 3])
def test_cache__when_its_total_is_wrong__counted_again(folder, clock, total):
    """The noted total is a shortcut: without it the entries are counted."""
    cache = Cache(folder, max_bytes=4 * 12_288, now=clock)
    for number in range(3):
        asyncio.run(cache.keep([Block(*block(number))]))
    (folder / "total").write_bytes(total)
    for number in range(3, 9):
        asyncio.run(cache.keep([Block(*block(number))]))
        assert on_disk(folder) <= 4 * 12_288
    assert cache.counts.not_kept == 0


def test_cache__with_strange_files_in_its_folder__left_alone(folder, clock):
    """Only what the cache wrote is counted or removed."""
    (folder / "ab").mkdir(parents=True)
    for name in ("notes.txt", "ab/notes.txt"):
        (folder / name).write_bytes(bytes(100_000))
    cache = Cache(folder, max_bytes=50_000, now=clock)
    for number in range(9):
        asyncio.run(cache.keep([Block(*block(number))]))
    assert cache.counts.not_kept == 0
    assert (folder / "notes.txt").exists()
    assert (folder / "ab" / "notes.txt").exists()


def test_cache__once_emptied_by_hand__goes_on(cache, folder):
    """`rm -r` while it is used costs what was in it."""
    source = Source(BLOCK)
    asyncio.run(cache.block(cid_of(BLOCK), source))
    subprocess.run(["rm", "-r", str(folder)], check=True)
    for _ in range(2):
        assert asyncio.run(cache.block(cid_of(BLOCK), source)) == BLOCK
    assert source.asked == 2


@contextmanager
def tiny_disk(path):
    """A file system of 256 KiB, or None when this user may not mount one."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(path)]
    mounted = sys.platform == "linux" and not subprocess.run(mount, capture_output=True).returncode
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(path)], check=True)


FULL = """
import asyncio, pathlib, sys
from pfpkit.cache import Cache
from pfpkit.cid import cid_of

async def story():
    cache = Cache(pathlib.Path(sys.argv[1]))
    async def fetch():
        return data
    for number in range(20):
        data = bytes([number]) * 100_000
        assert await cache.block(cid_of(data), fetch) == data
    assert not pathlib.Path(sys.argv[1], "incoming").exists()
    print(cache.counts.not_kept, cache.counts.problem)

asyncio.run(story())
"""


def test_cache__on_a_full_disk__only_caching_is_lost(tmp_path):
    """Blocks come all the same, why they were not kept is said, and no half entry stays."""
    with tiny_disk(tmp_path / "disk") as mounted:
        told = [sys.executable, "-c", FULL, str(tmp_path / "disk" / "cache")]
        limit = None if mounted else no_file_larger(50_000)
        said = subprocess.run(told, capture_output=True, text=True, preexec_fn=limit, check=True)
    why = "No space left on device" if mounted else "File too large"
    assert said.stdout.strip() == f"{18 if mounted else 20} {why}"


STUCK = """
import asyncio, pathlib, sys
from pfpkit.cache import Cache
from pfpkit.cid import Block, cid_of

async def story():
    cache = Cache(pathlib.Path(sys.argv[1]), max_bytes=8192)
    for data in (b"a", b"b", b"c"):
        await cache.keep([Block(cid_of(data), data)])
        for shard in pathlib.Path(sys.argv[1]).glob("??"):
            shard.chmod(0o500)
    print(cache.counts.not_kept, cache.counts.problem)

asyncio.run(story())
"""


def test_cache__when_nothing_can_be_removed__the_bound_holds(tmp_path):
    """Where old entries may not be deleted, new ones are not kept."""
    told = [sys.executable, "-c", STUCK, str(tmp_path)]
    said = subprocess.run(
        told, capture_output=True, text=True, preexec_fn=bound_by_permissions, check=True
    )
    assert said.stdout.strip() == "1 the cache is full, and its oldest entries cannot be removed"
    assert on_disk(tmp_path) == 8_192


def test_cache__where_nothing_may_be_written__only_caching_is_lost(tmp_path):
    """A file where the folder should be is no reason to fail."""
    (tmp_path / "cache").write_bytes(b"")
    cache = Cache(tmp_path / "cache")
    assert asyncio.run(cache.block(cid_of(BLOCK), Source(BLOCK))) == BLOCK
    assert cache.counts.not_kept == 1
    assert cache.counts.problem == "File exists"
