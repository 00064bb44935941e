"""complaints: what analysers find, against the answers in docs/security.md

given each finding answered, and nothing else, is silent
given a finding of another kind, place, impact or number, says which and in what words
given an answer that nothing finds, says so
given another version of an analyser, none of its answers counts
given a row that cannot be read, names the line
"""

from pathlib import Path

import pytest

from analysis.analysers import Finding, Report
from analysis.answers import BadAnswers, complaints, read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
ANSWERS = """# Page
### Tool 1.2
| finding | impact | where | why |
|---------|--------|-------|-----|
| `shadow` | low | `C.f`, `C.g` x2 | It is the ABI's. |

## More
| `other` | low | `C.h` | Not under a tool. |
"""
FOUND = (
    Finding("shadow", "low", "C.f", "f shadows"),
    Finding("shadow", "low", "C.g", "g shadows"),
    Finding("shadow", "low", "C.g", "g shadows again"),
)


def said(*findings, analyser="Tool 1.2"):
    """The complaints about these findings."""
    return complaints([Report(analyser, list(findings), "")], read(ANSWERS))


def test_complaints__when_each_is_answered__is_silent():
    """An answer for each finding, and a finding for each answer."""
    assert said(*FOUND) == []


@pytest.mark.parametrize(
    "new",
    [
        Finding("reentrancy", "low", "C.f", "in words"),
        Finding("shadow", "low", "C.h", "in words"),
        Finding("shadow", "high", "C.f", "in words"),
        Finding("shadow", "low", "C.f", "in words"),
    ],
)
def test_complaints__when_one_more_is_found__says_it(new):
    """Another kind, place or impact, and one more of an answered kind and place."""
    first, *words = said(*FOUND, new)
    assert first == f"Tool 1.2: not answered: {new.kind} ({new.impact}) in {new.where}"
    assert "    in words" in words


def test_complaints__when_nothing_finds_it_any_more__says_it():
    """An answer without a finding would cover the next one unseen."""
    assert said(*FOUND[1:]) == ["Tool 1.2: answered, not found: shadow (low) in C.f"]


def test_complaints__when_the_version_is_another__no_answer_counts():
    """What one version says was looked at; what another says was not."""
    lines = said(*FOUND, analyser="Tool 1.3")
    assert lines[0] == "Tool 1.3: docs/security.md has no such heading"
    assert "Tool 1.3: not answered: shadow (low) in C.g, 2 more" in lines
    assert lines[-1] == "Tool 1.2: has answers, but was not run"


@pytest.mark.parametrize(
    "row", ["| `a` | low | C.f | So it is. |", "| `a` | low | `C.f` |", "| `a` | low | `C.f` | |"]
)
def test_read__when_a_row_has_no_place_or_no_reason__names_the_line(row):
    """A finding is not answered by an empty cell."""
    with pytest.raises(BadAnswers, match="line 2: four cells"):
        read(f"### Tool 1.2\n{row}\n")


def test_read__when_it_is_our_page__has_answers_of_each_analyser():
    """docs/security.md is read by the same rules."""
    answers = read(PAGE.read_text())
    names = {name.rsplit(" ", 1)[0] for name in answers}
    assert names == {"solc", "Slither", "slither-check-erc", "Slitherin", "solhint"}
    assert sum(answers["Slither 0.11.6"].values()) > 10
