"""mint: one token, not asking the receiver

given a caller who is not the minter, reverts: the owner, a holder, anybody
given the zero address as receiver, reverts
given a digest of zero, reverts
given no supply left, reverts
otherwise
    gives the next id, and the digest to it
    returns the id and both URIs
    emits Transfer from zero, and nothing else
    does not ask the receiver
given a contract as minter, mints for it, and not for whoever calls it
"""

import pytest
from support.collection import NOBODY, digest, image_uri, metadata_uri, reverts


@pytest.mark.parametrize("role", ["deployer", "holder", "stranger"])
def test_mint__when_not_the_minter__reverts(collection, holder, role, request):
    """Nobody but the minter mints, the owner included."""
    caller = request.getfixturevalue(role)
    with reverts(collection.NotMinter, account=caller):
        collection.mint(holder, digest(1), sender=caller)
    assert collection.totalMinted() == 0


def test_mint__when_to_zero__reverts(collection, minter):
    """A token has a holder."""
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.mint(NOBODY, digest(1), sender=minter)
    assert collection.totalMinted() == 0


def test_mint__when_digest_is_zero__reverts(collection, minter, holder):
    """A token has a picture."""
    with reverts(collection.ZeroBundle):
        collection.mint(holder, bytes(32), sender=minter)
    assert collection.totalMinted() == 0
    assert collection.balanceOf(holder) == 0


def test_mint__when_supply_is_used_up__reverts(collection, minter, holder):
    """The tenth of ten can be minted, the eleventh cannot."""
    collection.mintBatch(holder, [digest(n) for n in range(9)], sender=minter)
    collection.mint(holder, digest(10), sender=minter)
    with reverts(collection.SupplyExceeded, asked=1, left=0):
        collection.mint(holder, digest(11), sender=minter)
    assert collection.totalMinted() == collection.totalSupply() == 10


def test_mint__when_minter__holds_the_next_id_and_digest(collection, minter, holder, buyer):
    """Ids run from 1, and each token has the digest that it was minted with."""
    collection.mint(holder, digest(1), sender=minter)
    collection.mint(buyer, digest(2), sender=minter)
    assert [collection.ownerOf(1), collection.ownerOf(2)] == [holder, buyer]
    assert [collection.bundleOf(1), collection.bundleOf(2)] == [digest(1), digest(2)]
    assert [collection.balanceOf(holder), collection.balanceOf(buyer)] == [1, 1]
    assert collection.totalMinted() == collection.totalSupply() == 2


def test_mint__when_minter__returns_id_and_uris(collection, minter, holder):
    """What a simulated call returns is what the views say afterwards."""
    promised = collection.mint.call(holder, digest(1), sender=minter)
    collection.mint(holder, digest(1), sender=minter)
    assert promised.id == 1
    assert promised.metadataURI == collection.tokenURI(1) == metadata_uri(digest(1))
    assert promised.imageURI == collection.imageURI(1) == image_uri(digest(1))


def test_mint__when_minter__emits_one_transfer(collection, minter, holder):
    """The one event is ERC-721's."""
    receipt = collection.mint(holder, digest(1), sender=minter)
    assert receipt.events == [collection.Transfer(NOBODY, holder, 1)]


def test_mint__when_receiver_refuses_tokens__mints_all_the_same(project, collection, minter):
    """`mint` does not ask; `safeMint` does."""
    deaf = minter.deploy(project.DeafReceiver)
    collection.mint(deaf, digest(1), sender=minter)
    assert collection.ownerOf(1) == deaf


def test_mint__when_minter_is_a_contract__counts_the_caller_not_the_origin(
    project, collection, deployer, minter, stranger
):
    """A sale contract mints for whoever calls it; the minter's own account is not asked for."""
    sale = stranger.deploy(project.ReentrantReceiver)
    call = collection.mint.encode_input(stranger, digest(1))
    with reverts(collection.NotMinter, account=sale):
        sale.call(collection, call, sender=minter)
    collection.setMinter(sale, sender=deployer)
    sale.call(collection, call, sender=stranger)
    assert collection.ownerOf(1) == stranger
