"""A copy of this project in its own folder, where tests run `ape run ...` as a user does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from support.anvil import KEY, MNEMONIC
from support.forked import Forked, LoadedApe

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("ape-config.yaml", "contracts", "scripts", "metadata")
OFFLINE = Path(__file__).parent / "offline"
SEVERAL = Path(__file__).parent / "several.py"
BIN = Path(sys.executable).parent
_NOISE = re.compile(r"Traceback|^(INFO|WARNING|ERROR|SUCCESS)\b|Warning:|\x1b\[", re.MULTILINE)
_PROGRESS = re.compile(
    r"  (checked|pinned|read back|pinned again|read again|minted|transferred|concluded|drawn"
    r"|resolved|nonce) \d"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and returned."""

    command: str
    code: int
    out: str
    err: str

    @property
    def next(self) -> str:
        """The command that it told the user to run next."""
        (line,) = [line for line in self.out.splitlines() if line.startswith("next: ")]
        return line.removeprefix("next: ")

    def fact(self, name: str) -> str:
        """The value that it printed for a name."""
        (line,) = [line for line in self.out.splitlines() if line.startswith(f"  {name}  ")]
        return line.removeprefix(f"  {name}").strip()

    @property
    def refusal(self) -> str:
        """The message of a command line that click refuses, or of a command that failed."""
        return self.err.partition("Error: ")[2] if self.code == 2 else self.error

    @property
    def error(self) -> str:
        """The one message of a refusal."""
        assert self.code == 1, self
        return self.message

    @property
    def message(self) -> str:
        """The one message of a command that did not end well: all on stderr but progress."""
        lines = [line for line in self.err.splitlines() if not _PROGRESS.match(line)]
        assert lines, self
        assert lines[0].startswith("error: "), self
        assert len(lines) == 1 or lines[0].endswith(":"), self  # a list of faults follows
        return "\n".join(lines).removeprefix("error: ")


class Project:
    """A project's folder, the home of its user, and the node that its user set."""

    def __init__(self, folder: Path, home: Path, node: str) -> None:
        self.folder = folder
        self.home = home
        self.node = node
        self.variables: dict[str, str] = {}

    @classmethod
    def copied(cls, folder: Path, home: Path, node: str) -> Project:
        """A new project: the files that git keeps."""
        folder.mkdir()
        for name in PARTS:
            source = ROOT / name
            if source.is_dir():
                unwanted = shutil.ignore_patterns("__pycache__", "pins.json")
                shutil.copytree(source, folder / name, ignore=unwanted)
            else:
                shutil.copy(source, folder / name)
        return cls(folder, home, node)

    def take_compiled(self) -> None:
        """Have what Ape compiled in this checkout, where it did: it takes seconds."""
        compiled = ROOT / ".build/__local__.json"
        if compiled.exists():
            (self.folder / ".build").mkdir()
            shutil.copy(compiled, self.folder / ".build")

    def copy(self, folder: Path) -> Project:
        """The same project elsewhere, with its records, its block store and what Ape compiled."""
        shutil.copytree(self.folder, folder)
        return Project(folder, self.home, self.node)

    def run(
        self,
        command: str,
        *more: str,
        answer: str = "",
        node: str | None = None,
        in_child: Callable[[], None] | None = None,
    ) -> Ran:
        """Run a command line to its end; nothing that it prints is noise or a secret.

        One of `ape` is forked from a Python that has loaded it, but where `in_child` has to be
        called before.
        """
        words = [*command.split(), *more]
        if words[0] == "ape" and in_child is None:
            return self._checked(Ran(command, *self._begun(words, node).end(answer)))
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment(node),
            input=answer,
            capture_output=True,
            text=True,
            timeout=240,
            preexec_fn=in_child,
        )
        return self._checked(Ran(command, done.returncode, done.stdout, done.stderr))

    def run_all(self, commands: Sequence[str]) -> list[Ran]:
        """Run command lines of `ape` one after another, in one process."""
        done = subprocess.run(
            [BIN / "python", "-P", SEVERAL],
            cwd=self.folder,
            env=self.environment(None),
            input=json.dumps([command.split()[1:] for command in commands]),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done
        answers = zip(commands, json.loads(done.stdout), strict=True)
        return [self._checked(Ran(command, *answer)) for command, answer in answers]

    def interrupted(self, command: str, *, when: Callable[[], bool]) -> Ran:
        """Run a command line and press Ctrl-C as soon as `when` is true."""
        process = self._begun(command.split())
        while not when() and not process.has_ended:
            time.sleep(0.01)
        process.press_ctrl_c()
        return self._checked(Ran(command, *process.end()))

    def environment(self, node: str | None) -> dict[str, str]:
        """What a user's shell has, and nothing of the machine that runs the test."""
        return _shell(self.home) | {"APE_FOUNDRY_HOST": node or self.node} | self.variables

    def files(self) -> dict[str, bytes]:
        """Every file by its path, but for what Ape compiled."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        names = {path.relative_to(self.folder).as_posix(): path for path in found}
        return {n: p.read_bytes() for n, p in names.items() if not n.startswith(".build/")}

    def records(self) -> dict[str, bytes]:
        """The records alone: of pins, and of deployments."""
        files = self.files()
        return {n: b for n, b in files.items() if n.endswith("pins.json") or "deployments" in n}

    def asked_for(self) -> str:
        """The hosts elsewhere that were asked for since the last time; each was refused."""
        log = self.home / "asked-for"
        said = log.read_text() if log.exists() else ""
        log.unlink(missing_ok=True)
        return said

    def _begun(self, words: Sequence[str], node: str | None = None) -> Forked:
        environment = self.environment(node)
        return _loaded_ape(self.home).start(words[1:], self.folder, environment)

    def _checked(self, ran: Ran) -> Ran:
        said = ran.out + ran.err
        assert not _NOISE.search(said), ran
        assert MNEMONIC not in said, ran
        assert KEY not in said, ran
        return ran


def _shell(home: Path) -> dict[str, str]:
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(OFFLINE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OFFLINE_LOG": str(home / "asked-for"),
    }


@cache
def _loaded_ape(home: Path) -> LoadedApe:
    return LoadedApe(_shell(home))
