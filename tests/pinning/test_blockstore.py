"""BlockStore

put, get: a block that was put comes back; wrong bytes are refused; a damaged file is named
pin: the root is recorded when every block is there; never before
unpin, roots: what is pinned is listed; what is unpinned is not
"""

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dags import SHARDED, dag_of, file_dag, trees

from pfpkit.cid import CID, DAG_PB, cid_of
from pfpkit.errors import NotFound, NotPinned, PinError, StoreDamaged, WrongBytes
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.unixfs import Block

HELLO = Block(cid_of(b"hello"), b"hello")
TREE = {"image": bytes(range(256)), "metadata.json": b"{}"}


@pytest.fixture
def store(tmp_path: Path) -> BlockStore:
    return BlockStore(tmp_path / "store")


def test_put__when_new__block_comes_back_and_again_from_another_opening(store: BlockStore) -> None:
    """What was put is read back, also after the folder was opened again."""
    assert store.put(HELLO) is True
    assert store.put(HELLO) is False
    assert store.has_block(HELLO.cid)
    assert BlockStore(store.path).get(HELLO.cid) == b"hello"


def test_put__when_written__file_is_where_kubo_puts_it(store: BlockStore) -> None:
    """The folder can be read as Kubo's flatfs: multihash in base32, sharded by two characters."""
    store.put(HELLO)
    (file,) = (store.path / "blocks").rglob("*.data")
    key = base64.b32encode(b"\x12\x20" + hashlib.sha256(b"hello").digest()).decode().rstrip("=")
    assert key.startswith("CIQ")
    assert file == store.path / "blocks" / key[-3:-1] / f"{key}.data"
    assert (store.path / "blocks/SHARDING").read_text() == "/repo/flatfs/shard/v1/next-to-last/2\n"


def test_put__when_bytes_are_not_the_cids__refuses_and_writes_nothing(store: BlockStore) -> None:
    """A store that took any bytes would serve them later."""
    with pytest.raises(WrongBytes, match=str(HELLO.cid)):
        store.put(Block(HELLO.cid, b"hellO"))
    assert not store.has_block(HELLO.cid)


def test_get__when_absent__says_which(store: BlockStore) -> None:
    """NotFound names the CID and the store."""
    with pytest.raises(NotFound, match=f"{HELLO.cid}.*{store.path}"):
        store.get(HELLO.cid)


def test_get__when_codec_differs__same_file_serves_both_cids(store: BlockStore) -> None:
    """Blocks are kept by multihash, as Kubo does."""
    store.put(HELLO)
    assert store.get(CID(1, DAG_PB, HELLO.cid.digest)) == b"hello"


@settings(deadline=None)
@given(bit=st.integers(0, 5 * 8 - 1))
def test_get__when_any_bit_is_flipped__names_file_and_cid(
    tmp_path_factory: pytest.TempPathFactory, bit: int
) -> None:
    """No damaged byte ever leaves the store, and the message says what to do."""
    store = BlockStore(tmp_path_factory.mktemp("store"))
    store.put(HELLO)
    (file,) = store.path.glob("blocks/*/*.data")
    damaged = bytearray(b"hello")
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    with pytest.raises(StoreDamaged) as caught:
        store.get(HELLO.cid)
    assert str(file) in str(caught.value)
    assert str(HELLO.cid) in str(caught.value)
    assert "delete that file and pin its content again" in str(caught.value)


@pytest.mark.parametrize("damage", [b"", b"hell", b"hellO", b"hello!"])
def test_put__when_the_file_is_damaged__repairs_it(store: BlockStore, damage: bytes) -> None:
    """Pinning the same content again heals a store, deleted file or not."""
    store.put(HELLO)
    (file,) = store.path.glob("blocks/*/*.data")
    file.write_bytes(damage)
    assert store.put(HELLO) is True
    assert store.get(HELLO.cid) == b"hello"


def test_put_many__when_batches_are_exceeded__all_are_there(store: BlockStore) -> None:
    """More blocks than one batch, some twice: each is written once."""
    blocks = [Block(cid_of(data), data) for data in (b"%d" % n for n in range(150))]
    assert store.put_many(blocks + blocks[:30]) == 150
    assert all(store.get(block.cid) == block.data for block in blocks)
    assert list((store.path / "tmp").iterdir()) == []


