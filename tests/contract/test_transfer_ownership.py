"""transferOwnership, pendingOwner: the owner proposes a successor

given a caller who is not the owner, reverts
otherwise
    the owner stays, the proposed one is pending
    emits OwnershipTransferStarted, and no change of owner
given another proposal, or zero, the one before cannot accept
"""

import pytest
from support.collection import NOBODY, reverts


@pytest.mark.parametrize("role", ["minter", "stranger", "buyer"])
def test_transfer_ownership__when_not_the_owner__reverts(
    collection, deployer, buyer, role, request
):
    """A proposed owner is not an owner yet."""
    collection.transferOwnership(buyer, sender=deployer)
    caller = request.getfixturevalue(role)
    with reverts(collection.OwnableUnauthorizedAccount, account=caller):
        collection.transferOwnership(caller, sender=caller)
    assert collection.pendingOwner() == buyer


def test_transfer_ownership__when_owner__successor_is_pending(collection, deployer, buyer):
    """Nothing but the proposal changes."""
    receipt = collection.transferOwnership(buyer, sender=deployer)
    assert receipt.events == [collection.OwnershipTransferStarted(deployer, buyer)]
    assert (collection.owner(), collection.pendingOwner()) == (deployer, buyer)
    collection.setMinter(deployer, sender=deployer)


@pytest.mark.parametrize("role", ["stranger", None])
def test_transfer_ownership__when_proposed_again__the_one_before_cannot_accept(
    collection, deployer, buyer, role, request
):
    """A proposal can be replaced, or withdrawn by proposing zero."""
    collection.transferOwnership(buyer, sender=deployer)
    other = request.getfixturevalue(role) if role else NOBODY
    collection.transferOwnership(other, sender=deployer)
    assert collection.pendingOwner() == other
    with reverts(collection.OwnableUnauthorizedAccount, account=buyer):
        collection.acceptOwnership(sender=buyer)
    assert collection.owner() == deployer


def test_transfer_ownership__when_owner_is_a_contract__names_the_contract(
    project, collection, deployer, stranger, buyer
):
    """A multisig can own a collection; its event names it, not the account that called it."""
    multisig = deployer.deploy(project.ReentrantReceiver)
    collection.transferOwnership(multisig, sender=deployer)
    multisig.call(collection, collection.acceptOwnership.encode_input(), sender=stranger)
    call = collection.transferOwnership.encode_input(buyer)
    receipt = multisig.call(collection, call, sender=stranger)
    assert receipt.events == [collection.OwnershipTransferStarted(multisig, buyer)]
    with reverts(collection.OwnableUnauthorizedAccount, account=deployer):
        collection.transferOwnership(deployer, sender=deployer)
