"""What was computed of each pair of files, so that a later run reads no picture that is the same.

    .pfpkit/index       one line a token: how its two files looked, and what came of them

A line holds as long as both files look as they did; when they only look different, their bytes
are hashed, and when those are the same nothing is decoded again. Lines are appended as they are
computed, so that a run which is killed is not for nothing. The index is a cache: whatever is wrong
with it costs time and nothing else, and it is begun anew when pfpkit's own rules change.
"""

import functools
import hashlib
import json
import os
from contextlib import suppress
from dataclasses import astuple
from importlib import resources
from pathlib import Path
from typing import Any, Self

import PIL

from pfpkit.cid import CID
from pfpkit.errors import BadCID
from pfpkit.images import Limits
from pfpkit.journal import Journal, row_of
from pfpkit.tokenfiles import Computed, Made, Pair, Stamp

__all__ = ["Index"]

_RULES = ("images", "metadata", "unixfs", "bundle.py", "cid.py", "tokenfiles.py", "tokentable.py")


class Index:
    """Read whole when it is made; use as `with Index(path, limits) as index:`.

    A file that cannot be read or written is an empty one: nothing but time is lost.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        head = f"pfpkit index 2, {astuple(limits)}, rules {_rules()}"
        self._journal = Journal(path, head)
        self._stale = 0
        self._broken = False
        # As text: a hundred thousand parsed lines would be a quarter of a gigabyte.
        self._lines: dict[str, bytes] = {}
        with suppress(OSError):
            for line in self._journal.lines():
                self._keep(_key(line), line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            if self._stale > len(self._lines) and not self._broken:
                self._journal.replace(self._lines.values())
            self._journal.close()

    def get(self, pair: Pair) -> Computed | None:
        """Return what is known of two files of these names, or None.

        Whether the files still look like that is for the caller to ask.
        """
        line = self._lines.get(pair.key)
        return None if line is None else _read(line, pair)

    def put(self, pair: Pair, computed: Computed) -> None:
        """Remember what came of a pair."""
        assert computed.made is not None
        line = row_of(_values(pair, computed.stamps, computed.made))
        self._keep(pair.key, line)
        if not self._broken:
            try:
                self._journal.append(line)
            except OSError:
                self._broken = True

    def _keep(self, key: str | None, line: bytes) -> None:
        if key is None:
            return
        self._stale += key in self._lines
        self._lines[key] = line


@functools.cache
def _rules() -> str:
    """Return a hash of everything that decides which CIDs two files give."""
    hasher = hashlib.sha256(PIL.__version__.encode())
    root = resources.files("pfpkit")
    for name in _RULES:
        found = root / name
        parts = [found] if found.is_file() else sorted(found.iterdir(), key=lambda part: part.name)
        for part in parts:
            if part.name.endswith(".py"):
                hasher.update(part.name.encode() + b"\0" + part.read_bytes())
    return hasher.hexdigest()[:32]


def _key(line: bytes) -> str | None:
    # `["7","images/7.png",...`: without parsing the rest of it.
    key = line[2 : line.find(b'"', 2)]
    return key.decode("ascii", "replace") if line.startswith(b'["') else None


def _values(pair: Pair, stamps: tuple[Stamp, Stamp], made: Made) -> list[Any]:
    return [
        pair.key,
        os.path.basename(pair.image),
        os.path.basename(pair.metadata),
        *(list(astuple(stamp)) for stamp in stamps),
        [str(made.root), str(made.image), made.media_type, list(made.removed)],
        [
            *(made.blocks, made.bytes, made.image_blocks, made.image_bytes),
            *(made.largest_file, made.tsize, made.pixels),
        ],
    ]


def _read(line: bytes, pair: Pair) -> Computed | None:
    try:
        key, image, metadata, first, second, (root, image_cid, kind, removed), counts = json.loads(
            line
        )
        names = (pair.key, os.path.basename(pair.image), os.path.basename(pair.metadata))
        if (key, image, metadata) != names:
            return None
        made = Made(CID.parse(root), CID.parse(image_cid), kind, tuple(removed), *counts)
        return Computed((Stamp(*first), Stamp(*second)), made)
    except (ValueError, TypeError, AttributeError, BadCID):
        return None
