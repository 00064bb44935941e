"""JSON read strictly: one text has one meaning, and comes out of RFC 8785 as it went in.

Pure. RFC 8259 leaves duplicate keys, numbers beyond a double and lone surrogates to each reader,
so two readers could see two different tokens; RFC 7493 (I-JSON) and RFC 8785 forbid them, and so
does this module. Every refusal names the file, and the field or the line and column.
"""

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from pfpkit.errors import BadMetadata

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

MAX_BYTES = 64 * 2**10
MAX_DEPTH = 16
MAX_SAFE_INTEGER = 2**53 - 1
# Possessive: a text of a mebibyte is not remembered letter by letter.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Float(float):
    """A number with a fraction or exponent, and the text that it was read from."""

    text: str


class _Pairs(dict[str, object]):
    """An object, and the first key that came twice."""

    repeated: str | None = None


class _Constant(str):
    """NaN, Infinity or -Infinity, which JSON does not have."""


def read_json(
    data: bytes | str, source: str = "json", max_bytes: int = MAX_BYTES, *, line: int = 1
) -> Json:
    """Return the value of a JSON text; BadMetadata names `source` and the place of the fault.

    `line` is where the text begins, when it is a part of a file.

    >>> read_json(b'{"name": "Pip", "level": 3}')
    {'name': 'Pip', 'level': 3}
    >>> read_json(b'{"name": "Pip", "name": "Pop"}', "1.json")
    Traceback (most recent call last):
    pfpkit.errors.BadMetadata: 1.json: 'name' is there twice; keep one of them
    """
    text = _text(data, source, max_bytes)
    check_depth(text, source, line)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_Constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno + line - 1} column {error.colno}"
        raise BadMetadata(f"{source}: not JSON at {place}: {error.msg.lower()}") from error
    return _checked(value, source, "")


def _text(data: bytes | str, source: str, max_bytes: int) -> str:
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise BadMetadata(f"{source}: {size:,} bytes is more than the {max_bytes:,} allowed")
    if isinstance(data, str):
        return data
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise BadMetadata(f"{source}: begins with a byte order mark; save it as UTF-8 without one")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadMetadata(
            f"{source}: not UTF-8 at byte {error.start:,} (line {line}); save it as UTF-8"
        ) from error


def check_depth(text: str, source: str, line: int = 1) -> None:
    """Raise BadMetadata when a JSON text is nested deeper than MAX_DEPTH.

    Before it is parsed: the parser recurses as deep as the text says, and where the process has
    raised its recursion limit, that overflows the stack and ends the process.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return  # no text is deeper than it has brackets
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > MAX_DEPTH:
            at = text.count("\n", 0, token.start()) + line
            raise BadMetadata(
                f"{source}: nested too deep at line {at}; {MAX_DEPTH} levels are allowed"
            )


def _pairs(pairs: list[tuple[str, object]]) -> _Pairs:
    made = _Pairs()
    for key, value in pairs:
        if key in made and made.repeated is None:
            made.repeated = key
        made[key] = value
    return made


def _float(text: str) -> _Float:
    made = _Float(text)
    made.text = text
    return made


def _int(text: str) -> int | _Float:
    # A long integer is out of range in any case; int() refuses the longest ones on its own.
    return int(text) if len(text) < 20 else _float(text)


def _checked(value: object, source: str, path: str) -> Json:
    """Return the value with plain types, once everything in it has been checked."""
    if isinstance(value, _Pairs):
        if value.repeated is not None:
            _refuse(source, _join(path, value.repeated), "is there twice; keep one of them")
        return {
            _checked_text(key, source, path): _checked(inner, source, _join(path, key))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_checked(v, source, f"{path}[{n}]") for n, v in enumerate(value)]
    if isinstance(value, _Constant):
        _refuse(source, path, f"is {value}, which JSON does not have")
    if isinstance(value, str):
        return _checked_text(value, source, path)
    if isinstance(value, _Float):
        return _checked_float(value, source, path)
    if isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        _refuse(source, path, f"is {value}, beyond 2^53, where readers round; write it as text")
    assert value is None or isinstance(value, int)
    return value


def _checked_text(text: str, source: str, path: str) -> str:
    if _SURROGATE.search(text):
        _refuse(source, path, "has half of a surrogate pair, which is no character")
    return text


def _checked_float(number: _Float, source: str, path: str) -> float:
    plain = float(number)
    shown = number.text if len(number.text) <= 30 else number.text[:27] + "..."
    try:
        exact = math.isfinite(plain) and Decimal(number.text) == Decimal(repr(plain))
    except InvalidOperation:  # an exponent that even Decimal does not hold
        exact = False
    if not exact or abs(plain) > MAX_SAFE_INTEGER:
        _refuse(source, path, f"is {shown}, which readers round; write it shorter or as text")
    return plain


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _refuse(source: str, path: str, what: str) -> NoReturn:
    field = ascii(path) if _SURROGATE.search(path) else repr(path)
    raise BadMetadata(f"{source}: {field} {what}" if path else f"{source}: {what}")
