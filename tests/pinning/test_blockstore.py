"""BlockStore

put, get: a block that was put comes back; wrong bytes are refused; a damaged place is named
pin: the root is recorded when every block is there; never before
unpin, roots: what is pinned is listed; what is unpinned is not
is_whole: true when every block is there; false when one is lost, cut off, or a node is damaged
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.blocks import cut, damage, lose, place_of
from support.dags import SHARDED, dag_of, file_dag, trees

from pfpkit.car import read_car
from pfpkit.cid import CID, DAG_PB, MAX_BLOCK_BYTES, cid_of
from pfpkit.directory import Directory
from pfpkit.errors import BadCID, NotFound, NotPinned, PinError, StoreDamaged, WrongBytes
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
    assert not store.lacking([HELLO.cid])
    assert BlockStore(store.path).get(HELLO.cid) == b"hello"


def blocks_in(store: BlockStore) -> list[Block]:
    """Every block of blocks.car, as a CAR reader gives them; the first one is the head's."""
    with (store.path / "blocks.car").open("rb") as file:
        roots, blocks = read_car(file, whole=False)
        empty, *others = blocks
    assert roots == [empty.cid] == [dag_of({}).root]
    return others


def test_put_many__when_written__file_is_a_car_of_those_blocks(store: BlockStore) -> None:
    """One file that any CAR reader reads: each block once, in the order in which they came."""
    blocks = [*dag_of(TREE).blocks, HELLO]
    assert blocks_in(store) == []
    assert store.put_many(blocks) == len(blocks)
    assert blocks_in(store) == blocks
    assert store.put_many([*blocks, HELLO]) == 0
    assert blocks_in(store) == blocks
    assert {path.name for path in store.path.iterdir()} <= {
        "blocks.car",
        "index.sqlite",
        "index.sqlite-journal",
    }


def test_put__when_bytes_are_not_the_cids__refuses_and_writes_nothing(store: BlockStore) -> None:
    """A store that took any bytes would serve them later."""
    with pytest.raises(WrongBytes, match=str(HELLO.cid)):
        store.put(Block(HELLO.cid, b"hellO"))
    assert store.lacking([HELLO.cid])


def test_put__when_larger_than_anything_carries__refuses_it(store: BlockStore) -> None:
    """A block that no CAR reader takes back would make the file useless to others."""
    data = bytes(MAX_BLOCK_BYTES + 1)
    with pytest.raises(PinError, match=r"2,097,153 bytes.*smaller"):
        store.put(Block(cid_of(data), data))
    assert store.put(Block(cid_of(data[1:]), data[1:])) is True


def test_put__when_the_hash_is_another__refuses_it(store: BlockStore) -> None:
    """Nothing but sha2-256 is verified here."""
    other = CID(1, 0x55, bytes(64), 0x13)
    for ask in (lambda: store.put(Block(other, b"")), lambda: store.get(other)):
        with pytest.raises(BadCID, match="sha2-"):
            ask()


def test_get__when_absent__says_which(store: BlockStore) -> None:
    """NotFound names the CID and the store."""
    with pytest.raises(NotFound, match=f"{HELLO.cid}.*{store.path}"):
        store.get(HELLO.cid)


def test_get__when_codec_differs__same_block_serves_both_cids(store: BlockStore) -> None:
    """Blocks are kept by digest."""
    store.put(HELLO)
    assert store.put(Block(CID(1, DAG_PB, HELLO.cid.digest), b"hello")) is False
    assert store.get(CID(1, DAG_PB, HELLO.cid.digest)) == b"hello"


@settings(deadline=None)
@given(bit=st.integers(0, 5 * 8 - 1))
def test_get__when_any_bit_is_flipped__names_file_and_cid(
    tmp_path_factory: pytest.TempPathFactory, bit: int
) -> None:
    """No damaged byte ever leaves the store, and the message says what to do."""
    store = BlockStore(tmp_path_factory.mktemp("store"))
    store.put(HELLO)
    damage(store, HELLO.cid, bit)
    offset, _ = place_of(store, HELLO.cid)
    with pytest.raises(StoreDamaged) as caught:
        store.get(HELLO.cid)
    assert f"{store.path / 'blocks.car'} is damaged at byte {offset}," in str(caught.value)
    assert str(HELLO.cid) in str(caught.value)
    assert "pin its content again" in str(caught.value)


