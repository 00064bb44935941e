"""transferFrom: a token moves, its receiver is not asked

given the zero address as receiver, reverts
given no such token, reverts
given a wrong holder, reverts
given a caller who is neither holder, operator nor approved, reverts
otherwise (holder, operator, approved)
    the receiver holds it; balances follow; the bundle stays
    emits Transfer, and nothing else
given an approval that was used, it is gone
given the holder as receiver, nothing but the approval changes
"""

import pytest
from support.collection import NOBODY, digest, reverts


def test_transfer_from__when_to_zero__reverts(collection, token, holder):
    """Burning has its own function."""
    with reverts(collection.ERC721InvalidReceiver, receiver=NOBODY):
        collection.transferFrom(holder, NOBODY, token, sender=holder)
    assert collection.ownerOf(token) == holder


@pytest.mark.parametrize("unknown", [0, 4, 2**256 - 1])
@pytest.mark.parametrize("role", [None, "holder"])
def test_transfer_from__when_no_such_token__reverts(
    collection, token, holder, buyer, unknown, role, request
):
    """Nor can it be taken from the zero address."""
    claimed = request.getfixturevalue(role) if role else NOBODY
    with reverts(collection.ERC721NonexistentToken, tokenId=unknown):
        collection.transferFrom(claimed, buyer, unknown, sender=holder)


@pytest.mark.parametrize("role", ["buyer", None])
def test_transfer_from__when_holder_is_another__reverts(
    collection, token, holder, buyer, role, request
):
    """The holder that the caller names has to be the holder."""
    claimed = request.getfixturevalue(role) if role else NOBODY
    with reverts(collection.ERC721IncorrectOwner, sender=claimed, tokenId=token, owner=holder):
        collection.transferFrom(claimed, buyer, token, sender=holder)
    assert collection.balanceOf(holder) == 3


@pytest.mark.parametrize("role", ["stranger", "minter", "deployer", "buyer"])
def test_transfer_from__when_not_allowed__reverts(collection, token, holder, buyer, role, request):
    """Neither the minter nor the owner, nor a spender of another token, moves it."""
    collection.approve(buyer, 2, sender=holder)
    caller = request.getfixturevalue(role)
    with reverts(collection.ERC721InsufficientApproval, operator=caller, tokenId=token):
        collection.transferFrom(holder, caller, token, sender=caller)
    assert collection.ownerOf(token) == holder


@pytest.mark.parametrize("role", ["holder", "operator", "stranger"])
def test_transfer_from__when_holder_operator_or_approved__moves_it(
    collection, token, holder, operator, buyer, stranger, role, request
):
    """All three may, with the same result."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.approve(stranger, token, sender=holder)
    mover = request.getfixturevalue(role)
    receipt = collection.transferFrom(holder, buyer, token, sender=mover)
    assert receipt.events == [collection.Transfer(holder, buyer, token)]
    assert [collection.ownerOf(n) for n in (1, 2, 3)] == [buyer, holder, holder]
    assert (collection.balanceOf(holder), collection.balanceOf(buyer)) == (2, 1)
    assert collection.bundleOf(token) == digest(1)
    assert collection.totalSupply() == collection.totalMinted() == 3


def test_transfer_from__when_approved__approval_is_gone(collection, token, holder, buyer):
    """An approval is for one transfer."""
    collection.approve(buyer, token, sender=holder)
    collection.transferFrom(holder, holder, token, sender=buyer)
    assert collection.getApproved(token) == NOBODY
    with reverts(collection.ERC721InsufficientApproval, operator=buyer, tokenId=token):
        collection.transferFrom(holder, buyer, token, sender=buyer)


def test_transfer_from__when_to_its_holder__balances_stay(collection, token, holder):
    """A transfer to oneself is a transfer, and counts nothing twice."""
    receipt = collection.transferFrom(holder, holder, token, sender=holder)
    assert receipt.events == [collection.Transfer(holder, holder, token)]
    assert collection.balanceOf(holder) == 3
    assert collection.ownerOf(token) == holder


def test_transfer_from__when_sold_on__former_operators_may_not_follow(
    collection, token, holder, operator, buyer
):
    """An operator's right ends with its holder's possession."""
    collection.setApprovalForAll(operator, True, sender=holder)
    collection.transferFrom(holder, buyer, token, sender=operator)
    with reverts(collection.ERC721InsufficientApproval, operator=operator, tokenId=token):
        collection.transferFrom(buyer, holder, token, sender=operator)
    with reverts(collection.ERC721InsufficientApproval, operator=holder, tokenId=token):
        collection.transferFrom(buyer, holder, token, sender=holder)


def test_transfer_from__when_receiver_refuses_tokens__moves_all_the_same(
    project, collection, token, holder
):
    """`transferFrom` does not ask; `safeTransferFrom` does."""
    deaf = holder.deploy(project.DeafReceiver)
    collection.transferFrom(holder, deaf, token, sender=holder)
    assert collection.ownerOf(token) == deaf


def test_transfer_from__when_caller_is_a_contract__counts_the_caller(
    project, collection, token, holder, stranger
):
    """A contract that a holder calls can move nothing of the holder's; what it holds, it can."""
    wallet = stranger.deploy(project.ReentrantReceiver)
    take = collection.transferFrom.encode_input(holder, wallet, token)
    with reverts(collection.ERC721InsufficientApproval, operator=wallet, tokenId=token):
        wallet.call(collection, take, sender=holder)
    collection.transferFrom(holder, wallet, token, sender=holder)
    give = collection.transferFrom.encode_input(wallet, stranger, token)
    wallet.call(collection, give, sender=stranger)
    assert collection.ownerOf(token) == stranger


def test_transfer_from__when_operator_is_a_contract__it_may_and_not_its_caller(
    project, collection, token, holder, stranger, buyer
):
    """A marketplace contract moves it, whoever calls; an operator behind a contract does not."""
    market = stranger.deploy(project.ReentrantReceiver)
    take = collection.transferFrom.encode_input(holder, buyer, token)
    collection.setApprovalForAll(stranger, True, sender=holder)
    with reverts(collection.ERC721InsufficientApproval, operator=market, tokenId=token):
        market.call(collection, take, sender=stranger)
    collection.setApprovalForAll(stranger, False, sender=holder)
    collection.setApprovalForAll(market, True, sender=holder)
    market.call(collection, take, sender=stranger)
    assert collection.ownerOf(token) == buyer


@pytest.mark.parametrize("approved", ["0x" + "00" * 19 + "01", "0x" + "ff" * 20])
def test_transfer_from__when_another_is_approved__reverts(
    collection, token, holder, stranger, approved
):
    """An address below or above that of the caller is another one."""
    collection.approve(approved, token, sender=holder)
    with reverts(collection.ERC721InsufficientApproval, operator=stranger, tokenId=token):
        collection.transferFrom(holder, stranger, token, sender=stranger)
    assert collection.ownerOf(token) == holder


def test_transfer_from__when_moved_often__approvals_count_for_one_possession(
    collection, token, holder, buyer, stranger
):
    """Each time the token changes hands, only the newest approval counts."""
    for _ in range(3):
        collection.approve(stranger, token, sender=holder)
        collection.transferFrom(holder, buyer, token, sender=holder)
        with reverts(collection.ERC721InsufficientApproval, operator=stranger, tokenId=token):
            collection.transferFrom(buyer, stranger, token, sender=stranger)
        collection.transferFrom(buyer, holder, token, sender=buyer)
    collection.approve(stranger, token, sender=holder)
    collection.transferFrom(holder, stranger, token, sender=stranger)
    assert collection.ownerOf(token) == stranger
