"""safeTransferFrom, with and without data: a token moves to whoever takes it

given what transferFrom refuses, reverts in the same way
given a plain account, moves it as transferFrom does
given a contract that takes tokens
    asks it with operator, the former holder, id and the data (empty without), after the event
given a contract that does not, reverts (test_hostile_receivers.py)
"""

import pytest
from support.collection import NOBODY, reverts

FORMS = [(), (b"",), (b"hello" * 20,)]


@pytest.mark.parametrize("data", FORMS)
def test_safe_transfer_from__when_to_zero__reverts(collection, token, holder, data):
    """The zero address has no code, and is refused all the same."""
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.safeTransferFrom(holder, NOBODY, token, *data, sender=holder)


@pytest.mark.parametrize("data", FORMS)
def test_safe_transfer_from__when_no_such_token__reverts(collection, token, holder, buyer, data):
    """Three were minted, a fourth was not."""
    with reverts(collection.ERC721NonexistentToken, tokenId=4):
        collection.safeTransferFrom(holder, buyer, 4, *data, sender=holder)


@pytest.mark.parametrize("data", FORMS)
def test_safe_transfer_from__when_holder_is_another__reverts(
    collection, token, holder, buyer, data
):
    """The holder that the caller names has to be the holder."""
    with reverts(collection.ERC721IncorrectOwner, sender=buyer, tokenId=token, owner=holder):
        collection.safeTransferFrom(buyer, buyer, token, *data, sender=holder)


@pytest.mark.parametrize("data", FORMS)
def test_safe_transfer_from__when_not_allowed__reverts(collection, token, holder, stranger, data):
    """Being asked by the receiver is no right to move."""
    with reverts(collection.ERC721InsufficientApproval, operator=stranger, tokenId=token):
        collection.safeTransferFrom(holder, stranger, token, *data, sender=stranger)
    assert collection.ownerOf(token) == holder


@pytest.mark.parametrize("data", FORMS)
@pytest.mark.parametrize("role", ["holder", "operator", "stranger"])
def test_safe_transfer_from__when_to_a_plain_account__moves_it(
    collection, token, holder, operator, buyer, stranger, data, role, request
):
    """Holder, operator and approved may, with the same result."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.approve(stranger, token, sender=holder)
    mover = request.getfixturevalue(role)
    receipt = collection.safeTransferFrom(holder, buyer, token, *data, sender=mover)
    assert receipt.events == [collection.Transfer(holder, buyer, token)]
    assert collection.ownerOf(token) == buyer
    assert (collection.balanceOf(holder), collection.balanceOf(buyer)) == (2, 1)
    assert collection.getApproved(token) == NOBODY


@pytest.mark.parametrize("data", FORMS)
@pytest.mark.parametrize("role", ["holder", "operator"])
def test_safe_transfer_from__when_to_a_taking_contract__asks_it_after_the_event(
    project, collection, token, holder, operator, data, role, request
):
    """The receiver learns who moved it, whose it was, which token, and the data as given."""
    collection.setApprovalForAll(operator, True, sender=holder)
    mover = request.getfixturevalue(role)
    taker = holder.deploy(project.AcceptingReceiver)
    receipt = collection.safeTransferFrom(holder, taker, token, *data, sender=mover)
    assert receipt.events == [
        collection.Transfer(holder, taker, token),
        taker.Received(collection, mover, holder, token, data[0] if data else b""),
    ]
    assert collection.ownerOf(token) == taker


def test_safe_transfer_from__when_caller_is_a_contract__receiver_is_told_the_contract(
    project, collection, token, holder, stranger
):
    """The operator that the receiver sees is the caller, not the account that began it all."""
    wallet = holder.deploy(project.ReentrantReceiver)
    taker = holder.deploy(project.AcceptingReceiver)
    collection.setApprovalForAll(wallet, True, sender=holder)
    call = collection.safeTransferFrom.encode_input(holder, taker, token)
    receipt = wallet.call(collection, call, sender=stranger)
    assert receipt.events == [
        collection.Transfer(holder, taker, token),
        taker.Received(collection, wallet, holder, token, b""),
    ]
