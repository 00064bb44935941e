"""The record of what is pinned where: `metadata/pins.json` for remote pins, in git.

Pins in the embedded store are recorded the same way in `.pfpkit/pins.json`, outside git. A record
says which bundle belongs to which token file, who holds it, and through which gateway it was read
back; and of all tokens together, what `pfpkit.whole` has. It is never the truth about what is
minted: that is read from the chain. One line an entry, every one of them ending in a comma, so that
two people's work merges line by line. What is said of all tokens together stands first: where a
merge leaves two such lines, neither is right any more, and the next run writes it again.
"""

import contextlib
import fcntl
import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from pfpkit.atomic import write_file
from pfpkit.cid import CID, DAG_PB
from pfpkit.errors import BadCID, BadMetadata, BadRecord
from pfpkit.metadata import Json, read_json
from pfpkit.provenance import Provenance
from pfpkit.timestamp import TIMESTAMP
from pfpkit.whole import NOTHING, DirectoryPins, Whole

REMOTE_PINS = Path("metadata/pins.json")
LOCAL_PINS = Path(".pfpkit/pins.json")
COLLECTION = "collection"
VERSION = 1

_MAX_BYTES = 512 * 2**20
_LEAST_BLOCKS = 3
_KEY = re.compile(rf"{COLLECTION}|0|[1-9][0-9]{{0,77}}")


@dataclass(frozen=True, slots=True)
class PinnedBy:
    """One pinning back end that holds a bundle and its image, and since when (UTC)."""

    pinner: str
    at: str
    blocks: int = 0
    bytes: int = 0

    def knowing(self, before: "PinnedBy | None") -> "PinnedBy":
        """Return this with the counts of `before` where it has none: they are the bundle's own."""
        if self.blocks or before is None:
            return self
        return PinnedBy(self.pinner, self.at, before.blocks, before.bytes)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One gateway through which a bundle was read and hashed, and when (UTC)."""

    gateway: str
    at: str


@dataclass(frozen=True, slots=True)
class PinEntry:
    """One bundle: `key` is the number of its token file, or 'collection'."""

    key: str
    bundle: CID
    image: CID
    pinners: tuple[PinnedBy, ...] = ()
    read_back: tuple[ReadBack, ...] = ()

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise BadRecord(f"{self.key!r} is neither a token number nor {COLLECTION!r}")
        if (self.bundle.version, self.bundle.codec) != (1, DAG_PB):
            raise BadRecord(f"{self.bundle} is no directory, and a bundle has to be one")
        for time in (*(pin.at for pin in self.pinners), *(route.at for route in self.read_back)):
            if not TIMESTAMP.fullmatch(time):
                raise BadRecord(f"{time!r} is no time such as 2026-11-20T18:30:00Z")

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are minted."""
        return self.bundle.digest

    @property
    def blocks(self) -> int:
        """How many blocks it has; where no record says so, those of a directory and two files."""
        return max([_LEAST_BLOCKS, *(pin.blocks for pin in self.pinners)])

    @property
    def order(self) -> int:
        """Sorts entries by number, the collection first."""
        return -1 if self.key == COLLECTION else int(self.key)

    def merged(self, later: Self) -> Self:
        """Return what both know of one bundle; a later entry of another bundle takes its place."""
        if (later.bundle, later.image) != (self.bundle, self.image):
            return later
        pinners = {pin.pinner: pin for pin in self.pinners}
        for pin in later.pinners:
            pinners[pin.pinner] = pin.knowing(pinners.get(pin.pinner))
        routes = {route.gateway: route for route in (*self.read_back, *later.read_back)}
        return type(self)(
            self.key,
            self.bundle,
            self.image,
            tuple(pinners[name] for name in sorted(pinners)),
            tuple(routes[name] for name in sorted(routes)),
        )


