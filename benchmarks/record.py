"""What a benchmark of several parts measured, as JSON in benchmarks/results; part by part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gas.report import RESULTS

__all__ = ["Record", "Results", "loads", "locked"]

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """The results of one benchmark: a head, and rows for each part with the machine's load."""

    name: str

    def read(self) -> Results:
        """The results; without any, none."""
        path = RESULTS / self.name
        found: Results = json.loads(path.read_text()) if path.is_file() else {"parts": {}}
        return found

    def keep(self, head: Results, part: str, rows: Any, load: float) -> None:
        """Replace the figures of one part; the head is of the latest run."""
        parts = self.read()["parts"] | {part: {"load": round(load, 1), "rows": rows}}
        text = json.dumps({"head": head, "parts": parts}, indent=2, ensure_ascii=False) + "\n"
        (RESULTS / self.name).write_text(text)


def loads(results: Results) -> str:
    """The machine's load at each part, in words."""
    return ", ".join(f"{one['load']} ({name})" for name, one in results["parts"].items())


def locked(lock: Path) -> dict[str, str]:
    """The versions of what the package.json beside a lock of npm's asks for."""
    packages = json.loads(lock.read_text())["packages"]
    wanted = json.loads(lock.with_name("package.json").read_text())["devDependencies"]
    return {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
