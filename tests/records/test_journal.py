"""Journal: given lines that were appended, gives them back, whatever the process came to

when it is cut, garbled, edited or of another head, gives the right lines that are left, or none
"""

import os
import signal
import subprocess
import sys

import pytest

from pfpkit.errors import BadRecord
from pfpkit.journal import Journal, row_of


@pytest.fixture
def path(tmp_path):
    """Where a journal is going to be."""
    return tmp_path / "folder" / "journal"


def rows(path, head="head 1"):
    """The lines of a journal as text."""
    return [line.decode() for line in Journal(path, head).lines()]


def test_append__when_read_again__gives_the_lines_in_order(path):
    """Over two openings."""
    for part in ([1, 2], [3]):
        with Journal(path, "head 1") as journal:
            for number in part:
                journal.append(row_of([number, "x\n"]))
    assert rows(path) == ['[1,"x\\n"]', '[2,"x\\n"]', '[3,"x\\n"]']


def test_lines__when_there_is_no_file__are_none(path):
    """Reading makes nothing."""
    assert rows(path) == []
    assert not path.parent.exists()


@pytest.mark.parametrize("cut", range(1, 8))
def test_append__when_the_last_line_was_cut__loses_that_one_alone(path, cut):
    """A line that a power cut left in part does not swallow the next one."""
    with Journal(path, "head 1") as journal:
        journal.append(row_of(["first"]))
        journal.append(row_of(["last"]))
    path.write_bytes(path.read_bytes()[:-cut])
    assert rows(path) == ['["first"]']
    with Journal(path, "head 1") as journal:
        journal.append(row_of(["next"]))
    assert [rows(path)[0], rows(path)[-1]] == ['["first"]', '["next"]']


def test_append__when_the_head_is_another__begins_anew(path):
    """Another version's lines mean something else."""
    with Journal(path, "head 1") as journal:
        journal.append(row_of([1]))
    assert rows(path, "head 2") == []
    with Journal(path, "head 2") as journal:
        journal.append(row_of([2]))
    assert rows(path, "head 2") == ["[2]"]
    assert rows(path) == []


def test_append__when_another_version_is_to_be_kept__is_refused(path):
    """Nothing is overwritten; reading it is refused too."""
    with Journal(path, "head 1") as journal:
        journal.append(row_of([1]))
    before = path.read_bytes()
    for act in (lambda j: j.append(row_of([2])), lambda j: list(j.lines())):
        with pytest.raises(BadRecord, match="use the pfpkit that wrote it, or move it away"):
            act(Journal(path, "head 2", keep_others="move it away"))
    assert path.read_bytes() == before
    path.write_bytes(b"")
    with Journal(path, "head 2", keep_others="move it away") as journal:
        journal.append(row_of([2]))
    assert rows(path, "head 2") == ["[2]"]


def test_lines__when_any_bit_is_flipped__that_line_is_not_given(path):
    """Each bit of a line in turn; the lines beside it are."""
    with Journal(path, "head 1") as journal:
        for row in (["a", 1], ["b", 2], ["c", 3]):
            journal.append(row_of(row))
    whole = path.read_bytes()
    start = whole.index(b"\n", whole.index(b'["a"')) + 1
    end = whole.index(b"\n", start)
    for bit in range(8 * (end - start)):
        flipped = bytearray(whole)
        flipped[start + bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        journal = Journal(path, "head 1")
        assert list(journal.lines()) == [b'["a",1]', b'["c",3]']
        assert journal.wrong in (1, 2)  # two, when the flip made an end of a line


def test_lines__when_edited__only_what_was_not_touched_is_given(path):
    """Right JSON, and still not what was written; two torn lines are no whole one."""
    with Journal(path, "head 1") as journal:
        for row in (["a", 1], ["b", 2], ["c", 3]):
            journal.append(row_of(row))
    head, a, b, c = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([head, a.replace(b"1]", b"7]"), b[:12] + c[12:], c[9:], b, b""]))
    assert rows(path) == ['["b",2]']


def test_replace__when_given_lines__has_these_alone(path):
    """And goes on after them; without any there is no file."""
    with Journal(path, "head 1") as journal:
        journal.append(row_of([1]))
        journal.replace([b"[2]"])
        journal.append(row_of([3]))
    assert rows(path) == ["[2]", "[3]"]
    Journal(path, "head 1").replace([])
    assert list(path.parent.iterdir()) == []


def test_append__when_killed__keeps_every_line_that_was_appended(path):
    """SIGKILL right after the call; nothing was closed or flushed."""
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from pfpkit.journal import Journal, row_of\n"
        "journal = Journal(Path(sys.argv[1]), 'head 1')\n"
        "for number in range(1000): journal.append(row_of([number]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path])
    assert ran.returncode == -signal.SIGKILL
    assert rows(path) == [f"[{number}]" for number in range(1000)]


def test_append__when_the_disk_is_full__raises_and_the_rest_stays(path):
    """A limit on file size stands for the full disk."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pfpkit.journal import Journal, row_of\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with Journal(Path(sys.argv[1]), 'head 1') as journal:\n"
        "    try:\n"
        "        for number in range(10**6): journal.append(row_of([number]))\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert ran.stdout == "File too large\n", ran
    kept = rows(path)
    assert kept == [f"[{number}]" for number in range(len(kept))]
    assert len(kept) > 50
    assert os.path.getsize(path) <= 1000


def test_append__when_it_failed_in_the_middle__the_next_line_is_whole(path):
    """Space came back: what the full disk left of one line does not swallow another."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from pfpkit.journal import Journal, row_of\n"
        "journal = Journal(Path(sys.argv[1]), 'head 1')\n"
        "journal.append(row_of(['first']))\n"
        "size = Path(sys.argv[1]).stat().st_size\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, resource.RLIM_INFINITY))\n"
        "for _ in range(2):\n"
        "    try: journal.append(row_of(['torn']))\n"
        "    except OSError as error: print(error.strerror)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10000, resource.RLIM_INFINITY))\n"
        "journal.append(row_of(['second'])); journal.append(row_of(['third'])); journal.close()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert ran.stdout == "File too large\n" * 2, ran
    assert rows(path) == ['["first"]', '["second"]', '["third"]']
