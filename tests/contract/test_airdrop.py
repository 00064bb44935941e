"""airdrop: one token to each of many, all or none

given a caller who is not the minter, reverts
given lists of different lengths, or empty ones, reverts
given a zero address, a zero digest, or too little supply, reverts with nothing minted
otherwise
    returns the first id; receivers, ids and digests follow in order
    emits one Transfer for each
    a receiver named twice holds two
"""

import pytest
from support.collection import NOBODY, digest, reverts


def test_airdrop__when_not_the_minter__reverts(collection, deployer, holder):
    """The owner does not mint either."""
    with reverts(collection.NotMinter, account=deployer):
        collection.airdrop([holder], [digest(1)], sender=deployer)


def test_airdrop__when_empty__reverts(collection, minter):
    """An airdrop to nobody is a mistake of its sender."""
    with reverts(collection.EmptyBatch):
        collection.airdrop([], [], sender=minter)


@pytest.mark.parametrize(("receivers", "bundles"), [(1, 2), (2, 1), (0, 1), (1, 0)])
def test_airdrop__when_lengths_differ__mints_none(collection, minter, holder, receivers, bundles):
    """Neither list is cut to fit the other."""
    with reverts(collection.LengthMismatch, receivers=receivers, bundles=bundles):
        collection.airdrop([holder] * receivers, [digest(n) for n in range(bundles)], sender=minter)
    assert collection.totalMinted() == 0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_airdrop__when_a_receiver_is_zero__mints_none(collection, minter, holder, buyer, place):
    """One bad receiver undoes them all, wherever it stands."""
    receivers = [holder, buyer, holder]
    receivers[place] = NOBODY
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.airdrop(receivers, [digest(n) for n in range(3)], sender=minter)
    assert collection.totalMinted() == 0
    assert collection.balanceOf(holder) == collection.balanceOf(buyer) == 0


@pytest.mark.parametrize("place", [0, 1])
def test_airdrop__when_a_digest_is_zero__mints_none(collection, minter, holder, buyer, place):
    """One bad digest undoes them all, wherever it stands."""
    bundles = [digest(1), digest(2)]
    bundles[place] = bytes(32)
    with reverts(collection.ZeroBundle):
        collection.airdrop([holder, buyer], bundles, sender=minter)
    assert collection.totalMinted() == collection.balanceOf(holder) == 0


def test_airdrop__when_past_the_supply__mints_none(collection, minter, holder):
    """Eleven of ten are refused, ten are not."""
    with reverts(collection.SupplyExceeded, asked=11, left=10):
        collection.airdrop([holder] * 11, [digest(n) for n in range(11)], sender=minter)
    assert collection.totalMinted() == 0
    collection.airdrop([holder] * 10, [digest(n) for n in range(10)], sender=minter)
    assert collection.totalMinted() == collection.balanceOf(holder) == 10


def test_airdrop__when_minter__each_receiver_has_its_digest(
    collection, minter, holder, buyer, stranger
):
    """Receivers and digests belong together by their place; naming one twice gives two."""
    collection.mint(stranger, digest(0), sender=minter)
    receivers, bundles = [holder, buyer, holder], [digest(1), digest(2), digest(3)]
    assert collection.airdrop.call(receivers, bundles, sender=minter) == 2
    receipt = collection.airdrop(receivers, bundles, sender=minter)
    assert receipt.events == [
        collection.Transfer(NOBODY, holder, 2),
        collection.Transfer(NOBODY, buyer, 3),
        collection.Transfer(NOBODY, holder, 4),
    ]
    assert [collection.ownerOf(n) for n in (2, 3, 4)] == receivers
    assert [collection.bundleOf(n) for n in (2, 3, 4)] == bundles
    assert (collection.balanceOf(holder), collection.balanceOf(buyer)) == (2, 1)
    assert collection.totalMinted() == collection.totalSupply() == 4
