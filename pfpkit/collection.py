"""A folder of pictures and token files, read as one collection.

    collection.json     the collection itself (ERC-7572), whose `image` names a file beside it
    images/<n>.<ext>    the picture of token n
    tokens/<n>.json     what is said of token n; or, instead of all of these, one of
    tokens.csv, tokens.jsonl, tokens.json       (`pfpkit.tokentable`)

Every file is checked before anything is pinned, and every fault of every file is reported at
once. Pictures are not kept in memory: an entry knows its CIDs and builds its bundle again when it
is asked for it. What an index knows is not read again; the rest is read on every core. Trusts no
name, no extension and no byte in the folder.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pfpkit.bundle import Bundle
from pfpkit.cid import CID
from pfpkit.crew import Task, computed
from pfpkit.errors import BadInput
from pfpkit.images import Limits
from pfpkit.index import Index
from pfpkit.metadata import CollectionMetadata
from pfpkit.tokenfiles import (
    COLLECTION,
    MAX_JSON_BYTES,
    Computed,
    Made,
    MetadataOf,
    Pair,
    bundle_again,
    read_file,
    words_of,
)
from pfpkit.tokentable import TABLES, scan

__all__ = ["COLLECTION", "Collection", "CollectionEntry", "read_file"]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,77}")
_IGNORED = {"thumbs.db", "desktop.ini"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """One token, or the collection itself: its two files, and what they give."""

    pair: Pair
    made: Made
    limits: Limits = field(repr=False)

    @property
    def key(self) -> str:
        """The number in the file names as text, or 'collection'."""
        return self.pair.key

    @property
    def image_path(self) -> Path:
        """The picture."""
        return Path(self.pair.image)

    @property
    def metadata(self) -> MetadataOf:
        """What is said of it, read from its file; BadInput when it changed for the worse."""
        return words_of(self.pair)

    @property
    def root(self) -> CID:
        """The bundle's CID."""
        return self.made.root

    @property
    def image(self) -> CID:
        """The cleaned picture's CID."""
        return self.made.image

    @property
    def media_type(self) -> str:
        """What the picture is by its bytes, such as `image/png`."""
        return self.made.media_type

    @property
    def removed(self) -> tuple[str, ...]:
        """What of the picture's file is not in the bundle, in words."""
        return self.made.removed

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
        return bundle_again(self.pair, self.limits, self.made)


@dataclass(frozen=True, slots=True)
class Collection:
    """A checked collection; `tokens` are sorted by number. `unread` pairs were in the index."""

    folder: Path
    itself: CollectionEntry
    tokens: tuple[CollectionEntry, ...]
    unread: int = 0

    def __iter__(self) -> Iterator[CollectionEntry]:
        """Yield the collection's own entry, then every token's."""
        yield self.itself
        yield from self.tokens

    def __len__(self) -> int:
        """Return how many tokens there are."""
        return len(self.tokens)

    @classmethod
    def read(
        cls,
        folder: Path,
        limits: Limits | None = None,
        progress: Progress | None = None,
        *,
        index: Path | None = None,
        rehash: bool = False,
        workers: int | None = None,
    ) -> Self:
        """Return the collection in `folder`; BadInput lists every fault of every file.

        `index` is the file that remembers what was computed; with `rehash` it is written but not
        believed. `progress` is told (done, of how many) after each pair that had to be read.
        """
        limits = limits or Limits()
        problems: list[str] = []
        pairs = _pairs(folder, problems)
        own = _own_pair(folder, problems)
        wanted = ([own] if own else []) + [pairs[number] for number in sorted(pairs)]
        if index is None:
            found, faults, unread = _all(wanted, None, limits, progress, rehash, workers)
        else:
            with Index(index, limits) as known:
                found, faults, unread = _all(wanted, known, limits, progress, rehash, workers)
        for pair in wanted:
            problems += faults.get(pair.key, "").splitlines()
        if problems or own is None:
            count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
            raise BadInput("\n  ".join([f"{count} in {folder}:", *problems]))
        entries = [CollectionEntry(pair, found[pair.key], limits) for pair in wanted]
        return cls(folder, entries[0], tuple(entries[1:]), unread)


def _all(
    wanted: list[Pair],
    index: Index | None,
    limits: Limits,
    progress: Progress | None,
    rehash: bool,
    workers: int | None,
) -> tuple[dict[str, Made], dict[str, str], int]:
    """Return what each pair gives, what is wrong with those that give nothing, and how many
    pairs were not read because the index knows them."""
    made: dict[str, Made] = {}
    faults: dict[str, str] = {}
    tasks: list[Task] = []
    known: dict[str, Made] = {}
    for pair in wanted:
        before = index.get(pair) if index and not rehash else None
        if before is None or before.made is None:
            tasks.append((pair, None))
        elif _same(pair, before):
            made[pair.key] = before.made
        else:
            known[pair.key] = before.made
            digests = before.stamps[0].digest, before.stamps[1].digest
            tasks.append((pair, (*digests, before.made.pixels)))
    unread = len(made)
    for done, (pair, answer) in enumerate(computed(tasks, limits, workers), 1):
        if isinstance(answer, str):
            faults[pair.key] = answer
        else:
            result = answer.made or known[pair.key]
            made[pair.key] = result
            if index is not None:
                index.put(pair, Computed(answer.stamps, result))
        if progress is not None:
            progress(done, len(tasks))
    return made, faults, unread


