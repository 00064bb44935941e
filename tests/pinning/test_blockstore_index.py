"""The index of a block store, when it is gone, damaged, or not ours: made again, or named.

removed: made again from blocks.car, without pins, which pinning again puts back
damaged, or of another kind: named, with what to do
"""

import os
import sqlite3
from pathlib import Path

import pytest
from support.blocks import ask, cut, damage, place_of
from support.dags import dag_of

from pfpkit.cid import cid_of
from pfpkit.errors import NotFound, PinError, StoreDamaged
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import Block

DAG = dag_of({"image": bytes(range(256)), "metadata.json": b"{}"})
NAMES = ("index.sqlite", "index.sqlite-journal")


@pytest.fixture
def store(tmp_path: Path) -> BlockStore:
    made = BlockStore(tmp_path / "store")
    made.pin(DAG)
    return made


def size_of(store: BlockStore) -> int:
    return (store.path / "blocks.car").stat().st_size


def remove_index(store: BlockStore) -> None:
    for name in NAMES:
        (store.path / name).unlink(missing_ok=True)


def test_block_store__when_the_index_is_removed__finds_every_block_again(store) -> None:
    """The pins are gone with it; pinning again puts them back and writes no block twice."""
    remove_index(store)
    again, size = BlockStore(store.path), size_of(store)
    assert {block.cid: again.get(block.cid) for block in DAG.blocks} == dict(DAG.blocks)
    assert again.roots() == ()
    assert again.pin(DAG).new is True
    assert size_of(store) == size


def test_block_store__when_the_index_is_removed_while_it_is_open__is_made_again(store) -> None:
    """Nothing is written into a file that has no name any more."""
    root, *_ = store.roots()
    remove_index(store)
    assert store.roots() == ()
    assert store.is_whole(root)
    remove_index(store)
    assert store.pin(DAG).new is True
    assert BlockStore(store.path).roots() == (root,)


