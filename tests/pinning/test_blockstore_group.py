"""Many DAGs pinned at one time: each is kept or refused as if it had come alone"""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.dags import dag_of

from pfpkit.cid import cid_of
from pfpkit.errors import NotPinned, PinError, WrongBytes
from pfpkit.pinning import Dag, PinReceipt
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.embedded import EmbeddedPinner
from pfpkit.unixfs import Block, add_file

DAGS = [dag_of({"image": bytes([n]) * 300, "metadata.json": b"{}"}) for n in range(120)]
CUT = Dag(dag_of({"image": b"other", "metadata.json": b"{}"}).root, ())
WRONG = Dag(cid_of(b"right"), (Block(cid_of(b"right"), b"wrong"),))


def test_pin_many__when_two_are_bad__keeps_the_others_and_names_those(tmp_path: Path) -> None:
    """A DAG with a wrong block and one that is not whole stop none of the others."""
    store = BlockStore(tmp_path / "store")
    *found, cut, wrong = store.pin_many([*DAGS, CUT, WRONG])
    assert [type(one) for one in found] == [PinReceipt] * len(DAGS)
    assert isinstance(cut, NotPinned)
    assert isinstance(wrong, WrongBytes)
    assert set(store.roots()) == {dag.root for dag in DAGS}
    for dag in DAGS:
        assert [store.get(cid) for cid, _ in dag.blocks] == [data for _, data in dag.blocks]


def test_pin_many__when_one_comes_twice__one_receipt_is_new(tmp_path: Path) -> None:
    """Two tokens with one picture may be in one group."""
    store = BlockStore(tmp_path / "store")
    first, second = store.pin_many([DAGS[0], DAGS[0]])
    assert isinstance(first, PinReceipt)
    assert isinstance(second, PinReceipt)
    assert (first.new, second.new) == (True, False)


def test_pin_many__when_one_gives_what_another_lacks__both_are_kept(tmp_path: Path) -> None:
    """A block of the group is there for all of it, whichever comes first."""
    whole = dag_of({"image": b"shared", "metadata.json": b"{}"})
    image, *between, root = whole.blocks
    lacking, rest = Dag(whole.root, (root,)), Dag(image.cid, (image, *between))
    for n, dags in enumerate(([lacking, rest], [rest, lacking])):
        store = BlockStore(tmp_path / str(n))
        assert [type(one) for one in store.pin_many(dags)] == [PinReceipt] * 2
        assert store.is_whole(whole.root)


def test_pin_many__when_larger_than_a_batch__is_pinned_at_the_end(tmp_path: Path) -> None:
    """17 MiB of blocks in one DAG that makes them as it is read: no root before the last block."""
    store = BlockStore(tmp_path / "store")
    blocks: list[Block] = []
    root = add_file(random.Random(1).randbytes(17 * 2**20), sink=blocks.append).cid

    class Streamed:
        def __iter__(self) -> Iterator[Block]:
            for block in blocks:
                assert store.roots() == ()
                yield Block(block.cid, bytes(block.data))

    found = store.pin(Dag(root, Streamed()))
    assert (found.blocks, found.new) == (len(blocks), True)
    assert store.is_whole(root)


def test_pin_many__when_the_disk_fails__each_is_told(tmp_path: Path) -> None:
    """Nothing is recorded, and each of them has the reason."""
    store = BlockStore(tmp_path / "store")
    (tmp_path / "store/blocks.car").unlink()
    (tmp_path / "store/blocks.car").mkdir()
    found = store.pin_many(DAGS[:3])
    assert [type(one) for one in found] == [PinError] * 3
    assert "Is a directory" in str(found[0])
    assert store.roots() == ()


def test_embedded_pin__when_many_ask_at_once__each_gets_its_own_answer(tmp_path: Path) -> None:
    """The bad one's error reaches whoever gave it, and whoever gave up stops nobody."""
    pinner = EmbeddedPinner(BlockStore(tmp_path / "store"))

    async def ask() -> list[PinReceipt | BaseException]:
        tasks = [asyncio.create_task(pinner.pin(dag)) for dag in [*DAGS, CUT]]
        await asyncio.sleep(0)
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    *found, cut = asyncio.run(ask())
    assert isinstance(cut, NotPinned)
    assert isinstance(found[3], asyncio.CancelledError)
    roots = [one.root for one in found if isinstance(one, PinReceipt)]
    assert roots == [dag.root for n, dag in enumerate(DAGS) if n != 3]
    # It goes on in another event loop.
    assert asyncio.run(pinner.pin(DAGS[0])).new is False


def test_embedded_pin__when_the_program_has_a_bug__it_is_raised_where_it_was_asked(
    tmp_path: Path,
) -> None:
    """An error that is none of pfpkit's is not swallowed by the group."""
    pinner = EmbeddedPinner(BlockStore(tmp_path / "store"))
    broken = Dag(DAGS[0].root, Broken())
    with pytest.raises(RuntimeError, match="no blocks today"):
        asyncio.run(pinner.pin(broken))


class Broken:
    """Blocks that cannot be read."""

    def __iter__(self):
        raise RuntimeError("no blocks today")
