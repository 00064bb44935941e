"""Run the symbolic proofs of contracts/ProfilePicture.sol: `make prove` and `make prove-bugs`.

The contract and the proofs are copied to .build/halmos/<name>, compiled by forge with the project's
solc and the settings of ape-config.yaml, and run by Halmos, one contract of proofs after another.
A proof counts only when Halmos ends it: a timeout, a loop cut short, a path that it cannot follow,
or an assumption that nothing satisfies is a failure. `bugs` does the same for each patch in
proofs/bugs, and wants the proofs that the patch names to fail with a counterexample, and every
proof to be named by a patch.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eth_utils import keccak

from pfpkit.solidity import compiler_settings

ROOT = Path(__file__).resolve().parent.parent
PROOFS = ROOT / "proofs"
BUILD = ROOT / ".build" / "halmos"
HALMOS = BUILD / "venv" / "bin"
REACH = "Reach"
LEMMA = "royaltyInfo is floor(price * bps / 10000), and nothing overflows (z3, over the integers)"
PASS, COUNTEREXAMPLE = 0, 1
WORDS = {
    COUNTEREXAMPLE: "counterexample",
    2: "timeout",
    3: "a path was not followed to its end",
    4: "every path reverts: the assumptions cannot be true",
    5: "Halmos raised an exception",
}
BOUNDED = "a loop was cut short: raise --loop"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one proof."""

    contract: str
    function: str
    words: str
    code: int
    bounded: bool
    seconds: float
    valid: bool  # a counterexample is true of the EVM, not of Halmos' abstractions alone

    @property
    def proved(self) -> bool:
        return self.code == PASS and not self.bounded

    @property
    def refuted(self) -> bool:
        """Halmos found values for which the claim is false."""
        return self.code == COUNTEREXAMPLE and self.valid

    @property
    def result(self) -> str:
        if self.proved:
            return "proved"
        return BOUNDED if self.code == PASS else WORDS.get(self.code, f"exit code {self.code}")


def settings() -> dict[str, str]:
    """The compiler's settings of ape-config.yaml, as forge reads them from the environment."""
    solidity = compiler_settings(ROOT)
    solc = ROOT / ".venv" / "solc" / f"solc-v{solidity['version']}"
    if not solc.exists():
        sys.exit(f"prove: {solc} is missing: run `make setup`")
    return {
        "FOUNDRY_SOLC": str(solc),
        "FOUNDRY_EVM_VERSION": solidity["evm_version"],
        "FOUNDRY_VIA_IR": str(solidity["via_ir"]).lower(),
        "FOUNDRY_OPTIMIZER_RUNS": str(solidity["optimization_runs"]),
    }


def environment() -> dict[str, str]:
    """With Halmos, its Python and forge first on PATH."""
    forge = list(BUILD.glob("npm/node_modules/@foundry-rs/forge-*/bin"))
    if not forge:
        sys.exit("prove: there is no forge for this platform in proofs/package.json")
    path = os.pathsep.join([str(HALMOS), str(forge[0]), os.environ["PATH"]])
    return os.environ | settings() | {"PATH": path, "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1"}


def copy_sources(name: str, contracts: list[str]) -> Path:
    """A fresh tree with contracts/ and the named contracts of proofs; what forge built stays."""
    tree = BUILD / name
    for part in ("contracts", "proofs"):
        shutil.rmtree(tree / part, ignore_errors=True)
    shutil.copytree(ROOT / "contracts", tree / "contracts")
    (tree / "proofs").mkdir()
    for contract in ["Collection", *contracts]:
        shutil.copy(PROOFS / f"{contract}.sol", tree / "proofs")
    for file in ("foundry.toml", "halmos.toml", "shifts.py"):
        shutil.copy(PROOFS / file, tree)
    return tree


def contracts_of_proofs() -> list[str]:
    """Every contract of proofs: one to a file, of the same name."""
    return sorted(p.stem for p in PROOFS.glob("*.sol") if p.stem != "Collection")


def artifact(tree: Path, contract: str) -> dict:
    """What forge wrote about a contract."""
    return json.loads((tree / "out" / f"{contract}.sol" / f"{contract}.json").read_text())


