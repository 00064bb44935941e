"""mintBatch: many tokens to one receiver, all or none

given a caller who is not the minter, reverts
given no digests, the zero address, a zero digest anywhere, or too little supply, reverts with
nothing minted
otherwise
    returns the first id; ids and digests follow in order
    emits one Transfer for each
    does not ask the receiver
"""

import pytest
from support.collection import NOBODY, digest, reverts


def test_mint_batch__when_not_the_minter__reverts(collection, deployer, holder):
    """The owner does not mint either."""
    with reverts(collection.NotMinter, account=deployer):
        collection.mintBatch(holder, [digest(1)], sender=deployer)


def test_mint_batch__when_empty__reverts(collection, minter, holder):
    """A batch of none is a mistake of its sender."""
    with reverts(collection.EmptyBatch):
        collection.mintBatch(holder, [], sender=minter)


def test_mint_batch__when_to_zero__reverts(collection, minter):
    """A token has a holder."""
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.mintBatch(NOBODY, [digest(1)], sender=minter)
    assert collection.totalMinted() == 0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_mint_batch__when_a_digest_is_zero__mints_none(collection, minter, holder, place):
    """One bad digest undoes the batch, wherever it stands."""
    bundles = [digest(1), digest(2), digest(3)]
    bundles[place] = bytes(32)
    with reverts(collection.ZeroBundle):
        collection.mintBatch(holder, bundles, sender=minter)
    assert collection.totalMinted() == collection.balanceOf(holder) == 0


def test_mint_batch__when_past_the_supply__mints_none(collection, minter, holder):
    """Three minted of ten leave seven: eight are refused, seven are not."""
    collection.mintBatch(holder, [digest(n) for n in range(3)], sender=minter)
    with reverts(collection.SupplyExceeded, asked=8, left=7):
        collection.mintBatch(holder, [digest(n) for n in range(8)], sender=minter)
    assert collection.totalMinted() == collection.balanceOf(holder) == 3
    collection.mintBatch(holder, [digest(n) for n in range(7)], sender=minter)
    assert collection.totalMinted() == collection.balanceOf(holder) == 10


def test_mint_batch__when_minter__ids_follow_in_order(collection, minter, holder, buyer):
    """The batch starts after what was minted before, in the order of its digests."""
    collection.mint(buyer, digest(0), sender=minter)
    bundles = [digest(1), digest(2), digest(3)]
    assert collection.mintBatch.call(holder, bundles, sender=minter) == 2
    receipt = collection.mintBatch(holder, bundles, sender=minter)
    assert receipt.events == [collection.Transfer(NOBODY, holder, n) for n in (2, 3, 4)]
    assert [collection.bundleOf(n) for n in (1, 2, 3, 4)] == [digest(n) for n in range(4)]
    assert [collection.ownerOf(n) for n in (1, 2, 3, 4)] == [buyer, holder, holder, holder]
    assert (collection.balanceOf(holder), collection.balanceOf(buyer)) == (3, 1)
    assert collection.totalMinted() == collection.totalSupply() == 4


def test_mint_batch__when_receiver_refuses_tokens__mints_all_the_same(project, collection, minter):
    """As `mint`, it does not ask."""
    deaf = minter.deploy(project.DeafReceiver)
    collection.mintBatch(deaf, [digest(1), digest(2)], sender=minter)
    assert collection.balanceOf(deaf) == 2


def test_mint_batch__when_minter_is_a_contract__counts_the_caller(
    project, collection, deployer, minter, holder
):
    """The minter's own account behind another contract is not the minter."""
    sale = deployer.deploy(project.ReentrantReceiver)
    call = collection.mintBatch.encode_input(holder, [digest(1)])
    with reverts(collection.NotMinter, account=sale):
        sale.call(collection, call, sender=minter)
