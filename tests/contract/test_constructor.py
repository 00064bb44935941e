"""constructor: what a collection is for ever

given the zero address as owner, reverts
given a supply of zero, or above 2^48 - 1, reverts
given a royalty above 10,000 basis points, or one with nobody to pay, reverts
given a zero digest for the collection, reverts
otherwise
    each view says what was given; the deployer is nobody special
    emits the first owner and the first minter
given names of any length, and empty ones, keeps them
given no minter, nobody mints until the owner chooses one
"""

import pytest
from support.collection import (
    DEFAULTS,
    NOBODY,
    assert_deployment_reverts,
    creation_code,
    deploy,
    digest,
    reverts,
)


def test_constructor__when_owner_is_zero__reverts(project, node, minter):
    """A collection without an owner is made by renouncing, not by mistake."""
    code = creation_code(project, NOBODY, minter.address)
    error = project.ProfilePicture.OwnableInvalidOwner
    assert_deployment_reverts(node, code, error=error, owner=NOBODY)


@pytest.mark.parametrize("supply", [0, 2**48, 2**256 - 1])
def test_constructor__when_supply_cannot_be_counted__reverts(project, node, minter, supply):
    """Supplies that a counter of 48 bits cannot hold, and none at all, are refused."""
    code = creation_code(project, minter.address, minter.address, max_supply=supply)
    error = project.ProfilePicture.InvalidMaxSupply
    assert_deployment_reverts(node, code, error=error, maxSupply=supply)


@pytest.mark.parametrize("supply", [1, 2**48 - 1])
def test_constructor__when_supply_is_at_its_bounds__keeps_it(project, deployer, minter, supply):
    """The smallest and the largest supply are accepted."""
    made = deploy(project, deployer, owner=deployer, minter=minter, max_supply=supply)
    made.mint(deployer, digest(1), sender=minter)
    assert (made.maxSupply(), made.totalMinted()) == (supply, 1)


@pytest.mark.parametrize(
    ("receiver", "bps"), [("0x" + "12" * 20, 10_001), ("0x" + "12" * 20, 2**96 - 1), (NOBODY, 1)]
)
def test_constructor__when_royalty_makes_no_sense__reverts(project, node, minter, receiver, bps):
    """No more than the price, and somebody to pay it to."""
    royalty = {"royalty_receiver": receiver, "royalty_bps": bps}
    code = creation_code(project, minter.address, minter.address, **royalty)
    error = project.ProfilePicture.InvalidRoyalty
    assert_deployment_reverts(node, code, error=error, receiver=receiver, bps=bps)


def test_constructor__when_collection_digest_is_zero__reverts(project, node, minter):
    """A forgotten digest could never be set later."""
    code = creation_code(project, minter.address, minter.address, collection_bundle=bytes(32))
    assert_deployment_reverts(node, code, error=project.ProfilePicture.ZeroBundle)


def test_constructor__when_all_is_well__views_say_what_was_given(
    project, stranger, deployer, minter
):
    """Whoever sends the deployment gets no right from it."""
    made = deploy(project, stranger, owner=deployer, minter=minter)
    assert made.name() == DEFAULTS["name"]
    assert made.symbol() == DEFAULTS["symbol"]
    assert made.owner() == deployer
    assert made.pendingOwner() == NOBODY
    assert made.minter() == minter
    assert made.maxSupply() == DEFAULTS["max_supply"]
    assert made.totalMinted() == made.totalSupply() == 0
    assert made.balanceOf(stranger) == made.balanceOf(deployer) == 0


def test_constructor__when_all_is_well__emits_owner_and_minter(project, deployer, holder, minter):
    """Indexers see the first owner and the first minter as changes from zero."""
    made = deploy(project, deployer, owner=holder, minter=minter)
    assert made.creation_metadata.receipt.events == [
        made.OwnershipTransferred(NOBODY, holder),
        made.MinterChanged(NOBODY, minter),
    ]


@pytest.mark.parametrize("text", ["", "a", "x" * 31, "y" * 32, "z" * 33, "プロフィール写真" * 9])
def test_constructor__when_names_are_of_any_length__keeps_them(project, deployer, minter, text):
    """No name is too long or too foreign."""
    made = deploy(project, deployer, owner=deployer, minter=minter, name=text, symbol=text[::-1])
    assert (made.name(), made.symbol()) == (text, text[::-1])


def test_constructor__when_there_is_no_minter__owner_chooses_later(
    project, deployer, minter, holder
):
    """A sale contract that needs the collection's address can be made the minter after it."""
    made = deploy(project, deployer, owner=deployer, minter=NOBODY)
    with reverts(made.NotMinter, account=minter):
        made.mint(holder, digest(1), sender=minter)
    made.setMinter(minter, sender=deployer)
    made.mint(holder, digest(1), sender=minter)
    assert made.ownerOf(1) == holder
