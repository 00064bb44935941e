"""What docs say that commands say when something goes wrong, against the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def texts(code):
    """The texts in some code, as far as they stand there: no docstrings, of an f-string its parts.

    What goes on in the next line is in one piece.
    """
    tree = ast.parse(code)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


SAID = "\n".join(
    text for path in (ROOT / "pfpkit").rglob("*.py") for text in texts(path.read_text())
)


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
                assert words in SAID, f"{words!r} of {message!r}"


def test_texts__code_promises_in_a_docstring_what_it_never_says__is_not_said():
    """Nor is a comment; what is raised in two pieces is."""
    code = '''
def stop(nonce):
    """Say that it is over."""
    # and why
    raise ValueError(f"nonce {nonce} was used "
        "elsewhere")
_TOLD = 1
"""How often it is over."""
'''
    assert texts(code) == ["nonce ", " was used elsewhere"]