def _same(pair: Pair, before: Computed) -> bool:
    image, words = before.stamps
    if pair.row is not None:
        return pair.row.digest == words.digest and image.still(pair.image)
    return image.still(pair.image) and words.still(pair.metadata)


def _own_pair(folder: Path, problems: list[str]) -> Pair | None:
    path = folder / f"{COLLECTION}.json"
    try:
        about = CollectionMetadata.parse(read_file(path, MAX_JSON_BYTES), str(path))
    except BadInput as error:
        problems.append(str(error))
        return None
    if about.image is None:
        problems.append(f"{path}: 'image' is missing; name a picture that lies beside it")
        return None
    return Pair(COLLECTION, str(folder / about.image), str(path))


def _pairs(folder: Path, problems: list[str]) -> dict[int, Pair]:
    """Return picture and words by number, where there is exactly one of each."""
    images = _numbered(folder / "images", None, problems)
    table = _table(folder, problems)
    _refuse_twice(images, problems)
    if table is None:
        return _file_pairs(folder, images, problems)
    rows, whole = scan(table, problems)
    single = {number: paths[0] for number, paths in images.items() if len(paths) == 1}
    if not images and not problems:
        problems.append(f"{folder / 'images'}: no pictures; add 1.png for token 1")
    if table.name == "tokens.json":
        rows = dict.fromkeys(single, rows[0]) if rows else {}
    elif whole:
        for number in sorted(images.keys() - rows.keys()):
            problems.append(f"{images[number][0]}: has no row in {table}; add one")
        for number in sorted(rows.keys() - images.keys()):
            problems.append(f"{rows[number].place}: token {number} {_no_picture(folder, number)}")
    return {
        number: Pair(str(number), image, str(table), rows[number])
        for number, image in single.items()
        # A row without a digest is one whose fault was told.
        if number in rows and rows[number].digest
    }


def _file_pairs(folder: Path, images: dict[int, list[str]], problems: list[str]) -> dict[int, Pair]:
    tokens = _numbered(folder / "tokens", ".json", problems)
    _refuse_twice(tokens, problems)
    for number in sorted(images.keys() - tokens.keys()):
        missing = folder / "tokens" / f"{number}.json"
        problems.append(f"{images[number][0]}: has no token file; write {missing}")
    for number in sorted(tokens.keys() - images.keys()):
        problems.append(f"{tokens[number][0]}: {_no_picture(folder, number)}")
    if not images and not tokens and not problems:
        problems.append(f"{folder / 'images'}: no pictures; add 1.png, and tokens/1.json for it")
    both = images.keys() & tokens.keys()
    return {
        n: Pair(str(n), images[n][0], tokens[n][0])
        for n in both
        if len(images[n]) == len(tokens[n]) == 1
    }


def _table(folder: Path, problems: list[str]) -> Path | None:
    """Return the table of all tokens; None when each has its file. Two of these are a fault."""
    found = [folder / name for name in TABLES if os.path.lexists(folder / name)]
    files = folder / "tokens"
    if not found or (files.is_dir() and any(_is_seen(name) for name in os.listdir(files))):
        sources = [f"{files}/", *map(str, found)]
    else:
        sources = [*map(str, found)]
    if len(sources) > 1:
        problems.append(f"{' and '.join(sources)}: tokens come from one of them; take out the rest")
    return found[0] if found else None


def _no_picture(folder: Path, number: int) -> str:
    return f"has no picture; add {folder / 'images' / f'{number}.png'} (or .jpg, .gif, .webp)"


def _refuse_twice(found: dict[int, list[str]], problems: list[str]) -> None:
    for paths in found.values():
        if len(paths) > 1:
            names = " and ".join(paths)
            problems.append(f"{names}: the same token twice; keep one of them")


def _is_seen(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _IGNORED


def _numbered(folder: Path, suffix: str | None, problems: list[str]) -> dict[int, list[str]]:
    """Return the paths of a folder's files by the number that is their name."""
    found: dict[int, list[str]] = {}
    try:
        with os.scandir(folder) as scanned:
            # Of two hundred thousand names: no Path for each, and no stat.
            names = sorted((entry.name, entry.is_file()) for entry in scanned)
    except OSError as error:
        problems.append(f"{folder}: cannot be read: {error.strerror}; make this folder")
        return found
    start = os.path.join(folder, "")
    for name, is_file in names:
        stem, dot = os.path.splitext(name)
        if not _is_seen(name):
            continue
        if not is_file:
            problems.append(f"{start}{name}: is not a file; take it out")
        elif not _NUMBER.fullmatch(stem) or (suffix and dot != suffix):
            like = f"7{suffix or '.png'}"
            problems.append(
                f"{start}{name}: is not named by its token's number, such as {like}; rename it"
            )
        else:
            found.setdefault(int(stem), []).append(start + name)
    return found
