"""The whole path: the hexagon is shown if, and only if, it is the holder's and of the minted bytes

given random mints, transfers, burns, reorganisations, gateways that lie and a disk that forgets,
  whoever is shown owned the token at the block that is named, and sees the bytes that were minted
given a fresh question and an honest gateway, every owner is shown
given a resolver with a fault, the same story finds it

PFPKIT_HEXAGON_STEPS and PFPKIT_HEXAGON_SEED tell longer stories, and others.
"""

import asyncio
import os
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from random import Random

import pytest
from support.anvil import Anvil
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import encoded, noise
from support.reorganised import PEOPLE, Reorganised
from support.shelves import file_cid, token_shelf

from pfpkit.cache import OWNERSHIP_S, Cache
from pfpkit.chain import Node
from pfpkit.cid import Block, verify
from pfpkit.gateways import Reason
from pfpkit.media import Renderer
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Limits, Retriever
from pfpkit.tokens import TokenAnswer

STEPS = int(os.environ.get("PFPKIT_HEXAGON_STEPS", "100"))
SEED = int(os.environ.get("PFPKIT_HEXAGON_SEED", "1"))
RENDERED_EACH = 45
PICTURES = [encoded(noise(seed=seed), kind) for seed, kind in enumerate(("PNG", "WEBP", "GIF"), 1)]
SHELVES = {token_shelf(picture).root.digest: token_shelf(picture) for picture in PICTURES}
MINTED = dict(zip(SHELVES, PICTURES, strict=True))
BLOCKS = [block for shelf in SHELVES.values() for block in shelf.blocks]
FORGED = {file_cid(PICTURES[n]): PICTURES[n - 1] for n in range(len(PICTURES))}
"""Right CIDs, right CARs, and another picture in each."""
FAULTS = [
    *(Lie.FLIPPED_BYTE, Lie.OTHER_FILE, Lie.TRUNCATED, Lie.EMPTY, Lie.MISSING_BLOCK),
    *(Lie.EXTRA_BLOCK, Lie.MISSING, Lie.BUSY, Lie.BROKEN, Lie.HANGS_UP, Lie.GARBAGE),
    *(Lie.SILENT, Lie.STALLED, Lie.HEADER_THEN_STALL, Lie.REDIRECTING, Lie.PLAIN),
]
PATIENT = Limits(hedge_s=0.02)
SOON = Limits(read_s=0.05, block_s=0.1, car_s=0.1, hedge_s=0.02, total_s=1)


class Meddled(Node):
    """A node on whose chain something may happen after the block is named, before it is read."""

    def __init__(self, url, step=None):
        super().__init__(url)
        self.steps = [step] if step else []

    def meddle(self):
        """Once, if at all."""
        while self.steps:
            self.steps.pop()()

    async def tokens(self, asked, block):
        self.meddle()
        return await super().tokens(asked, block)


class Careless(Meddled):
    """One that reads whatever is latest, and names the block that it was asked for."""

    async def tokens(self, asked, block):
        self.meddle()
        found = await super().tokens(asked, await self.block())
        return [replace(answer, block=block) for answer in found]


