"""safeMint: one token, for a receiver that takes it

given a caller who is not the minter, reverts
given the zero address as receiver, a zero digest, or no supply left, reverts
given a plain account, mints and returns as mint does
given a contract that takes tokens
    asks it with operator, zero, id and the data, after all state is written
    emits Transfer before the receiver is asked
given a contract that does not, reverts (test_hostile_receivers.py)
"""

import pytest
from support.collection import NOBODY, digest, image_uri, metadata_uri, reverts


@pytest.mark.parametrize("role", ["deployer", "holder"])
def test_safe_mint__when_not_the_minter__reverts(collection, holder, role, request):
    """Nobody but the minter mints."""
    caller = request.getfixturevalue(role)
    with reverts(collection.NotMinter, account=caller):
        collection.safeMint(holder, digest(1), b"", sender=caller)
    assert collection.totalMinted() == 0


def test_safe_mint__when_to_zero__reverts(collection, minter):
    """The zero address has no code, and is refused all the same."""
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.safeMint(NOBODY, digest(1), b"", sender=minter)


def test_safe_mint__when_digest_is_zero__reverts(collection, minter, holder):
    """A token has a picture."""
    with reverts(collection.ZeroBundle):
        collection.safeMint(holder, bytes(32), b"", sender=minter)


def test_safe_mint__when_supply_is_used_up__reverts(collection, minter, holder):
    """The limit is the same for every way to mint."""
    collection.mintBatch(holder, [digest(n) for n in range(10)], sender=minter)
    with reverts(collection.SupplyExceeded, asked=1, left=0):
        collection.safeMint(holder, digest(11), b"", sender=minter)


def test_safe_mint__when_to_a_plain_account__mints_as_mint_does(collection, minter, holder):
    """The results and the event are those of mint."""
    promised = collection.safeMint.call(holder, digest(1), b"", sender=minter)
    receipt = collection.safeMint(holder, digest(1), b"", sender=minter)
    assert receipt.events == [collection.Transfer(NOBODY, holder, 1)]
    assert promised.id == 1
    assert promised.metadataURI == collection.tokenURI(1) == metadata_uri(digest(1))
    assert promised.imageURI == collection.imageURI(1) == image_uri(digest(1))
    assert (collection.ownerOf(1), collection.balanceOf(holder)) == (holder, 1)


def test_safe_mint__when_the_answer_has_more_after_it__mints(project, collection, minter):
    """As the ABI is decoded everywhere: what follows the first word does not count."""
    taker = minter.deploy(project.LongAnswerReceiver)
    collection.safeMint(taker, digest(1), b"", sender=minter)
    assert collection.ownerOf(1) == taker


@pytest.mark.parametrize("data", [b"", b"hello", bytes(range(256))])
def test_safe_mint__when_to_a_taking_contract__asks_it_after_the_event(
    project, collection, minter, data
):
    """The receiver learns who minted, which token, and the data as it was given."""
    taker = minter.deploy(project.AcceptingReceiver)
    receipt = collection.safeMint(taker, digest(1), data, sender=minter)
    assert receipt.events == [
        collection.Transfer(NOBODY, taker, 1),
        taker.Received(collection, minter, NOBODY, 1, data),
    ]
    assert collection.ownerOf(1) == taker
    assert collection.bundleOf(1) == digest(1)


def test_safe_mint__when_minter_is_a_contract__receiver_is_told_the_contract(
    project, collection, deployer, stranger
):
    """The operator that the receiver sees is the caller, not the account that began it all."""
    sale = deployer.deploy(project.ReentrantReceiver)
    taker = deployer.deploy(project.AcceptingReceiver)
    collection.setMinter(sale, sender=deployer)
    call = collection.safeMint.encode_input(taker, digest(1), b"")
    receipt = sale.call(collection, call, sender=stranger)
    assert receipt.events == [
        collection.Transfer(NOBODY, taker, 1),
        taker.Received(collection, sale, NOBODY, 1, b""),
    ]
