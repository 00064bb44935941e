"""`make chaos`: an airdrop of 1,000 tokens over a bad line, killed ten times, reorganised.

A tenth of all answers of the node is lost after the request was passed on; the command is killed by
SIGKILL at random points; the chain is reorganised, the base fee rises, a transaction is dropped. At
the end each recipient has exactly the token meant for them, the journal agrees with the chain, and
one more run sends nothing; ends with 1 otherwise. `TOKENS`, `KILLS`, `LOSE` and `SEED` change it;
with `BUG` it has to fail (`make chaos-bugs`), for a check that cannot fail checks nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from support.anvil import Anvil
from support.faulty_node import FaultyNode
from support.folders import write_collection
from support.project import BIN, OFFLINE, ROOT, Project

from chaos.check import Failed, check

TOKENS = int(os.environ.get("TOKENS", "1000"))
KILLS = int(os.environ.get("KILLS", "10"))
LOSE = float(os.environ.get("LOSE", "0.1"))
SEED = int(os.environ.get("SEED") or Random().randrange(10**6))
BUG = os.environ.get("BUG", "")
BLOCK_S = 1
BATCH = max(1, TOKENS // 100)
CONFIRMATIONS = 3
# A run with a bug in it may never end well, and need not wait long to say so.
MOST_RUNS, STALL_S = (KILLS + 10, 10) if BUG else (4 * KILLS + 20, 60)
RUN_S = 400.0
TESTS = Path(__file__).resolve().parents[1]


def told(what: str) -> None:
    print(f"  {time.monotonic() - BEGIN:6.1f} s  {what}", flush=True)


BEGIN = time.monotonic()


@dataclass
class Chaos:
    """The project, the chain and the line; what is still to happen, and what has."""

    project: Project
    chain: Anvil
    line: FaultyNode
    chance: Random
    kills: int = 0
    codes: list[int] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)
    waiting: list[tuple[int, str, Callable[[], None]]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """How many transactions were sent, the same ones again included."""
        return self.line.methods["eth_sendRawTransaction"]

    def start(self) -> subprocess.Popen[str]:
        """`ape run airdrop`, as a user runs it, or with a bug in it."""
        ape = [BIN / "python", "-m", "chaos.bugs", BUG] if BUG else [BIN / "ape"]
        options = (
            f"--confirmations {CONFIRMATIONS} --batch {BATCH} --in-flight 4 --patience 30 "
            f"--stall {STALL_S}"
        )
        path = f"{OFFLINE}{os.pathsep}{TESTS}" if BUG else str(OFFLINE)
        return subprocess.Popen(
            [*ape, *f"run airdrop recipients.csv --account TEST::0 {options}".split()],
            cwd=self.project.folder,
            env=self.project.environment(self.line.url) | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def through(self) -> None:
        """Run until a run ends well, killing as many as are to be killed; Failed otherwise."""
        for _ in range(MOST_RUNS):
            said = self._run()
            if "Traceback" in said:
                raise Failed(f"a run ended with a traceback:\n{said}")
            if self.codes[-1] == 0:
                if self.kills < KILLS:
                    raise Failed(f"all was sent before {KILLS} kills; take more TOKENS")
                if self.waiting:
                    raise Failed("all was sent before everything had happened; take more TOKENS")
                return
            if self.codes[-1] != -9:
                (line,) = [one for one in said.splitlines() if one.startswith("error: ")][:1] or [
                    said[-300:]
                ]
                self.words[line[:160]] += 1
                told(line[:160])
        raise Failed(f"not complete after {MOST_RUNS} runs; the last one said:\n{said}")

    def _run(self) -> str:
        begun, before = time.monotonic(), self.sent
        by_time = self.chance.random() < 0.3
        wait_s = self.chance.uniform(0.5, 8.0) if by_time else self.chance.uniform(0.0, 0.5)
        wanted = 0 if by_time else self.chance.randint(1, 9)
        due = begun + wait_s if by_time else None
        with self.start() as process:
            while process.poll() is None:
                now = time.monotonic()
                if due is None and self.sent - before >= wanted:
                    due = now + wait_s
                if self.kills < KILLS and due is not None and now >= due:
                    process.kill()
                    self.kills += 1
                    told(f"SIGKILL {self.kills}, with {self.sent - before} sent in this run")
                    break
                while self.waiting and self.sent >= self.waiting[0][0]:
                    _, name, happens = self.waiting.pop(0)
                    happens()
                    told(name)
                if now - begun > RUN_S:
                    process.kill()
                    raise Failed("a run did not end in time")
                time.sleep(0.003)
            said = process.communicate()[0]
        self.codes.append(process.returncode)
        return said


def main() -> int:
    print(f"chaos: {TOKENS:,} tokens, {KILLS} kills, {LOSE:.0%} of answers lost, SEED={SEED}")
    chance = Random(SEED)
    with tempfile.TemporaryDirectory() as name, Anvil() as chain:
        project = Project.copied(Path(name) / "project", Path(name) / "home", chain.url)
        project.home.mkdir()
        shutil.rmtree(project.folder / "metadata")
        write_collection(project.folder / "metadata", TOKENS)
        if (ROOT / ".build/__local__.json").exists():
            shutil.copytree(ROOT / ".build", project.folder / ".build", ignore=only_contracts)
        for command in ("ape run pin", f"ape run deploy --account TEST::0 --max-supply {TOKENS}"):
            ran = project.run(command)
            if ran.code != 0:
                raise SystemExit(ran.err)
        chain.rpc("evm_setAutomine", False)
        chain.rpc("evm_setIntervalMining", BLOCK_S)
        meant = recipients(chance)
        rows = "".join(f"{address},{token}\n" for token, address in meant.items())
        (project.folder / "recipients.csv").write_text(f"recipient,token\n{rows}")
        told("pinned and deployed")
        begin = time.monotonic()
        with FaultyNode(chain.url, chance, lose=LOSE) as line:
            chaos = Chaos(project, chain, line, chance)
            hundredth = TOKENS // BATCH / 100
            chaos.waiting = [
                (int(share * hundredth), name, happens)
                for share, name, happens in (
                    (20, "the base fee rises to 30 gwei", lambda: spike(chain)),
                    (35, "a reorganisation of 3 blocks", lambda: reorganise(chain)),
                    (50, "transactions in the pool are dropped", lambda: drop(chain)),
                    (65, "a reorganisation of 2 blocks", lambda: reorganise(chain, 2)),
                )
            ]
            try:
                chaos.through()
                took = time.monotonic() - begin
                told("all is sent: comparing recipients, chain and journal")
                facts = check(project, chain, meant)
                once_more = "ape run airdrop recipients.csv --account TEST::0"
                again = project.run(once_more)
                if again.code != 0 or "all tokens of recipients.csv are with" not in again.out:
                    raise Failed(f"one more run is not at rest: {again}")
            except Failed as failed:
                told(f"FAILED: {failed}")
                return 1
            finally:
                summary(chaos)
    for what, count in facts.items():
        print(f"{what:<20}{count:,}")
    print(f"wall time           {took:.0f} s, from the first run to the last")
    told("each recipient has exactly the token meant for them, and the journal agrees")
    return 0


def recipients(chance: Random) -> dict[int, str]:
    """Token -> who gets it: every token once, some people several."""
    people = [Anvil.checksummed(f"0x{chance.getrandbits(160):040x}") for _ in range(TOKENS)]
    tokens = list(range(1, TOKENS + 1))
    chance.shuffle(tokens)
    return {token: people[int(chance.random() * len(people))] for token in tokens}


def only_contracts(folder: str, names: list[str]) -> list[str]:
    """What compiling left, without what other targets did."""
    return [name for name in names if Path(folder, name).is_dir()]


def spike(chain: Anvil) -> None:
    """The next block is dearer than what is under way offers."""
    chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(30 * 10**9))


def reorganise(chain: Anvil, depth: int = CONFIRMATIONS) -> None:
    """The last blocks give way to empty ones; what was in them is in no pool."""
    chain.rpc("anvil_reorg", depth, [])


def drop(chain: Anvil) -> None:
    """Whatever is in the pool is gone."""
    chain.rpc("anvil_dropAllTransactions")


def summary(chaos: Chaos) -> None:
    """Print what happened."""
    ended = Counter(chaos.codes)
    faults = ", ".join(f"{count:,} {what}" for what, count in chaos.line.faults.items())
    print(
        f"runs                {len(chaos.codes)}: {ended[-9]} killed, {ended[1]} stopped in words, "
        f"{ended[0]} to the end"
    )
    print(f"requests            {sum(chaos.line.methods.values()):,}; answers: {faults}")
    print(f"sent                {chaos.sent:,} times, the same bytes again included")


if __name__ == "__main__":
    sys.exit(main())