def run_halmos(tree: Path, contract: str, tests: str, *, first: bool = False) -> list[Outcome]:
    """Run the proofs of one contract whose names match; what Halmos says is in <contract>.log.

    `first` ends each at its first counterexample.
    """
    answers = tree / f"{contract}.json"
    answers.unlink(missing_ok=True)
    command = ["halmos", "--contract", contract, "--match-test", tests, "--no-status"]
    command += ["--json-output", str(answers)] + (["--early-exit"] if first else [])
    command += ["-vv"] if os.environ.get("PROVE_TRACE") else []
    log = tree / f"{contract}.log"
    with log.open("w") as said:
        subprocess.run(  # noqa: S603
            command, cwd=tree, env=environment(), stdout=said, stderr=subprocess.STDOUT, check=False
        )
    if not answers.exists():
        sys.exit(f"prove: Halmos did not end; the end of {log}:\n{log.read_text()[-3000:]}")
    found = json.loads(answers.read_text())["test_results"]
    notices = artifact(tree, contract)["metadata"]["output"]["userdoc"].get("methods", {})
    return [
        Outcome(
            contract,
            test["name"].split("(")[0],
            notices.get(test["name"], {}).get("notice", test["name"].split("(")[0]),
            test["exitcode"],
            bool(test["num_bounded_loops"]),
            (test["time"] or [0.0])[0],
            any(model["is_valid"] for model in test["models"] or []),
        )
        for tests_ in found.values()
        for test in tests_
    ]


def refute(tree: Path, contract: str, tests: str) -> list[Outcome]:
    """The same for claims that are false: the first counterexample is enough.

    Halmos may end on its way to the first one with an error; then it goes all the way.
    """
    outcomes = run_halmos(tree, contract, tests, first=True)
    for place, outcome in enumerate(outcomes):
        if not outcome.refuted:
            outcomes[place] = run_halmos(tree, contract, exactly([outcome.function]))[0]
    return outcomes


def exactly(functions: Iterable[str]) -> str:
    """The regular expression of these functions and no others."""
    return rf"^({'|'.join(sorted(functions))})\("


def claims(contract: str) -> set[str]:
    """The names of the proofs in a file, so that none is left out unseen."""
    source = (PROOFS / f"{contract}.sol").read_text()
    return set(re.findall(r"function ((?:check|reach)_\w+)", source))


def storage_slots(tree: Path) -> list[str]:
    """The slots that the proofs take for granted but the compiler does not."""
    layout = artifact(tree, "ProfilePicture")["storageLayout"]["storage"]
    true = {entry["label"].lstrip("_"): int(entry["slot"]) for entry in layout}
    source = (PROOFS / "Collection.sol").read_text()
    assumed = re.findall(r"SLOT_(\w+) = (\d+);", source)
    wrong = [
        f"{name} is in slot {true.get(name)}" for name, n in assumed if true.get(name) != int(n)
    ]
    known = {name for name, _ in assumed} | {"name", "symbol"}
    return wrong + [f"{name} is in no SLOT_ constant" for name in true if name not in known]


def say(result: str, words: str, seconds: float) -> None:
    print(f"{seconds:7.1f} s  {result:<8} {words}", flush=True)


def prove_lemma() -> bool:
    """The one claim that z3 settles over the integers, outside of Halmos."""
    begin = time.monotonic()
    done = subprocess.run(  # noqa: S603
        [HALMOS / "python", PROOFS / "lemma.py"], capture_output=True, text=True, check=False
    )
    proved = done.returncode == 0
    say(
        "proved" if proved else (done.stdout + done.stderr).strip(), LEMMA, time.monotonic() - begin
    )
    return proved


def prove_recorded(tree: Path) -> bool:
    """The creation code that the proofs ran on is the recorded one, to the last byte."""
    record = json.loads((ROOT / "contracts" / "ProfilePicture.bytecode.json").read_text())
    built = keccak(hexstr=artifact(tree, "ProfilePicture")["bytecode"]["object"]).hex()
    same = record["creation code without constructor arguments"]["keccak256"] == f"0x{built}"
    words = f"all this is of the code in contracts/ProfilePicture.bytecode.json, 0x{built[:8]}..."
    say("compared" if same else "ANOTHER CODE (run `make bytecode` if it is meant)", words, 0)
    return same


def report(outcome: Outcome) -> bool:
    """Print one line; true when it is as it should be."""
    if outcome.contract == REACH:
        words = f"can happen: {outcome.function.removeprefix('reach_').replace('_', ' ')}"
        say("shown" if outcome.refuted else f"NOT SHOWN ({outcome.result})", words, outcome.seconds)
        return outcome.refuted
    say(
        outcome.result if outcome.proved else f"FAILED ({outcome.result})",
        outcome.words,
        outcome.seconds,
    )
    return outcome.proved


