"""Facts and table: what scripts print

given rows, columns that line up
"""

import pytest

from pfpkit.console import facts, table


def test_facts__when_given_rows__lines_the_values_up():
    """Whatever they are."""
    assert facts([("a", 1), ("longer", None)]) == "  a       1\n  longer  None"
    assert facts([]) == ""


def test_table__when_a_column_is_of_numbers__stands_to_the_right():
    """And text to the left, with no blanks at the ends of lines."""
    shown = table(["name", "gas", "to"], [["mint", "97,233", "x"], ["a", "1", ""]])
    assert shown.splitlines() == [
        "  name     gas  to",
        "  ----  ------  --",
        "  mint  97,233  x",
        "  a          1",
    ]


def test_table__when_it_has_no_rows__is_its_head():
    """Two lines."""
    assert len(table(["name", "gas"], []).splitlines()) == 2


def test_table__when_a_row_is_too_short__is_a_mistake_of_ours():
    """Nothing is left out without a word."""
    with pytest.raises(ValueError, match="zip"):
        table(["name", "gas"], [["mint"]])
