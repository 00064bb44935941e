"""docs/resolve.md lists every fault of `WebFault` and every `Reason` of gateways, and no other."""

from enum import StrEnum
from pathlib import Path

import pytest

from pfpkit.gateways import Reason
from pfpkit.guard import WebFault

PAGE = Path("docs/resolve.md").read_text()


@pytest.mark.parametrize(
    ("part", "words"), [("Servers of strangers", WebFault), ("Gateways", Reason)]
)
def test_docs__when_a_fault_is_added__list_it(part: str, words: type[StrEnum]) -> None:
    """In the order of the enumeration, with its words."""
    text = PAGE.partition(f"\n## {part}\n")[2].partition("\n## ")[0]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{fault.name}` | {fault} |" for fault in words]