def test_put__when_the_block_is_damaged__appends_a_good_copy(store: BlockStore) -> None:
    """Pinning the same content again heals a store, and the bad copy is read by nobody."""
    after = Block(cid_of(b"after"), b"after")
    store.put_many([HELLO, after])
    damage(store, HELLO.cid)
    assert store.put(HELLO) is True
    assert store.get(HELLO.cid) == b"hello"
    assert store.get(after.cid) == b"after"
    assert store.put(HELLO) is False


def test_put__when_the_file_lost_its_end__writes_what_was_there_again(store: BlockStore) -> None:
    """Wherever it was cut: what is left is found, the rest comes back, and the file is a CAR."""
    blocks = [Block(cid_of(data), data) for data in (b"%d" % n * 9 for n in range(5))]
    store.put_many(blocks)
    whole = (store.path / "blocks.car").read_bytes()
    offset, length = place_of(store, blocks[2].cid)
    sizes = (0, 7, len(whole) - 1, offset, offset + length - 1, offset + length)
    for size in sizes:
        (store.path / "blocks.car").write_bytes(whole)
        BlockStore(store.path).put_many(blocks)
        cut(store, size)
        with pytest.raises(StoreDamaged, match="pin its content again"):
            store.get(blocks[-1].cid)
        left = sum(sum(place_of(store, block.cid)) <= size for block in blocks)
        assert store.put_many(blocks) == len(blocks) - left
        assert [store.get(block.cid) for block in blocks] == [block.data for block in blocks]
        assert sorted(blocks_in(store)) == sorted(blocks)


def test_put_many__when_batches_are_exceeded__all_are_there(store: BlockStore) -> None:
    """More blocks than one batch, some twice: each is written once."""
    blocks = [Block(cid_of(data), data) for data in (b"%d" % n for n in range(150))]
    assert store.put_many(blocks + blocks[:30]) == 150
    assert all(store.get(block.cid) == block.data for block in blocks)
    assert blocks_in(store) == blocks


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
    """Completeness is judged by bytes, not by the index."""
    dag = file_dag(bytes(40))
    store.put_many(dag.blocks)
    damage(store, dag.root)
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
    assert not store.lacking([dag.root])


def test_held__when_some_are_pinned__says_which(store: BlockStore) -> None:
    """All at once, and by version 1."""
    dags = [file_dag(bytes([n])) for n in range(3)]
    assert store.held(dag.root for dag in dags) == set()
    store.pin_many(dags[:2])
    assert store.held(dag.root for dag in dags) == {dag.root for dag in dags[:2]}
    zero = dag_of(TREE)
    store.pin(zero)
    assert store.held([CID(0, DAG_PB, zero.root.digest)]) == {zero.root}


def test_is_whole__when_a_block_is_lost_or_cut_off__is_not(store: BlockStore) -> None:
    """Whichever of its blocks; and a node whose bytes are wrong."""
    dag = dag_of(TREE)
    assert store.is_whole(dag.root) is False
    for cid in {block.cid for block in dag.blocks}:
        store.pin(dag)
        assert store.is_whole(dag.root) is True
        lose(store, cid)
        assert store.is_whole(dag.root) is False
    store.pin(dag)
    damage(store, dag.root)
    assert store.is_whole(dag.root) is False
    store.pin(dag)
    cut(store, (store.path / "blocks.car").stat().st_size - 1)
    assert store.is_whole(dag.root) is False


@pytest.mark.parametrize("writes", ["at once", "after another"])
def test_pin__when_what_is_present_was_cut_off__is_refused(store: BlockStore, writes: str) -> None:
    """A pin of what blocks.car lost vouches for nothing; pinned again, it does."""
    whole, bundle = dag_of({"image": b"whole"}), dag_of(TREE)
    store.pin(whole)
    size = (store.path / "blocks.car").stat().st_size
    store.pin(bundle)
    cut(store, size)
    if writes == "after another":
        store.put(HELLO)
    assert store.roots() == ()
    size = sum(len(block.data) for block in bundle.blocks)
    above = Directory.of({"1": (bundle.root, size)})
    dag = Dag(above.root, above.blocks, above.bundles)
    with pytest.raises((NotPinned, StoreDamaged), match=str(bundle.root)):
        store.pin(dag)
    assert store.pin(bundle).new is True
    store.pin(dag)
    assert store.is_whole(above.root)
    size = (store.path / "blocks.car").stat().st_size
    assert store.pin(whole).new is True
    assert (store.path / "blocks.car").stat().st_size == size


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
