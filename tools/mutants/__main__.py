"""`make mutate`: change the contract in every small way, and see that a test notices.

Ends with 1 when a mutant survives that survivors.toml does not explain, when an explained one does
not survive any more, or when fewer than 95% are killed. docs/mutants.md tells how to read it.
"""

from __future__ import annotations

import sys
import time
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutants.compiler import WORKERS, Compiler, sources, trees
from mutants.judges import Stories, Tests
from mutants.operators import Mutant, mutants_of

KNOWN = Path(__file__).with_name("survivors.toml")
LEAST = 0.95
Key = tuple[str, str, str, str]


def main() -> int:
    begin = time.monotonic()
    given = sources()
    files = [file for file in given if "interfaces" not in file]
    mutants = mutants_of(trees(), given, files)
    say(f"{len(mutants)} mutants of {', '.join(Path(file).name for file in files)}")
    counted: Counter[str] = Counter()
    alive = unnoticed_by_stories(given, mutants, counted)
    alive = with_other_code(given, alive, counted)
    survivors = unnoticed_by_tests(given, alive, counted)
    say(f"{time.monotonic() - begin:.0f} s")
    return report(counted, {key_of(m, given): m for m in survivors}, given, len(survivors))


def unnoticed_by_stories(
    given: dict[str, bytes], mutants: list[Mutant], counted: Counter[str]
) -> list[Mutant]:
    """Compile all and play the stories; what survives."""
    alive = []
    with Stories() as stories, Compiler(given, exact=False) as compiler:
        if stories.kill(compiler.original()):
            raise SystemExit("mutate: the stories fail without any change: run `make test`")
        for number, (mutant, code) in enumerate(compiler.codes(mutants), 1):
            if code is None:
                counted["not valid Solidity"] += 1
            elif killed := stories.kill(code):
                counted[killed] += 1
            else:
                alive.append(mutant)
            if number % 100 == 0:
                say(f"{number} compiled, {len(alive)} survived the stories")
    return alive


def with_other_code(
    given: dict[str, bytes], alive: list[Mutant], counted: Counter[str]
) -> list[tuple[Mutant, bytes]]:
    """Those that differ in the code that the project's settings give, with that code."""
    say(f"{len(alive)} survived the stories; now they are compiled with the project's settings")
    with Compiler(given, exact=True) as compiler:
        original = compiler.original()
        codes = [(mutant, code) for mutant, code in compiler.codes(alive) if code is not None]
    counted["not valid Solidity"] += len(alive) - len(codes)
    changed = [(mutant, code) for mutant, code in codes if code != original]
    counted["the same bytecode"] = len(codes) - len(changed)
    return changed


def unnoticed_by_tests(
    given: dict[str, bytes], alive: list[tuple[Mutant, bytes]], counted: Counter[str]
) -> list[Mutant]:
    """Run the tests of tests/contract on each; what is left."""
    tests = Tests(given)
    say(f"{len(alive)} differ; now tests of tests/contract, first on the contract as it is")
    tests.control([mutant for mutant, _ in alive])
    with ThreadPoolExecutor(WORKERS) as pool:
        killed = list(pool.map(lambda each: tests.kill(*each), alive))
    counted["killed by the tests of tests/contract"] = sum(map(bool, killed))
    return [mutant for (mutant, _), dead in zip(alive, killed, strict=True) if not dead]


def key_of(mutant: Mutant, given: dict[str, bytes]) -> Key:
    """What names a survivor: no line number, for that moves."""
    return (mutant.file, mutant.function, *mutant.lines(given[mutant.file]))


def report(
    counted: Counter[str], survivors: dict[Key, Mutant], given: dict[str, bytes], number: int
) -> int:
    """Print the score and the survivors; the exit code."""
    entries = tomllib.loads(KNOWN.read_text()).get("survivor", [])
    known = {(e["file"], e["function"], e["before"], e["after"]): e["reason"] for e in entries}
    for key, mutant in survivors.items():
        file, function, before, after = key
        print(f"\n{file}:{mutant.line(given[file])} in {function}")
        print(f"- {before}\n+ {after}\n  {known.get(key, 'NOT EXPLAINED')}")
    killed = sum(n for what, n in counted.items() if what.startswith("killed"))
    print()
    for what, n in counted.items():
        print(f"{n:6} {what}")
    print(f"{number:6} survived")
    score = killed / (killed + number)
    print(f"score: {score:.1%} of {killed + number} killed")
    wrong = [f"{len(survivors.keys() - known.keys())} survivors are not explained"]
    wrong += [
        f"not a survivor any more: {' | '.join(key)}" for key in known.keys() - survivors.keys()
    ]
    wrong = wrong[0 if survivors.keys() - known.keys() else 1 :]
    if score < LEAST:
        wrong.append(f"fewer than {LEAST:.0%} are killed")
    for what in wrong:
        print(f"mutate: {what} (see docs/mutants.md)")
    return 1 if wrong else 0


def say(text: str) -> None:
    """Progress, at once."""
    print(f"mutate: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
