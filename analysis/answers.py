"""The answers in docs/security.md, and what to say when findings and answers differ.

An answer is a row of a table under the heading `### Analyser version`:

    | finding | impact | where | why it is right as it is |
    | `low-level-calls` | informational | `Receiver.ask` | The answer. |

It answers one finding of that kind at each place named; `Place` x4 answers four. A place with more
findings than were answered has a new one, so that no answer covers what nobody looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from analysis.analysers import Finding, Report

_HEADING = re.compile(r"^### (.+ [0-9][^ ]*)$")
_PLACE = re.compile(r"`([^`]+)`(?: x(\d+))?")


class BadAnswers(Exception):
    """docs/security.md cannot be read as answers; says which line."""


def read(page: str) -> dict[str, Counter[Finding]]:
    """The findings that are answered, without their words, by analyser with its version."""
    answers: dict[str, Counter[Finding]] = {}
    current: Counter[Finding] | None = None
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("#"):
            heading = _HEADING.match(line)
            current = answers.setdefault(heading[1], Counter()) if heading else None
        elif current is not None and line.startswith("| `"):
            current.update(_row(number, line))
    return answers


def _row(number: int, line: str) -> Counter[Finding]:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    places = _PLACE.findall(cells[2]) if len(cells) == 4 else []
    if not places or not cells[3]:
        raise BadAnswers(f"line {number}: four cells are needed: finding, impact, where, answer")
    row: Counter[Finding] = Counter()
    for where, times in places:
        row[Finding(cells[0].strip("`"), cells[1], where)] += int(times or 1)
    return row


def complaints(reports: Iterable[Report], answers: dict[str, Counter[Finding]]) -> list[str]:
    """What is found and not answered, and what is answered and not found, a line or more each."""
    lines: list[str] = []
    left = dict(answers)
    for report in reports:
        answered = left.pop(report.analyser, None)
        if answered is None:
            lines.append(f"{report.analyser}: docs/security.md has no such heading")
        lines += _of_one(report, answered or Counter())
    return lines + [f"{name}: has answers, but was not run" for name in left]


def _of_one(report: Report, answered: Counter[Finding]) -> list[str]:
    found = Counter(Finding(f.kind, f.impact, f.where) for f in report.findings)
    lines = []
    for key, more in sorted((found - answered).items()):
        words = [f.words for f in report.findings if (f.kind, f.where) == (key.kind, key.where)]
        said = [f"    {one}" for one in dict.fromkeys(words)]
        lines += [f"{report.analyser}: not answered: {_named(key, more)}", *said]
    gone = sorted((answered - found).items())
    return lines + [f"{report.analyser}: answered, not found: {_named(k, n)}" for k, n in gone]


def _named(key: Finding, times: int) -> str:
    return f"{key.kind} ({key.impact}) in {key.where}" + (f", {times} more" if times > 1 else "")
