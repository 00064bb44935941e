"""What this machine knows of pins that is in no record yet, so that a kill costs no upload.

    .pfpkit/pinning/journal     one line for each root that a service took, and for each bundle that
                                came back through a gateway

A run holds the folder: a second one is told to wait. What reached the records is taken out. The
embedded store is never in it, for it can be asked at no cost. A journal of another version is
refused: its uploads would be done again. Of one with a damaged line nothing is believed until the
services were asked, because that line may have said that a root is lost.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pfpkit.cid import CID
from pfpkit.errors import BadCID, PinError
from pfpkit.journal import HeldJournal, row_of
from pfpkit.pins import PinnedBy, ReadBack

__all__ = ["Ledger"]

_HEAD = "pfpkit pinning journal 2"
_KEEP = "move it away, and what only it knows is pinned again"


class Ledger(HeldJournal):
    """Use as `with Ledger(folder) as ledger:`; PinError when another run holds the folder.

    With `holding=False` it only reads, beside whoever writes.
    """

    def __init__(self, folder: Path, *, holding: bool = True) -> None:
        super().__init__(folder, _HEAD, keep_others=_KEEP, holding=holding)
        self._pins: dict[str, dict[CID, PinnedBy]] = {}
        self._reads: dict[CID, dict[str, ReadBack]] = {}
        self._lost: dict[str, set[CID]] = {}
        self._came: dict[CID, set[str]] = {}
        self._rows = 0

    @property
    def damaged(self) -> bool:
        """Whether a line could not be read, so that what the others say may not hold."""
        return self._journal.wrong > 0

    def pinned(self, root: CID, pin: PinnedBy) -> None:
        """Remember that a service took `root`; the line outlives the process at once."""
        self._pins.setdefault(pin.pinner, {})[root] = pin
        self._append(["pin", pin.pinner, str(root), pin.at, pin.blocks, pin.bytes])

    def lost(self, pinner: str, roots: Iterable[CID]) -> None:
        """Remember that a service does not hold what it took, whatever the records say."""
        for root in roots:
            self._forget(pinner, root)
            if self._holding:
                self._append(["lost", pinner, str(root), ""])

    def lost_by(self, pinner: str) -> frozenset[CID]:
        """Return the roots that a service had lost, until a record says it has them again."""
        return frozenset(self._lost.get(pinner, ()))

    def read(self, bundle: CID, back: ReadBack) -> None:
        """Remember that a bundle came back; a line that cannot be written costs a reading."""
        self._reads.setdefault(bundle, {})[back.gateway] = back
        self._came.setdefault(bundle, set()).add(back.gateway)
        with suppress(PinError):
            self._append(["read", back.gateway, str(bundle), back.at])

    def pin_of(self, pinner: str, root: CID) -> PinnedBy | None:
        """Return since when a service holds `root`, or None."""
        return self._pins.get(pinner, {}).get(root)

    def roots(self, pinner: str) -> frozenset[CID]:
        """Return the roots that a service took."""
        return frozenset(self._pins.get(pinner, ()))

    def reads_of(self, bundle: CID) -> tuple[ReadBack, ...]:
        """Return through which gateways a bundle came back."""
        return tuple(self._reads.get(bundle, {}).values())

    def came(self, bundle: CID) -> frozenset[str]:
        """Return through which gateways a bundle came back since this was opened."""
        return frozenset(self._came.get(bundle, ()))

    def keep(self, pin: Callable[[str, CID], bool], reading: Callable[[str, CID], bool]) -> None:
        """Keep the (service, root) and the (gateway, bundle) that are to be kept, and no others.

        Rows that later ones have made void, and damaged lines, are not kept for long either.
        """
        pins = {n: {r: p for r, p in held.items() if pin(n, r)} for n, held in self._pins.items()}
        lost = {n: {r for r in roots if pin(n, r)} for n, roots in self._lost.items()}
        reads = {
            bundle: {n: back for n, back in backs.items() if reading(n, bundle)}
            for bundle, backs in self._reads.items()
        }
        same = (pins, lost, reads) == (self._pins, self._lost, self._reads)
        self._pins, self._lost, self._reads = pins, lost, reads
        # The lost first: what was pinned again after that is held.
        rows: list[list[Any]] = [
            ["lost", name, str(root), ""] for name, roots in lost.items() for root in roots
        ]
        rows += [
            ["pin", pin.pinner, str(root), pin.at, pin.blocks, pin.bytes]
            for held in pins.values()
            for root, pin in held.items()
        ]
        rows += [
            ["read", back.gateway, str(bundle), back.at]
            for bundle, backs in reads.items()
            for back in backs.values()
        ]
        if same and not self.damaged and self._rows <= 2 * len(rows):
            return
        self._rows = len(rows)
        with self._disk():
            self._journal.replace(map(row_of, rows))

    def _load(self) -> None:
        for line in self._journal.lines():
            self._rows += 1
            with suppress(ValueError, TypeError, IndexError, BadCID):
                self._take(json.loads(line))

    def _busy(self) -> PinError:
        return PinError(f"another `ape run pin` is at work in {self.folder}; wait until it ends")

    def _unusable(self, words: str) -> PinError:
        return PinError(
            f"{self.folder} cannot be used: {words}; it keeps what a killed run has pinned, so it "
            "has to be a folder that you may read and write"
        )

    def _forget(self, pinner: str, root: CID) -> None:
        self._pins.get(pinner, {}).pop(root, None)
        self._lost.setdefault(pinner, set()).add(root)

    def _append(self, row: list[Any]) -> None:
        self._rows += 1
        with self._disk():
            self._journal.append(row_of(row))

    def _take(self, row: list[Any]) -> None:
        kind, place, root, at = row[:4]
        cid = CID.parse(root)
        if kind == "pin":
            blocks, size = row[4:]
            self._pins.setdefault(place, {})[cid] = PinnedBy(place, at, int(blocks), int(size))
        elif kind == "lost":
            self._forget(place, cid)
        elif kind == "read":
            self._reads.setdefault(cid, {})[place] = ReadBack(place, at)
