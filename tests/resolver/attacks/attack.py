"""One attack: its name, what it puts where, and how the read path has to end.

It ends at a step, with a word for programs: one of `StepError`, at `media` of `MediaOutcome`, at
`chain` of `pfpkit.tokens.Outcome`, and at `name` the error that is raised before a token is read.
`shown` stands where the attack is in a part that is thrown away: the bytes are those that were
minted, and what is shown of them is made anew, without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from support.read_path import Name, Scene

from pfpkit.reference import TokenRef

__all__ = ["Attack", "Name", "Scene", "attack"]

Arrange = Callable[[Scene], str | Name | TokenRef]
"""Puts what an attack needs on its scene; gives a token URI, a name, or a token that is there."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One of them. Of several `words`, it depends on the machine which of its limits is met first.

    One that `waits` is ended by a limit of time, which is short for it.
    """

    name: str
    arrange: Arrange
    step: str
    words: tuple[str, ...]
    waits: bool = False


def attack(name: str, arrange: Arrange, step: str, *words: str, waits: bool = False) -> Attack:
    """An attack that has to end at `step` with one of `words`."""
    return Attack(name, arrange, step, tuple(map(str, words)), waits)
