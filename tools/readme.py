"""Run the ```console blocks of a Markdown file and compare what they print: `make readme`.

A line `$ command` is run in this checkout by one bash that lives as long as the file; the lines
below it are what it has to print, on both streams. `...` stands for anything within a line, and a
line of `...` alone for any number of lines. A comment on a line of its own,
`<!-- run: command -->`, is a command that no reader sees, and whose output is not compared: it puts
loopback in the place of the internet. Standard library only.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WITHIN_S = 900
HIDDEN = re.compile(r"<!-- run: (.+) -->")


@dataclass
class Command:
    """One command of the file, where it stands, and the lines that it has to print."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list)


def commands(text: str) -> list[Command]:
    """Return the commands of all ```console blocks."""
    found: list[Command] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if hidden := HIDDEN.fullmatch(line):
            found.append(Command(number, hidden[1], ["..."]))
        elif line.startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            found.append(Command(number, line[2:]))
        elif inside and found:
            found[-1].expected.append(line)
    return found


def pattern(expected: list[str]) -> re.Pattern[str]:
    """Return the regular expression of the expected lines.

    >>> bool(pattern(["a ... c", "...", "z"]).fullmatch("a b c\\nx\\ny\\nz\\n"))
    True
    """
    lines = []
    for line in expected:
        if line.strip() == "...":
            lines.append("(?:.*\n)*?")
        else:
            lines.append(
                ".*?".join(re.escape(part) for part in line.rstrip().split("...")) + " *\n"
            )
    return re.compile("".join(lines))


def run(command: Command, shell: subprocess.Popen[str]) -> tuple[str, int]:
    """Run a command in the shell; return what it printed and its exit code."""
    assert shell.stdin is not None
    assert shell.stdout is not None
    end = f"--- end of line {command.line}:"
    shell.stdin.write(f"{command.text}\nprintf '\\n{end} %s\\n' $?\n")
    shell.stdin.flush()
    lines: list[str] = []
    for line in shell.stdout:
        if line.startswith(end):
            printed = "".join(lines)
            return printed.removesuffix("\n"), int(line.removeprefix(end))
        lines.append(line.split("\r")[-1])
    raise SystemExit(f"line {command.line}: the shell ended")


def main(path: Path) -> int:
    found = commands(path.read_text())
    if not found:
        print(f"{path}: no ```console block")
        return 1
    failed = 0
    shell = subprocess.Popen(
        ["timeout", str(WITHIN_S), "bash", "--noprofile", "--norc"],
        cwd=ROOT,
        # A user's `make` is not run by another one.
        env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for command in found:
            printed, code = run(command, shell)
            matches = pattern(command.expected).fullmatch(printed) is not None
            right = matches and (code == 0) == ("error:" not in printed)
            failed += not right
            print(f"{'ok' if right else 'FAILED'}  line {command.line}: {command.text}")
            if not right:
                print(f"exit code {code}; it printed:\n{printed}")
    finally:
        assert shell.stdin is not None
        shell.stdin.write("kill $(jobs -p) 2>/dev/null; exit\n")
        shell.stdin.close()
        shell.wait(timeout=30)
    print(f"{len(found) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
