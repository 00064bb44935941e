"""What a record says of all tokens together: the provenance hash, and the directory that holds all.

A line of each stands before the entries. Both follow from the bundles, so a line that cannot be
read, or one of two that a merge left, is as good as none: the next run writes it again.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pfpkit.cid import CID
from pfpkit.errors import BadCID, BadInput
from pfpkit.provenance import Provenance
from pfpkit.timestamp import TIMESTAMP

__all__ = ["DIRECTORY", "NOTHING", "DirectoryPins", "Whole"]

DIRECTORY = "directory"
"""What the directory is called where tokens are called by their numbers."""

_LINE = re.compile(r'^ *"(provenance|directory)": *(\{.*\}),?\n', re.MULTILINE)
_FIRST_ENTRY = '"bundle"'


@dataclass(frozen=True, slots=True)
class DirectoryPins:
    """The directory of all bundles: who holds it, and through whom it came back, and since when."""

    root: CID
    entries: int
    pinned_by: Mapping[str, str] = field(default_factory=dict)
    read_back: Mapping[str, str] = field(default_factory=dict)

    def merged(self, later: Self) -> Self:
        """Return what both know of one directory; another directory takes its place."""
        if later.root != self.root:
            return later
        return replace(
            self,
            pinned_by=dict(sorted({**self.pinned_by, **later.pinned_by}.items())),
            read_back=dict(sorted({**self.read_back, **later.read_back}.items())),
        )


@dataclass(frozen=True, slots=True)
class Whole:
    """What is known of all tokens together; nothing, at first."""

    provenance: Provenance | None = None
    directory: DirectoryPins | None = None

    @classmethod
    def split(cls, text: str) -> tuple[Self, str]:
        """Return what the head of a record says, and the record without it, line by line."""
        head = text[: text.find(_FIRST_ENTRY)]
        lines = dict[str, list[Any]]()
        for name, body in _LINE.findall(head):
            said = lines.setdefault(name, [])
            with suppress(ValueError, RecursionError):
                said.append(json.loads(body))
        if not lines:
            return cls(), text
        once = {name: said[0] for name, said in lines.items() if len(said) == 1}
        found = cls(_provenance(once.get("provenance")), _directory(once.get("directory")))
        return found, _LINE.sub("\n", head) + text[len(head) :]

    def lines(self) -> list[str]:
        """Return the lines of a record."""
        said: dict[str, object] = {}
        if (hashed := self.provenance) is not None:
            said["provenance"] = {"sha256": str(hashed), "tokens": hashed.tokens}
        if (whole := self.directory) is not None:
            said["directory"] = {
                "root": str(whole.root),
                "entries": whole.entries,
                "pinned_by": dict(whole.pinned_by),
                "read_back": dict(whole.read_back),
            }
        return [f"{json.dumps(name)}: {json.dumps(body)},\n" for name, body in said.items()]

    def merged(self, later: Self) -> Self:
        """Return what both know; the later one counts where they differ."""
        directory = later.directory
        if self.directory is not None and directory is not None:
            directory = self.directory.merged(directory)
        return replace(
            self,
            provenance=later.provenance or self.provenance,
            directory=directory or self.directory,
        )


NOTHING = Whole()
"""What a record says that knows no collection whole."""


def _provenance(said: Any) -> Provenance | None:
    with suppress(BadInput, KeyError, TypeError, ValueError):
        return Provenance.parse(said["sha256"], int(said["tokens"]))
    return None


def _directory(said: Any) -> DirectoryPins | None:
    with suppress(BadCID, KeyError, TypeError, ValueError, AttributeError):
        pins, reads = dict(said["pinned_by"]), dict(said["read_back"])
        if all(TIMESTAMP.fullmatch(at) for at in (*pins.values(), *reads.values())):
            return DirectoryPins(CID.parse(said["root"]), int(said["entries"]), pins, reads)
    return None
