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
_URL_TEXT = re.compile(r"[!-~]+")


def check_text(field: str, value: object, *, lines: bool = False) -> None:
    r"""Raise unless `value` is text without control characters; `lines` allows \n and \t."""
    if not isinstance(value, str):
        raise BadMetadata(f"{field!r} is {kind_of(value)}, and has to be text")
    for letter in value:
        if lines and letter in "\n\t":
            continue
        if letter in _BIDI or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"):
            raise BadMetadata(
                f"{field!r} has the control character U+{ord(letter):04X}; take it out"
            )


def check_name(field: str, value: object) -> None:
    """Raise unless `value` is one line of text that can be seen."""
    check_text(field, value)
    if not str(value).strip():
        raise BadMetadata(f"{field!r} is empty; give it a text")


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
