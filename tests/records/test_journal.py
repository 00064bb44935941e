"""Journal: given lines that were appended, gives them back, whatever the process came to

when it is cut, garbled or of another head, gives the whole lines that are left, or none
"""

import os
import signal
import subprocess
import sys

import pytest

from pfpkit.journal import Journal


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
                journal.append([number, "x\n"])
    assert rows(path) == ['[1,"x\\n"]', '[2,"x\\n"]', '[3,"x\\n"]']


def test_lines__when_there_is_no_file__are_none(path):
    """Reading makes nothing."""
    assert rows(path) == []
    assert not path.parent.exists()


@pytest.mark.parametrize("cut", range(1, 8))
def test_append__when_the_last_line_was_cut__loses_that_one_alone(path, cut):
    """A line that a power cut left in part does not swallow the next one."""
    with Journal(path, "head 1") as journal:
        journal.append(["first"])
        journal.append(["last"])
    path.write_bytes(path.read_bytes()[:-cut])
    assert rows(path) == ['["first"]']
    with Journal(path, "head 1") as journal:
        journal.append(["next"])
    assert [rows(path)[0], rows(path)[-1]] == ['["first"]', '["next"]']


def test_append__when_the_head_is_another__begins_anew(path):
    """Another version's lines mean something else."""
    with Journal(path, "head 1") as journal:
        journal.append([1])
    assert rows(path, "head 2") == []
    with Journal(path, "head 2") as journal:
        journal.append([2])
    assert rows(path, "head 2") == ["[2]"]
    assert rows(path) == []


def test_replace__when_given_lines__has_these_alone(path):
    """And goes on after them; without any there is no file."""
    with Journal(path, "head 1") as journal:
        journal.append([1])
        journal.replace([b"[2]"])
        journal.append([3])
    assert rows(path) == ["[2]", "[3]"]
    Journal(path, "head 1").replace([])
    assert list(path.parent.iterdir()) == []


def test_append__when_killed__keeps_every_line_that_was_appended(path):
    """SIGKILL right after the call; nothing was closed or flushed."""
    code = (
        "import os, signal, sys; from pathlib import Path; from pfpkit.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]), 'head 1')\n"
        "for number in range(1000): journal.append([number])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path])
    assert ran.returncode == -signal.SIGKILL
    assert rows(path) == [f"[{number}]" for number in range(1000)]


def test_append__when_the_disk_is_full__raises_and_the_rest_stays(path):
    """A limit on file size stands for the full disk."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from pfpkit.journal import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with Journal(Path(sys.argv[1]), 'head 1') as journal:\n"
        "    try:\n"
        "        for number in range(10**6): journal.append([number])\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert ran.stdout == "File too large\n", ran
    kept = rows(path)
    assert kept == [f"[{number}]" for number in range(len(kept))]
    assert len(kept) > 100
    assert os.path.getsize(path) <= 1000
