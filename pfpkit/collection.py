"""A folder of pictures and token files, read as one collection.

    collection.json     the collection itself (ERC-7572), whose `image` names a file beside it
    images/<n>.<ext>    the picture of token n
    tokens/<n>.json     what is said of token n

Every file is checked before anything is pinned, and every fault of every file is reported at
once. Pictures are not kept in memory: an entry knows its CIDs and builds its bundle again when it
is asked for it. Trusts no name, no extension and no byte in the folder.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pfpkit.bundle import Bundle, build
from pfpkit.cid import CID
from pfpkit.errors import BadInput
from pfpkit.images import CleanImage, Limits, clean
from pfpkit.metadata import CollectionMetadata, TokenMetadata

COLLECTION = "collection"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
_IGNORED = {"thumbs.db", "desktop.ini"}
_MAX_JSON_BYTES = 64 * 2**10

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """One token, or the collection itself: its two files, and the CIDs that they give."""

    key: str
    image_path: Path
    metadata_path: Path
    metadata: TokenMetadata | CollectionMetadata
    root: CID
    image: CID
    media_type: str
    removed: tuple[str, ...]
    limits: Limits = field(repr=False)

    @property
    def number(self) -> int | None:
        """The number in the file names; None for the collection itself."""
        return None if self.key == COLLECTION else int(self.key)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are minted."""
        return self.root.digest

    def bundle(self) -> Bundle:
        """Return the bundle, built from the files; BadInput when they changed since."""
        made = build(_clean(self.image_path, self.limits), self.metadata)
        if made.root != self.root:
            raise BadInput(f"{self.image_path} changed while it was being used; run it again")
        return made


@dataclass(frozen=True, slots=True)
class Collection:
    """A checked collection; `tokens` are sorted by number."""

    folder: Path
    itself: CollectionEntry
    tokens: tuple[CollectionEntry, ...]

    def __iter__(self) -> Iterator[CollectionEntry]:
        """Yield the collection's own entry, then every token's."""
        yield self.itself
        yield from self.tokens

    def __len__(self) -> int:
        """Return how many tokens there are."""
        return len(self.tokens)

    @classmethod
    def read(
        cls, folder: Path, limits: Limits | None = None, progress: Progress | None = None
    ) -> Self:
        """Return the collection in `folder`; BadInput lists every fault of every file.

        `progress` is told (done, of how many) after each entry.
        """
        limits = limits or Limits()
        problems: list[str] = []
        pairs = _pairs(folder, problems)
        itself = _own_entry(folder, limits, problems)
        tokens = []
        for done, (number, (image, metadata)) in enumerate(sorted(pairs.items()), 1):
            entry = _entry(str(number), image, metadata, TokenMetadata.parse, limits, problems)
            if entry is not None:
                tokens.append(entry)
            if progress is not None:
                progress(done, len(pairs))
        if problems or itself is None:
            count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
            raise BadInput("\n  ".join([f"{count} in {folder}:", *problems]))
        return cls(folder, itself, tuple(tokens))


def _pairs(folder: Path, problems: list[str]) -> dict[int, tuple[Path, Path]]:
    """Return picture and token file by number, where there is exactly one of each."""
    images = _numbered(folder / "images", None, problems)
    tokens = _numbered(folder / "tokens", ".json", problems)
    for found in (images, tokens):
        for paths in found.values():
            if len(paths) > 1:
                names = " and ".join(str(path) for path in paths)
                problems.append(f"{names}: the same token twice; keep one of them")
    for number in sorted(images.keys() - tokens.keys()):
        missing = folder / "tokens" / f"{number}.json"
        problems.append(f"{images[number][0]}: has no token file; write {missing}")
    for number in sorted(tokens.keys() - images.keys()):
        missing = folder / "images" / f"{number}.png"
        problems.append(
            f"{tokens[number][0]}: has no picture; add {missing} (or .jpg, .gif, .webp)"
        )
    if not images and not tokens and not problems:
        problems.append(f"{folder / 'images'}: no pictures; add 1.png, and tokens/1.json for it")
    both = images.keys() & tokens.keys()
    return {n: (images[n][0], tokens[n][0]) for n in both if len(images[n]) == len(tokens[n]) == 1}


def _numbered(folder: Path, suffix: str | None, problems: list[str]) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        problems.append(f"{folder}: cannot be read: {error.strerror}; make this folder")
        return found
    for path in paths:
        if path.name.startswith(".") or path.name.lower() in _IGNORED:
            continue
        if not path.is_file():
            problems.append(f"{path}: is not a file; take it out")
        elif not _NUMBER.fullmatch(path.stem) or (suffix and path.suffix != suffix):
            like = f"7{suffix or '.png'}"
            problems.append(
                f"{path}: is not named by its token's number, such as {like}; rename it"
            )
        else:
            found.setdefault(int(path.stem), []).append(path)
    return found


def _own_entry(folder: Path, limits: Limits, problems: list[str]) -> CollectionEntry | None:
    path = folder / f"{COLLECTION}.json"
    try:
        metadata = CollectionMetadata.parse(read_file(path, _MAX_JSON_BYTES), str(path))
    except BadInput as error:
        problems.append(str(error))
        return None
    if metadata.image is None:
        problems.append(f"{path}: 'image' is missing; name a picture that lies beside it")
        return None
    image = folder / metadata.image
    return _entry(COLLECTION, image, path, CollectionMetadata.parse, limits, problems)


def _entry(
    key: str,
    image_path: Path,
    metadata_path: Path,
    parse: Callable[[bytes, str], TokenMetadata | CollectionMetadata],
    limits: Limits,
    problems: list[str],
) -> CollectionEntry | None:
    """Return the entry of two files, or None with the fault of each noted."""
    metadata: TokenMetadata | CollectionMetadata | None = None
    picture: CleanImage | None = None
    try:
        metadata = parse(read_file(metadata_path, _MAX_JSON_BYTES), str(metadata_path))
    except BadInput as error:
        problems.append(str(error))
    try:
        picture = _clean(image_path, limits)
    except BadInput as error:
        problems.append(str(error))
    if metadata is None or picture is None:
        return None
    made = build(picture, metadata)
    return CollectionEntry(
        key,
        image_path,
        metadata_path,
        metadata,
        made.root,
        made.image,
        picture.media_type,
        picture.removed,
        limits,
    )


def _clean(path: Path, limits: Limits) -> CleanImage:
    return clean(read_file(path, limits.max_bytes), limits, str(path))


def read_file(path: Path, max_bytes: int = Limits().max_bytes) -> bytes:
    """Return the bytes of a file of at most `max_bytes`; BadInput names it."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadInput(f"{path}: is no file; put a file there")
            data = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
            if max(len(data), status.st_size) > max_bytes:
                size, allowed = max(len(data), status.st_size), f"the {max_bytes:,} allowed"
                raise BadInput(f"{path}: {size:,} bytes is more than {allowed}; make it smaller")
            return data
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
