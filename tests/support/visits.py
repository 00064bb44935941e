"""Visitors of a token through a resolver with a cache, and what they cost the node."""

from contextlib import asynccontextmanager

from pfpkit.chain import Node
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from support.shelves import token_shelf

SHELF = token_shelf()


class CountedNode(Node):
    """A node that counts how often it was asked for tokens."""

    asked = 0

    async def tokens(self, asked, block):
        self.asked += 1
        return await super().tokens(asked, block)


@asynccontextmanager
async def visited(url, gateway, cache, **options):
    """A resolver, and its node."""
    node = CountedNode(url)
    options = {"renderer": None} | options
    async with Resolver(node, Retriever([gateway.url]), cache=cache, **options) as resolver:
        yield resolver, node
