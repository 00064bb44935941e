"""Price, facts and table: what scripts print

given gas and a price, its cost in the chain's coin, also where it is tiny
given rows, columns that line up
"""

import pytest

from pfpkit.console import COIN, GWEI, Price, facts, table


@pytest.mark.parametrize(
    ("price", "gas", "words"),
    [
        (Price(2 * GWEI), 97_233, "0.000194 ETH"),
        (Price(2 * GWEI, 3000.0), 97_233, "0.000194 ETH (0.58 USD)"),
        (Price(GWEI // 1000), 97_233, "97.233 gwei"),
        (Price(1), 21_000, "2.1e-05 gwei"),
        (Price(10 * GWEI, None, "POL"), 10**8, "1.000000 POL"),
        (Price(0), 97_233, "0.000000 ETH"),
        (Price(GWEI), 0, "0.000000 ETH"),
        (Price(COIN), 3, "3.000000 ETH"),
    ],
)
def test_price_of__when_given_gas__says_what_it_costs(price, gas, words):
    """A cost is shown as none only where it is none."""
    assert price.of(gas) == words


def test_price__when_shown__states_what_it_assumes():
    """The fee, and the coin's price where one was given."""
    assert str(Price(2 * GWEI)) == "at 2 gwei a gas"
    assert str(Price(GWEI // 2, 3000.0)) == "at 0.5 gwei a gas and 3,000 USD a coin"
    assert str(Price(GWEI, 0.25)) == "at 1 gwei a gas and 0.25 USD a coin"


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
