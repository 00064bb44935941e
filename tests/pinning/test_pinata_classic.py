"""PinataClassicPinner: what pinatapy does wrong, and none of it gets through

files over 262,144 bytes, large folders and nested ones: refused before anything is sent
no timeout: the worker is ended at a deadline, and ends itself when we are gone
whole files in memory, endless answers: bounded; errors as a dict: raised
paths of this machine, and a slash that makes a folder: not on the wire
the key: not in the arguments or the environment of the worker
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from support.backends import bench
from support.dags import SHARDED, dag_of, file_dag
from support.hostile_service import Fault, Reply
from support.pinning_peers import JWT, KEY, KEY_SECRET, parts_of

from pfpkit.errors import PinError, Unavailable
from pfpkit.pinning import DagSummary, pinata_classic, pinata_worker
from pfpkit.unixfs import UNIXFS_V1_2025, Block, add_directory, add_file

LIMIT = 262_144
SMALL = dag_of({"image": b"pixels", "metadata.json": b"{}"}, UNIXFS_V1_2025)
UPLOAD = "/pinning/pinFileToIPFS"


@pytest.fixture
def made(tmp_path):
    with bench("pinata-classic", tmp_path, retries=1) as running:
        yield running


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Put another program in the worker's place; `its_id` is that of its process."""

    class Worker:
        def does(self, code):
            folder = tmp_path / "other"
            folder.mkdir()
            before = f"import os\nopen({str(folder / 'id')!r}, 'w').write(str(os.getpid()))\n"
            (folder / "other_worker.py").write_text(before + code)
            monkeypatch.setenv("PYTHONPATH", str(folder))
            monkeypatch.setattr(pinata_classic, "_WORKER", "other_worker")
            self.note = folder / "id"

        @property
        def its_id(self):
            return int(self.note.read_text() or "0") if self.note.exists() else 0

        @property
        def runs(self):
            try:
                os.kill(self.its_id, 0)
            except ProcessLookupError:
                return False
            return True

    return Worker()


@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT])
def test_pin__when_files_are_within_the_limit__has_our_cid(made, size):
    """One chunk of every chunker: the service cuts at 256 KiB, we at 1 MiB."""
    dag = dag_of({"image": os.urandom(size), "metadata.json": b"{}"}, UNIXFS_V1_2025)
    assert made.pinner.refuses(DagSummary.of(dag)) is None
    made.pin(dag)
    assert list(made.peer.pins) == [str(dag.root)]


@pytest.mark.parametrize(
    ("dag", "reason"),
    [
        (dag_of({"image": bytes(LIMIT + 1)}, UNIXFS_V1_2025), "262,145 bytes, over 262,144"),
        (file_dag(bytes(LIMIT + 1), UNIXFS_V1_2025), "262,145 bytes, over 262,144"),
        (dag_of({f"{n}": b"%d" % n for n in range(30)}, SHARDED), "so large a folder"),
        (
            dag_of({f"{n}": os.urandom(LIMIT) for n in range(129)}, UNIXFS_V1_2025),
            "at most 33,554,432 bytes",
        ),
    ],
    ids=["file in a folder", "file alone", "HAMT", "total"],
)
def test_refuses__when_another_chunker_may_differ__names_the_jwt(made, dag, reason):
    """In the plan; and when it was not asked, before anything is sent."""
    told = made.pinner.refuses(DagSummary.of(dag))
    assert reason in told
    assert "set PINATA_JWT and pin to `pinata` instead" in told
    with pytest.raises(PinError, match="was not sent"):
        made.pin(dag)
    assert made.peer.requests == []


def test_pin__when_a_file_has_two_blocks_here__is_refused(made):
    """Small, but of a profile that the service has not: its CID would differ."""
    with pytest.raises(PinError, match="no file of one raw block"):
        made.pin(dag_of({"image": bytes(200)}))
    assert made.peer.requests == []


def test_pin__when_a_folder_holds_a_folder__is_refused(made):
    """An empty one could not be sent at all."""
    blocks = {}

    def sink(block: Block) -> None:
        blocks[block.cid] = block

    inner = add_directory({"a": add_file(b"a", UNIXFS_V1_2025, sink)}, UNIXFS_V1_2025, sink)
    root = add_directory({"inner": inner}, UNIXFS_V1_2025, sink).cid
    with pytest.raises(PinError, match="takes a flat folder of files"):
        made.pin(type(SMALL)(root, tuple(blocks.values())))
    assert made.peer.requests == []


@pytest.mark.parametrize("names", [["a b.png", "c"], ["image", "metadata.json"], ["\u0161.txt"]])
def test_pin__when_sent__names_are_of_one_folder_made_up_for_it(made, names):
    """pinatapy takes blanks out of paths, and sends absolute ones."""
    dag = dag_of({name: name.encode() for name in names}, UNIXFS_V1_2025)
    made.pin(dag)
    (request,) = made.peer.asked(UPLOAD)
    sent = [name for name, _ in parts_of(request)["file"]]
    folders = {name.partition("/")[0] for name in sent}
    assert len(folders) == 1
    assert sorted(name.partition("/")[2] for name in sent) == sorted(names)
    assert list(made.peer.pins) == [str(dag.root)]


