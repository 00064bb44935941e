"""The walk against content that attacks: each ends as `attacks/content.py` says

none is shown, none reaches a forbidden address, none takes more than its time and memory
"""

import asyncio
import ssl
import time
import tracemalloc

import pytest
from resolver.attacks import content
from support.hostile_gateway import HostileGateway, Lie
from support.shelves import PICTURE, file_cid
from support.web_server import WebServer

from pfpkit.cid import Block
from pfpkit.evidence import Outcome, prove
from pfpkit.media import Renderer
from pfpkit.retrieval import Limits, Retriever
from pfpkit.web import Web, WebLimits

TLS = ssl.create_default_context()
WITHIN_S = 15.0
"""Several times what any takes alone: memory is traced meanwhile, and other tests run beside."""
MEMORY = 64 * 2**20
"""A few times the largest of what is served, which is 10 MiB."""
LIMITS = Limits(read_s=1.0, block_s=2.0, car_s=2.0)
WEB = WebLimits(max_bytes=2**20, read_s=0.5, total_s=1.0)


@pytest.fixture(scope="module")
def ended():
    """The proof of an attack, its seconds and its memory; one worker looks at all pictures."""
    with asyncio.Runner() as runner:

        async def started():
            return Renderer(workers=1, sizes=(48,))

        renderer = runner.run(started())
        yield lambda *asked: runner.run(ending(*asked, renderer))
        runner.run(renderer.close())


@pytest.fixture(scope="module")
def stage():
    """One gateway, one server that is allowed, and a victim that is not."""
    with WebServer() as server, WebServer() as victim:
        yield content.Stage(server, victim)


async def ending(stage, attack, gateway, renderer):
    """The proof, its seconds, and the most bytes of memory that it took."""
    allowed = [f"localhost:{stage.server.port}"]
    async with (
        Retriever([gateway.url], LIMITS) as blocks,
        Web(WEB, allowed=allowed, ports={80, 443, stage.victim.port}, tls=TLS) as web,
    ):
        started = time.monotonic()
        tracemalloc.start()
        try:
            proof = await prove(attack.token_uri, None, blocks, renderer=renderer, web=web)
            return proof, time.monotonic() - started, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def complaints(attack, proof, took, peak):
    """What did not end as it has to."""
    failed = next((step for step in proof.steps if step.outcome is Outcome.FAILED), None)
    refused = failed is not None and failed.name == "media"
    error = str(proof.rendered.outcome) if refused else failed and failed.error
    if failed is None or (failed.name, error) != (attack.step, attack.error):
        yield f"{attack.name}: ended with {failed}"
    if proof.holds or (proof.rendered is not None and proof.rendered.accepted):
        yield f"{attack.name}: is shown"
    if not all(step.reason.isprintable() and len(step.reason) <= 600 for step in proof.steps):
        yield f"{attack.name}: a reason is not one short line"
    if took > WITHIN_S:
        yield f"{attack.name}: took {took:.1f} s"
    if peak > MEMORY:
        yield f"{attack.name}: took {peak:,} bytes of memory"


@pytest.mark.parametrize("part", content.PARTS, ids=lambda part: part.__name__)
def test_prove__when_content_attacks__ends_as_it_has_to(stage, part, ended):
    """At its step, by its error, within time and memory, and the victim sees nobody."""
    attacks = [content.Attack(*case) for case in part(stage)]
    stage.blocks[file_cid(PICTURE)] = PICTURE
    blocks = [Block(cid, data) for cid, data in stage.blocks.items()]
    with HostileGateway(blocks, Lie.NO_CARS) as gateway:
        wrong = [
            complaint
            for attack in attacks
            for complaint in complaints(attack, *ended(stage, attack, gateway))
        ]
    assert wrong == []
    assert stage.victim.connections == 0


def test_attacks__when_counted__are_as_many_as_are_told(stage):
    """With a name of its own each."""
    names = [(part.__name__, case[0]) for part in content.PARTS for case in part(stage)]
    assert len(names) == len(set(names)) >= 75
