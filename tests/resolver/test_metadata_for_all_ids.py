"""ERC-1155 tokens whose metadata is one for all ids, with `{id}` in the picture's URI

given two ids, each has its own picture, also from a cache, and each receipt is of its own id
given a token of ERC-721, `{id}` is a name like any other
"""

from __future__ import annotations

import asyncio
import json

import pytest
from support.libraries import Library
from support.published import Published, metadata
from support.shelves import OTHER_PICTURE, PICTURE
from support.tokens import owned

from pfpkit.cache import Cache
from pfpkit.chain import Node
from pfpkit.errors import BadContent, Unverified
from pfpkit.recheck import check
from pfpkit.reference import Standard
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever

IDS = {7: PICTURE, 2**255 + 0xABC: OTHER_PICTURE}


@pytest.fixture
def there():
    """A gateway with a picture for each id, and metadata for all of them."""
    with Published() as published:
        folder = published.folder({f"{number:064x}.png": data for number, data in IDS.items()})
        said = metadata(name="No. {id}", image=f"ipfs://{folder}/{{id}}.png")
        published.uri = f"ipfs://{published.file(said)}"
        yield published


@pytest.fixture
def refs(node, deployer, holder, there):
    """The holder's tokens of OpenZeppelin's contract, which gives all ids the same URI."""
    contract = Library(node, str(deployer.address), "OpenZeppelinMulti", there.uri)
    for number in IDS:
        contract.send("mint(address,uint256,uint256)", str(holder.address), number, 1)
    return [contract.ref(number, Standard.ERC1155) for number in IDS]


def resolved(chain_url, there, asked, cache=None):
    """What comes of tokens, asked twice."""

    async def run():
        parts = Node(chain_url), Retriever([there.gateway.url])
        async with Resolver(*parts, renderer=None, cache=cache) as resolver:
            return [await resolver.resolve_many(asked) for _ in range(2)]

    return asyncio.run(run())


@pytest.mark.parametrize("cached", [False, True], ids=["no cache", "a cache"])
def test_resolve__when_metadata_is_for_all_ids__each_has_its_own_picture(
    chain_url, there, refs, holder, tmp_path, cached
):
    """All have the same URIs: nothing that one walk found passes for another's."""
    cache = Cache(tmp_path) if cached else None
    asked = [(ref, str(holder.address)) for ref in refs]
    for found in resolved(chain_url, there, asked, cache):
        assert {one.receipt.token_uri for one in found} == {there.uri}
        assert [one.verdict for one in found] == ["verified"] * len(IDS)
        assert [one.proof.picture for one in found] == [*IDS.values()]
        assert [one.proof.name for one in found] == [f"No. {number:064x}" for number in IDS]


def test_check__when_metadata_is_for_all_ids__proves_it_for_that_id_alone(
    chain_url, there, refs, holder, tmp_path
):
    """The blocks of one picture are no proof of another's, though the metadata is the same."""
    asked = [(ref, str(holder.address)) for ref in refs]
    found, _ = resolved(chain_url, there, asked)
    saved = found[0].save(tmp_path, "avatar")
    assert asyncio.run(check(saved.receipt))[1].picture == IDS[7]
    fields = json.loads(saved.receipt.read_bytes())
    fields |= {"token": str(refs[1]), "token_id": str(refs[1].token_id)}
    saved.receipt.write_text(json.dumps(fields))
    with pytest.raises((BadContent, Unverified), match=r"avatar\."):
        asyncio.run(check(saved.receipt))


def test_resolve__when_of_erc721__replaces_nothing(chain_url, there, tokens):
    """That standard has no such rule: the folder has no file of that name."""
    ref = tokens.impostor(owned(tokens.people[1], there.uri))
    (found,), _ = resolved(chain_url, there, [(ref, None)])
    failure = found.receipt.failure
    assert (found.verdict, failure.name, failure.error) == ("unverified", "image link", "NotFound")
    assert "{id}.png" in failure.reason
