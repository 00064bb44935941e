"""Parcel: a DAG as a CAR that can be read again, from anywhere

given a whole DAG, its CAR has the length that was foretold and every block once
given an offset, the bytes from there; given blocks that changed meanwhile, an error
"""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.dags import SHARDED, dag_of, file_dag, trees

from pfpkit.car import read_car
from pfpkit.cid import cid_of
from pfpkit.errors import NotPinned, PinError, WrongBytes
from pfpkit.pinning import Dag
from pfpkit.pinning.parcel import Parcel
from pfpkit.unixfs import Block

FOREIGN = Block(cid_of(b"foreign"), b"foreign")


@settings(deadline=None)
@given(tree=trees, sharded=st.booleans())
def test_parcel__when_any_dag__is_a_whole_car_of_the_length_foretold(tree, sharded):
    """With blocks that come twice, and one that does not belong to it."""
    dag = dag_of(tree, SHARDED) if sharded else dag_of(tree)
    parcel = Parcel.of(Dag(dag.root, (FOREIGN, *dag.blocks, *dag.blocks)))
    car = b"".join(parcel.pieces())
    roots, blocks = read_car(BytesIO(car))
    found = list(blocks)
    assert roots == [dag.root]
    assert {block.cid for block in found} == {block.cid for block in dag.blocks}
    assert (len(found), len(car)) == (parcel.blocks, parcel.length)
    assert parcel.size == sum(len(block.data) for block in found)


@settings(deadline=None)
@given(data=st.data())
def test_pieces__when_a_part_is_asked_for__is_that_part(data):
    """An upload that was cut goes on at any byte."""
    parcel = Parcel.of(file_dag(bytes(range(256)) * 4))
    car = b"".join(parcel.pieces())
    start = data.draw(st.integers(0, len(car)))
    stop = data.draw(st.integers(start, len(car)))
    assert b"".join(parcel.pieces(start, stop)) == car[start:stop]


def test_parcel__when_a_block_is_absent__names_it():
    """Before anything is sent."""
    dag = file_dag(bytes(range(200)))
    absent, *rest = dag.blocks
    with pytest.raises(NotPinned, match=str(absent.cid)):
        Parcel.of(Dag(dag.root, tuple(rest)))


def test_parcel__when_a_block_is_wrong__names_it():
    """One bit of one byte."""
    block = Block(cid_of(b"a"), b"b")
    with pytest.raises(WrongBytes, match=str(block.cid)):
        Parcel.of(Dag(block.cid, (block,)))


@pytest.mark.parametrize("change", ["gone", "longer"])
def test_pieces__when_the_blocks_changed__end_with_an_error(change):
    """A file that is written while it is uploaded: the service would keep half of each."""
    dag = file_dag(bytes(range(200)))
    blocks = list(dag.blocks)
    parcel = Parcel.of(Dag(dag.root, blocks))
    first = blocks.pop(0)
    if change == "longer":
        blocks.append(Block(first.cid, first.data + b"!"))
    with pytest.raises(PinError, match="changed while they were sent"):
        list(parcel.pieces())


def test_parcel__when_the_root_is_of_version_0__is_sent_as_version_1():
    """A service compares with what it is asked for later."""
    dag = dag_of({"a": b"a"})
    old = Dag(type(dag.root)(0, dag.root.codec, dag.root.digest), dag.blocks)
    roots, _ = read_car(BytesIO(b"".join(Parcel.of(old).pieces())))
    assert roots == [dag.root]
