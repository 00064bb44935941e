"""The picture and the words of one token, and what comes of them: CIDs, sizes, what was left out.

The words are a file of their own, or a row of a table (`pfpkit.tokentable`).

Reading a picture means to decode all of it, so what came of it is worth keeping
(`pfpkit.index`). Trusts no name, no extension and no byte in the files.
"""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pfpkit.bundle import Bundle, build, rebuild
from pfpkit.cid import CID
from pfpkit.errors import BadInput
from pfpkit.images import CleanImage, Limits, clean
from pfpkit.metadata import CollectionMetadata, TokenMetadata
from pfpkit.tokentable import Row, open_file

__all__ = [
    "COLLECTION",
    "MAX_JSON_BYTES",
    "Computed",
    "Known",
    "Made",
    "MetadataOf",
    "Pair",
    "Stamp",
    "bundle_again",
    "compute",
    "parse",
    "read_file",
    "words_of",
]

COLLECTION = "collection"
MAX_JSON_BYTES = 64 * 2**10

# A file that changes twice within one tick of its file system's clock (2 s on FAT) looks unchanged.
_TICK_NS = 2 * 10**9

_T = TypeVar("_T")

MetadataOf = TokenMetadata | CollectionMetadata

Known = tuple[str, str, str]
"""The digests of a picture and of its words that are known, and the hash of what it shows."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a file looked when it was read, and the sha2-256 of its bytes.

    Unless it is `settled`, it may have changed since in a way that its times do not show.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    settled: bool
    digest: str

    def still(self, path: str) -> bool:
        """Return whether the file is surely the one that was read; its bytes are not read."""
        try:
            now = os.stat(path)
        except OSError:
            return False
        seen = (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino)
        return self.settled and seen == (self.size, self.mtime_ns, self.ctime_ns, self.inode)


@dataclass(frozen=True, slots=True)
class Pair:
    """The paths of one token's picture and words, or of the collection's own.

    `row` says where in the file `metadata` the words are; None when they are all of it.
    """

    key: str
    image: str
    metadata: str
    row: Row | None = None

    @property
    def place(self) -> str:
        """Where a person finds the words: a file, or a line of one."""
        return self.metadata if self.row is None else self.row.place


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a pair: the two roots, their blocks and bytes, and what was left out.

    `bytes` and `blocks` are of the whole bundle, each different block once; `largest_file` is the
    larger one of its two files, in bytes; `tsize` is what a directory's link to the bundle says.
    `pixels` is the hash of what the picture shows.
    """

    root: CID
    image: CID
    media_type: str
    removed: tuple[str, ...]
    blocks: int
    bytes: int
    image_blocks: int
    image_bytes: int
    largest_file: int
    tsize: int
    pixels: str

    @classmethod
    def of(cls, bundle: Bundle, picture: CleanImage, pixels: str) -> "Made":
        """Return what there is to know of a bundle without its bytes."""
        return cls(
            bundle.root,
            bundle.image,
            bundle.media_type,
            picture.removed,
            len(bundle.blocks),
            sum(len(block.data) for block in bundle.blocks),
            len(bundle.image_blocks),
            sum(len(block.data) for block in bundle.image_blocks),
            max(len(bundle.image_bytes), len(bundle.metadata_bytes)),
            bundle.tsize,
            pixels,
        )


@dataclass(frozen=True, slots=True)
class Computed:
    """What reading a pair gave. `made` is None when its bytes are those that were known."""

    stamps: tuple[Stamp, Stamp]
    made: Made | None


@dataclass(frozen=True, slots=True)
class _Checked:
    """The bytes of a picture that was checked before and is its own cleaned form."""

    data: bytes
    media_type: str


def compute(pair: Pair, limits: Limits, known: Known | None = None) -> Computed:
    """Read and check a pair; BadInput holds one line for each fault of its files.

    A picture whose digest is `known` was decoded before, and is not again; when the words are the
    same too, nothing is made of them.
    """
    problems: list[str] = []
    words = _noted(problems, lambda: _read_words(pair))
    picture = _noted(problems, lambda: _stamped(*_read(pair.image, limits.max_bytes)))
    if words and picture and known and (picture[1].digest, words[1].digest) == known[:2]:
        return Computed((picture[1], words[1]), None)
    about = _noted(problems, lambda: parse(pair, words[0])) if words else None
    pixels = known[2] if picture and known and picture[1].digest == known[0] else ""
    cleaned = (
        _noted(problems, lambda: clean(picture[0], limits, pair.image, decoding=not pixels))
        if picture
        else None
    )
    if not (words and picture and about and cleaned):
        raise BadInput("\n".join(problems))
    made = Made.of(build(cleaned, about), cleaned, cleaned.pixels or pixels)
    return Computed((picture[1], words[1]), made)


def parse(pair: Pair, data: bytes) -> MetadataOf:
    """Return what a token's words, or the collection's own file, say; BadInput names the place."""
    if pair.row is not None:
        return pair.row.metadata(pair.key, data)
    kind = CollectionMetadata if pair.key == COLLECTION else TokenMetadata
    return kind.parse(data, pair.metadata)


def words_of(pair: Pair) -> MetadataOf:
    """Return what is said of a token or the collection, read now; BadInput names the place."""
    return parse(pair, _read_words(pair)[0])


def bundle_again(pair: Pair, limits: Limits, known: Made) -> Bundle:
    """Return the bundle `known.root`, built from the files again; BadInput when they changed."""
    data, _ = _read(pair.image, limits.max_bytes)
    words = parse(pair, pair.row.read() if pair.row else _read(pair.metadata, MAX_JSON_BYTES)[0])
    # The root commits to every byte, so a picture that was checked once is the same picture; and
    # one that is its own cleaned form, as the root shows, need not be cleaned to get that.
    made = rebuild(_Checked(data, known.media_type), words, known.root) or rebuild(
        clean(data, limits, pair.image, decoding=False), words, known.root
    )
    if made is None:
        what = "changed while it was being used; run it again"
        raise BadInput(f"{pair.image} {what}", reason=what)
    return made


def read_file(path: Path, max_bytes: int = Limits().max_bytes) -> bytes:
    """Return the bytes of a file of at most `max_bytes`; BadInput names it."""
    return _read(str(path), max_bytes)[0]


def _read_words(pair: Pair) -> tuple[bytes, Stamp]:
    if (row := pair.row) is None:
        return _stamped(*_read(pair.metadata, MAX_JSON_BYTES))
    # A row is the same row as long as its bytes are, wherever they lie.
    return row.read(), Stamp(row.length, 0, 0, 0, True, row.digest)


def _read(path: str, max_bytes: int) -> tuple[bytes, os.stat_result]:
    with open_file(path) as file:
        try:
            status = os.fstat(file.fileno())
            data = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
        except OSError as error:
            raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    if max(len(data), status.st_size) > max_bytes:
        size, allowed = max(len(data), status.st_size), f"the {max_bytes:,} allowed"
        raise BadInput(f"{path}: {size:,} bytes is more than {allowed}; make it smaller")
    return data, status


def _stamped(data: bytes, status: os.stat_result) -> tuple[bytes, Stamp]:
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    stamp = Stamp(
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
        changed < time.time_ns() - _TICK_NS and len(data) == status.st_size,
        hashlib.sha256(data).hexdigest(),
    )
    return data, stamp


def _noted(problems: list[str], read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except BadInput as error:
        problems.append(str(error))
        return None
