"""What a file of a stranger's states, field by field: a value of its type, or an error.

The errors are TypeError and ValueError, of which whoever reads the file makes its own.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pfpkit.cid import CID
from pfpkit.console import clipped
from pfpkit.errors import BadRecord, NotFound
from pfpkit.reference import checksum_address

__all__ = [
    "address",
    "brief",
    "cid",
    "count",
    "entries",
    "matching",
    "object_of",
    "optional",
    "read_file",
    "text",
]

T = TypeVar("T")


def text(value: Any) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise TypeError(f"{brief(value)} is no text")
    return value


def optional(read: Callable[[Any], T], value: Any) -> T | None:
    """Return what `read` gives, or None for None."""
    return None if value is None else read(value)


def cid(value: Any) -> CID:
    """Return a CID."""
    return CID.parse(text(value))


def address(value: Any) -> str:
    """Return an address (EIP-55)."""
    return checksum_address(text(value))


def count(value: Any) -> int:
    """Return a whole number that is not negative."""
    if type(value) is not int or value < 0:
        raise TypeError(f"{brief(value)} is no count")
    return value


def matching(pattern: re.Pattern[str], value: Any) -> str:
    """Return a text of that form."""
    if not pattern.fullmatch(text(value)):
        raise ValueError(f"{brief(value)} is not of the form {pattern.pattern}")
    return str(value)


def object_of(value: Any) -> Mapping[str, Any]:
    """Return an object's fields."""
    if not isinstance(value, dict):
        raise TypeError(f"{brief(value)} is no object")
    return value


def entries(value: Any, most: int) -> list[Any]:
    """Return a list's entries."""
    if not isinstance(value, list) or len(value) > most:
        raise TypeError(f"{brief(value)} is no list of at most {most}")
    return value


def brief(value: object) -> str:
    """Return a value as a message may show it; it may be a stranger's."""
    return clipped(ascii(value) if isinstance(value, str) else str(value), 120)


def read_file(path: Path, max_bytes: int, what_next: str) -> bytes:
    """Return a file's bytes; NotFound, or BadRecord for what is too large or no file."""
    try:
        if path.exists() and not path.is_file():
            raise BadRecord(f"{path} is no file; {what_next}")
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise NotFound(f"{path} cannot be read: {reason}; {what_next}") from error
    if len(data) > max_bytes:
        raise BadRecord(f"{path} is over {max_bytes:,} bytes, too large for a proof; {what_next}")
    return data