def test_pin__when_a_file_alone__its_name_has_no_slash(made):
    """Pinata would put it into a folder, and answer with the folder's CID."""
    dag = file_dag(b"pixels", UNIXFS_V1_2025)
    made.pin(dag)
    ((name, data),) = parts_of(made.peer.requests[0])["file"]
    assert "/" not in name
    assert (data, list(made.peer.pins)) == (b"pixels", [str(dag.root)])


def test_pin__when_the_service_refuses__raises_its_reason(made):
    """pinatapy returns it as a dict, which looks like success."""
    error = {"reason": "ACCOUNT_LIMIT", "details": "You have reached your limit"}
    made.peer.next(Reply(400, {"error": error}))
    with pytest.raises(PinError, match=r"400 .*\(ACCOUNT_LIMIT: You have reached your limit\)"):
        made.pin(SMALL)


def test_pin__when_a_success_is_no_answer__is_none(made):
    """200, and a dict without the CID."""
    made.peer.next(*[Reply(200, {"status": 200, "reason": "OK", "text": ""})] * 2)
    with pytest.raises(Unavailable, match="not that of a pin"):
        made.pin(SMALL)


def test_pin__when_the_service_stalls__ends_at_the_deadline(tmp_path):
    """pinatapy would wait for ever."""
    with bench("pinata-classic", tmp_path, read_s=60.0, total_s=1.2, retries=0) as made:
        made.peer.next(Fault.SILENT)
        started = time.monotonic()
        with pytest.raises(Unavailable, match=r"not done after 1\.2 s"):
            made.pin(SMALL)
        assert time.monotonic() - started < 10


def test_pin__when_the_worker_stalls__it_is_ended(tmp_path, worker):
    """Nothing is left of it."""
    worker.does("import time\ntime.sleep(60)\n")
    with bench("pinata-classic", tmp_path, total_s=1.0, retries=0) as made:
        with pytest.raises(Unavailable, match="not done after 1 s"):
            made.pin(SMALL)
        assert worker.its_id
        assert not worker.runs


def test_pin__when_cancelled__the_worker_is_ended(made, worker):
    """Ctrl-C while it works."""
    worker.does("import time\ntime.sleep(60)\n")

    async def story(pinner):
        task = asyncio.ensure_future(pinner.pin(SMALL))
        while not worker.its_id:
            await asyncio.sleep(0.01)
        assert worker.runs
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    made.run(story)
    assert not worker.runs


def test_worker__when_started__is_told_the_key_in_secret(made, worker, monkeypatch):
    """Not in its arguments, and with nothing else from our environment."""
    monkeypatch.setenv("PINATA_JWT", JWT)
    worker.does(
        "import json, sys\n"
        "task = json.load(sys.stdin)\n"
        "seen = json.dumps([sys.argv, dict(os.environ)])\n"
        "there = [word in seen for word in (task['key'], task['secret'], 'PINATA')]\n"
        "json.dump({'error': f'there: {there}', 'final': True}, sys.stdout)\n"
    )
    with pytest.raises(PinError, match=r"there: \[False, False, False\]"):
        made.pin(SMALL)


@pytest.mark.parametrize("said", ["", "[]", "nonsense", "{}", '{"status": "200"}'])
def test_pin__when_the_worker_says_nonsense__is_an_error(made, worker, said):
    """A library that prints, or a process that ended half-way."""
    worker.does(f"print({said!r})\n")
    with pytest.raises(PinError, match="its worker ended with code 0 and no answer"):
        made.pin(SMALL)
    assert made.peer.requests == []


def test_worker__when_nobody_is_left_to_end_it__ends_itself(made):
    """We were killed: it has an alarm of its own."""
    made.peer.next(Fault.SILENT)
    task = {"connect_s": 5, "read_s": 60, "within_s": -4, "api": made.peer.url}
    task |= {"key": KEY, "secret": KEY_SECRET, "call": "list", "options": {}}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pfpkit.pinning.pinata_worker"],
        input=json.dumps(task).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGALRM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
def test_worker__when_it_needs_too_much_memory__says_so(made):
    """A limit of the process, whatever the library does."""
    code = (
        "import json, sys\n"
        "from pfpkit.pinning import pinata_worker as worker\n"
        "def greedy(task): return {'answer': len(bytearray(2 * worker.MAX_MEMORY))}\n"
        "worker.run = greedy\n"
        "worker.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps({"within_s": 20}).encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b"MemoryError" in done.stderr


def test_pin__when_an_answer_is_a_flood__is_refused(made):
    """One byte more than the bound."""
    made.peer.next(Reply(200, b" " * (pinata_worker.MAX_ANSWER_BYTES + 1)))
    with pytest.raises(PinError, match="answer has more than 4194304 bytes"):
        made.pin(SMALL)
    assert len(made.peer.requests) == 1


def test_ready__when_pinatapy_is_absent__says_how_to_get_it(made, monkeypatch):
    """It belongs to the extra `ape`."""
    monkeypatch.setattr(pinata_classic, "find_spec", lambda name: None)
    with pytest.raises(PinError, match=r"pip install 'pfpkit\[ape\]'"):
        made.run(lambda pinner: pinner.ready())


def test_held__when_a_pin_was_taken_back__is_not_listed(made):
    """A row with a date of unpinning."""
    rows = [{"ipfs_pin_hash": str(SMALL.root), "date_unpinned": "2026-11-20T00:00:00Z"}, "junk"]
    made.peer.next(Reply(200, {"rows": rows}))
    assert made.run(lambda pinner: pinner.has(SMALL.root)) == [False]
