"""What the four container formats share: bounded reading, and the list of what was removed.

Pure, and trusts nothing it reads: every read says how many bytes it needs, and a file that ends
before them is refused as cut short.
"""

from dataclasses import dataclass, field

from pfpkit.errors import BadImage, TooLarge

# A file of nothing but empty parts costs seconds to walk; no real one has this many.
MAX_PARTS = 50_000

RESAVE = "save it again with an image editor"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A container written again from allowed parts, and what its own header declares."""

    data: bytes
    width: int
    height: int
    frames: int
    removed: tuple[str, ...]


@dataclass(slots=True)
class Removed:
    """Counts what is left out, by kind, in the order in which the kinds were met.

    >>> removed = Removed()
    >>> removed.add("comment", 1200); removed.add("XMP", 7); removed.add("comment", 34)
    >>> removed.words()
    ('comment, 2 times (1,234 bytes)', 'XMP (7 bytes)')
    """

    _kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    _parts: int = 0

    def add(self, kind: str, size: int) -> None:
        """Note that `size` bytes of this kind are left out."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise too_many_parts()
        times, total = self._kinds.get(kind, (0, 0))
        self._kinds[kind] = (times + 1, total + size)

    def after_end(self, size: int) -> None:
        """Note the bytes after the end of the picture, if there are any."""
        if size:
            self._kinds["after the end"] = (0, size)

    def words(self) -> tuple[str, ...]:
        """Return one phrase for each kind."""
        return tuple(_phrase(kind, *counts) for kind, counts in self._kinds.items())


def _phrase(kind: str, times: int, size: int) -> str:
    size_in_words = f"{size:,} byte{'' if size == 1 else 's'}"
    if times == 0:
        return f"{size_in_words} {kind}"
    return f"{kind}{f', {times:,} times' if times > 1 else ''} ({size_in_words})"


def take(data: bytes, at: int, size: int) -> bytes:
    """Return exactly `size` bytes from offset `at`; BadImage when the file ends before."""
    part = data[at : at + size]
    if len(part) != size:
        raise cut_short(len(data))
    return part


def cut_short(size: int) -> BadImage:
    """Return the error for a file that ends, at byte `size`, before the picture does."""
    return BadImage(f"cut short: it ends at byte {size:,}, before the picture does; copy it again")


def too_many_parts() -> TooLarge:
    """Return the error for a file that is mostly structure."""
    return TooLarge(f"more than {MAX_PARTS:,} parts, which no ordinary picture has; {RESAVE}")


def damaged(what: str) -> BadImage:
    """Return the error for a container that breaks its own rules."""
    return BadImage(f"damaged: {what}; {RESAVE}")
