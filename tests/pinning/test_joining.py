"""pin: a root over others that the back end holds, without their blocks

given a back end that joins, it takes the root's own blocks, and lacks nothing afterwards
given one that does not hold them, or cannot take folders in folders, nothing is pinned
"""

import pytest
from support.backends import BACKENDS, bench
from support.dags import dag_of

from pfpkit.errors import NotPinned, PinError
from pfpkit.pinning import Dag, DagSummary
from pfpkit.unixfs import UNIXFS_V1_2025, Entry, add_directory

JOINING = ("blockstore", "kubo", "service:test")
WHOLE = ("pinata", "pinata-tus")


def family():
    """Two folders, a folder of them, and that one's own block."""
    children = [dag_of({"image": name * 100, "x": b"x"}, UNIXFS_V1_2025) for name in (b"a", b"b")]
    own = []
    entries = {str(n): Entry(child.root, 1000, 0) for n, child in enumerate(children)}
    root = add_directory(entries, sink=own.append).cid
    return children, root, own


@pytest.mark.parametrize("name", BACKENDS)
def test_joins__when_asked__says_who_takes_a_root_alone(tmp_path, name):
    """So that a plan knows what is to be sent."""
    with bench(name, tmp_path) as made:
        assert made.pinner.joins == (name in JOINING)


@pytest.mark.parametrize("name", JOINING)
def test_pin__when_what_is_below_is_held__takes_the_root_alone(tmp_path, name):
    """The directory of a collection is a few blocks; the pictures are there."""
    children, root, own = family()
    dag = Dag(root, tuple(own), frozenset(child.root for child in children))
    with bench(name, tmp_path) as made:
        made.pin(*children)
        (receipt,) = made.pin(dag, label="directory")
        assert (receipt.root, receipt.blocks, receipt.new) == (root, 1, True)
        assert receipt.bytes == len(own[0].data)
        assert made.run(lambda pinner: pinner.has(root)) == [True]
        (again,) = made.pin(dag)
        assert not again.new


@pytest.mark.parametrize("name", ["blockstore", "kubo"])
def test_pin__when_what_is_below_is_not_held__pins_nothing(tmp_path, name):
    """It was said to be there, and is not."""
    children, root, own = family()
    dag = Dag(root, tuple(own), frozenset(child.root for child in children))
    with bench(name, tmp_path, retries=0) as made:
        made.pin(children[0])
        with pytest.raises(PinError):
            made.pin(dag)
        assert made.run(lambda pinner: pinner.has(root)) == [False]


@pytest.mark.parametrize("name", [*JOINING, *WHOLE])
def test_pin__when_blocks_are_left_out_unsaid__refuses(tmp_path, name):
    """What is absent has to be named as present."""
    _, root, own = family()
    with bench(name, tmp_path) as made, pytest.raises(NotPinned):
        made.pin(Dag(root, tuple(own)))


@pytest.mark.parametrize("name", WHOLE)
def test_pin__when_all_of_it_is_sent__is_taken_by_who_does_not_join(tmp_path, name):
    """Everything again, as one CAR."""
    children, root, own = family()
    blocks = (*own, *(block for child in children for block in child.blocks))
    with bench(name, tmp_path) as made:
        (receipt,) = made.pin(Dag(root, blocks))
        assert receipt.blocks == len(dict(blocks))


def test_refuses__when_folders_are_in_a_folder__the_classic_api_does(tmp_path):
    """It makes folders of the names of files, one level of them."""
    children, root, own = family()
    blocks = (*own, *(block for child in children for block in child.blocks))
    nested, flat = DagSummary.of(Dag(root, blocks)), DagSummary.of(children[0])
    assert (nested.nested, flat.nested) == (True, False)
    with bench("pinata-classic", tmp_path) as made:
        assert "not folders in it; set PINATA_JWT" in made.pinner.refuses(nested)
        assert made.pinner.refuses(flat) is None
