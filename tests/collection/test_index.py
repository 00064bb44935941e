"""Index: given files that are the same, reads no picture; changed ones are found by content

when it is damaged or another pfpkit's, everything is read again; a run that is killed is not lost
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.folders import tiny_png, write_collection

from pfpkit import index as index_module
from pfpkit import tokenfiles
from pfpkit.collection import Collection
from pfpkit.crew import computed
from pfpkit.errors import BadInput
from pfpkit.images import Limits
from pfpkit.tokenfiles import Pair

TESTS = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    """A collection of five tokens."""
    return write_collection(tmp_path / "metadata", 5)


@pytest.fixture
def settled(monkeypatch):
    """As if the files had been written long ago."""
    monkeypatch.setattr(tokenfiles, "_TICK_NS", 0)


def read(folder, **options):
    """The collection, and how many pairs were read for it."""
    told = []
    collection = Collection.read(
        folder, progress=lambda *step: told.append(step), index=folder.parent / "index", **options
    )
    return collection, len(told)


def without_count(collection):
    """What of a collection does not depend on what was known before."""
    return collection.folder, collection.itself, collection.tokens


def test_read__when_nothing_changed__reads_no_picture(folder, settled):
    """And says the same of every token; `rehash` reads them all."""
    first, count = read(folder)
    assert (count, first.unread) == (6, 0)
    again, count = read(folder)
    assert (count, again.unread) == (0, 6)
    assert without_count(again) == without_count(first)
    _, count = read(folder, rehash=True)
    assert count == 6


def test_read__when_files_were_just_written__hashes_them_once_more(folder):
    """A change within one tick of the clock would not show in the times."""
    read(folder)
    assert read(folder)[1] == 6


def test_read__when_files_only_look_different__decodes_no_picture(folder, settled, monkeypatch):
    """After a fresh clone every time is another one, and every byte the same."""
    first, _ = read(folder)
    for path in folder.rglob("*.*"):
        os.utime(path, (1, 1))
    monkeypatch.setattr(tokenfiles, "clean", None)  # nobody may call it
    again, count = read(folder)
    assert count == 6
    assert without_count(again) == without_count(first)
    assert read(folder)[1] == 0


@pytest.mark.parametrize("name", ["images/3.png", "tokens/3.json"])
def test_read__when_a_file_changed__finds_it_by_content(folder, settled, name):
    """Even where size and time of modification were put back."""
    first, _ = read(folder)
    path = folder / name
    status = path.stat()
    data = path.read_bytes()
    changed = tiny_png(99) if name.endswith("png") else data.replace(b"Pip", b"Pop")
    path.write_bytes(changed[: len(data)].ljust(len(data)) if name.endswith("json") else changed)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    again, count = read(folder)
    assert count == 1
    differing = [a.key for a, b in zip(again, first, strict=True) if a.root != b.root]
    assert differing == ["3"]


def test_read__when_one_file_is_bad__the_others_are_not_read_again(folder, settled):
    """Whoever mends one file of thousands waits for one."""
    (folder / "images" / "2.png").write_bytes(b"hello")
    with pytest.raises(BadInput, match="1 problem in "):
        read(folder)
    (folder / "images" / "2.png").write_bytes(tiny_png(2))
    assert read(folder)[1] == 1


def test_read__when_the_picture_has_another_name__reads_it(folder, settled):
    """The index knows files by name and content."""
    read(folder)
    (folder / "images" / "4.png").rename(folder / "images" / "4.PNG")
    assert read(folder)[1] == 1


def test_read__when_the_index_is_damaged__gives_the_same(folder, settled):
    """Cut short at any place, or overwritten: it costs time only."""
    first, _ = read(folder)
    path = folder.parent / "index"
    whole = path.read_bytes()
    for end in (0, 10, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert without_count(read(folder)[0]) == without_count(first)
        assert read(folder)[1] == 0
    path.write_bytes(whole.replace(b'"3"', b'"3', 1).replace(b"bafybei", b"bafyxxx", 1))
    assert without_count(read(folder)[0]) == without_count(first)
    path.write_bytes(b"\xff" * 5000)
    assert without_count(read(folder)[0]) == without_count(first)


def test_read__when_the_index_was_edited__its_lines_are_not_believed(folder, settled):
    """A CID of another picture in a line that fits the files in everything else."""
    first = read(folder)[0]
    path = folder.parent / "index"
    lines = path.read_bytes().splitlines(keepends=True)
    roots = [re.search(rb"bafybei[a-z2-7]{52}", line) for line in lines]
    one, two = [root.group() for root in roots if root][1:3]
    swapped = [line.replace(one, two) for line in lines]
    assert swapped != lines
    path.write_bytes(b"".join(swapped))
    again, computed = read(folder)
    assert (without_count(again), computed) == (without_count(first), 1)


def test_read__when_the_rules_or_limits_are_others__begins_anew(folder, settled, monkeypatch):
    """Another pfpkit may give other CIDs for the same files."""
    read(folder)
    assert read(folder, limits=Limits(max_width=100))[1] == 6
    monkeypatch.setattr(index_module, "_rules", lambda: "others")
    assert read(folder, limits=Limits(max_width=100))[1] == 6


def test_read__when_lines_pile_up__they_are_put_together(folder, settled):
    """The file does not grow with every run."""
    read(folder)
    size = (folder.parent / "index").stat().st_size
    for _ in range(4):
        read(folder, rehash=True)
    assert (folder.parent / "index").stat().st_size <= 3 * size
    assert read(folder)[1] == 0


def test_read__when_the_index_cannot_be_written__goes_on(folder):
    """It is a cache: the pins are what has to be written."""
    (folder.parent / "index").mkdir()
    assert read(folder)[1] == 6


def tasks(folder, count):
    """Pairs of which nothing is known."""
    pair = "{0}/images/{1}.png", "{0}/tokens/{1}.json"
    return [
        (Pair(str(n), *(text.format(folder, n) for text in pair)), None)
        for n in range(1, count + 1)
    ]


def test_computed__when_many__is_the_same_in_worker_processes(tmp_path):
    """With one fault among them, whose file is named."""
    folder = write_collection(tmp_path / "many", 100)
    (folder / "images" / "50.png").write_bytes(b"hello")

    def found(workers):
        answers = {
            pair.key: answer for pair, answer in computed(tasks(folder, 100), Limits(), workers)
        }
        # Not the stamps: files settle while they are read.
        return {key: a if isinstance(a, str) else a.made for key, a in answers.items()}

    alone, spread = found(1), found(2)
    assert spread == alone
    assert "50.png: " in spread["50"]


def children(pid):
    """The processes that one process started."""
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(n)
        for task in Path(f"/proc/{pid}/task").iterdir()
        if task.name != str(pid)
        for n in (task / "children").read_text().split()
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc (Linux)")
def test_computed__when_a_worker_dies__another_takes_its_place(tmp_path):
    """No picture is lost with it."""
    folder = write_collection(tmp_path / "many", 200)
    before = set(children(os.getpid()))
    answers = {}
    for pair, answer in computed(tasks(folder, 200), Limits(), 2):
        if not answers:
            for pid in set(children(os.getpid())) - before:
                os.kill(pid, signal.SIGKILL)
        answers[pair.key] = answer
    assert len(answers) == 200
    assert not [answer for answer in answers.values() if isinstance(answer, str)]
    assert set(children(os.getpid())) <= before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc (Linux)")
def test_read__when_killed__leaves_no_worker_and_what_it_had_computed(tmp_path):
    """SIGKILL among four hundred pictures."""
    folder = write_collection(tmp_path / "many", 400)
    code = (
        "import sys; from pathlib import Path; from pfpkit import tokenfiles\n"
        "from pfpkit.collection import Collection\n"
        "def told(done, total):\n"
        "    if done == 100: print('now', flush=True); sys.stdin.read()\n"
        "folder = Path(sys.argv[1])\n"
        "Collection.read(folder, progress=told, index=folder.parent / 'index', workers=2)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"now\n"
        workers = children(process.pid)
        assert len(workers) == 2
        process.kill()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/exe").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    lines = (folder.parent / "index").read_bytes().splitlines()
    assert len(lines) >= 100
    assert len(read(folder)[0]) == 400
