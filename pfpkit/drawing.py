"""What a receipt says of the squares beside it: how they were drawn, and their files. Pure.

Squares are no part of the proof. With the same rules the same bytes give the same files, so whoever
checks a receipt draws them again and compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pfpkit.media import Rendered, Rendition
from pfpkit.stated import count, entries, object_of, text

__all__ = ["DRAWN_ALONE", "ENDINGS", "Drawing", "Square", "file_name"]

DRAWN_ALONE = frozenset({"image/svg+xml"})
"""Kinds that are shown as squares alone, for their own bytes are a program."""
ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
}
"""How the files of pictures end, by their kind: whoever opens one opens a picture."""

_MAX_EDGE, _MAX_EDGES = 2048, 8
"""Nobody who checks a receipt is made to draw more."""


@dataclass(frozen=True, slots=True)
class Square:
    """One file beside a receipt, of `edge` x `edge` pixels."""

    file: str
    edge: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The squares beside a receipt. `by` are the renderer's rules, `edges` all that it made."""

    by: str
    edges: tuple[int, ...]
    squares: tuple[Square, ...]

    @classmethod
    def of(cls, rendered: Rendered, files: Mapping[str, Rendition]) -> Self:
        """Return what is said of `files`, by name, which are some of a picture's renditions."""
        squares = (Square(name, one.edge, one.media_type) for name, one in files.items())
        return cls(rendered.drawn_by, rendered.edges, tuple(squares))

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Read its JSON; TypeError, ValueError or KeyError when it is anything else."""
        said = object_of(value)
        edges = tuple(count(edge) for edge in entries(said["edges"], _MAX_EDGES))
        if not edges or not all(1 <= edge <= _MAX_EDGE for edge in edges):
            raise ValueError(f"squares have 1 to {_MAX_EDGE:,} pixels a side")
        squares = tuple(
            Square(text(one["file"]), count(one["edge"]), text(one["media_type"]))
            for one in map(object_of, entries(said["squares"], 2 * _MAX_EDGES))
        )
        if not squares:
            raise ValueError("a drawing has squares")
        return cls(text(said["by"]), edges, squares)


def file_name(stem: str, one: Rendition) -> str:
    """Return what the file of a square is called."""
    return f"{stem}-{one.edge}.{ENDINGS[one.media_type]}"
