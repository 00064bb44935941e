"""approve: one token, one spender, until the token moves

given no such token, reverts
given a caller who is neither the holder nor its operator, reverts: the spender included
otherwise
    getApproved names the spender, whatever address but zero it is
    emits Approval with the holder, whoever called
given another spender, or zero, the one before is forgotten
given a transfer, the approval is gone, and does not return when the token does
"""

import pytest
from support.collection import NOBODY, reverts


@pytest.mark.parametrize("unknown", [0, 4])
def test_approve__when_no_such_token__reverts(collection, token, holder, buyer, unknown):
    """There is nobody who could approve it."""
    with reverts(collection.ERC721NonexistentToken, tokenId=unknown):
        collection.approve(buyer, unknown, sender=holder)


@pytest.mark.parametrize("role", ["stranger", "minter", "deployer", "buyer"])
def test_approve__when_not_holder_nor_operator__reverts(
    collection, token, holder, buyer, role, request
):
    """An approved spender may spend, and not pass the approval on."""
    collection.approve(buyer, token, sender=holder)
    caller = request.getfixturevalue(role)
    with reverts(collection.ERC721InvalidApprover, approver=caller):
        collection.approve(caller, token, sender=caller)
    assert collection.getApproved(token) == buyer


@pytest.mark.parametrize("role", ["holder", "operator"])
def test_approve__when_holder_or_operator__spender_is_named(
    collection, token, holder, operator, buyer, role, request
):
    """The event names the holder, not the operator that called."""
    collection.setApprovalForAll(operator, True, sender=holder)
    receipt = collection.approve(buyer, token, sender=request.getfixturevalue(role))
    assert receipt.events == [collection.Approval(holder, buyer, token)]
    assert collection.getApproved(token) == buyer
    assert collection.getApproved(2) == NOBODY


@pytest.mark.parametrize("role", ["stranger", None])
def test_approve__when_given_again__the_one_before_is_forgotten(
    collection, token, holder, buyer, role, request
):
    """One spender at a time; zero is none."""
    collection.approve(buyer, token, sender=holder)
    other = request.getfixturevalue(role) if role else NOBODY
    receipt = collection.approve(other, token, sender=holder)
    assert receipt.events == [collection.Approval(holder, other, token)]
    assert collection.getApproved(token) == other
    with reverts(collection.ERC721InsufficientApproval, operator=buyer, tokenId=token):
        collection.transferFrom(holder, buyer, token, sender=buyer)


@pytest.mark.parametrize("role", ["holder", "operator", "buyer"])
def test_approve__when_token_moved__approval_is_gone_for_good(
    collection, token, holder, operator, buyer, stranger, role, request
):
    """Moved by whom it may be, the token has no spender after it, nor when it comes back."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.approve(buyer, token, sender=holder)
    mover = request.getfixturevalue(role)
    collection.transferFrom(holder, stranger, token, sender=mover)
    assert collection.getApproved(token) == NOBODY
    collection.transferFrom(stranger, holder, token, sender=stranger)
    assert collection.getApproved(token) == NOBODY
    with reverts(collection.ERC721InsufficientApproval, operator=buyer, tokenId=token):
        collection.transferFrom(holder, buyer, token, sender=buyer)


def test_approve__when_moved_to_its_own_holder__approval_is_gone(collection, token, holder, buyer):
    """A transfer to oneself is a transfer."""
    collection.approve(buyer, token, sender=holder)
    collection.transferFrom(holder, holder, token, sender=holder)
    assert collection.getApproved(token) == NOBODY
    assert collection.balanceOf(holder) == 3


def test_approve__when_caller_is_a_contract__counts_the_caller(
    project, collection, token, holder, stranger
):
    """The holder's own account behind another contract approves nothing."""
    wallet = stranger.deploy(project.ReentrantReceiver)
    call = collection.approve.encode_input(stranger, token)
    with reverts(collection.ERC721InvalidApprover, approver=wallet):
        wallet.call(collection, call, sender=holder)


def test_approve__when_operator_is_a_contract__it_may(
    project, collection, token, holder, stranger, buyer
):
    """A marketplace contract that is an operator approves, whoever calls it."""
    market = stranger.deploy(project.ReentrantReceiver)
    collection.setApprovalForAll(market, True, sender=holder)
    call = collection.approve.encode_input(buyer, token)
    receipt = market.call(collection, call, sender=stranger)
    assert receipt.events == [collection.Approval(holder, buyer, token)]


@pytest.mark.parametrize("spender", ["0x" + "00" * 19 + "01", "0x" + "ff" * 20])
def test_approve__when_spender_is_an_odd_address__it_is_approved(
    collection, token, holder, spender
):
    """Zero alone means nobody: the next address, a precompile's, and the last one do not."""
    collection.approve(spender, token, sender=holder)
    assert int(collection.getApproved(token), 16) == int(spender, 16)
