"""Columns: a row of cells is a token's metadata; every fault names its column, all at once

the header is checked whole before any row; numbers and texts stay what was written
"""

import pytest

from pfpkit.errors import BadMetadata
from pfpkit.metadata import Attribute, Columns, TokenMetadata, from_template, token_number

HEADER = [
    *("token", "name", "description", "external_url", "background_color"),
    *("trait:Hat", "number:Level", "max:Level", "numeric:Age", "date:Born"),
    *("boost_number:Speed", "boost_percentage:Luck"),
]


def row(**cells):
    """A row with these cells, the others empty."""
    named = {"token": "7", "name": "Pip"} | {key.replace("__", ":"): v for key, v in cells.items()}
    return [named.get(name, "") for name in HEADER]


def test_metadata__when_all_cells_are_filled__is_what_they_say():
    """Attributes in the order of the columns, the kind of each as its column says."""
    cells = row(
        description="a\nb",
        external_url="https://a.example/7",
        background_color="a0B1c2",
        trait__Hat="007",
        number__Level="7",
        max__Level="12",
        numeric__Age="-0.5",
        date__Born="1700000000",
        boost_number__Speed="2e1",
        boost_percentage__Luck="5",
    )
    assert Columns.parse(HEADER).metadata(cells) == TokenMetadata(
        "Pip",
        "a\nb",
        (
            Attribute("007", "Hat"),
            Attribute(7, "Level", "number", 12),
            Attribute(-0.5, "Age"),
            Attribute(1_700_000_000, "Born", "date"),
            Attribute(20.0, "Speed", "boost_number"),
            Attribute(5, "Luck", "boost_percentage"),
        ),
        "https://a.example/7",
        "a0B1c2",
    )


def test_metadata__when_cells_are_empty__has_no_such_fields():
    """An empty cell is no text."""
    assert Columns.parse(HEADER).metadata(row()) == TokenMetadata("Pip")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "'7", " x ", "1,000", "1.0", "#1"]
)
def test_metadata__when_a_text_looks_like_a_formula__stays_that_text(text):
    """Nothing is computed, and nothing is taken off."""
    made = Columns.parse(HEADER).metadata(row(name=text, trait__Hat=text))
    assert (made.name, made.attributes[0].value) == (text, text)


def test_metadata__when_many_cells_are_wrong__names_each_column():
    """One run tells everything that is to be mended."""
    cells = row(
        name="",
        description="a\x07b",
        external_url="a.example",
        background_color="#a0b1c2",
        trait__Hat="#REF!",
        number__Level="007",
        max__Level="many",
        date__Born="2026-11-21",
        numeric__Age="1,5",
        boost_number__Speed="12345678901234567890",
    )
    with pytest.raises(BadMetadata) as caught:
        Columns.parse(HEADER).metadata(cells)
    faults = dict(line.split(": ", 1) for line in str(caught.value).splitlines())
    assert list(faults) == [
        f"column '{name}'" for name in HEADER[1:] if name != "boost_percentage:Luck"
    ]
    assert "give the token a name" in faults["column 'name'"]
    assert "U+0007" in faults["column 'description'"]
    assert "a formula that failed" in faults["column 'trait:Hat'"]
    assert faults["column 'number:Level'"].startswith("'007' is no number such as 7 or -0.5")
    assert faults["column 'max:Level'"].startswith("'many' is no number")
    assert "whole seconds since 1970" in faults["column 'date:Born'"]
    assert "readers round" in faults["column 'boost_number:Speed'"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"max__Level": "12"}, "column 'max:Level': '12' bounds a number that is not there"),
        (
            {"max__Level": "12", "number__Level": "13"},
            "column 'number:Level': 'value' has to be a number of at most 'max_value'",
        ),
        ({"numeric__Age": "0.1e400"}, "column 'numeric:Age': is 0.1e400, which readers round"),
        ({"numeric__Age": "NaN"}, "column 'numeric:Age': 'NaN' is no number"),
    ],
)
def test_metadata__when_a_number_is_odd__names_its_column(cells, words):
    """JSON's numbers, that every reader reads alike."""
    with pytest.raises(BadMetadata) as caught:
        Columns.parse(HEADER).metadata(row(**cells))
    assert str(caught.value).startswith(words)


