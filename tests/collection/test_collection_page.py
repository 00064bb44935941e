"""docs/collection.md: what it says can be run, and gives what pfpkit gives"""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pfpkit.flow.pin import pin
from pfpkit.workspace import Workspace

ROOT = Path(__file__).parents[2]


def blocks(language):
    """The page's blocks of one language."""
    page = (ROOT / "docs/collection.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


@pytest.fixture
def project(tmp_path):
    """The sample collection in a project of its own."""
    shutil.copytree(ROOT / "metadata", tmp_path / "metadata", ignore=lambda *_: {"pins.json"})
    return Workspace(tmp_path)


def test_page__when_the_provenance_is_checked_by_hand__is_the_recorded_one(project):
    """Two lines of Python and the record, nothing of pfpkit."""
    asyncio.run(pin(project))
    (script,) = blocks("python")
    shutil.copy(project.root / ".pfpkit/pins.json", project.root / "metadata/pins.json")
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=project.root, capture_output=True, text=True
    )
    assert done.stdout == f"{project.pins().provenance.digest.hex()}\n", done.stderr
