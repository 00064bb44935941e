"""temporary_file, temporary_folder: gone at the end, also of a process that was killed

given what a killed process left, the next one removes it; given what another still holds, or what
is somebody else's, it stays
"""

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager

import pytest

from pfpkit.temporary import temporary_file, temporary_folder

CODE = (
    "import sys; from pathlib import Path\n"
    "from pfpkit.temporary import temporary_file, temporary_folder\n"
    "import tempfile; tempfile.tempdir = sys.argv[1]\n"
    "with temporary_file(Path(sys.argv[1]) / 'all.car') as (name, out):\n"
    "    with temporary_folder('pfpkit-test-') as folder:\n"
    "        out.write(b'half'); out.flush(); (folder / 'image').write_bytes(b'pixels')\n"
    "        print('now', flush=True); sys.stdin.read()\n"
)


@contextmanager
def process_in(folder):
    """Another process that has both under way."""
    with subprocess.Popen(
        [sys.executable, "-c", CODE, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout.readline() == b"now\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where both are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make(folder):
    """Make both, and give what lay beside them meanwhile."""
    with temporary_file(folder / "all.car") as (name, out), temporary_folder("pfpkit-test-") as one:
        assert os.path.dirname(name) == os.path.dirname(one) == str(folder)
        out.write(b"whole")
        return sorted(set(os.listdir(folder)) - {os.path.basename(name), one.name})


def test_temporary__when_the_last_one_was_killed__removes_what_it_left(folder):
    """SIGKILL in the middle of both."""
    with process_in(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(os.listdir(folder)) == 2
    assert make(folder) == []
    assert os.listdir(folder) == []


def test_temporary__when_another_is_at_work__leaves_its_own(folder):
    """And it can go on."""
    with process_in(folder) as process:
        assert len(make(folder)) == 2
        process.communicate(b"")
        assert process.returncode == 0
    assert os.listdir(folder) == []


def test_temporary__when_names_are_only_alike__leaves_them(folder):
    """A user's own files, a link, and a folder of another kind."""
    (folder / "elsewhere").write_text("theirs")
    for name in (".all.car.bak", ".all.car.12345678", ".other.car.abcdefgh.tmp", "pfpkit-test-me"):
        (folder / name).write_text("theirs")
    (folder / ".all.car.abcdefgh.tmp").symlink_to(folder / "elsewhere")
    assert len(make(folder)) == 6
    assert (folder / "elsewhere").read_text() == "theirs"


def test_temporary__when_it_fails_in_the_middle__nothing_is_left(folder):
    """A full disk, Ctrl-C."""

    def interrupted():
        with temporary_file(folder / "all.car"), temporary_folder("pfpkit-test-") as made:
            (made / "image").write_bytes(b"pixels")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(folder) == []
