"""`make soak-serve`: ten minutes of everything at once, on two workers; 1 where it did not hold.

People show tokens, sell them, revoke, upload; the chain is reorganised, the node goes away, workers
are killed (in the first half, so that the second shows whether memory and handles grow). Meanwhile
pages are open, platforms ask, and once a second what is shown is compared with the chain itself:
no full hexagon may stand longer than two blocks after its token was sold, or than the stated age
while nobody follows the chain. `SOAK_S` and `SEED` change it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import ape
import httpx
from sqlalchemy import select
from support.anvil import STRANGER
from support.node import Node, calldata
from support.pictures import encoded, noise
from support.profile import Browser
from support.site import Site, running_site
from support.wallets import Wallet
from support.workers import Workers, runs

from benchmarks.pin.__main__ import head as machine
from benchmarks.pin.corpus import ROOT
from benchmarks.pin.process import resident
from benchmarks.serve import report
from pfpkit.profile.database import Database
from pfpkit.profile.objects import Objects
from pfpkit.profile.picture import State
from pfpkit.profile.records import PictureFile, StoredFile
from pfpkit.profile.shelf import Shelf
from pfpkit.reference import TokenRef

SECONDS = int(os.environ.get("SOAK_S") or 600)
SEED = int(os.environ.get("SEED") or time.time_ns() % 10**6)
BUILD = ROOT / ".build" / "bench-serve"
BLOCK_S, FRESH_S, MAX_AGE_S, LEASE_S = 2.0, 10.0, 30.0, 15.0
PEOPLE, PAGES, PLATFORMS = 6, 20, 2
MOST_BLOCKS = 2
SLACK_S = 3.0
"""What a look once a second, a poll and a busy machine may add to a time."""


@dataclass
class Person:
    """Somebody, what they show, and whether it is theirs."""

    name: str
    wallet: Wallet
    browser: Browser
    token: TokenRef | None = None


@dataclass
class Soak:
    """The service and its people; what happened, and the worst that was seen."""

    site: Site
    people: list[Person]
    chance: Random
    begun: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    chain: threading.Lock = field(default_factory=threading.Lock)
    did: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    sold: dict[int, tuple[int, float]] = field(default_factory=dict)
    """The block in which another got a token, and when."""
    away: tuple[float, float] = (-1e9, -1e9)
    """When the node went away last, and when it was back."""
    killed: float = -1e9
    worst_blocks: int = 0
    worst_age_s: float = 0.0
    worst_away_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    used: list[tuple[float, int, int]] = field(default_factory=list)
    """Seconds since the beginning, bytes of memory, open files."""

    @property
    def now(self) -> float:
        return time.monotonic() - self.begun

    @property
    def unfollowed(self) -> bool:
        """Whether nobody may be following the chain now, so that answers only age."""
        gone, back = self.away
        return back < gone or self.now < max(back + SLACK_S, self.killed + LEASE_S + SLACK_S)

    def fault(self, words: str) -> None:
        self.faults.append(f"{self.now:.1f} s: {words}")
        print(f"  {self.now:6.1f} s  FAULT: {words}", flush=True)

    def mine(self, blocks: int = 1) -> None:
        self.site.chain.rpc("anvil_mine", hex(blocks))

    # What people and the world do.

    def show(self, person: Person) -> None:
        """Mint a new picture to the person, and sign for it."""
        person.token = self.site.mint_picture(self._picture(), to=person.wallet.address)
        answer = person.wallet.show(person.browser, person.token)
        if answer.status_code != 200:
            self.fault(f"{person.name} may not show {person.token}: {answer.text}")

    def sell(self, person: Person) -> None:
        """Send the shown token to a stranger."""
        assert person.token is not None
        with self.chain:
            self.site.tokens.transfer(person.token, person.wallet.address, STRANGER)
            self.sold[person.token.token_id] = (self.site.chain.height, self.now)
        person.token = None

    def revoke(self, person: Person) -> None:
        person.browser.send_form("/me/nft/revoke")
        person.token = None

    def upload(self, person: Person) -> None:
        if (answer := person.browser.upload(self._picture())).status_code != 303:
            self.fault(f"an upload was refused: {answer.status_code} {answer.text[:200]}")

    def reorganise(self, person: Person) -> None:
        """Sell, let the service see it, and undo the sale."""
        assert person.token is not None
        token = person.token
        with self.chain:
            before = self.site.chain.rpc("evm_snapshot")
            self.site.tokens.transfer(token, person.wallet.address, STRANGER)
            self.sold[token.token_id] = (self.site.chain.height, self.now)
            for _ in range(self.chance.randint(0, 3)):
                time.sleep(0.7)
                self.mine()
            del self.sold[token.token_id]
            self.site.chain.node.revert(before)
            self.mine(5)

    def lose_node(self, person: Person) -> None:
        """The node is away for a while; half of the times the token is sold meanwhile."""
        self.away = (self.now, -1e9)
        self.site.road.open = False
        time.sleep(1)
        if person.token is not None and self.chance.random() < 0.5:
            self.sell(person)
        time.sleep(self.chance.uniform(2, FRESH_S + 6))
        self.site.road.open = True
        self.away = (self.away[0], self.now)
        time.sleep(SLACK_S)

    def kill_worker(self, person: Person) -> None:
        self.killed = self.now
        self.site.service.kill(self.chance.choice(self.site.service.workers))

    def act(self) -> None:
        """Do one thing."""
        person = self.chance.choice(self.people)
        acts: list[Callable[[Person], None]] = [self.upload]
        if person.token is None:
            acts = [self.show, self.show, self.upload]
        else:
            acts += [self.sell, self.sell, self.revoke, self.reorganise, self.lose_node]
            if self.now < SECONDS / 2:
                acts.append(self.kill_worker)
        act = self.chance.choice(acts)
        try:
            act(person)
        except httpx.TransportError as error:
            # Whoever speaks to a worker that is killed is hung up on.
            if self.now > self.killed + SLACK_S:
                self.fault(f"{act.__name__}: no answer ({error!r})")
            person.token = None
        self.did[act.__name__.replace("_", " ")] += 1

    def _picture(self) -> bytes:
        return encoded(noise(64, 64, seed=self.chance.randrange(10**9)), "PNG")

    # Who looks.

    def watch(self) -> None:
        """Once a second: what is shown, against the chain itself."""
        node = Node(self.site.chain.url)
        with httpx.Client(base_url=self.site.url, timeout=10, trust_env=False) as client:
            while not self.ended.wait(1.0):
                for person in self.people:
                    try:
                        shown = client.get(f"/users/{person.name}/picture").json()
                    except httpx.TransportError:
                        self._unanswered("a look")
                        continue
                    self.seen[shown["state"]] += 1
                    if shown["state"] == "verified":
                        self._compare(person, shown, node)

    def _compare(self, person: Person, shown: dict[str, Any], node: Node) -> None:
        self.worst_age_s = max(self.worst_age_s, shown["checked"]["age_s"])
        token = int(shown["token"]["token_id"])
        call = calldata("ownerOf(uint256)", token)
        owner = node.call(self.site.tokens.address, call)[-20:].hex()
        sale = self.sold.get(token)
        if owner == person.wallet.address[2:].lower() or sale is None:
            return
        block, at = sale
        if self.unfollowed:
            # What was answered before the sale counts as young for so long, and nothing after it.
            stands_s = self.now - at
            self.worst_away_s = max(self.worst_away_s, stands_s)
            if stands_s > FRESH_S + SLACK_S:
                self.fault(f"{person.name} is a full hexagon {stands_s:.1f} s after the sale")
            return
        behind = int(node.rpc("eth_blockNumber"), 16) - block
        self.worst_blocks = max(self.worst_blocks, behind)
        if behind > MOST_BLOCKS:
            self.fault(f"{person.name} is a full hexagon {behind} blocks after the sale")

    def platform(self) -> None:
        """Ask as platforms do, without a pause."""
        with httpx.Client(base_url=self.site.url, timeout=70, trust_env=False) as client:
            while not self.ended.wait(0.01):
                person = self.chance.choice(self.people)
                path = (
                    f"/avatar/{person.token}" if person.token else f"/users/{person.name}/picture"
                )
                try:
                    status = client.get(path).status_code
                except httpx.TransportError:
                    self._unanswered(path)
                    continue
                self.seen[f"answer {status}"] += 1
                if status >= 500 and not (status in (503, 504) and self.unfollowed):
                    self.fault(f"{path}: {status}")

    def page(self, person: Person) -> None:
        """Keep a page open, and open it again when it is hung up on."""
        while not self.ended.is_set():
            try:
                with (
                    httpx.Client(base_url=self.site.url, timeout=6, trust_env=False) as client,
                    client.stream("GET", f"/u/{person.name}/events") as answer,
                ):
                    for line in answer.iter_lines():
                        self.seen["event"] += line.startswith("event: ")
                        if self.ended.is_set():
                            return
            except httpx.TransportError:
                self._unanswered("an open page")
                time.sleep(0.5)

    def _unanswered(self, what: str) -> None:
        self.seen["hung up on"] += 1
        if self.now > self.killed + 10 and not self.ended.is_set():
            self.fault(f"{what}: no answer, and no worker was killed")

    def measure(self) -> None:
        """Every five seconds: memory and open files of all processes of the service."""
        while not self.ended.wait(5.0):
            family = self.site.service.family
            files = sum(_files(one) for one in family)
            self.used.append((self.now, resident(family[0]), files))

    def run(self) -> None:
        """Everything, for SECONDS."""
        looking: list[Callable[[], None]] = [
            self.watch,
            self.measure,
            self._tick,
            *[self.platform] * PLATFORMS,
        ]
        looking += [partial(self.page, self.people[n % PEOPLE]) for n in range(PAGES)]
        threads = [threading.Thread(target=self._kept, args=(one,), daemon=True) for one in looking]
        for thread in threads:
            thread.start()
        said = 0.0
        while self.now < SECONDS:
            self.act()
            if self.now - said > 30:
                said = self.now
                print(
                    f"  {said:6.1f} s  {sum(self.did.values())} acts, {dict(self.seen)}", flush=True
                )
            time.sleep(self.chance.uniform(0.5, 2.0))
        self.ended.set()
        for thread in threads:
            thread.join(80)

    def _kept(self, look: Callable[[], None]) -> None:
        try:
            look()
        except Exception as error:  # noqa: BLE001 - one that does not look any more finds nothing
            self.fault(f"{look} ended: {error!r}")

    def _tick(self) -> None:
        node = Node(self.site.chain.url)
        while not self.ended.wait(BLOCK_S):
            with self.chain:
                node.rpc("anvil_mine", "0x1")

    def grown(self) -> tuple[float, int]:
        """Memory at the end beside that of the middle, and how many more files are open."""
        middle = [one for one in self.used if 0.6 <= one[0] / SECONDS < 0.7]
        end = [one for one in self.used if one[0] / SECONDS >= 0.9]
        ratio = median(one[1] for one in end) / median(one[1] for one in middle)
        return ratio, int(median(one[2] for one in end) - median(one[2] for one in middle))


def orphans(site: Site) -> list[str]:
    """End what kills left half done, and return what is wrong with rows and objects after it."""
    settings = site.service.settings
    database, objects = Database(settings.database_url), Objects(settings.objects)

    async def left() -> tuple[int, set[str]]:
        swept = await Shelf(database, objects).sweep(unfinished_s=-5)
        return swept, {key async for key, _ in objects.listing()}

    swept, keys = asyncio.run(left())
    rows = database.do(lambda r: list(r.execute(select(StoredFile.key, StoredFile.state))))
    named = set(database.do(lambda r: list(r.scalars(select(PictureFile.key)))))
    database.close()
    print(f"  {swept} objects that kills left half done were swept")
    wrong = [f"a row is {state}: {key}" for key, state in rows if state != "kept"]
    if keys != {key for key, _ in rows}:
        wrong.append(f"{len(keys)} objects and {len(rows)} rows")
    if named != keys:
        wrong.append(f"{len(keys)} objects, and pictures name {len(named)}")
    return wrong


def _files(process: int) -> int:
    try:
        return len(os.listdir(f"/proc/{process}/fd"))
    except OSError:
        return 0


def main() -> None:
    print(f"soak-serve: {SECONDS} s, SEED={SEED}", flush=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    limits = {"fresh_s": FRESH_S, "max_age_s": MAX_AGE_S, "poll_s": 0.3}
    with (
        TemporaryDirectory(dir=BUILD) as folder,
        running_site(Path(folder), ape.Project(ROOT), serve=Workers, **limits) as site,
    ):
        people = []
        for number in range(PEOPLE):
            wallet, browser = Wallet(10**12 + number), Browser(site.url, {})
            site.tokens.node.fund(wallet.address)
            people.append(Person(f"person-{number}", wallet, browser.sign_up(f"person-{number}")))
        soak = Soak(site, people, Random(SEED))  # noqa: S311
        soak.run()
        soak.faults += orphans(site)
        family = site.service.family
        site.service.stop()
        time.sleep(2)
        soak.faults += [f"process {one} outlived the service" for one in family if runs(one)]
    memory, files = soak.grown()
    if memory > 1.2:
        soak.fault(f"memory is {memory:.2f} times that of the middle")
    if files > 20:
        soak.fault(f"{files} more files are open than in the middle")
    row = {
        "seconds": SECONDS,
        "seed": SEED,
        "acts": dict(soak.did),
        "looks": {state.value: soak.seen[state.value] for state in State},
        "answers": sum(count for name, count in soak.seen.items() if name.startswith("answer")),
        "hung_up": soak.seen["hung up on"],
        "events": soak.seen["event"],
        "worst_blocks": soak.worst_blocks,
        "worst_age_s": soak.worst_age_s,
        "fresh_s": FRESH_S,
        "slack_s": SLACK_S,
        "worst_away_s": round(soak.worst_away_s, 1),
        "memory_mib": round(median(one[1] for one in soak.used[-10:]) / 2**20),
        "memory_grown": round(memory, 3),
        "files_grown": files,
        "faults": len(soak.faults),
    }
    print(*(f"  {name:<14} {value}" for name, value in row.items()), sep="\n")
    if soak.faults:
        sys.exit("soak-serve: " + "\n".join(soak.faults[:20]))
    if SECONDS >= 600:
        report.SOAK.keep(machine() | {"libraries": report.libraries()}, "soak", row, load)


if __name__ == "__main__":
    main()
