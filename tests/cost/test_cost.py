"""Price, Rate, Terms: what a run costs, and what stops it

given gas and a price, its cost in the chain's coin, also where it is tiny
given what a user said of money, it is read, or refused with how to write it
given limits, no run that may cost more passes, and no transaction can
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfpkit.cost import (
    COIN,
    GWEI,
    NO_TERMS,
    TRANSACTION_GAS,
    Fees,
    Price,
    Rate,
    Terms,
    coin_symbol,
    gas_limit,
)
from pfpkit.errors import BadInput, TransactionFailed

RATE = Rate(Decimal(3000))


@pytest.mark.parametrize(
    ("price", "gas", "words"),
    [
        (Price(Fees(2 * GWEI)), 97_233, "0.000194 ETH"),
        (Price(Fees(GWEI, GWEI)), 97_233, "0.000194 ETH"),
        (Price(Fees(2 * GWEI), "ETH", RATE), 97_233, "0.000194 ETH (0.58 USD)"),
        (Price(Fees(GWEI // 1000)), 97_233, "97.233 gwei"),
        (Price(Fees(1)), 21_000, "2.1e-05 gwei"),
        (Price(Fees(10 * GWEI), "POL"), 10**8, "1.000000 POL"),
        (Price(Fees(0)), 97_233, "0.000000 ETH"),
        (Price(Fees(GWEI)), 0, "0.000000 ETH"),
        (Price(Fees(COIN)), 3, "3.000000 ETH"),
    ],
)
def test_price_of__when_given_gas__says_what_it_costs(price, gas, words):
    """A cost is shown as none only where it is none."""
    assert price.of(gas) == words


def test_price__when_shown__states_what_it_assumes():
    """The fee, and what a coin is worth where that was stated."""
    assert str(Price(Fees(2 * GWEI))) == "at 2 gwei a gas"
    shown = str(Price(Fees(GWEI // 2), "ETH", RATE))
    assert shown == "at 0.5 gwei a gas and 3,000 USD a coin"
    assert str(Price(Fees(GWEI), "POL", Rate(Decimal("0.25"), "EUR"))).endswith("0.25 EUR a coin")


def test_fees__when_shown__say_whose_they_are():
    """A base fee that was stated is no figure of the node's."""
    assert "base fee 3 gwei, the node's; tip 1 gwei" in str(Fees(3 * GWEI, GWEI))
    assert "base fee 3 gwei, as stated; tip 0 gwei" in str(Fees(3 * GWEI, stated=True))


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("3100usd", "3100", "USD"),
        ("3100", "3100", "USD"),
        (" 0.42 eur ", "0.42", "EUR"),
        ("0", "0", "USD"),
    ],
)
def test_rate__when_it_is_written_rightly__is_read(text, amount, currency):
    """With the currency behind it, or without: then it is USD."""
    assert Rate.parse(text) == Rate(Decimal(amount), currency)


@pytest.mark.parametrize("text", ["", "usd", "-3", "1e3", "3,100", "nan", "$3", "3usd4", "٣"])
def test_rate__when_it_is_no_amount__says_how_to_write_it(text):
    """No sign, no exponent, no other digits."""
    with pytest.raises(BadInput, match="a price is written as 3100usd"):
        Rate.parse(text)


def test_terms__when_all_is_said__are_in_wei():
    """Gwei a gas, and coins for the whole run."""
    said = {"base_fee": "0.05", "price": "2000usd", "max_cost": "0.5", "max_fee": "20gwei"}
    assert Terms.parse(said) == Terms(GWEI // 20, Rate(Decimal(2000)), COIN // 2, 20 * GWEI)
    assert Terms.parse({}) == Terms.parse(dict.fromkeys(said)) == NO_TERMS


def test_terms__when_the_limit_is_in_the_prices_currency__is_in_wei():
    """By the price that was stated beside it."""
    terms = Terms.parse({"price": "2000eur", "max_cost": "50eur"})
    assert terms.max_cost == COIN // 40


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"max_cost": "50usd"}, "not known; state it with --price, such as --price 3100usd"),
        ({"max_cost": "50eur", "price": "3000usd"}, "such as --price 3100eur"),
        ({"max_cost": "much"}, "--max-cost is in coins"),
        ({"max_fee": "2eth"}, "--max-fee 2eth: write it in gwei"),
        ({"base_fee": "-1"}, "--base-fee is in gwei"),
    ],
)
def test_terms__when_one_is_wrong__names_the_option(said, why):
    """And how to write it."""
    with pytest.raises(BadInput, match=why):
        Terms.parse(said)


def test_check__when_a_gas_costs_more__stops():
    """At the limit it goes on, above it nothing is sent."""
    terms = Terms(max_fee=20 * GWEI)
    terms.check(Price(Fees(19 * GWEI, GWEI)), 10**9)
    with pytest.raises(TransactionFailed, match=r"20\.1 gwei, more than --max-fee 20 gwei; noth"):
        terms.check(Price(Fees(19 * GWEI, GWEI + GWEI // 10)), 1)


def test_check__when_all_may_cost_more__stops():
    """The fee for data counts."""
    terms = Terms(max_cost=COIN)
    terms.check(Price(Fees(GWEI)), 10**9)
    with pytest.raises(TransactionFailed, match=r"more than --max-cost 1\.000000 ETH; nothing"):
        terms.check(Price(Fees(GWEI)), 10**9, 1)


AMOUNTS = st.integers(0, 10**21)
FEES = st.builds(Fees, st.integers(0, 10**13), st.integers(0, 10**12))


@given(FEES, st.integers(1, 10**9), AMOUNTS, st.none() | AMOUNTS, st.none() | AMOUNTS)
def test_fee_cap__whatever_the_base_fee_becomes__no_limit_is_passed(fees, gas, more, most, fee):
    """Gas times the cap is the most that transactions can take; a checked run can be included."""
    terms = Terms(max_cost=most, max_fee=fee)
    cap = terms.fee_cap(fees, gas, more)
    assert fee is None or cap <= fee
    assert most is None or cap == 0 or cap * gas + more <= most
    try:
        terms.check(Price(fees), gas, more)
    except TransactionFailed:
        return
    assert cap >= fees.each


@given(st.integers(0, 10**8))
def test_gas_limit__for_any_estimate__has_room_below_the_cap(gas):
    """A fifth more, as far as EIP-7825 goes; never less than the estimate."""
    limit = gas_limit(gas)
    assert gas <= limit <= max(gas, TRANSACTION_GAS, gas * 6 // 5)
    assert limit <= TRANSACTION_GAS or limit == gas


def test_coin_symbol__by_chain__is_its_own_coin():
    """Polygon's is not Ethereum's, whatever the network's plug-in says."""
    assert coin_symbol(137, "ETH") == coin_symbol(80002, "ETH") == "POL"
    assert coin_symbol(8453, "ETH") == "ETH"
