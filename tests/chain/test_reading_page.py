"""docs/reading.md, for programs: its tables have every value that there is, and no other"""

import re
from pathlib import Path

import pytest

from pfpkit.ownership import State
from pfpkit.quorum import NodeFault
from pfpkit.tokens import Outcome

PAGE = (Path(__file__).parents[2] / "docs" / "reading.md").read_text()


@pytest.mark.parametrize(
    ("heading", "values"),
    [("Outcomes", Outcome), ("Ownership", State), ("Several nodes", NodeFault)],
)
def test_page__when_a_value_is_added__has_a_row_for_it(heading, values):
    """In the order of the enumeration."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE) == list(values)
