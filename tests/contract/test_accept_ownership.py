"""acceptOwnership, owner: the proposed successor becomes the owner

given a caller who was not proposed, reverts: the owner included
otherwise
    the caller is the owner, nobody is pending, the former owner has no power
    emits OwnershipTransferred
"""

import pytest
from support.collection import NOBODY, reverts


@pytest.mark.parametrize("role", ["deployer", "minter", "stranger"])
def test_accept_ownership__when_not_proposed__reverts(collection, deployer, buyer, role, request):
    """Nobody accepts for the proposed one."""
    collection.transferOwnership(buyer, sender=deployer)
    caller = request.getfixturevalue(role)
    with reverts(collection.OwnableUnauthorizedAccount, account=caller):
        collection.acceptOwnership(sender=caller)
    assert (collection.owner(), collection.pendingOwner()) == (deployer, buyer)


def test_accept_ownership__when_nobody_was_proposed__reverts(collection, stranger):
    """There is nothing to accept."""
    with reverts(collection.OwnableUnauthorizedAccount, account=stranger):
        collection.acceptOwnership(sender=stranger)


def test_accept_ownership__when_proposed__power_passes(collection, deployer, minter, buyer):
    """The new owner chooses the minter, and the former one does not."""
    collection.transferOwnership(buyer, sender=deployer)
    receipt = collection.acceptOwnership(sender=buyer)
    assert receipt.events == [collection.OwnershipTransferred(deployer, buyer)]
    assert (collection.owner(), collection.pendingOwner()) == (buyer, NOBODY)
    assert collection.minter() == minter
    with reverts(collection.OwnableUnauthorizedAccount, account=deployer):
        collection.setMinter(deployer, sender=deployer)
    collection.setMinter(buyer, sender=buyer)
    with reverts(collection.OwnableUnauthorizedAccount, account=buyer):
        collection.acceptOwnership(sender=buyer)


def test_accept_ownership__when_caller_is_a_contract__counts_the_caller(
    project, collection, deployer, buyer
):
    """The proposed one's own account behind another contract does not accept."""
    middle = buyer.deploy(project.ReentrantReceiver)
    call = collection.acceptOwnership.encode_input()
    collection.transferOwnership(buyer, sender=deployer)
    with reverts(collection.OwnableUnauthorizedAccount, account=middle):
        middle.call(collection, call, sender=buyer)
    collection.transferOwnership(middle, sender=deployer)
    middle.call(collection, call, sender=buyer)
    assert collection.owner() == middle
