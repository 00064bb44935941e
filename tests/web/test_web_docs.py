"""docs/resolve.md lists every fault of `WebFault`, and no other."""

from pathlib import Path

from pfpkit.guard import WebFault


def test_docs__when_a_fault_is_added__list_it() -> None:
    """In the order of the enumeration, with its words."""
    text = Path("docs/resolve.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `") and "` | " in line]
    listed = [row for row in rows if row.split("`")[1].isupper()]
    assert listed == [f"| `{fault.name}` | {fault} |" for fault in WebFault]
