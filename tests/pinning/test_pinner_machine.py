"""Pinners when this machine fails, or a service names things that no request can name

given no file descriptor, or a full disk: an error of ours that says what, and the next try works
given an id of half a letter, of a path, or of a book: no request with it, and no crash
"""

import resource
import tempfile
from contextlib import contextmanager

import pytest
from support.backends import BACKENDS, bench
from support.dags import dag_of, file_dag
from support.hostile_service import Reply

from pfpkit.errors import PinError, StoreFull, Unavailable
from pfpkit.pinning import pinata_classic
from pfpkit.unixfs import UNIXFS_V1_2025

DAG = dag_of({"image": b"pixels" * 300, "metadata.json": b"{}"}, UNIXFS_V1_2025)
FILE = file_dag(b"pixels" * 300, UNIXFS_V1_2025)


@contextmanager
def limited(kind, value):
    """Hold this process to `value` of a resource."""
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))


@pytest.mark.parametrize("name", BACKENDS)
def test_pin__when_no_file_can_be_opened__says_so_and_works_later(name, tmp_path):
    """Too many are open: the run of the other services goes on."""
    with bench(name, tmp_path, retries=1) as made:
        first, made.first = made.first, None
        # Not the next number: another thread may close a file meanwhile, and make room for one.
        with limited(resource.RLIMIT_NOFILE, 3), pytest.raises(PinError) as caught:
            made.pin(DAG)
        assert "oo many open files" in str(caught.value)
        made.first = first
        made.pin(DAG)
        if made.first is not None:
            made.runner.run(made.first.aclose())
        assert made.run(lambda pinner: pinner.has(DAG.root)) == [True]


@pytest.mark.parametrize("dag", [DAG, FILE], ids=["folder", "file"])
def test_pin__when_the_temporary_folder_is_full__says_which(dag, tmp_path):
    """pinatapy sends files, so what is sent is laid out first."""
    with bench("pinata-classic", tmp_path) as made:
        with limited(resource.RLIMIT_FSIZE, 100), pytest.raises(StoreFull) as caught:
            made.pin(dag)
        assert "pinata-classic" in str(caught.value)
        assert "free some space" in str(caught.value)
        assert made.peer.requests == []
        made.pin(dag)


def test_pin__when_there_is_no_temporary_folder__says_which(tmp_path, monkeypatch):
    """TMPDIR names what is not there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with bench("pinata-classic", tmp_path) as made:
        with pytest.raises(PinError, match=r"nowhere.*TMPDIR"):
            made.pin(DAG)
        assert made.peer.requests == []


def test_pin__when_no_worker_can_be_started__is_unavailable(tmp_path, monkeypatch):
    """Python itself was moved away, or there is no memory for another process."""
    monkeypatch.setattr(pinata_classic.sys, "executable", str(tmp_path / "python"))
    with (
        bench("pinata-classic", tmp_path, retries=1) as made,
        pytest.raises(Unavailable, match=r"no worker could be started \(No such file"),
    ):
        made.pin(DAG)


ODD = ["\ud800", "a/../../b", "x" * 100_000, "\0", ""]


@pytest.mark.parametrize("odd", ODD, ids=["half a letter", "path", "book", "null", "nothing"])
@pytest.mark.parametrize("name", ["service:test", "pinata"])
def test_unpin__when_an_id_is_odd__is_no_crash(name, odd, tmp_path):
    """Only the path can be part of a request, and it is no way out of the API."""
    row = {"requestid": odd, "status": "pinned", "pin": {"cid": str(DAG.root)}, "delegates": []}
    files = {"data": {"files": [{"id": odd, "cid": str(DAG.root)}]}}
    with bench(name, tmp_path, retries=0) as made:
        made.peer.next(Reply(200, {"count": 1, "results": [row]} | files), method="GET")
        found = made.run(lambda pinner: pinner.unpin(DAG.root))
        assert found == [odd == ODD[1]]
        deleted = [request.path.rpartition("/")[2] for request in made.peer.asked("", "DELETE")]
        assert deleted == ["a%2F..%2F..%2Fb"] * found[0]


@pytest.mark.parametrize("odd", ODD, ids=["half a letter", "path", "book", "null", "nothing"])
def test_pin__when_a_request_or_a_peer_has_an_odd_name__is_no_crash(odd, tmp_path):
    """What a pinning service calls a request, and where it wants to be met."""
    answer = {"requestid": odd, "status": "queued", "pin": {"cid": str(DAG.root)}}
    with bench("service:test", tmp_path, retries=0) as made:
        made.peer.next(
            Reply(202, answer | {"delegates": [f"/p2p/{odd}", f"/dns4/{odd}"]}), method="POST"
        )
        with pytest.raises(PinError) as caught:
            made.pin(DAG)
        assert len(str(caught.value)) < 500
