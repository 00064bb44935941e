"""docs/sending.md: its events are those of the code."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/sending.md").read_text()
CODE = "".join(
    path.read_text()
    for path in (
        *(ROOT / "pfpkit/transactions").glob("*.py"),
        *(ROOT / "pfpkit/flow").glob("*.py"),
    )
)


def test_page__events__are_those_that_are_told():
    """Each that the sender tells has its name on the page, and no other has."""
    (listed,) = re.findall(r"one event a line on stdout: (.*?)\. New", PAGE, re.DOTALL)
    told = set(re.findall(r'self\._told\(\s*"(\w+)"', CODE))
    sending = (ROOT / "pfpkit/flow/sending.py").read_text()
    told |= set(re.findall(r'events\.say\(\s*"(\w+)"', sending)) | {"plan"}
    assert set(re.findall(r"`(\w+)`", listed)) == told