class Hexagon:
    """One story: a chain and its model, gateways, a cache, and the question after each step."""

    def __init__(self, chain, project, folder, seed, node=Meddled):
        self.random, self.damage = Random(seed), Random(seed)  # names of files differ each time
        self.chain = Reorganised(chain, project, list(SHELVES), Random(seed))
        self.url, self.node, self.folder = chain.url, node, folder
        self.time = 1_800_000_000.0
        self.cache = Cache(folder, now=lambda: self.time)
        self.left = {}  # when a block was last so deep, by both
        self.question = self.drawn()
        self.count = Counter()
        self.told = [f"seed {seed}"]
        self.honest = HostileGateway(BLOCKS)
        self.forger = HostileGateway([Block(cid, FORGED.get(cid, data)) for cid, data in BLOCKS])
        self.faulty = HostileGateway(BLOCKS)

    def tell(self, steps):
        """So many steps, and what is shown after each; AssertionError with the story's end."""

        async def story():
            for number in range(1, steps + 1):
                self.told.append(self.chain.step())
                self.pass_time()
                for cache in (self.cache, None):
                    await self.ask(cache, rendered=number % RENDERED_EACH == 0)

        with ExitStack() as stack:
            for gateway in (self.honest, self.forger, self.faulty):
                stack.enter_context(gateway)
            asyncio.run(story())

    def pass_time(self):
        """Seconds pass for the cache, and now and then a bit of it flips."""
        self.time += self.random.choice((0, 1, 3, 8))
        paths = sorted(self.folder.glob("??/*"))
        if self.random.random() < 0.2 and paths:
            path = self.damage.choice(paths)
            data = bytearray(path.read_bytes())
            data[self.damage.randrange(len(data))] ^= 1
            path.write_bytes(data)
            self.count["damaged"] += 1

    async def ask(self, cache, *, rendered):
        """One question, and whether its answer is right."""
        random, chain = self.random, self.chain
        if rendered or random.random() < 0.6:
            self.question = self.drawn(owned=rendered)
        ref, holder, depth = self.question
        fresh, honest = random.random() < 0.4, rendered or random.random() < 0.7
        self.faulty.lie = random.choice(FAULTS)
        gateways = [self.forger.url, self.faulty.url, *([self.honest.url] if honest else [])]
        random.shuffle(gateways)
        at = f"latest-{depth}" if depth else "latest"
        wanted, reorganised = self.wanted(ref.token_id, holder, depth), chain.reorganisations
        self.seen()
        node = self.node(self.url, self.step if random.random() < 0.25 else None)
        retriever = Retriever(gateways, PATIENT if honest else SOON)
        renderer = Renderer(workers=1, sizes=(48,)) if rendered else None
        async with Resolver(node, retriever, renderer=renderer, cache=cache) as resolver:
            found = await resolver.resolve(ref, holder, at=at, fresh=fresh)
        self.told.append(
            f"  {ref.token_id} for {holder} at {at}, fresh {fresh}, cache {cache is not None}, "
            f"honest {honest}, {self.faulty.lie}: {found.verdict} {found.reason}"
        )
        self.check("a fault is reported", "fault of pfpkit" not in found.reason)
        stable = chain.reorganisations == reorganised
        self.check_answer(found, depth)
        if found.remembered:
            self.check("an answer is not fresh", cache is not None and not fresh)
        elif honest and (fresh or cache is None) and stable:
            self.check("an owner is not shown", found.verified or not wanted)
            self.check("one who does not own it now is shown", wanted or not found.verified)
            self.count["asked fresh"] += 1
        if (undone := found.ownership.undone) is not None and stable:
            self.check("a block is said to be gone", undone.hash not in chain.blocks)
            self.count["undone"] += 1
        if rendered and found.verified:
            self.check("there is no square", found.rendered.rendition(48) is not None)
            self.count["rendered"] += 1
        self.count[str(found.verdict)] += 1
        self.count["remembered"] += found.remembered
        self.count["lies"] += sum(one.reason is Reason.WRONG_BYTES for one in retriever.faults)
        node.meddle()  # if nobody asked the node: the chain's story is the same each time

    def check_answer(self, found, depth):
        """What is said of a block is true of that block, whether it is there still or not."""
        named = found.ownership.block
        if named is None:
            self.check("no block is named", not found.verified)
            return
        owned = self.chain.states.get(named.hash, {}).get(found.ref.token_id)
        owns = owned is not None and owned.owner == found.holder
        if found.verified:
            self.check("who does not own it is shown", owns)
            self.check("other bytes are shown", found.proof.picture == MINTED[owned.digest])
            self.check("two blocks are named", found.receipt.block == named)
            age_s = self.time - self.left[named.hash, depth]
            self.check("what is shown is too old", age_s <= OWNERSHIP_S)
        self.check("an owner is said to be none", found.verdict != "not-owner" or not owns)

    def check(self, what, right):
        """Raise AssertionError with the end of the story when `what` is the case: not `right`."""
        if not right:
            raise AssertionError("\n".join([what, *self.told[:1], *self.told[-12:]]))

    def drawn(self, *, owned=False):
        """A token, mostly one that something happened to; a holder, mostly its own; a depth."""
        random, chain = self.random, self.chain
        if owned and chain.state():
            token, one = random.choice(sorted(chain.state().items()))
            return chain.tokens.ref(token), one.owner, 0
        token = chain.touched
        if random.random() < 0.4:
            token = random.randint(max(1, chain.minted - 7), chain.minted + 1)
        holder = random.choice(PEOPLE)
        if token in chain.state() and random.random() < 0.4:
            holder = chain.state()[token].owner
        return chain.tokens.ref(token), holder, random.choice((0, 0, 2))

    def step(self):
        """Something happens while the node is asked."""
        self.told.append("between: " + self.chain.step())
        self.count["between"] += 1

    def wanted(self, token, holder, depth):
        """Whether the holder is to be shown: the owner now, and so many blocks ago."""
        states = self.chain.state(), self.chain.state(depth)
        return all(token in state and state[token].owner == holder for state in states)

    def seen(self):
        """Note which blocks are where now."""
        for depth in (0, 2):
            if depth < len(self.chain.blocks):
                self.left[self.chain.blocks[-1 - depth], depth] = self.time


@pytest.fixture(scope="module")
def chain():
    with Anvil() as running:
        yield running


def test_hexagon__whatever_happens__is_shown_to_the_owner_and_nobody_else(chain, project, tmp_path):
    """And the story has everything in it that could fool it."""
    story = Hexagon(chain, project, tmp_path, SEED)
    story.tell(STEPS)
    things = ["verified", "not-owner", "pending", "unverified", "remembered", "undone", "lies"]
    things += ["damaged", "between", "asked fresh", "rendered"]
    assert not [thing for thing in things if not story.count[thing]], story.count
    assert story.chain.reorganisations > 0


def unhashed(patch):
    """Blocks are what a gateway says, wherever they are hashed."""
    for module in [*sys.modules.values()]:
        if vars(module).get("verify") is verify:
            patch.setattr(module, "verify", lambda cid, data: None)


def anybodys(patch):
    """Whoever asks has it, if the token is there."""
    patch.setattr(TokenAnswer, "held", property(lambda self: self.owner is not None))


def unknown(patch):
    """Nobody can say who has it."""
    patch.setattr(TokenAnswer, "held", property(lambda self: None))


def believed_for_ever(patch):
    """What the chain said once is not asked again."""
    patch.setattr("pfpkit.reading.OWNERSHIP_S", 1e9)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (unhashed, "other bytes are shown"),
        (anybodys, "who does not own it is shown"),
        (unknown, "an owner is not shown"),
        (believed_for_ever, "what is shown is too old"),
    ],
)
def test_hexagon__when_the_resolver_has_a_fault__finds_it(
    chain, project, tmp_path, monkeypatch, fault, what
):
    """The same story ends there."""
    fault(monkeypatch)
    with pytest.raises(AssertionError, match=what):
        Hexagon(chain, project, tmp_path, SEED).tell(STEPS)


def test_hexagon__when_another_block_is_named_than_was_read__finds_it(chain, project, tmp_path):
    """Something happens between the two."""
    what = "who does not own it is shown|an owner is said to be none|an owner is not shown"
    with pytest.raises(AssertionError, match=what):
        Hexagon(chain, project, tmp_path, SEED, Careless).tell(STEPS)
