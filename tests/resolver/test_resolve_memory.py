"""resolve_each: given many large pictures, holds a few of them, and lets go without a collector"""

import asyncio
import gc
import json
import os
import tracemalloc
from dataclasses import replace

from support.dags import file_dag
from support.shelves import PICTURE, STATE

from pfpkit.pinning.gateway import Gateway
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from pfpkit.unixfs import UNIXFS_V1_2025

TOKENS, AT_ONCE = 30, 3
PICTURE_BYTES = 1_200_000
"""Of two blocks each, so that they are put together."""


class Chain:
    """Says of each token that it is there, and where."""

    identity = "chain"

    def __init__(self, uris):
        self._uris = uris

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        pass

    async def block(self, at="latest"):
        return STATE.block

    async def tokens(self, asked, block):
        return [
            replace(STATE, ref=ref, holder=holder, token_uri=self._uris[ref.token_id])
            for ref, holder in asked
        ]


class Store:
    """Blocks in memory, for a gateway."""

    def __init__(self, blocks):
        self._blocks = {cid.as_v1(): data for cid, data in blocks}

    def get(self, cid):
        return self._blocks[cid.as_v1()]


def test_resolve_each__of_many_large_pictures__holds_a_few():
    """Four times as much for each that is under way, and nothing of those that were found."""
    blocks, uris = [], []
    for number in range(TOKENS):
        data = PICTURE + number.to_bytes(4) + os.urandom(PICTURE_BYTES - len(PICTURE) - 4)
        picture = file_dag(data, UNIXFS_V1_2025)
        page = json.dumps({"image": f"ipfs://{picture.root}"}).encode()
        blocks += picture.blocks
        uris.append(f"data:application/json,{page.decode()}")
    asked = [(replace(STATE.ref, token_id=number), None) for number in range(TOKENS)]

    async def run():
        parts = Chain(uris), Retriever([gateway.url])
        async with Resolver(*parts, renderer=None, at_once=AT_ONCE) as resolver:
            return [one.verdict async for one in resolver.resolve_each(asked)]

    with Gateway(Store(blocks)) as gateway:
        gc.collect()
        gc.disable()
        tracemalloc.start()
        try:
            found = asyncio.run(run())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            gc.enable()
    assert found == ["verified"] * TOKENS
    # The gateway is in this process too, and holds what it is sending.
    assert peak < 6 * AT_ONCE * PICTURE_BYTES
