"""renounceOwnership: no owner from now on

given a caller who is not the owner, reverts
otherwise
    nobody owns it, nobody is pending, nobody can change the minter
    emits OwnershipTransferred to zero
    the minter goes on minting
"""

import pytest
from support.collection import NOBODY, digest, reverts


@pytest.mark.parametrize("role", ["minter", "stranger", "buyer"])
def test_renounce_ownership__when_not_the_owner__reverts(
    collection, deployer, buyer, role, request
):
    """A proposed owner cannot give up what it does not have."""
    collection.transferOwnership(buyer, sender=deployer)
    caller = request.getfixturevalue(role)
    with reverts(collection.OwnableUnauthorizedAccount, account=caller):
        collection.renounceOwnership(sender=caller)
    assert collection.owner() == deployer


def test_renounce_ownership__when_owner__nobody_decides_any_more(
    collection, deployer, minter, buyer, holder
):
    """A proposal that was open is closed too; who may mint, still may."""
    collection.transferOwnership(buyer, sender=deployer)
    receipt = collection.renounceOwnership(sender=deployer)
    assert receipt.events == [collection.OwnershipTransferred(deployer, NOBODY)]
    assert (collection.owner(), collection.pendingOwner()) == (NOBODY, NOBODY)
    with reverts(collection.OwnableUnauthorizedAccount, account=buyer):
        collection.acceptOwnership(sender=buyer)
    with reverts(collection.OwnableUnauthorizedAccount, account=deployer):
        collection.setMinter(deployer, sender=deployer)
    collection.mint(holder, digest(1), sender=minter)
    assert collection.minter() == minter
