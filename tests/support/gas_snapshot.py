"""The record of what the contract costs, and what to say when it costs something else.

A figure is worth something beside what it was measured with: the head of the record names the
compiler, its settings and the node as they answered, and another head makes the figures void.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

COMMAND = "ape test tests/gas --update-gas"


def read(path: Path) -> dict[str, Any]:
    """The record: `head`, and `gas` by scenario; empty when there is none yet."""
    return json.loads(path.read_text()) if path.exists() else {"head": {}, "gas": {}}


def write(path: Path, head: dict[str, Any], gas: dict[str, int]) -> None:
    """Replace the record."""
    path.write_text(json.dumps({"head": head, "gas": gas}, indent=2) + "\n")


def complaints(recorded: dict[str, Any], head: dict[str, Any], gas: dict[str, int]) -> str:
    """What is wrong with the record, as a text for a person; empty when it is right."""
    was = recorded["head"]
    if was != head:
        lines = [
            f"  {key}: recorded with {was.get(key)!r}, measured with {head.get(key)!r}"
            for key in sorted(was | head)
            if was.get(key) != head.get(key)
        ]
        advice = f"Use what the record names, or measure anew: {COMMAND}"
        return "\n".join(["The gas record is of another compiler or node:", *lines, advice])
    before: dict[str, int] = recorded["gas"]
    changed = {name for name in before | gas if before.get(name) != gas.get(name)}
    if not changed:
        return ""
    risen = any(gas.get(name, 0) > before.get(name, 0) for name in changed)
    title = "Gas rose." if risen else "Gas fell."
    advice = "Say why in the commit that records it" if risen else "Record it"
    rows = [_row(name, before.get(name), gas.get(name)) for name in before | gas if name in changed]
    heading = f"  {'':42}{'recorded':>12}{'measured':>12}{'change':>10}"
    return "\n".join([title, heading, *rows, f"{advice}: {COMMAND}"])


def _row(name: str, before: int | None, now: int | None) -> str:
    if before is None or now is None:
        change = "new" if before is None else "gone"
    else:
        change = f"{now - before:+,}"
    figures = ("-" if figure is None else f"{figure:,}" for figure in (before, now))
    recorded, measured = figures
    return f"  {name:42}{recorded:>12}{measured:>12}{change:>10}"
