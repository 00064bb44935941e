"""The rules that fields of token and collection metadata share.

Pure. A field that breaks a rule raises BadMetadata with the field's name first, so that whoever
knows the file can put its name before that.
"""

import re
import unicodedata
from collections.abc import Collection
from urllib.parse import urlsplit

import rfc8785

from pfpkit.errors import BadMetadata
from pfpkit.metadata.strict_json import Json

# Letters that turn the direction of text can make it read as something else than it is.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters by their category that are drawn as nothing.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_URL_TEXT = re.compile(r"[!-~]+")


def check_text(field: str, value: object, *, lines: bool = False) -> None:
    r"""Raise unless `value` is text without control characters; `lines` allows \n and \t."""
    if not isinstance(value, str):
        raise BadMetadata(f"{field!r} is {kind_of(value)}, and has to be text")
    plain = value.replace("\n", " ").replace("\t", " ") if lines else value
    if plain.isascii() and plain.isprintable():
        return  # as most texts are; a look at each letter takes a hundred times as long
    for letter in value:
        if lines and letter in "\n\t":
            continue
        if (
            letter in _BIDI
            or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
            or _is_noncharacter(ord(letter))
        ):
            raise BadMetadata(
                f"{field!r} has the control character U+{ord(letter):04X}; take it out"
            )


def _is_noncharacter(code: int) -> bool:
    # RFC 7493, section 2.1, refuses them.
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def check_name(field: str, value: object) -> None:
    """Raise unless `value` is one line of text that can be seen."""
    check_text(field, value)
    if not any(map(_is_seen, str(value))):
        raise BadMetadata(f"{field!r} is empty; give it a text")


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "ZCM" and letter not in _BLANK


def check_url(field: str, value: object, schemes: Collection[str] = ("https", "http")) -> None:
    """Raise unless `value` is an absolute URL of one of the schemes, without a password in it."""
    check_text(field, value)
    text = str(value)
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        url = urlsplit(text)
        right = url.scheme in schemes and bool(url.hostname) and _URL_TEXT.fullmatch(text)
        _ = url.port
    except ValueError:
        right = None
    if not right:
        raise BadMetadata(f"{field!r} is {text!r}, and has to be a URL that begins with {wanted}")
    if url.username is not None or url.password is not None:
        raise BadMetadata(f"{field!r} has a user name or password in its URL; take it out")


def check_known(fields: Json, known: Collection[str], where: str = "") -> dict[str, Json]:
    """Return `fields` as a dict of known keys; BadMetadata lists the known ones otherwise.

    What is pinned is for ever and a typo in a key cannot be corrected, so no key is passed through.
    """
    if not isinstance(fields, dict):
        raise BadMetadata(f"{where or 'it'} is {kind_of(fields)}, and has to be an object {{...}}")
    for key in fields:
        if key not in known:
            prefix = f"{where}." if where else ""
            raise BadMetadata(
                f"{prefix + key!r} is not a field that pfpkit knows; known are {', '.join(known)}"
            )
    return fields


def kind_of(value: object) -> str:
    """Return what a JSON value is, in words.

    >>> kind_of(True), kind_of([])
    ('true or false', 'a list')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list | tuple) else "an object"


def canonical(fields: dict[str, Json]) -> bytes:
    """Return the RFC 8785 bytes of the fields that are not None.

    >>> canonical({"name": "Pip", "image": "ipfs://x", "description": None})
    b'{"image":"ipfs://x","name":"Pip"}'
    """
    present = {key: value for key, value in fields.items() if value is not None}
    return rfc8785.dumps(present)
