"""setMinter, minter: who mints from now on

given a caller who is not the owner, reverts: the minter and a proposed owner included
otherwise
    the new one mints, the former does not; ids go on
    emits MinterChanged
given zero, nobody mints; given zero and renounced, for ever
"""

import pytest
from support.collection import NOBODY, digest, reverts


@pytest.mark.parametrize("role", ["minter", "stranger", "buyer"])
def test_set_minter__when_not_the_owner__reverts(collection, deployer, buyer, role, request):
    """The minter does not choose its successor."""
    collection.transferOwnership(buyer, sender=deployer)
    caller = request.getfixturevalue(role)
    with reverts(collection.OwnableUnauthorizedAccount, account=caller):
        collection.setMinter(caller, sender=caller)


def test_set_minter__when_owner__the_new_one_mints(
    collection, token, deployer, minter, holder, stranger
):
    """Ids and burned tokens go on being counted where they were."""
    collection.burn(2, sender=holder)
    receipt = collection.setMinter(stranger, sender=deployer)
    assert receipt.events == [collection.MinterChanged(minter, stranger)]
    assert collection.minter() == stranger
    assert (collection.totalMinted(), collection.totalSupply()) == (3, 2)
    with reverts(collection.NotMinter, account=minter):
        collection.mint(holder, digest(4), sender=minter)
    collection.mint(holder, digest(4), sender=stranger)
    assert collection.bundleOf(4) == digest(4)
    assert (collection.totalMinted(), collection.totalSupply()) == (4, 3)


def test_set_minter__when_zero__nobody_mints(collection, token, deployer, minter, holder):
    """Minting can be stopped, and begun again while there is an owner."""
    receipt = collection.setMinter(NOBODY, sender=deployer)
    assert receipt.events == [collection.MinterChanged(minter, NOBODY)]
    with reverts(collection.NotMinter, account=minter):
        collection.mint(holder, digest(4), sender=minter)
    collection.setMinter(minter, sender=deployer)
    collection.mint(holder, digest(4), sender=minter)
    assert collection.totalMinted() == 4


def test_set_minter__when_caller_is_a_contract__counts_the_caller(
    project, collection, deployer, stranger
):
    """The owner's own account behind another contract is not the owner."""
    middle = stranger.deploy(project.ReentrantReceiver)
    call = collection.setMinter.encode_input(stranger)
    with reverts(collection.OwnableUnauthorizedAccount, account=middle):
        middle.call(collection, call, sender=deployer)