def prove(only: str) -> int:
    """All proofs; the number of those that are not as they should be."""
    begin, total, failed = time.monotonic(), 0, 0
    names = contracts_of_proofs()
    tree = copy_sources("proofs", names)
    for contract in names:
        wanted = {name for name in claims(contract) if re.search(only, name)}
        if not wanted:
            continue
        print(f"{contract}:", flush=True)
        run = refute if contract == REACH else run_halmos
        outcomes = run(tree, contract, exactly(wanted))
        if wrong := storage_slots(tree):
            sys.exit(
                "prove: Collection.sol does not fit the contract's storage: " + "; ".join(wrong)
            )
        failed += sum(not report(outcome) for outcome in outcomes)
        left = wanted - {outcome.function for outcome in outcomes}
        for name in left:
            say("NOT RUN", name, 0)
        total, failed = total + len(outcomes) + len(left), failed + len(left)
    if not only:
        total, failed = total + 2, failed + (not prove_lemma()) + (not prove_recorded(tree))
    print(f"\n{total - failed} of {total} as they should be, {time.monotonic() - begin:.0f} s.")
    if failed:
        print(
            f"What Halmos said, with the counterexamples: {tree.relative_to(ROOT)}/<contract>.log"
        )
    return failed


@dataclass(frozen=True, slots=True)
class Bug:
    """A patch that breaks the contract, and the proofs that have to notice."""

    path: Path
    words: str
    noticed_by: dict[str, list[str]]


def bugs(only: str) -> Iterator[Bug]:
    """Each patch opens with one line of words and one `Noticed by: Contract.check_name, ...`."""
    for path in sorted((PROOFS / "bugs").glob("*.patch")):
        if not re.search(only, path.stem):
            continue
        words, noticed, *_ = path.read_text().splitlines()
        by: dict[str, list[str]] = {}
        for name in re.findall(r"(\w+\.check_\w+)", noticed):
            contract, function = name.split(".")
            by.setdefault(contract, []).append(function)
        if not by:
            sys.exit(f"prove: {path.name} names no proof in its second line")
        yield Bug(path, words, by)


def missed(bug: Bug) -> list[str]:
    """The named proofs that do not fail with a counterexample when the bug is in."""
    tree = copy_sources("bug", list(bug.noticed_by))
    # Without the ceiling git would take the paths from the top of this checkout.
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
    applied = subprocess.run(  # noqa: S603
        ["git", "apply", str(bug.path)],  # noqa: S607
        cwd=tree,
        env=alone,
        capture_output=True,
        text=True,
        check=False,
    )
    if applied.returncode:
        return [f"the patch does not apply: {applied.stderr.strip()}"]
    found = []
    for contract, functions in bug.noticed_by.items():
        outcomes = {o.function: o for o in refute(tree, contract, exactly(functions))}
        for name in functions:
            outcome = outcomes.get(name)
            if not outcome or not outcome.refuted:
                found.append(f"{contract}.{name}: {outcome.result if outcome else 'not run'}")
    return found


def unseeded() -> list[str]:
    """The proofs that no patch names: nothing shows that they can fail."""
    named = {f"{c}.{f}" for bug in bugs("") for c, fs in bug.noticed_by.items() for f in fs}
    every = {f"{c}.{f}" for c in contracts_of_proofs() if c != REACH for f in claims(c)}
    return sorted(every - named)


def prove_bugs(only: str) -> int:
    """All seeded bugs; the number of those that a named proof does not notice.

    Without `only`, a proof that no patch names counts as a failure too.
    """
    begin, total, failed = time.monotonic(), 0, 0
    without = [] if only else unseeded()
    for name in without:
        print(f"{name}: no patch in proofs/bugs names it", flush=True)
    for bug in bugs(only):
        start = time.monotonic()
        wrong = missed(bug)
        say("MISSED" if wrong else "noticed", bug.words, time.monotonic() - start)
        by = "; ".join(f"{c}.{f}" for c, functions in bug.noticed_by.items() for f in functions)
        print(f"{'':19} {bug.path.stem}, by {by}" if not wrong else f"{'':19} {'; '.join(wrong)}")
        total, failed = total + 1, failed + bool(wrong)
    print(f"\n{total - failed} of {total} seeded bugs noticed, {time.monotonic() - begin:.0f} s.")
    return failed + len(without) or not total


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Prove ProfilePicture's guarantees, or that proofs notice bugs."
    )
    parser.add_argument("what", choices=["proofs", "bugs"], nargs="?", default="proofs")
    parser.add_argument(
        "--only", default="", metavar="REGEX", help="only the proofs, or bugs, of such a name"
    )
    given = parser.parse_args()
    sys.exit(bool(prove_bugs(given.only) if given.what == "bugs" else prove(given.only)))


if __name__ == "__main__":
    main()
