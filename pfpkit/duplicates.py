"""Tokens of one collection that show the same picture, by its bytes or by its pixels.

Pure. Bytes are those of the cleaned picture, so that two exports which differ in their comments
alone are the same; pixels are compared after decoding (`pfpkit.images.pixels`), so that a picture
which was saved again in another format without loss is found too.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pfpkit.collection import CollectionEntry

__all__ = ["Duplicate", "duplicate_lines", "find_duplicates", "listed"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Tokens that show one picture, in token order, and what of it is the same."""

    same: Literal["bytes", "pixels"]
    keys: tuple[str, ...]


def find_duplicates(entries: Iterable[CollectionEntry]) -> list[Duplicate]:
    """Return every group of tokens with one picture; same bytes first.

    A group of the same pixels has at least two files that differ.
    """
    tokens = tuple(entries)
    alike = _groups((entry.image, entry) for entry in tokens)
    shown = _groups((entry.made.pixels, entry) for entry in tokens)
    found = [Duplicate("bytes", tuple(e.key for e in group)) for group in alike]
    for group in shown:
        if len({entry.image for entry in group}) > 1:
            found.append(Duplicate("pixels", tuple(entry.key for entry in group)))
    return found


def duplicate_lines(duplicates: Sequence[Duplicate]) -> list[str]:
    """Return a line for each group, for the first 20 of them, and how many more there are."""
    words = {"bytes": "one picture, byte for byte", "pixels": "pictures of the same pixels"}
    lines = [f"tokens {listed(one.keys)} have {words[one.same]}" for one in duplicates[:_SHOWN]]
    if len(duplicates) > _SHOWN:
        lines.append(f"and {len(duplicates) - _SHOWN:,} more such groups; --json lists all")
    return lines


def listed(keys: Sequence[str]) -> str:
    """Return the first 20 keys, and how many more there are.

    >>> listed(["1", "2", "3"])
    '1, 2 and 3'
    >>> listed([str(n) for n in range(1, 24)])[-19:]
    '19, 20 and 3 others'
    """
    if len(keys) > _SHOWN:
        return f"{', '.join(keys[:_SHOWN])} and {len(keys) - _SHOWN:,} others"
    *first, last = keys
    return f"{', '.join(first)} and {last}" if first else last


def _groups(keyed: Iterable[tuple[Hashable, CollectionEntry]]) -> list[list[CollectionEntry]]:
    found: dict[Hashable, list[CollectionEntry]] = {}
    for key, entry in keyed:
        found.setdefault(key, []).append(entry)
    return [group for group in found.values() if len(group) > 1]
