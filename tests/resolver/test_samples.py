"""Tokens of OpenZeppelin's contract in the shapes that collections use, from the chain to a verdict

given metadata in a shape of samples.py, verdict, bindings and the step that fails are as said there
given a server, and that no server is asked, it is unverified; given Arweave, it is a server
"""

from __future__ import annotations

import asyncio

import pytest
from resolver.samples import ON_SERVERS, PNG, SAMPLES
from support.libraries import Library
from support.published import Published, metadata

from pfpkit.chain import Node
from pfpkit.media import Renderer
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from pfpkit.web import Web


@pytest.fixture
def library(node, deployer):
    """The contract that has the tokens."""
    return Library(node, str(deployer.address), "OpenZeppelin")


@pytest.fixture
def resolve(chain_url, library, holder):
    """Mints a token for each URI, and gives what comes of each."""

    def tokens(there, uris, ids=None, *, servers=True):
        ids = ids or range(1, len(uris) + 1)
        asked = []
        for token_id, uri in zip(ids, uris, strict=True):
            library.send("mint(address,uint256,string)", holder.address, token_id, uri)
            asked.append((library.ref(token_id), str(holder.address)))

        async def run():
            web = Web(allowed=[f"localhost:{there.server.port}"]) if servers else None
            parts = Node(chain_url), Retriever([there.gateway.url])
            squares = Renderer(workers=1, sizes=(48,))
            async with Resolver(*parts, web=web, renderer=squares) as resolver:
                return await resolver.resolve_many(asked)

        return asyncio.run(run())

    return tokens


def test_resolve__of_every_shape__is_as_said(resolve):
    """All in one call, each as if it were alone."""
    with Published() as there:
        uris = [sample.uri(there) for sample in SAMPLES.values()]
        ids = [sample.token_id or n for n, sample in enumerate(SAMPLES.values(), 1)]
        found = dict(zip(SAMPLES, resolve(there, uris, ids), strict=True))
    said = {name: _told(one) for name, one in found.items()}
    wanted = {name: (one.verdict, one.bound, one.fails) for name, one in SAMPLES.items()}
    assert said == wanted
    assert len({one.receipt.block for one in found.values()}) == 1
    assert all(one.receipt.owner for one in found.values())


def test_resolve__when_no_server_is_asked__what_is_there_is_unverified(resolve):
    """The step that would ask one says so, and nothing connects to it."""
    with Published() as there:
        uris = [sample.uri(there) for sample in ON_SERVERS.values()]
        arweave = f"ar://{'A' * 43}/1.json"
        found = resolve(there, [*uris, arweave], servers=False)
        assert there.server.connections == 0
    assert {one.verdict for one in found} == {"unverified"}
    assert {one.receipt.failure.name for one in found} == {"token URI", "image link"}
    assert f"https://arweave.net/{'A' * 43}/1.json" in found[-1].reason


def test_resolve__of_a_picture_by_its_block__has_its_bytes(resolve):
    """What is shown is what was published, whatever the words around it say."""
    with Published() as there:
        said = metadata(name="Pip", image=f"ipfs://{there.file(PNG)}", image_details={"bytes": 1})
        (found,) = resolve(there, [f"ipfs://{there.file(said)}"])
    assert (found.verified, found.proof.picture, found.proof.name) == (True, PNG, "Pip")


def _told(found):
    proof, failure = found.proof, found.receipt.failure
    bound = tuple(one and str(one) for one in (proof.metadata_binding, proof.image_binding))
    return str(found.verdict), bound, failure and failure.name
