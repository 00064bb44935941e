"""What docs say that commands say when something goes wrong, against the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = "".join(path.read_text() for path in (ROOT / "pfpkit").rglob("*.py"))
PLAIN = re.sub(r'"\s*f?"', "", CODE)
"""With texts in one piece that go on in the next line."""


@pytest.mark.parametrize(
    ("page", "heading", "least"),
    [("sending.md", "## What it says", 10), ("deploy.md", "## When something goes wrong", 14)],
)
def test_messages__of_a_page__are_said_by_the_code(page, heading, least):
    """The parts between numbers and names of each message are in the code, word for word."""
    table = (ROOT / "docs" / page).read_text().partition(heading)[2].partition("\n## ")[0]
    # An explorer's own words begin with its name.
    cells = re.findall(r"^\| (?!sourcify|etherscan)(.*?) \|", table, re.MULTILINE)
    messages = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    assert len(messages) >= least
    for message in messages:
        for part in re.split(r"\.\.\.|\b[N0-9]+\b|ADDRESS", message):
            words = part.strip(" :,")
            if len(words) > 8 and not words.startswith("ape run"):
                assert words in PLAIN, f"{words!r} of {message!r}"