def test_block_store__when_it_is_made_again__flushes_the_file_first(store, monkeypatch) -> None:
    """Whoever was killed may not have flushed what is now said to be there."""
    remove_index(store)
    flushed: list[tuple[int, int]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        with sqlite3.connect(f"file:{store.path}/index.sqlite?mode=ro", uri=True) as index:
            version = index.execute("PRAGMA user_version").fetchone()[0]
        flushed.append((os.fstat(descriptor).st_ino, version))

    monkeypatch.setattr(os, "fsync", noted)
    assert not BlockStore(store.path).lacking([DAG.root])
    assert flushed == [((store.path / "blocks.car").stat().st_ino, 0)], "no index was there yet"


def test_block_store__when_it_is_made_again__leaves_bad_blocks_out(store) -> None:
    """Only what is its CID's is in the new index; what was left out is written again."""
    bad = next(block for block in DAG.blocks if len(block.data) > 60)
    damage(store, bad.cid)
    remove_index(store)
    again = BlockStore(store.path)
    with pytest.raises(NotFound):
        again.get(bad.cid)
    rest = [block.cid for block in DAG.blocks if block != bad]
    assert not again.lacking(rest)
    assert again.pin(DAG).new is True
    assert again.get(bad.cid) == bad.data


def test_block_store__when_it_is_made_again__cuts_off_half_a_block(store) -> None:
    """Its length, its CID or its bytes: what a killed writer left makes no trouble."""
    whole = (store.path / "blocks.car").read_bytes()
    (offset, length), end = place_of(store, DAG.root), size_of(store)
    start = max(sum(place_of(store, b.cid)) for b in DAG.blocks if b.cid != DAG.root)
    assert offset + length == end, "the root's block is the last one"
    for size in (start + 1, start + 2, start + 20, offset, offset + 1, end - 1):
        (store.path / "blocks.car").write_bytes(whole[:size])
        remove_index(store)
        assert BlockStore(store.path).lacking([DAG.root]), size
        assert size_of(store) == start


@pytest.mark.parametrize("torn", [b"", b"\0" * 100, b"\x30\x01\x55\x12\x20", b"\xff" * 100])
def test_put__when_the_index_is_an_older_one__keeps_the_blocks_behind_it(store, torn) -> None:
    """Only what is behind the last right block goes: what a loss of power leaves of a write."""
    index = (store.path / "index.sqlite").read_bytes()
    later = dag_of({"image": b"later"})
    store.pin(later)
    size = size_of(store)
    (store.path / "index.sqlite").write_bytes(index)
    with (store.path / "blocks.car").open("ab") as file:
        file.write(torn)
    again = BlockStore(store.path)
    again.put(Block(cid_of(b"new"), b"new"))
    assert {block.cid: again.get(block.cid) for block in later.blocks} == dict(later.blocks)
    assert size_of(store) == size + 1 + 36 + 3
    assert again.pin(later).new is True
    assert size_of(store) == size + 1 + 36 + 3


def test_put__when_the_last_write_has_wrong_bytes__cuts_it_off(store) -> None:
    """Its head came to the disk, and its bytes did not."""
    index, size = (store.path / "index.sqlite").read_bytes(), size_of(store)
    store.put(Block(cid_of(b"torn"), b"torn"))
    damage(store, cid_of(b"torn"))
    (store.path / "index.sqlite").write_bytes(index)
    again = BlockStore(store.path)
    assert again.put(Block(cid_of(b"new"), b"new")) is True
    assert size_of(store) == size + 1 + 36 + 3


def test_block_store__when_no_block_begins_where_one_should__says_where(store) -> None:
    """Nobody knows where the next one begins then, and nothing behind it is thrown away."""
    second = list(DAG.blocks)[1]
    (offset, _), size = place_of(store, second.cid), size_of(store)
    begin = offset - len(second.cid.encode()) - 1
    with (store.path / "blocks.car").open("r+b") as file:
        file.seek(begin)
        file.write(b"\xff")
    remove_index(store)
    with pytest.raises(StoreDamaged, match=rf"no block begins at byte {begin} .*move the folder"):
        BlockStore(store.path)
    assert size_of(store) == size


@pytest.mark.parametrize("garbage", [b"no database" * 500, b"SQLite format 3\0" + bytes(4000)])
def test_block_store__when_the_index_is_garbage__names_it_and_what_to_do(store, garbage) -> None:
    """What it says is done: then everything is there again."""
    (store.path / "index.sqlite").write_bytes(garbage)
    with pytest.raises(StoreDamaged, match=r"index\.sqlite is .*remove it"):
        BlockStore(store.path)
    remove_index(store)
    assert BlockStore(store.path).pin(DAG).new is True


def test_block_store__when_a_page_of_the_index_is_damaged__no_wrong_block_leaves(store) -> None:
    """Wherever the garbage is, it is an error that names the file."""
    file = store.path / "index.sqlite"
    whole = file.read_bytes()
    pages = len(whole) // 4096
    assert pages == 4
    for page in range(1, pages):
        file.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        with pytest.raises(StoreDamaged, match=r"index\.sqlite is damaged"):
            use(BlockStore(store.path))


def use(store: BlockStore) -> None:
    """Read all that is there, and write."""
    assert all(store.get(block.cid) == block.data for block in DAG.blocks)
    assert store.roots() == (DAG.root,)
    store.put(Block(cid_of(b"new"), b"new"))


def test_block_store__when_the_index_points_elsewhere__gives_no_other_block(store) -> None:
    """What it says of places is checked by hash, as everything is."""
    other = next(block for block in DAG.blocks if block.cid != DAG.root)
    place = place_of(store, other.cid)
    statement = "UPDATE blocks SET offset = ?, length = ? WHERE digest = ?"
    ask(store, statement, *place, DAG.root.digest)
    with pytest.raises(StoreDamaged, match="pin its content again"):
        store.get(DAG.root)
    store.pin(DAG)
    assert store.get(DAG.root) == dict(DAG.blocks)[DAG.root]


def test_block_store__when_the_index_is_of_another_version__refuses_it(store) -> None:
    """A later pfpkit may keep other things in it."""
    ask(store, "PRAGMA user_version = 2")
    with pytest.raises(StoreDamaged, match=r"index\.sqlite is no index that this pfpkit reads"):
        BlockStore(store.path)


def test_block_store__when_its_maker_was_killed__is_made_anew(tmp_path: Path) -> None:
    """An empty index, and half a head."""
    for name in ("index.sqlite", "blocks.car"):
        (tmp_path / name).touch()
    assert BlockStore(tmp_path).pin(DAG).new is True
    cut(tmp_path, 20)
    (tmp_path / "index.sqlite").unlink()
    assert BlockStore(tmp_path).pin(DAG).new is True


def test_block_store__when_the_file_is_another_car__leaves_it_alone(tmp_path: Path) -> None:
    """Somebody's own file of that name is not appended to."""
    (tmp_path / "blocks.car").write_bytes(b"something else that is not ours" * 10)
    with pytest.raises(StoreDamaged, match="does not begin as the file of a block store"):
        BlockStore(tmp_path)
    assert size_of_path(tmp_path) == 310


def size_of_path(folder: Path) -> int:
    return (folder / "blocks.car").stat().st_size


def test_block_store__when_the_blocks_are_removed__holds_no_pin_and_takes_it_again(store) -> None:
    """As after any loss of an end: what is below which pin is not known any more."""
    (store.path / "blocks.car").unlink()
    assert (store.roots(), store.held([DAG.root])) == ((), set())
    with pytest.raises(StoreDamaged, match="pin its content again"):
        store.get(DAG.root)
    assert store.is_whole(DAG.root) is False
    assert store.pin(DAG).new is True
    assert store.is_whole(DAG.root) is True
    assert store.roots() == (DAG.root,)


def test_block_store__when_each_block_has_a_file__refuses_the_folder(tmp_path: Path) -> None:
    """A store of the former layout would look empty."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks/SHARDING").write_text("/repo/flatfs/shard/v1/next-to-last/2\n")
    with pytest.raises(PinError, match=r"a file for each block.*move it away and pin again"):
        BlockStore(tmp_path)
