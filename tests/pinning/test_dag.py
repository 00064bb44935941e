"""Dag, DagSummary, Pace: what is pinned, and what a plan knows of it before"""

import pytest
from support.dags import SHARDED, SMALL, dag_of, file_dag

from pfpkit.pinning import Dag, DagSummary, Pace


def test_dag__when_its_blocks_are_read_twice__gives_them_twice():
    """An upload that has to be repeated starts anew."""
    dag = dag_of({"a": b"1"})
    assert list(dag.blocks) == list(dag.blocks) != []


def test_dag__when_given_an_iterator__is_refused():
    """The second upload would be of nothing."""
    dag = dag_of({"a": b"1"})
    with pytest.raises(TypeError, match="more than once"):
        Dag(dag.root, iter(dag.blocks))


def test_summary__when_files_have_many_blocks__knows_the_largest_file():
    """Not the largest block: a chunker that is not ours cuts files."""
    dag = dag_of({"long": bytes(range(256)) * 3, "short": b"x" * 60})
    summary = DagSummary.of(dag)
    assert summary.largest_file == 768
    assert (summary.root, summary.sharded) == (dag.root, False)
    assert summary.blocks == len({block.cid for block in dag.blocks})
    assert summary.bytes == sum(len(block.data) for block in dag.blocks)


def test_summary__when_blocks_come_twice__counts_them_once():
    """Whoever makes the blocks may give the same one for two files."""
    dag = file_dag(b"x" * 300, SMALL)
    twice = Dag(dag.root, (*dag.blocks, *dag.blocks))
    assert DagSummary.of(twice) == DagSummary.of(dag)


def test_summary__when_the_folder_is_large__says_it_is_sharded():
    """Some services shard at another size than ours."""
    tree = {f"file-{n}": b"%d" % n for n in range(20)}
    assert DagSummary.of(dag_of(tree, SHARDED)).sharded
    assert not DagSummary.of(dag_of(tree)).sharded


def test_pace__when_a_service_allows_60_a_minute__tells_the_time():
    """And none where only the line is the bound."""
    assert Pace(60.0, requests=2).minutes(30) == 1.0
    assert Pace().minutes(10_000) == 0.0
