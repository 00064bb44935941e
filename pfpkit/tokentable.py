"""The tokens of a collection in one file, of which each row is found, hashed and read by itself.

    tokens.csv      RFC 4180, UTF-8, with or without a byte order mark; see `metadata.table`
    tokens.jsonl    JSON Lines: a token file a line, with its number as `token`
    tokens.json     one token file for all, with `{token}` for the number; see `metadata.template`

A scan keeps where each row lies and the hash of its bytes, so that a hundred thousand rows are a
few megabytes, and a row that did not change is not parsed again. Trusts nothing in the file: every
fault is told with its line, and one row's fault hides no other's.
"""

import csv
import functools
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

from pfpkit.errors import BadInput, BadMetadata
from pfpkit.metadata import (
    TOKEN,
    Columns,
    TokenMetadata,
    from_template,
    read_json,
    token_number,
)

__all__ = ["TABLES", "Row", "Table", "open_file", "scan"]

MAX_ROW_BYTES = 64 * 2**10
_BOM = b"\xef\xbb\xbf"
_NEST = 500


def open_file(path: str) -> BinaryIO:
    """Open a file to read; BadInput when it is none."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for a writer for ever.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise BadInput(f"{path}: is no file; put a file there")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error
    return file


@dataclass(frozen=True, slots=True)
class Table:
    """One of the three files; `columns` are the header of a CSV."""

    path: str
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the file."""
        return os.path.basename(self.path)

    def hash_of(self, data: bytes) -> str:
        """Return the hash of a row, which is another one under another header."""
        hasher = _head(self.path, self.columns).copy()
        hasher.update(data.rstrip(b"\r\n"))
        return hasher.hexdigest()


@functools.lru_cache(maxsize=4)
def _head(path: str, columns: tuple[str, ...]) -> "hashlib._Hash":
    return hashlib.sha256(json.dumps([os.path.basename(path), columns]).encode() + b"\0")


@dataclass(frozen=True, slots=True)
class Row:
    """Where the words of one token lie in a table: at `line`, `length` bytes from `offset` on."""

    table: Table
    line: int
    offset: int
    length: int
    digest: str

    @property
    def place(self) -> str:
        """The file, and the line that a person finds the row at."""
        path = self.table.path
        return path if self.table.name == "tokens.json" else f"{path} line {self.line}"

    def read(self) -> bytes:
        """Return the row's bytes; BadInput when it is not the one that was found."""
        with open_file(self.table.path) as file:
            data = os.pread(file.fileno(), self.length, self.offset)
        if self.table.hash_of(data) != self.digest:
            raise BadInput(f"{self.table.path} changed while it was being used; run it again")
        return data

    def metadata(self, key: str, data: bytes) -> TokenMetadata:
        """Return what the row says of token `key`; BadMetadata has a line for every fault."""
        if self.table.name == "tokens.json":
            return from_template(data, key, self.place)
        if self.table.name == "tokens.jsonl":
            fields = read_json(data.rstrip(b"\r\n"), self.place, line=self.line)
            if isinstance(fields, dict):
                fields = {name: value for name, value in fields.items() if name != TOKEN}
            return TokenMetadata.of(fields, self.place)
        cells = next(csv.reader([data.decode()], strict=True))
        try:
            return Columns(self.table.columns).metadata([_plain(cell) for cell in cells])
        except BadMetadata as error:
            raise BadMetadata(_each(f"{self.place}, ", error)) from error


def scan(path: Path, problems: list[str]) -> tuple[dict[int, Row], bool]:
    """Return the rows of a table by token, and whether every row of it could be told apart.

    Faults are added to `problems`, a line each. A template gives one row, under 0.
    """
    try:
        with open_file(str(path)) as file:
            found = _Scan(str(path), file, problems)
            TABLES[path.name](found)
            return found.rows, found.whole
    except BadInput as error:
        problems += str(error).split("\n")
        return {}, False


@dataclass(slots=True)
class _Scan:
    """The lines of a file, decoded; counts them and the bytes, for the rows that begin there."""

    path: str
    file: BinaryIO
    problems: list[str]
    rows: dict[int, Row] = field(default_factory=dict)
    line: int = 0
    offset: int = 0
    raw: list[bytes] = field(default_factory=list)
    whole: bool = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        data = self.file.readline(2 * MAX_ROW_BYTES)
        if not data:
            raise StopIteration
        self.line += 1
        self.raw.append(data)
        if self.offset == 0:
            data = self._begin(data)
        self.offset += len(self.raw[-1])
        if len(self.raw[-1]) == 2 * MAX_ROW_BYTES:
            raise BadInput(f"{self.path} line {self.line}: is too long; was it saved as text?")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise BadInput(
                f"{self.path} line {self.line}: not UTF-8 at byte {error.start + 1}; save it as "
                "UTF-8 (in a spreadsheet, as 'CSV UTF-8')"
            ) from error

    def _begin(self, data: bytes) -> bytes:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise BadInput(f"{self.path}: is UTF-16; save it as UTF-8")
        if not data.startswith(_BOM):
            return data
        # It is no part of the first row.
        self.offset = len(_BOM)
        self.raw[-1] = data[len(_BOM) :]
        return self.raw[-1]

    def fault(self, line: int, what: str) -> None:
        self.problems.append(f"{self.path} line {line}{what}")

    def keep(self, table: Table, token: int, line: int, offset: int) -> None:
        """Remember the row that ends here."""
        data = b"".join(self.raw)
        if len(data) > MAX_ROW_BYTES:
            self.fault(line, f": {len(data):,} bytes is more than the {MAX_ROW_BYTES:,} allowed")
        before = self.rows.get(token)
        if before is not None:
            self.fault(line, f": token {token} is at line {before.line} too; keep one of them")
            return
        self.rows[token] = Row(table, line, offset, len(data), table.hash_of(data))


