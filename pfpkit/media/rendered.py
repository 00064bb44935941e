"""The typed answer for one picture, and its form as bytes, for a pipe or a cache. Pure.

    length of the head      4 bytes, big-endian
    head                    JSON: outcome, reason, media type, size, notes, and each file's size
    files                   one after another

Whoever reads it trusts nobody: every file has to begin as a PNG or WebP of the size that it names.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Self

from pfpkit.errors import BadContent
from pfpkit.media.header import read_header
from pfpkit.media.outcomes import MediaOutcome, Refusal

__all__ = ["MAX_BYTES", "Cost", "Rendered", "Rendition"]

MAX_BYTES = 16 * 2**20
"""Far above three sizes in two formats; an answer of more is refused unread."""
_MAX_TEXT = 600


@dataclass(frozen=True, slots=True)
class Rendition:
    """One new file: a square of `edge` pixels."""

    edge: int
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a picture took of its worker. `peak_bytes` is the most the process ever held."""

    cpu_s: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came of a picture. Without `SHOWN` there are no renditions, and `reason` says why."""

    outcome: MediaOutcome
    reason: str = ""
    media_type: str | None = None
    """Of the bytes given, by the bytes alone."""
    width: int = 0
    height: int = 0
    """Of the picture given, in pixels, upright; what an SVG says of itself is not asked for."""
    notes: tuple[str, ...] = ()
    """What a viewer should know, such as that it moves."""
    renditions: tuple[Rendition, ...] = ()
    cost: Cost | None = field(default=None, compare=False)
    drawn_by: str = field(default="", compare=False)
    """The `rules` of the renderer: with the same, the same bytes give the same files."""

    @property
    def shown(self) -> bool:
        """Whether there are pictures to show."""
        return self.outcome is MediaOutcome.SHOWN

    @property
    def accepted(self) -> bool:
        """Whether it is a picture, as far as anybody was asked to look."""
        return self.outcome in (MediaOutcome.SHOWN, MediaOutcome.NOT_DECODED)

    @property
    def edges(self) -> tuple[int, ...]:
        """The edges of its squares in pixels, in the order in which they were made."""
        return tuple(dict.fromkeys(one.edge for one in self.renditions))

    def __str__(self) -> str:
        if not self.accepted:
            return f"{self.outcome}: {self.reason}"
        size = f", {self.width} x {self.height}" if self.width else ""
        how = "decoded in a worker" if self.shown else "by its header alone; no pixel was decoded"
        return "; ".join((f"{self.media_type}{size}, {how}", *self.notes))

    def rendition(self, edge: int, media_type: str = "image/webp") -> Rendition:
        """Return the file of that edge and type; KeyError when there is none."""
        for one in self.renditions:
            if (one.edge, one.media_type) == (edge, media_type):
                return one
        raise KeyError((edge, media_type))

    def to_bytes(self) -> bytes:
        """Return its form as bytes; equal answers have equal bytes, whatever they cost."""
        head = {
            "outcome": self.outcome,
            "reason": self.reason,
            "media_type": self.media_type,
            "size": [self.width, self.height],
            "notes": self.notes,
            "files": [[one.edge, one.media_type, len(one.data)] for one in self.renditions],
        }
        text = json.dumps(head, separators=(",", ":")).encode()
        files = b"".join(one.data for one in self.renditions)
        return len(text).to_bytes(4, "big") + text + files

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote; BadContent when it is anything else."""
        try:
            end = 4 + int.from_bytes(data[:4], "big")
            return cls._read(json.loads(data[4:end]), data[end:])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise BadContent(f"no rendered picture: {error}; render it again") from error

    @classmethod
    def _read(cls, head: dict[str, Any], files: bytes) -> Self:
        renditions: list[Rendition] = []
        at = 0
        for edge, kind, size in head["files"]:
            one = Rendition(int(edge), str(kind), files[at : at + int(size)])
            if _square(one.data) != (one.media_type, one.edge) or len(one.data) != size:
                raise ValueError(f"its file of {edge} pixels is no {kind} of that size")
            renditions.append(one)
            at += len(one.data)
        outcome = MediaOutcome(head["outcome"])
        if outcome is MediaOutcome.NOT_DECODED:
            raise ValueError("whoever decodes it does not say that nobody did")
        if at != len(files) or (outcome is MediaOutcome.SHOWN) != bool(renditions):
            raise ValueError("its files are not those that it names")
        width, height = (int(edge) for edge in head["size"])
        kind = head["media_type"]
        return cls(
            outcome,
            str(head["reason"])[:_MAX_TEXT],
            None if kind is None else str(kind)[:_MAX_TEXT],
            width,
            height,
            tuple(str(note)[:_MAX_TEXT] for note in head["notes"]),
            tuple(renditions),
        )


def _square(data: bytes) -> tuple[str, int] | None:
    """Return type and edge as the first bytes of a square picture say them; None for all else."""
    try:
        kind, width, height = read_header(data)
    except Refusal:
        return None
    if kind not in ("image/png", "image/webp"):
        return None  # of a kind that no worker makes
    # RFC 9649, section 2.3: the container says its own length.
    whole = kind != "image/webp" or int.from_bytes(data[4:8], "little") + 8 == len(data)
    return (kind, width) if width == height and whole else None
