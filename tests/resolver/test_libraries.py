"""Tokens of contracts that nobody here wrote: OpenZeppelin 4 and 5, Solady, solmate, ERC721A

given a token of a library, it is verified for who has it, and for nobody else
given one that was burned or never minted, the library's own reason is named
given some of an ERC-1155 token, it is verified for each of its holders, until they burn it
given a drawing that the contract makes itself, it is drawn
given a contract that is paused or broken, its owner is unknown: neither owner nor not
"""

from __future__ import annotations

import asyncio
import json

import pytest
from support.dags import dag_of, file_dag
from support.libraries import Library
from support.shelves import PICTURE, file_cid

from pfpkit.chain import Node
from pfpkit.media import Renderer
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.reference import Standard
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever
from pfpkit.unixfs import UNIXFS_V1_2025

LARGE = 2**255 + 0xABC
IDS = (1, 2, 3, 7, LARGE)
METADATA = json.dumps({"name": "Pip", "image": f"ipfs://{file_cid(PICTURE)}"}).encode()
FOLDER = dag_of(
    {str(number): METADATA for number in IDS} | {f"{number:064x}.json": METADATA for number in IDS},
    UNIXFS_V1_2025,
)
NONE_LEFT = {
    "OpenZeppelin": "ERC721NonexistentToken",
    "OpenZeppelin4": "ERC721: invalid token ID",
    "Solady": "TokenDoesNotExist",
    "Solmate": "NOT_MINTED",
    "Azuki": "OwnerQueryForNonexistentToken",
}
MULTI = ("OpenZeppelinMulti", "OpenZeppelinMultiStorage", "SoladyMulti", "SolmateMulti")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A gateway that has the folder and the picture."""
    store = BlockStore(tmp_path_factory.mktemp("libraries") / "blocks")
    for dag in (FOLDER, file_dag(PICTURE, UNIXFS_V1_2025)):
        store.pin(dag)
    with Gateway(store) as serving:
        yield serving


@pytest.fixture
def people(deployer, holder, buyer):
    """Who mints, who is given the tokens, and who buys one."""
    return [str(who.address) for who in (deployer, holder, buyer)]


@pytest.fixture
def find(chain_url, gateway):
    """Resolves tokens for holders."""

    async def run(asked):
        parts = Node(chain_url), Retriever([gateway.url])
        async with Resolver(*parts, renderer=Renderer(workers=1, sizes=(48,))) as resolver:
            return await resolver.resolve_many(asked)

    return lambda *asked: asyncio.run(run(asked))


@pytest.mark.parametrize("name", NONE_LEFT)
def test_resolve__of_a_library__is_verified_for_who_has_it(node, people, find, name):
    """Token 1 was minted, 2 sold, 3 burned, and 99 never was."""
    minter, holder, buyer = people
    if name == "Azuki":
        contract = Library(node, minter, name, f"ipfs://{FOLDER.root}/")
        contract.send("mint(address,uint256)", holder, 3)
    else:
        contract = Library(node, minter, name)
        contract.mint_all(holder, [f"ipfs://{FOLDER.root}/{number}" for number in (1, 2, 3)])
    contract.transfer(2, holder, buyer)
    contract.send("burn(uint256)", 3, sender=holder)
    one, two, burned, never = (contract.ref(number) for number in (1, 2, 3, 99))
    asked = [(one, holder), (one, None), (two, buyer), (two, holder)]
    asked += [(burned, holder), (burned, None), (never, None)]
    found = find(*asked)
    assert [each.verdict for each in found] == [
        *("verified", "verified", "verified", "not-owner"),
        *("not-owner", "no-token", "no-token"),
    ]
    assert found[2].proof.picture == PICTURE
    assert [str(step) for step in (found[2].proof.image_binding,)] == ["by-content"]
    assert all(NONE_LEFT[name] in each.reason for each in found[4:])


@pytest.mark.parametrize("name", MULTI)
def test_resolve__of_an_erc1155_library__is_verified_for_each_holder(node, people, find, name):
    """`{id}` is replaced by 64 digits; who burned all of theirs has none."""
    minter, holder, buyer = people
    contract = Library(node, minter, name, f"ipfs://{FOLDER.root}/{{id}}.json")
    for who, token_id in ((holder, 7), (buyer, 7), (buyer, LARGE)):
        contract.send("mint(address,uint256,uint256)", who, token_id, 3)
    seven, large = (contract.ref(number, Standard.ERC1155) for number in (7, LARGE))
    found = find((seven, holder), (seven, buyer), (seven, minter), (seven, None))
    verdicts = [each.verdict for each in found]
    assert verdicts == ["verified", "verified", "not-owner", "unknown"]
    assert "name who is to have it" in found[3].reason
    contract.send("burn(address,uint256,uint256)", holder, 7, 3, sender=holder)
    contract.send("burn(address,uint256,uint256)", buyer, 7, 2, sender=buyer)
    asked = ((seven, holder), (seven, buyer), (large, buyer), (contract.ref(7), buyer))
    gone, left, last, other = find(*asked)
    assert (gone.verdict, left.verdict, other.verdict) == ("not-owner", "verified", "unknown")
    assert "declares erc1155, not erc721" in other.reason
    if name == "OpenZeppelinMultiStorage":  # which has a URI for token 7 alone
        assert (last.verdict, last.receipt.failure.name) == ("unverified", "token URI")
    else:
        assert (last.verdict, last.proof.picture) == ("verified", PICTURE)


def test_resolve__of_drawings_on_the_chain__is_verified_and_drawn(node, people, find):
    """As base64 in base64, and as text that nobody escaped; burned, there is nothing to draw."""
    minter, holder, buyer = people
    contract = Library(node, minter, "OnChain")
    for token_id in (2, 3, 4):
        contract.send("mint(address,uint256)", holder, token_id)
    contract.transfer(3, holder, buyer)
    contract.send("burn(uint256)", 4, sender=holder)
    refs = [contract.ref(token_id) for token_id in (2, 3, 4)]
    even, odd, burned = find(*zip(refs, (holder, buyer, None), strict=True))
    for found in (even, odd):
        assert (found.verdict, found.proof.image_binding) == ("verified", "on-chain")
        assert found.rendered.rendition(48).data[8:12] == b"WEBP"
    assert even.rendered.rendition(48) != odd.rendered.rendition(48)
    assert (burned.verdict, burned.rendered) == ("no-token", None)


def test_resolve__of_a_paused_contract__is_unknown(node, people, find):
    """Who owned the token still does, and nobody can say so; for anybody it is the same."""
    minter, holder, buyer = people
    contract = Library(node, minter, "PausedViews")
    (ref,) = contract.mint_all(holder, [""])
    assert [each.ownership.state for each in find((ref, holder), (ref, buyer))] == [
        *("verified", "not-owner")
    ]
    contract.send("pause()")
    found = find((ref, holder), (ref, buyer), (ref, None))
    assert {each.verdict for each in found} == {"unknown"}
    assert {each.ownership.state for each in found[:2]} == {"unknown"}
    assert all("reverted: ownerOf(uint256): EnforcedPause" in each.reason for each in found)


def test_resolve__of_a_contract_with_a_fault__is_unknown(node, people, find):
    """A Panic is no word about a token."""
    minter, holder, _ = people
    contract = Library(node, minter, "Listed")
    contract.mint_all(holder, [""], first_id=0)
    found = find((contract.ref(1), holder), (contract.ref(1), None))
    assert [each.verdict for each in found] == ["unknown", "unknown"]
    assert all("Panic(0x32)" in each.reason for each in found)
