"""Tokens of a batch and of an airdrop: no view tells how their digests are kept

given one, two, three (a slot each), four or more (one data contract) digests
    every token has the digest of its place, and both URIs
    tokens minted before and after, alone or in other batches, have theirs
    moving, approving and burning changes no digest of another token
given a batch that fails after its digests were stored, nothing is kept
given more digests than code holds, BatchTooLarge; as many as it holds, all are minted
"""

import pytest
from support.collection import (
    NOBODY,
    assert_view_reverts,
    deploy,
    digest,
    image_uri,
    metadata_uri,
    reverts,
)
from support.node import calldata

SIZES = [1, 2, 3, 4, 5, 40]
WAYS = ["mintBatch", "airdrop"]


@pytest.fixture
def large(project, deployer, minter):
    """A collection with room."""
    return deploy(project, deployer, owner=deployer, minter=minter, max_supply=10_000)


def mint(collection, way, to, bundles, minter):
    """Mint the digests to one holder, in one of both ways."""
    if way == "airdrop":
        return collection.airdrop([to] * len(bundles), bundles, sender=minter)
    return collection.mintBatch(to, bundles, sender=minter)


def code_of(node, address):
    """The code of an account."""
    return bytes.fromhex(node.rpc("eth_getCode", address, "latest")[2:])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SIZES)
def test_batches__when_minted_between_others__every_token_has_its_digest(
    large, minter, holder, way, size
):
    """First, last and those between; the neighbours keep their own."""
    bundles = [digest(n) for n in range(2 * size + 3)]
    large.mint(holder, bundles[0], sender=minter)
    mint(large, way, holder, bundles[1 : size + 1], minter)
    large.mint(holder, bundles[size + 1], sender=minter)
    mint(large, way, holder, bundles[size + 2 : 2 * size + 2], minter)
    large.mint(holder, bundles[2 * size + 2], sender=minter)
    ids = {1, 2, size + 1, size + 2, size + 3, 2 * size + 2, 2 * size + 3}
    for token in sorted(ids):
        assert large.bundleOf(token) == bundles[token - 1]
        assert large.tokenURI(token) == metadata_uri(bundles[token - 1])
        assert large.imageURI(token) == image_uri(bundles[token - 1])


@pytest.mark.parametrize("size", [3, 4, 5])
def test_batches__when_minted__ids_receivers_and_events_follow_in_order(
    large, minter, holder, buyer, stranger, size
):
    """Both ways say the first id, emit one Transfer for each token, and count for each holder."""
    bundles = [digest(n) for n in range(size)]
    assert large.mintBatch.call(holder, bundles, sender=minter) == 1
    receipt = large.mintBatch(holder, bundles, sender=minter)
    assert receipt.events == [large.Transfer(NOBODY, holder, 1 + n) for n in range(size)]
    receivers = [(buyer, stranger, buyer, holder, stranger)[n] for n in range(size)]
    assert large.airdrop.call(receivers, bundles[::-1], sender=minter) == size + 1
    receipt = large.airdrop(receivers, bundles[::-1], sender=minter)
    ids = range(size + 1, 2 * size + 1)
    assert receipt.events == [
        large.Transfer(NOBODY, receiver, token)
        for receiver, token in zip(receivers, ids, strict=True)
    ]
    assert [large.ownerOf(token) for token in ids] == receivers
    assert [large.bundleOf(token) for token in ids] == bundles[::-1]
    for person in (holder, buyer, stranger):
        held = receivers.count(person) + (size if person == holder else 0)
        assert large.balanceOf(person) == held
    assert large.totalMinted() == large.totalSupply() == 2 * size


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [3, 4])
def test_batches__when_a_token_moves_and_another_burns__digests_stay(
    large, node, minter, holder, buyer, operator, way, size
):
    """Approval, transfer by the spender, and a burn of the batch's first token."""
    bundles = [digest(n) for n in range(size)]
    mint(large, way, holder, bundles, minter)
    large.approve(operator, 2, sender=holder)
    assert large.getApproved(2) == operator
    large.transferFrom(holder, buyer, 2, sender=operator)
    assert (large.getApproved(2), large.ownerOf(2)) == (NOBODY, buyer)
    large.transferFrom(buyer, holder, 2, sender=buyer)
    with reverts(large.ERC721InsufficientApproval, operator=operator, tokenId=2):
        large.transferFrom(holder, buyer, 2, sender=operator)
    large.burn(1, sender=holder)
    gone = large.ERC721NonexistentToken
    for view in (large.ownerOf, large.bundleOf, large.tokenURI, large.imageURI, large.getApproved):
        assert_view_reverts(node, view, 1, error=gone, tokenId=1)
    with reverts(gone, tokenId=1):
        large.approve(operator, 1, sender=holder)
    assert [large.bundleOf(n) for n in range(2, size + 1)] == bundles[1:]
    assert large.balanceOf(holder) == size - 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_batches__when_a_digest_is_zero__nothing_is_kept(large, node, minter, holder, way, place):
    """The digests were stored first; the refusal undoes that too."""
    bundles = [digest(n) for n in range(5)]
    bundles[place] = bytes(32)
    nonce = node.rpc("eth_getTransactionCount", large.address, "latest")
    with reverts(large.ZeroBundle):
        mint(large, way, holder, bundles, minter)
    assert large.totalMinted() == large.balanceOf(holder) == 0
    assert node.rpc("eth_getTransactionCount", large.address, "latest") == nonce


@pytest.mark.parametrize("way", WAYS)
def test_batches__when_as_many_as_code_holds__mints_them_all(large, node, minter, holder, way):
    """767 digests in one transaction, where its gas allows that; the last one is right."""
    bundles = [digest(n) for n in range(768)]
    with reverts(large.BatchTooLarge, count=768, most=767):
        mint(large, way, holder, bundles, minter)
    signature, to = "mintBatch(address,bytes32[])", holder.address
    if way == "airdrop":
        signature, to = "airdrop(address[],bytes32[])", [holder.address] * 767
    message = {
        "from": minter.address,
        "to": large.address,
        "data": "0x" + calldata(signature, to, bundles[:767]).hex(),
        "gas": hex(29_000_000),
    }
    assert int(node.rpc("eth_sendTransactionSync", message)["status"], 16) == 1
    assert large.balanceOf(holder) == large.totalMinted() == 767
    assert [large.bundleOf(n) for n in (1, 400, 767)] == [bundles[n] for n in (0, 399, 766)]


def test_batches__when_four__digests_are_the_code_of_a_contract_of_their_own(
    large, node, minter, holder
):
    """It begins with STOP; one is made for a batch of four or more, and none for fewer."""
    bundles = [digest(n) for n in range(4)]
    large.mintBatch(holder, bundles[:3], sender=minter)
    assert int(node.rpc("eth_getTransactionCount", large.address, "latest"), 16) == 1
    receipt = large.mintBatch(holder, bundles, sender=minter)
    assert int(node.rpc("eth_getTransactionCount", large.address, "latest"), 16) == 2
    made = [
        call["result"]["address"]
        for call in node.rpc("trace_transaction", receipt.txn_hash)
        if call["type"] == "create"
    ]
    assert [code_of(node, address) for address in made] == [b"\0" + b"".join(bundles)]
