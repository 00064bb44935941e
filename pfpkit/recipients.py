"""Who gets what: a CSV with a recipient and a token in each line, read with every fault at once.

    recipient,token                                       `ape run airdrop`: the number of a token
    0x70997970C51812dc3A010C7d01b50e0d17dc79C8,7          in the collection
    nick.eth,12

    recipient,id                                          `ape run transfer --from-csv`: the id of
    0x70997970C51812dc3A010C7d01b50e0d17dc79C8,3          a token in the contract

RFC 4180, UTF-8, with or without a byte order mark; the columns stand in any order, and empty lines
count for nothing. A recipient is an address (any case, or with the right checksum) or an ENS name.
Trusts nothing in the file.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pfpkit.errors import BadInput, BadMetadata, BadReference
from pfpkit.metadata import token_number
from pfpkit.reference import NOBODY, checksum_address
from pfpkit.tokentable import open_file

__all__ = ["Recipient", "Recipients"]

_MAX_BYTES = 64 * 2**20
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line: `name` as it is written, the number of the token, and the address if that is one.

    `address` is empty for an ENS name, until it is looked up.
    """

    line: int
    name: str
    number: int
    address: str = ""


class Recipients:
    """All lines of a file, and what is wrong with it; `fault` adds to that, `check` raises it."""

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        self.column = column
        self.lines: list[Recipient] = []
        self._faults: list[tuple[int, str]] = []

    @classmethod
    def read(cls, path: Path, column: str) -> Self:
        """Read a file whose tokens are in `column`; BadInput when it is none."""
        found = cls(path, column)
        with open_file(str(path)) as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise BadInput(f"{path} is over {_MAX_BYTES:,} bytes; divide it")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise BadInput(f"{path} line {line}: is not UTF-8; save it as that") from error
        found._take(text)
        return found

    @property
    def names(self) -> list[str]:
        """The ENS names, each once."""
        return list(dict.fromkeys(line.name for line in self.lines if not line.address))

    def fault(self, line: int, what: str) -> None:
        """Note what is wrong with a line."""
        self._faults.append((line, what))

    def named(self, addresses: Mapping[str, str | BaseException]) -> None:
        """Give ENS names their addresses; a name that has none is a fault, with the reason."""
        for place, line in enumerate(self.lines):
            if line.address:
                continue
            found = addresses[line.name]
            if isinstance(found, BaseException):
                self.fault(line.line, str(found))
            else:
                self.lines[place] = Recipient(line.line, line.name, line.number, found)

    def check(self) -> None:
        """BadInput with all faults, a line each, in the order of the file."""
        if not self._faults:
            return
        faults = sorted(self._faults)
        shown = [f"  line {line}: {what}" for line, what in faults[:_SHOWN]]
        if len(faults) > _SHOWN:
            shown.append(f"  and {len(faults) - _SHOWN} more")
        count = "1 fault" if len(faults) == 1 else f"{len(faults):,} faults"
        raise BadInput("\n".join([f"{self.path} has {count}; nothing was sent:", *shown]))

    def _take(self, text: str) -> None:
        rows = _rows(text)
        try:
            _, header = next(rows, (1, []))
            wanted = ["recipient", self.column]
            if sorted(header) != sorted(wanted):
                raise BadInput(
                    f"{self.path} line 1: the columns are {_shown(header)}; they have to be "
                    f"{','.join(wanted)}"
                )
            place = header.index("recipient")
            seen: dict[int, int] = {}
            for number, cells in rows:
                self._line(number, cells, place, seen)
        except csv.Error as error:
            raise BadInput(f"{self.path}: is no CSV (RFC 4180): {error}; mend it") from error
        if not self.lines and not self._faults:
            raise BadInput(f"{self.path} has no recipients; add a line for each")

    def _line(self, line: int, cells: list[str], place: int, seen: dict[int, int]) -> None:
        if len(cells) != 2:
            self.fault(line, f"has {len(cells)} cells, and the header has 2")
            return
        name, number = cells[place], cells[1 - place]
        try:
            token = token_number(number)
        except BadMetadata as error:
            self.fault(line, str(error))
            return
        if token in seen:
            self.fault(line, f"token {token} is in line {seen[token]} already")
        seen.setdefault(token, line)
        address = ""
        try:
            if "." not in name:
                address = checksum_address(name)
        except BadReference as error:
            self.fault(line, str(error))
            return
        if address == NOBODY:
            self.fault(line, "the zero address holds no tokens")
        self.lines.append(Recipient(line, name, token, address))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of its last line and the cells of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]


def _shown(header: list[str]) -> str:
    return ",".join(cell[:20] for cell in header[:5]) or "none"