def test_parse__when_the_header_is_wrong__names_every_column():
    """What other tools call a column is not guessed at."""
    names = ["token", "Hat", "trait:Eyes", "trait:Eyes", "number:Eyes", "image", "", "attributes"]
    names += ["color:Coat", "trait: ", "trait:", "max:Level", "name "]
    with pytest.raises(BadMetadata) as caught:
        Columns.parse(names)
    known = (
        "is not one that pfpkit knows; known are token, name, description, external_url, "
        "background_color, and for traits such as 'trait:{}': trait, numeric, number, "
        "boost_number, boost_percentage, date, max"
    )
    assert str(caught.value).splitlines() == [
        f"column 'Hat' {known.format('Hat')}",
        "column 'trait:Eyes' is there twice; take one out or rename it",
        "column 'image' is made by pfpkit from the picture itself; take it out",
        f"a column without a name {known.format('Hat')}",
        f"column 'attributes' {known.format('attributes')}",
        f"column 'color:Coat' {known.format('Hat')}",
        "column 'trait: ' has a blank at its start or end; take it out",
        "column 'trait:': 'trait_type' is empty; give it a text",
        "column 'max:Level' needs the number that it bounds: numeric:Level or number:Level or "
        "boost_number:Level or boost_percentage:Level",
        "column 'name ' has a blank at its start or end; take it out",
        "there is no column 'name'; add it to the header",
        "columns 'trait:Eyes' and 'number:Eyes' are one trait; keep one of them",
    ]


@pytest.mark.parametrize("text", ["", "007", "7.0", "-1", "1e3", "٣", "7 ", "9" * 79])
def test_token_number__when_it_is_none__refuses(text):
    """As for the names of files."""
    assert token_number("9" * 78) == int("9" * 78)
    assert token_number("0") == 0
    with pytest.raises(BadMetadata, match="is no token number, such as 7"):
        token_number(text)


def test_from_template__when_filled__has_the_number_in_every_text():
    """And a number that is one stays as it is."""
    template = (
        b'{"name": "Face #{token}", "description": "{token} of many, {token}",'
        b'"external_url": "https://a.example/{token}",'
        b'"attributes": [{"trait_type": "Set", "value": "{token}/9"}, {"value": 3}]}'
    )
    assert from_template(template, "12") == TokenMetadata(
        "Face #12",
        "12 of many, 12",
        (Attribute("12/9", "Set"), Attribute(3)),
        "https://a.example/12",
    )


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (b'{"name": "Face"}', "t.json: 'name' has no {token}, so every token would have the same"),
        (b'{"name": "#{id} {token}"}', "t.json: '{id}' is no place to fill; only {token} is"),
        (b'{"name": "{token}", "description": "{Token}"}', "t.json: '{Token}' is no place"),
        (b'{"name": "{token}", "nam": "x"}', "t.json: 'nam' is not a field that pfpkit knows"),
        (b'{"description": "{token}"}', "t.json: 'name' is missing"),
        (b'["{token}"]', "t.json: it is a list"),
        (b'{"name": "{token}"', "t.json: not JSON at line 1"),
    ],
)
def test_from_template__when_it_is_wrong__says_what(template, words):
    """Before ten thousand tokens are named by it."""
    with pytest.raises(BadMetadata) as caught:
        from_template(template, "7", "t.json")
    assert str(caught.value).startswith(words)


def test_from_template__when_several_things_are_wrong__says_all_of_them():
    """One fault hides no other."""
    with pytest.raises(BadMetadata) as caught:
        from_template(b'{"name": "Face", "description": "{a} {b} {a}", "nam": 1}', "7", "t.json")
    said = [line.removeprefix("t.json: ").split()[0] for line in str(caught.value).splitlines()]
    assert said == ["'name'", "'{a}'", "'{b}'", "'nam'"]


def test_from_template__when_a_brace_is_meant__is_kept():
    """Only what looks like a place is refused."""
    assert from_template(b'{"name": "{ {token} } {"}', "7").name == "{ 7 } {"
