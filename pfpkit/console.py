"""What scripts print: aligned facts, tables, sizes and times in words.

Imports no ape.
"""

import math
from collections.abc import Sequence


def facts(rows: Sequence[tuple[str, object]]) -> str:
    """Return names and values in two columns.

    >>> print(facts([("network", "local"), ("id", 1)]))
      network  local
      id       1
    """
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"  {name:{width}}  {value}" for name, value in rows)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table; columns of numbers stand to the right.

    >>> print(table(["what", "gas"], [["mint", "97,233"], ["transfer", "39,810"]]))
      what         gas
      --------  ------
      mint      97,233
      transfer  39,810
    """
    texts = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(head, *texts, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [all(cell[:1].isdigit() for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        return ("  " + "  ".join(padded)).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, texts)])


def clipped(text: str, most: int) -> str:
    r"""Return a stranger's text as one line of at most `most` letters that can be printed.

    >>> clipped("a\tb" + 9 * "c", 8)
    'a?bcc...'
    """
    line = text[: most + 1]
    if not line.isprintable():
        line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= most else f"{line[: most - 3]}..."


def shown(text: str) -> str:
    r"""Return `text` with what a terminal would obey, or cannot print, as escapes.

    >>> shown("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def size(count: int) -> str:
    """Return a number of bytes as people read it.

    >>> size(1_234_567), size(999)
    ('1.2 MB', '999 bytes')
    """
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if count >= step:
            return f"{count / step:,.1f} {unit}"
    return f"{count} bytes"


def duration(seconds: float) -> str:
    """Return a time as people read it, rounded up and the more the longer it is.

    >>> duration(0.2), duration(46), duration(200), duration(2041), duration(20_004)
    ('1 s', '46 s', '3 min 20 s', '35 min', '5 h 34 min')
    """
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        minutes, rest = divmod(math.ceil(whole / 10) * 10, 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(math.ceil(whole / 60), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"
