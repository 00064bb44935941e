"""docs/collection.md: what it says can be run, and gives what pfpkit gives"""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pfpkit.flow.pin import pin
from pfpkit.metadata import TokenMetadata, from_template
from pfpkit.tokentable import scan
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
    assert done.stdout == f"{project.pins().whole.provenance.digest.hex()}\n", done.stderr


def test_page__when_its_table_is_read__gives_its_token_file(tmp_path):
    """The row and the file that the page shows side by side are one token."""
    (tmp_path / "tokens.csv").write_text(blocks("csv")[0])
    found = []
    rows, _ = scan(tmp_path / "tokens.csv", found)
    assert found == []
    file, template = blocks("json")
    assert rows[7].metadata("7", rows[7].read()) == TokenMetadata.parse(file)
    assert rows[8].metadata("8", rows[8].read()).name == 'Bo "the late"'
    assert from_template(template.encode(), "3").name == "Face #3"