def _csv(scan: _Scan) -> None:
    columns: Columns | None = None
    table = Table(scan.path)
    for line, offset, cells in _records(scan):
        if columns is None:
            columns = _header(scan, cells)
            table = Table(scan.path, columns.names)
        elif not any(cells):
            continue  # what spreadsheets leave below the last row
        elif len(cells) != len(columns.names):
            many = f"{len(cells)} cells" if len(cells) != 1 else "1 cell"
            scan.fault(line, f": {many}, and the header has {len(columns.names)}; is one missing?")
            # It has a row, though a wrong one: its picture is not said to have none.
            _note_token(scan, table, columns, cells, line)
        else:
            try:
                token = token_number(columns.cell(TOKEN, cells))
                scan.keep(table, token, line, offset)
            except BadMetadata as error:
                scan.fault(line, f", column {TOKEN!r}: {error}")
    if columns is None:
        raise BadInput(f"{scan.path}: has no header; its first line names the columns: token,name")


def _records(scan: _Scan) -> Iterator[tuple[int, int, list[str]]]:
    """Yield line, offset and cells of every record; one that is broken is told and passed over."""
    reader = csv.reader(scan, strict=True)
    while True:
        line, offset = scan.line + 1, max(scan.offset, 0)
        scan.raw.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            scan.fault(line, f": {_reason(str(error))}")
            scan.whole = False
            reader = csv.reader(scan, strict=True)
            continue
        if offset == 0:
            offset = scan.offset - sum(map(len, scan.raw))  # after a byte order mark
        yield line, offset, cells


def _header(scan: _Scan, names: list[str]) -> Columns:
    if len(names) == 1 and (found := [sign for sign in ";\t|" if sign in names[0]]):
        raise BadInput(
            f"{scan.path} line 1: its columns are divided by {found[0]!r}; save it with commas"
        )
    try:
        return Columns.parse(names)
    except BadMetadata as error:
        raise BadInput(_each(f"{scan.path} line 1: ", error)) from error


def _note_token(scan: _Scan, table: Table, columns: Columns, cells: list[str], line: int) -> None:
    place = columns.names.index(TOKEN)
    try:
        token = token_number(cells[place])
    except (BadMetadata, IndexError):
        return
    scan.rows.setdefault(token, Row(table, line, 0, 0, ""))


def _reason(error: str) -> str:
    """Return what is wrong with a record, for somebody who sees it in an editor.

    >>> _reason("unexpected end of data")
    'a quote is opened in this row and never closed; close it, or double it where it is meant'
    """
    if error.startswith(("unexpected end", "field larger")):
        return (
            "a quote is opened in this row and never closed; close it, or double it where it is "
            "meant"
        )
    if "new-line character" in error:
        return "a line ends with CR alone; save it with the line ends of Windows or Unix"
    return 'text follows a closing quote; double ("") a quote that is meant'


def _jsonl(scan: _Scan) -> None:
    table = Table(scan.path)
    while True:
        line, offset = scan.line + 1, scan.offset
        scan.raw.clear()
        text = next(scan, None)
        if text is None:
            return
        if text.isspace():
            continue
        if line == 1:
            offset = scan.offset - len(scan.raw[0])
        try:
            scan.keep(table, _json_token(text, scan.path, line), line, offset)
        except BadMetadata as error:
            scan.problems.append(str(error))


def _json_token(text: str, path: str, line: int) -> int:
    """Return the `token` of a line; whether the rest is right is asked when the row is read."""
    place = f"{path} line {line}"
    text = text.rstrip("\r\n")
    try:
        # Deep nesting would overflow the parser's stack; `read_json` refuses it.
        deep = text.count("[") + text.count("{") > _NEST
        fields = read_json(text, place, line=line) if deep else json.loads(text)
    except ValueError:
        fields = read_json(text, place, line=line)
    token = fields.get(TOKEN) if isinstance(fields, dict) else None
    if token is None:
        raise BadMetadata(f'{place}: has no {TOKEN!r}; write {{"token": 7, ...}}')
    try:
        return token_number(str(token) if type(token) in (int, str) else repr(token))
    except BadMetadata as error:
        raise BadMetadata(f"{place}: {TOKEN!r}: {error}") from error


def _template(scan: _Scan) -> None:
    data = scan.file.read(MAX_ROW_BYTES + 1)
    table = Table(scan.path)
    # Once for all tokens: each of them would say the same.
    from_template(data, "1", scan.path)
    scan.rows[0] = Row(table, 1, 0, len(data), table.hash_of(data))


def _plain(cell: str) -> str:
    # Inside quotes, the line ends of the file's system are line ends.
    return cell.replace("\r\n", "\n")


def _each(place: str, error: BadMetadata) -> str:
    return "\n".join(f"{place}{line}" for line in str(error).split("\n"))


TABLES: dict[str, Callable[[_Scan], None]] = {
    "tokens.csv": _csv,
    "tokens.jsonl": _jsonl,
    "tokens.json": _template,
}
