"""Who kills mutants: the stories of the stateful model, and then the tests of tests/contract.

A mutant whose gas alone differs is not killed by either: neither looks at gas.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import ape
from support.anvil import DEPLOYER, Anvil
from support.collection import deployment_code
from support.token_stage import Call, Stage, codes_of
from support.token_stories import tell_stories

from mutants.compiler import ROOT
from mutants.operators import Mutant

STORIES = 40
OPENING = 12
TIME_S = 600
STARTS = 3
# The tests of a function are named by it; these are of what several functions share, and of the
# libraries.
LARGEST = ["test_largest_supply.py"]
BATCHES = ["test_batches.py", *LARGEST]
MOVES = ["test_transfer_from.py", "test_burn.py"]
MINTS = ["test_mint.py", "test_mint_batch.py", "test_airdrop.py", "test_safe_mint.py"]
FILES = {
    "BundleURI.sol": ["test_bundle_uri.py"],
    "Packed.sol": [*BATCHES, *MOVES, "test_approve.py"],
    "Receiver.sol": ["test_hostile_receivers.py", "test_safe_mint.py"],
    "SSTORE2.sol": ["test_sstore2.py", "test_batches.py"],
    "(state)": [*BATCHES, *MOVES],
    **dict.fromkeys(["mintBatch", "airdrop", "bundleOf", "_storeBatch", "_create"], BATCHES),
    **dict.fromkeys(["totalMinted", "_takeIds"], LARGEST),
    "constructor": [*LARGEST, "test_royalty_info.py"],
    "_credit": MINTS,
    **dict.fromkeys(["_transfer", "_spend"], MOVES),
}
# Ape asks a block explorer about a deployment that reverted, and waits for minutes where there is
# no network: so there is none at all but this machine.
OFFLINE = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
OFFLINE |= {"NO_PROXY": "localhost,127.0.0.1"}
COPIED = ("contracts", "tests/contract", "tests/support", "tests/conftest.py")
SETTINGS = ("ape-config.yaml", "pyproject.toml")


class DidNotRun(SystemExit):
    """Tests that ended without a verdict: no mutant is killed by that."""


class Verdicts:
    """What was judged, kept in `.build/mutants/verdicts` as long as the judge is the same."""

    def __init__(self, judge: bytes) -> None:
        self._folder = ROOT / ".build/mutants/verdicts"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._judge = hashlib.sha256(judge).digest()

    def of(self, case: bytes, judged: Callable[[], str]) -> str:
        """What `judged` says about the case, now or before."""
        kept = self._folder / hashlib.sha256(self._judge + case).hexdigest()
        if not kept.exists():
            new = kept.with_suffix(".new")
            new.write_text(judged())
            new.replace(kept)
        return kept.read_text()


class Stories:
    """The first of the stories that tests/contract/test_token_model.py tells, told once and played
    with every mutant. Use as `with Stories() as stories:`."""

    def __enter__(self) -> Stories:
        self._codes = codes_of(lambda name: deployment_code(ape.project, name))
        self._set_up()
        told: list[list[Call]] = []
        tell_stories(lambda story: told.append(self._stage.calls(story)), STORIES, again=True)
        # Most mutants are noticed at once, and need no whole story.
        self._opening, self._stories = told[0][:OPENING], told
        self._verdicts = Verdicts(repr(told).encode())
        return self

    def __exit__(self, *_: object) -> None:
        self._chain.kill()

    def _set_up(self) -> None:
        self._chain = Anvil().__enter__()
        self._stage = Stage(self._chain.node, DEPLOYER, self._codes)

    def kill(self, code: bytes) -> str:
        """What kills the contract of this creation code, or nothing: an answer that is not the
        model's, or burning gas until the node is given up."""
        return self._verdicts.of(code, lambda: self._noticed(code))

    def _noticed(self, code: bytes) -> str:
        # The story that killed comes first the next time.
        try:
            if self._stage.differs(self._opening, code):
                return "killed by the stories of the model"
            for n, story in enumerate(self._stories):
                if self._stage.differs(story, code):
                    self._stories.insert(0, self._stories.pop(n))
                    return "killed by the stories of the model"
        except TimeoutError:
            self._chain.kill()
            self._set_up()  # every contract is at its former address
            return "killed, for a story did not come to its end"
        return ""


def tests_of(mutant: Mutant) -> list[str]:
    """The files of tests that a mutant has to pass to survive."""
    words = re.sub(r"(?=[A-Z])", "_", mutant.function).lower()
    shared = FILES.get(Path(mutant.file).name) or FILES.get(mutant.function, [])
    names = dict.fromkeys([f"test_{words}.py", *shared])
    return [f"tests/contract/{n}" for n in names if (ROOT / "tests/contract" / n).exists()]


class Tests:
    """The tests of the function or the library that was changed, and of what stories are too short
    for, in a copy of the project that has the mutant."""

    def __init__(self, sources: dict[str, bytes]) -> None:
        self._sources = sources
        paths = [found for name in COPIED for found in [ROOT / name, *(ROOT / name).rglob("*")]]
        files = sorted(path for path in paths if path.suffix in (".py", ".sol"))
        self._verdicts = Verdicts(b"".join(path.read_bytes() for path in files))

    def control(self, mutants: list[Mutant]) -> None:
        """End the run unless the tests for these mutants pass on the contract as it is, in such a
        copy."""
        files = sorted({file for mutant in mutants for file in tests_of(mutant)})
        failed = self._verdicts.of(" ".join(files).encode(), lambda: self._failed(None, files))
        if failed:
            raise SystemExit(f"mutate: the tests fail without any change: {failed}")

    def kill(self, mutant: Mutant, code: bytes) -> str:
        """The test that fails, or does not come to its end; empty when the mutant survives."""
        tests = tests_of(mutant)
        if not tests:
            return ""
        return self._verdicts.of(
            code + " ".join(tests).encode(), lambda: self._failed(mutant, tests)
        )

    def _failed(self, mutant: Mutant | None, tests: list[str]) -> str:
        # Not below .build: Ape compiles nothing there.
        with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
            self._copy(Path(folder), mutant)
            for _ in range(STARTS - 1):
                try:
                    return self._run(Path(folder), tests)
                except DidNotRun:
                    continue  # on a busy machine a node may not start in time
            return self._run(Path(folder), tests)

    def _copy(self, folder: Path, mutant: Mutant | None) -> None:
        ignored = shutil.ignore_patterns(".cache", "__pycache__")
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, folder / name)
        for name in SETTINGS:
            shutil.copy(ROOT / name, folder / name)
        if mutant:
            (folder / mutant.file).write_bytes(mutant.apply(self._sources[mutant.file]))

    @staticmethod
    def _run(folder: Path, tests: list[str]) -> str:
        program = str(Path(sys.executable).with_name("ape"))
        command = [program, "test", *tests, "-q", "-x", "--no-header"]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | OFFLINE | {name.lower(): OFFLINE[name] for name in OFFLINE},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=TIME_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return f"no end after {TIME_S} s"
        failed = re.search(r"^(FAILED|ERROR) (\S+)", said, re.MULTILINE)
        if process.returncode == 0:
            return ""
        if process.returncode != 1 or not failed:
            raise DidNotRun(f"mutate: the tests did not run:\n{said[-3000:]}")
        return failed[2]
