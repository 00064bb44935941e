"""burn: a token is gone for ever

given no such token, or one burned before, reverts
given a caller who is neither holder, operator nor approved, reverts
otherwise (holder, operator, approved)
    no view knows the token; the balance and totalSupply are one less, totalMinted is the same
    emits Transfer to zero, and nothing else
given a burned id, nothing brings it back, a live approval included
    the next mint takes the next id
"""

import pytest
from support.collection import NOBODY, assert_view_reverts, digest, reverts


@pytest.mark.parametrize("unknown", [0, 4, 2**256 - 1])
def test_burn__when_no_such_token__reverts(collection, token, holder, unknown):
    """What was never minted cannot be burned."""
    with reverts(collection.ERC721NonexistentToken, tokenId=unknown):
        collection.burn(unknown, sender=holder)


@pytest.mark.parametrize("role", ["stranger", "minter", "deployer"])
def test_burn__when_not_allowed__reverts(collection, token, role, request):
    """Minter and owner have no power over a token of somebody else."""
    caller = request.getfixturevalue(role)
    with reverts(collection.ERC721InsufficientApproval, operator=caller, tokenId=token):
        collection.burn(token, sender=caller)


@pytest.mark.parametrize("role", ["holder", "operator", "buyer"])
def test_burn__when_holder_operator_or_approved__token_is_gone(
    collection, node, token, holder, operator, buyer, role, request
):
    """All three may; what is left counts one less, and the ids given stay given."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.approve(buyer, token, sender=holder)
    receipt = collection.burn(token, sender=request.getfixturevalue(role))
    assert receipt.events == [collection.Transfer(holder, NOBODY, token)]
    for view in ("ownerOf", "getApproved", "bundleOf", "tokenURI", "imageURI"):
        error = collection.ERC721NonexistentToken
        assert_view_reverts(node, getattr(collection, view), token, error=error, tokenId=token)
    assert collection.balanceOf(holder) == collection.totalSupply() == 2
    assert collection.totalMinted() == 3
    assert [collection.ownerOf(n) for n in (2, 3)] == [holder, holder]


def test_burn__when_burned_before__reverts(collection, token, holder):
    """A token is burned once."""
    collection.burn(token, sender=holder)
    with reverts(collection.ERC721NonexistentToken, tokenId=token):
        collection.burn(token, sender=holder)
    assert collection.totalSupply() == 2


WAYS_BACK = {
    "transferFrom": lambda c, of, to, token: c.transferFrom(of, to, token, sender=to),
    "safeTransferFrom": lambda c, of, to, token: c.safeTransferFrom(of, to, token, sender=to),
    "with data": lambda c, of, to, token: c.safeTransferFrom(of, to, token, b"x", sender=to),
    "approve": lambda c, of, to, token: c.approve(to, token, sender=to),
    "burn": lambda c, of, to, token: c.burn(token, sender=to),
}


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("way", WAYS_BACK)
def test_burn__when_an_approval_was_live__id_never_comes_back(
    collection, node, minter, holder, buyer, way, count
):
    """Not for its spender, whoever is named as the holder, the zero address too; and not for a
    token of a batch (four and more share one contract for their digests)."""
    token = 1
    collection.mintBatch(holder, [digest(n) for n in range(count)], sender=minter)
    collection.approve(buyer, token, sender=holder)
    collection.burn(token, sender=holder)
    for named in (NOBODY, holder, buyer):
        with reverts(collection.ERC721NonexistentToken, tokenId=token):
            WAYS_BACK[way](collection, named, buyer, token)
    for view in ("ownerOf", "getApproved", "bundleOf", "tokenURI", "imageURI"):
        error = collection.ERC721NonexistentToken
        assert_view_reverts(node, getattr(collection, view), token, error=error, tokenId=token)
    assert (collection.balanceOf(buyer), collection.totalSupply()) == (0, count - 1)


@pytest.mark.parametrize("role", ["holder", "operator", "buyer"])
def test_burn__when_burned__nobody_can_approve_it(
    collection, token, holder, operator, buyer, role, request
):
    """Neither its last holder, nor an operator, nor whom it was approved to."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.approve(buyer, token, sender=holder)
    collection.burn(token, sender=holder)
    with reverts(collection.ERC721NonexistentToken, tokenId=token):
        collection.approve(buyer, token, sender=request.getfixturevalue(role))


def test_burn__when_burned_after_a_transfer__id_is_not_given_again(
    collection, node, token, minter, holder, buyer
):
    """The next mint takes the next id, whatever was burned."""
    collection.transferFrom(holder, buyer, 3, sender=holder)
    collection.burn(3, sender=buyer)
    collection.mint(holder, digest(4), sender=minter)
    assert collection.ownerOf(4) == holder
    error = collection.ERC721NonexistentToken
    assert_view_reverts(node, collection.ownerOf, 3, error=error, tokenId=3)
    assert (collection.totalMinted(), collection.totalSupply()) == (4, 3)


def test_burn__when_all_are_burned__supply_is_not_given_back(collection, minter, holder):
    """The limit is on ids given: ten minted and burned leave none to mint."""
    collection.mintBatch(holder, [digest(n) for n in range(10)], sender=minter)
    for n in range(1, 11):
        collection.burn(n, sender=holder)
    assert (collection.totalMinted(), collection.totalSupply()) == (10, 0)
    assert collection.balanceOf(holder) == 0
    with reverts(collection.SupplyExceeded, asked=1, left=0):
        collection.mint(holder, digest(1), sender=minter)


def test_burn__when_caller_is_a_contract__counts_the_caller(
    project, collection, token, holder, stranger
):
    """A contract that a holder calls burns nothing of the holder's, until it is approved."""
    wallet = stranger.deploy(project.ReentrantReceiver)
    call = collection.burn.encode_input(token)
    with reverts(collection.ERC721InsufficientApproval, operator=wallet, tokenId=token):
        wallet.call(collection, call, sender=holder)
    collection.approve(wallet, token, sender=holder)
    receipt = wallet.call(collection, call, sender=stranger)
    assert receipt.events == [collection.Transfer(holder, NOBODY, token)]