def test_pin__when_whole__records_the_root_once(store: BlockStore) -> None:
    """The receipt counts different blocks; the second pin is not new."""
    dag = dag_of(TREE)
    size = sum(len(block.data) for block in dag.blocks)
    expected = PinReceipt("blockstore", dag.root, len(tuple(dag.blocks)), size, new=True)
    assert store.has(dag.root) is False
    assert store.pin(dag) == expected
    assert store.has(dag.root) is True
    assert store.roots() == (dag.root,)
    again = store.pin(dag)
    assert (again.new, again.blocks, again.bytes) == (False, expected.blocks, expected.bytes)


@pytest.mark.parametrize("without", range(7))
def test_pin__when_a_block_is_missing__records_nothing(store: BlockStore, without: int) -> None:
    """A root without all of its blocks is no pin, whichever is missing."""
    dag = dag_of(TREE)
    blocks = list(dag.blocks)
    assert len(blocks) == 7
    missing = blocks.pop(without)
    with pytest.raises(NotPinned, match=str(missing.cid)):
        store.pin(Dag(dag.root, blocks))
    assert store.roots() == ()


def test_pin__when_the_blocks_are_there_already__needs_none(store: BlockStore) -> None:
    """The image of a bundle is pinned as a second root without its bytes."""
    dag = dag_of(TREE)
    receipt = store.pin(dag)
    store.unpin(dag.root)
    assert store.pin(Dag(dag.root, ())) == receipt


def test_pin__when_a_block_on_disk_is_damaged__is_not_recorded(store: BlockStore) -> None:
    """Completeness is judged by bytes, not by file names."""
    dag = file_dag(bytes(40))
    store.put_many(dag.blocks)
    (file,) = store.path.glob("blocks/*/*.data")
    file.write_bytes(b"x")
    with pytest.raises(StoreDamaged):
        store.pin(Dag(dag.root, ()))
    assert store.roots() == ()


def test_pin__when_the_stream_breaks__records_nothing(store: BlockStore) -> None:
    """The error of whoever makes the blocks comes through, and no pin is left."""
    dag = dag_of(TREE)

    class Broken:
        def __iter__(self) -> Iterator[Block]:
            yield from list(dag.blocks)[:3]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pin(Dag(dag.root, Broken()))
    assert store.roots() == ()
    assert store.pin(dag).new is True


def test_unpin__when_pinned__forgets_the_root_only(store: BlockStore) -> None:
    """Blocks stay: another root may need them."""
    dag = dag_of(TREE)
    store.pin(dag)
    assert store.unpin(dag.root) is True
    assert store.unpin(dag.root) is False
    assert store.roots() == ()
    assert store.has_block(dag.root)


def test_roots__when_foreign_files_are_there__ignores_them(store: BlockStore) -> None:
    """A file manager's droppings are no pins."""
    (store.path / "pins/.DS_Store").write_bytes(b"")
    assert store.roots() == ()


@settings(deadline=None)
@given(tree=trees, sharded=st.booleans())
def test_pin__when_any_tree__every_block_comes_back(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes], sharded: bool
) -> None:
    """Flat and sharded folders of one- and many-block files all survive the disk."""
    dag = dag_of(tree, SHARDED) if sharded else dag_of(tree)
    store = BlockStore(tmp_path_factory.mktemp("store"))
    receipt = store.pin(dag)
    assert receipt.blocks == len(tuple(dag.blocks))
    assert {block.cid: store.get(block.cid) for block in dag.blocks} == {
        block.cid: block.data for block in dag.blocks
    }


def test_block_store__when_the_layout_is_foreign__refuses_the_folder(tmp_path: Path) -> None:
    """A flatfs folder with other shards would hide its blocks from us."""
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks/SHARDING").write_text("/repo/flatfs/shard/v1/prefix/3\n")
    with pytest.raises(PinError, match=r"prefix/3.*choose another folder"):
        BlockStore(tmp_path)
