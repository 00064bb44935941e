"""The columns of a table of tokens, and one row of it as a token's metadata.

Pure. A column is `token` (its number), a field of a token file by its own name, or a trait:

    trait:Hat                 text, as it is written: 007 stays 007
    numeric:Level             a number
    number:Level              a number with the display type of that name; and so are
    boost_number:Speed, boost_percentage:Luck, date:Born
    max:Level                 the `max_value` of the number column of the same name

Attributes stand in the order of their columns. An empty cell means that the token has no such
field. A number is written as in JSON. Every fault names its column, and none hides another.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from pfpkit.errors import BadMetadata
from pfpkit.metadata.fields import check_name
from pfpkit.metadata.strict_json import read_json
from pfpkit.metadata.token import DISPLAY_TYPES, FIELDS, PICTURES, Attribute, Number, TokenMetadata

__all__ = ["TOKEN", "Columns", "token_number"]

TOKEN = "token"  # noqa: S105 - an NFT
TEXT, NUMERIC, MAX = "trait", "numeric", "max"
_KINDS = (TEXT, NUMERIC, *DISPLAY_TYPES)
_FIELDS = tuple(field for field in FIELDS if field != "attributes")
_PROBE = TokenMetadata("probe")

_TOKEN = re.compile(r"0|[1-9][0-9]{0,77}")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# What a spreadsheet writes where a formula has failed.
_BROKEN = re.compile(r"#(?:REF!|N/A|NAME\?|DIV/0!|VALUE!|NUM!|NULL!|SPILL!|CALC!)")


def token_number(text: str) -> int:
    """Return the number that a cell or a file name is; BadMetadata says what one looks like."""
    if not _TOKEN.fullmatch(text):
        raise BadMetadata(f"{text[:40]!r} is no token number, such as 7")
    return int(text)


@dataclass(frozen=True, slots=True)
class Columns:
    """The header of a table, checked.

    >>> Columns.parse(["token", "name", "trait:Hat", "number:Level"]).metadata(
    ...     ["7", "Pip", "", "3"]
    ... ).encode("ipfs://bafy")
    b'{"attributes":[{"display_type":"number","trait_type":"Level","value":3}],"image":"ipfs://bafy","name":"Pip"}'
    """

    names: tuple[str, ...]

    @classmethod
    def parse(cls, names: Sequence[str]) -> Self:
        """Return the columns of a header; BadMetadata has a line for every fault."""
        problems = list(_header_faults(names))
        if problems:
            raise BadMetadata("\n".join(problems))
        return cls(tuple(names))

    def cell(self, name: str, cells: Sequence[str]) -> str:
        """Return a row's cell in the column of that name."""
        return cells[self.names.index(name)]

    def metadata(self, cells: Sequence[str]) -> TokenMetadata:
        """Return what a row says; BadMetadata has a line for every cell that is wrong."""
        row = dict(zip(self.names, cells, strict=True))
        problems: list[str] = []
        fields: dict[str, Any] = {}
        attributes: list[Attribute] = []
        for name, text in row.items():
            kind, _, trait = name.partition(":")
            if not text or name == TOKEN:
                continue
            try:
                _check_cell(text)
                if name in _FIELDS:
                    # One at a time, so that a second fault in the row is told too.
                    one: dict[str, Any] = {name: text}
                    replace(_PROBE, **one)
                    fields |= one
                elif kind != MAX:
                    attributes.append(_attribute(kind, trait, text, row.get(f"{MAX}:{trait}", "")))
                elif not any(row.get(f"{each}:{trait}") for each in _KINDS):
                    raise BadMetadata(f"{text[:40]!r} bounds a number that is not there")
                else:
                    _number(text)
            except BadMetadata as error:
                problems.append(f"column {name!r}: {error}")
        if not row.get("name"):
            problems.insert(0, "column 'name': it is empty; give the token a name")
        if problems:
            raise BadMetadata("\n".join(problems))
        return replace(_PROBE, attributes=tuple(attributes), **fields)


def _header_faults(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"column {name!r} is there twice; take one out or rename it"
        seen.add(name)
        if name != name.strip():
            yield f"column {name!r} has a blank at its start or end; take it out"
        elif name not in (TOKEN, *_FIELDS):
            yield from _trait_faults(name, names)
    for needed in (TOKEN, "name"):
        if needed not in seen:
            yield f"there is no column {needed!r}; add it to the header"
    numbers: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        kind, _, trait = name.partition(":")
        if kind in _KINDS:
            numbers.setdefault(trait, []).append(name)
    for trait, twice in numbers.items():
        if len(twice) > 1 and trait:
            yield f"columns {' and '.join(map(repr, twice))} are one trait; keep one of them"


def _trait_faults(name: str, names: Sequence[str]) -> Iterator[str]:
    kind, colon, trait = name.partition(":")
    if name in PICTURES:
        yield f"column {name!r} is made by pfpkit from the picture itself; take it out"
    elif not colon or kind not in (*_KINDS, MAX):
        shown = f"column {name!r}" if name else "a column without a name"
        like = name if name and not colon else "Hat"
        yield (
            f"{shown} is not one that pfpkit knows; known are {TOKEN}, {', '.join(_FIELDS)}, "
            f"and for traits such as 'trait:{like}': {', '.join(_KINDS)}, {MAX}"
        )
    else:
        try:
            check_name("trait_type", trait)
        except BadMetadata as error:
            yield f"column {name!r}: {error}"
        others = [f"{each}:{trait}" for each in _KINDS if each not in (TEXT, "date")]
        if kind == MAX and not set(others) & set(names):
            yield f"column {name!r} needs the number that it bounds: {' or '.join(others)}"


def _check_cell(text: str) -> None:
    if _BROKEN.fullmatch(text):
        raise BadMetadata(f"{text} is what a formula that failed leaves; mend it")


def _attribute(kind: str, trait: str, text: str, greatest: str) -> Attribute:
    if kind == TEXT:
        return Attribute(text, trait)
    if kind == "date" and not text.isdecimal():
        raise BadMetadata(f"{text[:40]!r} is no date: write whole seconds since 1970")
    # A greatest that is no number is told of in its own column.
    limit = _number(greatest) if _NUMBER.fullmatch(greatest) and kind != "date" else None
    return Attribute(_number(text), trait, None if kind == NUMERIC else kind, limit)


def _number(text: str) -> Number:
    if not _NUMBER.fullmatch(text):
        raise BadMetadata(
            f"{text[:40]!r} is no number such as 7 or -0.5; write it so, or name the column trait:"
        )
    try:
        found = read_json(text, "")
    except BadMetadata as error:
        raise BadMetadata(str(error).removeprefix(": ")) from error
    assert isinstance(found, int | float)
    return found
