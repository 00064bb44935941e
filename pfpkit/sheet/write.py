"""Write the pages of a contact sheet: five hundred pictures each, a few in memory at a time.

All pages are written to temporary files first and then renamed, the first page last, so that an
older sheet stays whole until the new one is.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from pfpkit.errors import BadInput
from pfpkit.sheet.page import MARK, Card, Head, page
from pfpkit.temporary import temporary_file

__all__ = ["PER_PAGE", "check_target", "page_files", "write_sheet"]

PER_PAGE = 500
"""About five megabytes a page; a browser opens that at once."""


def check_target(file: Path, count: int = 0) -> None:
    """BadInput unless `file`, and the pages beside it that so many pictures need, can become a
    contact sheet without harm to another file."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"{file}: a contact sheet is a web page; name it {file.stem}.html")
    try:
        for path in map(file.with_name, page_files(file, count)):
            if path.exists() and not _is_sheet(path):
                raise BadInput(f"{path} is there and is no contact sheet; name another file")
    except OSError as error:
        raise BadInput(f"{file}: cannot be written: {error.strerror}; name another") from error


def page_files(file: Path, count: int) -> list[str]:
    """Return the names of the pages for so many pictures.

    >>> page_files(Path("out/sheet.html"), 1001)
    ['sheet.html', 'sheet-2.html', 'sheet-3.html']
    """
    pages = max(1, -(-count // PER_PAGE))
    return [file.name, *(f"{file.stem}-{n}{file.suffix}" for n in range(2, pages + 1))]


def write_sheet(file: Path, head: Head, cards: Iterator[Card], files: Sequence[str]) -> None:
    """Write all pages beside each other; OSError or BadInput leaves an older sheet as it was.

    Pages of an older and longer sheet are removed.
    """
    check_target(file, PER_PAGE * len(files))
    file.parent.mkdir(parents=True, exist_ok=True)
    written: dict[Path, str] = {}
    with ExitStack() as stack:
        for number, name in enumerate(files, 1):
            path = file.with_name(name)
            written[path], out = stack.enter_context(temporary_file(path))
            for piece in page(head, islice(cards, PER_PAGE), number, files):
                out.write(piece.encode("utf-8", "replace"))
            out.flush()
        for path in reversed(written):
            os.replace(written[path], path)
    _remove_after(file, len(files))


def _remove_after(file: Path, pages: int) -> None:
    number = pages + 1
    while _is_sheet(path := file.with_name(f"{file.stem}-{number}{file.suffix}")):
        path.unlink()
        number += 1


def _is_sheet(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return MARK.encode() in file.read(512)
    except OSError:
        return False
