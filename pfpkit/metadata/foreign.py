"""Token metadata as strangers write it: sloppy fields are read, two meanings are not.

Pure. A byte order mark, line ends inside texts, unknown fields, wrong types, long numbers and
missing fields cost nothing; too many bytes, deep nesting, what is no JSON, and a field twice from
which the picture or the name is read are refused. The picture is the first of `image`, `image_url`,
`imageUrl` and `image_data` that is a text which is not blank: ERC-721, ERC-1155, and what
https://docs.opensea.io/docs/metadata-standards names. ERC-1155, "Metadata URI JSON Schema", has
`{id}` replaced in every value; it is in those that are read.
"""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from pfpkit.erc1155 import filled_size, uri_for
from pfpkit.errors import BadMetadata
from pfpkit.metadata.strict_json import check_depth

__all__ = ["MAX_FOREIGN_BYTES", "ForeignMetadata", "read_foreign"]

MAX_FOREIGN_BYTES = 2**20
"""On-chain metadata often holds the picture itself."""

_IMAGES = ("image", "image_url", "imageUrl", "image_data")
_READ = frozenset(("name", *_IMAGES))
_CHARSETS = {"": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8"}
_LATIN = frozenset(("iso-8859-1", "latin1", "windows-1252"))
_MAX_DIGITS = 300


@dataclass(frozen=True, slots=True)
class ForeignMetadata:
    """What is read of it: the picture's URI or its SVG, the field that has it, and the name."""

    image: str
    field: str
    name: str | None


class _Pairs(dict[str, Any]):
    """An object, and the fields that came twice."""

    twice: frozenset[str] = frozenset()


def read_foreign(
    data: bytes,
    charset: str = "",
    max_bytes: int = MAX_FOREIGN_BYTES,
    *,
    token_id: int | None = None,
) -> ForeignMetadata:
    """Return what a token's metadata names; BadMetadata says why it names nothing.

    With a `token_id`, `{id}` in it stands for that id, as ERC-1155 has it.

    >>> read_foreign(b'{"image": null, "image_url": "ipfs://x", "name": 7}')
    ForeignMetadata(image='ipfs://x', field='image_url', name=None)
    """
    if len(data) > max_bytes:
        raise BadMetadata(f"the metadata has {len(data):,} bytes, over the {max_bytes:,} allowed")
    text = _text(data, charset)
    check_depth(text, "the metadata")
    try:
        value = json.loads(
            text,
            strict=False,
            object_pairs_hook=_pairs,
            parse_int=_number,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise BadMetadata(f"the metadata is no JSON at {place}: {error.msg.lower()}") from error
    if not isinstance(value, _Pairs):
        raise BadMetadata("the metadata is no JSON object, so it names no picture")
    if twice := sorted(value.twice & _READ):
        raise BadMetadata(f"the metadata has {twice[0]!r} twice; readers differ in which they take")
    for field in _IMAGES:
        link = value.get(field)
        if isinstance(link, str) and link.strip():
            name = value.get("name")
            said = name if isinstance(name, str) else None
            if token_id is not None:
                link = _filled(field, link, token_id, max_bytes)
                said = said and _filled("name", said, token_id, max_bytes)
            return ForeignMetadata(link, field, said)
    raise BadMetadata(f"the metadata names no picture: no text in any of {', '.join(_IMAGES)}")


def _filled(field: str, text: str, token_id: int, max_letters: int) -> str:
    # Checked first: what is filled in may be 16 times as long as the metadata is allowed to be.
    if (size := filled_size(text)) > max_letters:
        raise BadMetadata(
            f"the metadata's {field!r} has {size:,} letters with the token's id in it, over the "
            f"{max_letters:,} allowed"
        )
    return uri_for(text, token_id)


def _text(data: bytes, charset: str) -> str:
    encoding = _CHARSETS.get(charset, charset)
    if encoding in _LATIN:
        return data.decode("latin-1")
    if encoding != "utf-8":
        raise BadMetadata(f"the metadata says that it is {charset[:40]!r}; UTF-8 is read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadMetadata(f"the metadata is not UTF-8 at byte {error.start:,}") from error


def _pairs(pairs: list[tuple[str, Any]]) -> _Pairs:
    made = _Pairs(pairs)
    if len(made) < len(pairs):
        made.twice = frozenset(
            key for key, count in Counter(k for k, _ in pairs).items() if count > 1
        )
    return made


def _number(text: str) -> int | str:
    # int() refuses the longest ones, and takes long over long ones.
    return int(text) if len(text) < _MAX_DIGITS else text


def _refuse_constant(name: str) -> NoReturn:
    raise BadMetadata(f"the metadata is no JSON: it has {name}, which no browser reads")