@dataclass(frozen=True, slots=True)
class Pins:
    """All entries of a record, sorted: the collection first, then tokens by number.

    `whole` is of all tokens that the collection had when the record last knew all of them.
    """

    entries: tuple[PinEntry, ...] = ()
    whole: Whole = NOTHING

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the record in `path`; an absent one is empty. BadRecord says which line."""
        try:
            text = path.read_bytes().decode("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise BadRecord(f"{path} cannot be read: {error}; {_restore(path)}") from error
        whole, text = Whole.split(text)
        if (own := _own_lines(text)) is not None:
            return replace(cls()._with(own), whole=whole)
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
                raise BadRecord(
                    f"{path}: an unfinished merge at line {number}; keep the lines of both sides "
                    "and take its markers out"
                )
        try:
            fields = read_json(text, str(path), _MAX_BYTES)
        except BadMetadata as error:
            raise BadRecord(f"{error}; {_restore(path)}") from error
        return replace(cls()._with(_entries(fields, text, path)), whole=whole)

    def get(self, key: str | int) -> PinEntry | None:
        """Return the entry of a token number or of 'collection'."""
        text = str(key)
        if not _KEY.fullmatch(text):
            return None
        order = -1 if text == COLLECTION else int(text)
        place = bisect_left(self.entries, order, key=lambda entry: entry.order)
        found = self.entries[place] if place < len(self.entries) else None
        return found if found is not None and found.key == text else None

    def of(self, key: str, bundle: CID, image: CID) -> PinEntry | None:
        """Return the entry of a token number or of 'collection' if it is of these two roots."""
        found = self.get(key)
        return found if found and (found.bundle, found.image) == (bundle, image) else None

    @property
    def tokens(self) -> tuple[PinEntry, ...]:
        """The entries of tokens, by number."""
        return tuple(entry for entry in self.entries if entry.key != COLLECTION)

    def merged(self, later: Self) -> Self:
        """Return the record with every entry of a later one merged into it."""
        both = self._with(later.entries)
        return replace(both, whole=both.whole.merged(later.whole))

    def with_whole(self, bundles: Mapping[str, CID], directory: DirectoryPins | None) -> Self:
        """Return the record with what there is to say of all bundles, given by name.

        It stays as it is when it lacks one of them.
        """
        known = {entry.key: entry.bundle for entry in self.entries}
        if not bundles or any(known.get(key) != bundle for key, bundle in bundles.items()):
            return self
        ordered = sorted(int(key) for key in bundles if key != COLLECTION)
        provenance = Provenance.of(bundles[str(number)].digest for number in ordered)
        before = self.whole
        if before.directory is not None and before.directory.entries != len(bundles):
            # It still has a token that was taken out of the collection.
            before = replace(before, directory=None)
        return replace(self, whole=before.merged(Whole(provenance, directory)))

    def _with(self, entries: Iterable[PinEntry]) -> Self:
        by_key = {entry.key: entry for entry in self.entries}
        same = True
        for entry in entries:
            known = by_key.get(entry.key)
            by_key[entry.key] = known.merged(entry) if known else entry
            same = same and known is not None and known.bundle == entry.bundle
        ordered = tuple(sorted(by_key.values(), key=lambda entry: entry.order))
        # Of other bundles it would be another one.
        return type(self)(ordered, self.whole if same else NOTHING)

    def encode(self) -> bytes:
        """Return the bytes of the record: the same entries always give the same bytes."""
        lines = [f"{json.dumps(entry.key)}: {_line(entry)},\n" for entry in self.entries]
        return f'{{\n{"".join([*self.whole.lines(), *lines])}"version": {VERSION}\n}}\n'.encode()

    def save(self, path: Path) -> None:
        """Write the record in one step: `path` has the old bytes or the new ones, never a part."""
        data = self.encode()
        try:
            if not path.exists() or path.read_bytes() != data:
                write_file(path, data)
        except OSError as error:
            raise BadRecord(
                f"{path} cannot be written: {error.strerror}; it is as it was before"
            ) from error


def record(
    path: Path,
    entries: Iterable[PinEntry],
    bundles: Mapping[str, CID] | None = None,
    directory: DirectoryPins | None = None,
) -> Pins:
    """Merge entries into the record on disk and return it; safe beside another process.

    `bundles` are all of the collection by name, for what is said of all together.
    """
    with _locked(path):
        pins = Pins.load(path).merged(Pins(tuple(entries)))
        if bundles is not None:
            pins = pins.with_whole(bundles, directory)
        pins.save(path)
    return pins


def _line(entry: PinEntry) -> str:
    pinned_by = ", ".join(
        f'{{"pinner": {_quoted(p.pinner)}, "at": "{p.at}", "blocks": {p.blocks}, '
        f'"bytes": {p.bytes}}}'
        for p in entry.pinners
    )
    read_back = ", ".join(
        f'{{"gateway": {_quoted(r.gateway)}, "at": "{r.at}"}}' for r in entry.read_back
    )
    return (
        f'{{"bundle": "{entry.bundle}", "digest": "0x{entry.digest.hex()}", '
        f'"image": "{entry.image}", "pinned_by": [{pinned_by}], "read_back": [{read_back}]}}'
    )


_quoted = lru_cache(json.dumps)

# The lines as `_line` writes them, but for texts with escapes: read at the speed of `json`.
_AT = TIMESTAMP.pattern
_COUNT = "(?:0|[1-9][0-9]{0,15})"
_PLAIN = r'[^"\\\x00-\x1f]+'
_PIN = rf'\{{"pinner": "{_PLAIN}", "at": "{_AT}", "blocks": {_COUNT}, "bytes": {_COUNT}\}}'
_BACK = rf'\{{"gateway": "{_PLAIN}", "at": "{_AT}"\}}'
_OWN_LINE = re.compile(
    rf'"({COLLECTION}|0|[1-9][0-9]{{0,77}})": \{{"bundle": "(b[a-z2-7]{{58}})", '
    rf'"digest": "0x([0-9a-f]{{64}})", "image": "(b[a-z2-7]{{58}})", '
    rf'"pinned_by": \[((?:{_PIN}(?:, {_PIN})*)?)\], '
    rf'"read_back": \[((?:{_BACK}(?:, {_BACK})*)?)\]\}},'
)
_ONE_PIN = re.compile(
    rf'"pinner": "({_PLAIN})", "at": "({_AT})", "blocks": ({_COUNT}), "bytes": ({_COUNT})'
)
_ONE_BACK = re.compile(rf'"gateway": "({_PLAIN})", "at": "({_AT})"')


def _own_lines(text: str) -> list[PinEntry] | None:
    """Return the entries of a record that is just as `encode` writes it; None for any other.

    A record that was edited, merged or damaged is read as JSON, with its faults named.
    """
    head, *lines, version, end, rest = text.split("\n") if text.count("\n") > 2 else [""] * 4
    while lines[:1] == [""]:
        del lines[0]  # where what is said of all tokens was
    if (head, version, end, rest) != ("{", f'"version": {VERSION}', "}", ""):
        return None
    entries: dict[str, PinEntry] = {}
    pins: dict[tuple[str, ...], PinnedBy] = {}
    backs: dict[tuple[str, ...], ReadBack] = {}
    for line in lines:
        found = _OWN_LINE.fullmatch(line)
        if found is None:
            return None
        key, bundle, digest, image, pinned_by, read_back = found.groups()
        for one in _ONE_PIN.findall(pinned_by):
            if one not in pins:
                pins[one] = PinnedBy(one[0], one[1], int(one[2]), int(one[3]))
        for one in _ONE_BACK.findall(read_back):
            if one not in backs:
                backs[one] = ReadBack(*one)
        try:
            entries[key] = PinEntry(
                key,
                CID.parse(bundle),
                CID.parse(image),
                tuple(pins[one] for one in _ONE_PIN.findall(pinned_by)),
                tuple(backs[one] for one in _ONE_BACK.findall(read_back)),
            )
        except (BadCID, BadRecord):
            return None
        if entries[key].digest.hex() != digest:
            return None
    return list(entries.values()) if len(entries) == len(lines) else None


def _entries(fields: Json, text: str, path: Path) -> Iterator[PinEntry]:
    version = fields.get("version") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or version != VERSION:
        where = f" line {_line_of(text, 'version')}" if version is not None else ""
        raise BadRecord(
            f"{path}{where}: version {version!r}, and this pfpkit reads version {VERSION}; "
            "install the pfpkit that wrote it"
        )
    for key, value in fields.items():
        if key == "version":
            continue
        try:
            yield _entry(key, value)
        except (BadRecord, BadCID, KeyError, TypeError, ValueError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else error
            line = _line_of(text, key)
            raise BadRecord(f"{path} line {line}: {key!r}: {what}; {_restore(path)}") from error


def _entry(key: str, value: Json) -> PinEntry:
    if not isinstance(value, dict):
        raise BadRecord("it is not an object {...}")
    entry = PinEntry(
        key,
        CID.parse(_text(value["bundle"])),
        CID.parse(_text(value["image"])),
        tuple(
            PinnedBy(_text(p["pinner"]), _text(p["at"]), _count(p["blocks"]), _count(p["bytes"]))
            for p in _objects(value["pinned_by"])
        ),
        tuple(ReadBack(_text(r["gateway"]), _text(r["at"])) for r in _objects(value["read_back"])),
    )
    if value["digest"] != f"0x{entry.digest.hex()}":
        raise BadRecord("its digest is not that of its bundle")
    return entry


def _objects(value: Json) -> list[dict[str, Json]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRecord("who holds it has to be a list of objects")
    return [item for item in value if isinstance(item, dict)]


def _text(value: Json) -> str:
    if not isinstance(value, str) or not value:
        raise BadRecord(f"{value!r} has to be text")
    return value


def _count(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRecord(f"{value!r} has to be a count")
    return value


def _line_of(text: str, key: str) -> int:
    start = f"{json.dumps(key)}:"
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if line.lstrip(" {").startswith(start)), 1)


def _restore(path: Path) -> str:
    return f"restore it from git, or move it away and run `ape run pin` to make {path.name} anew"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the folder of a record, which leaves no lock file behind."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise BadRecord(f"{path} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
