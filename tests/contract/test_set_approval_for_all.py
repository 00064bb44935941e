"""setApprovalForAll, isApprovedForAll: an operator for everything that a holder has

given the zero address as operator, reverts
otherwise
    isApprovedForAll says so, for this holder and this operator alone
    emits ApprovalForAll
given it is taken back, the operator may do nothing more
given tokens that arrive later, the operator may move them too
"""

from support.collection import NOBODY, reverts


def test_set_approval_for_all__when_operator_is_zero__reverts(collection, holder):
    """The zero address cannot call."""
    with reverts(collection.ERC721InvalidOperator, operator=NOBODY):
        collection.setApprovalForAll(NOBODY, True, sender=holder)


def test_set_approval_for_all__when_given__operator_moves_every_token(
    collection, token, holder, operator, buyer
):
    """One word is enough for all three tokens, and for nobody else's."""
    receipt = collection.setApprovalForAll(operator, True, sender=holder)
    assert receipt.events == [collection.ApprovalForAll(holder, operator, True)]
    assert collection.isApprovedForAll(holder, operator) is True
    assert collection.isApprovedForAll(operator, holder) is False
    assert collection.isApprovedForAll(buyer, operator) is False
    for n in (1, 2, 3):
        collection.transferFrom(holder, buyer, n, sender=operator)
    with reverts(collection.ERC721InsufficientApproval, operator=operator, tokenId=1):
        collection.transferFrom(buyer, operator, 1, sender=operator)


def test_set_approval_for_all__when_taken_back__operator_may_not(
    collection, token, holder, operator
):
    """What was given can be taken back."""
    collection.setApprovalForAll(operator, True, sender=holder)
    receipt = collection.setApprovalForAll(operator, False, sender=holder)
    assert receipt.events == [collection.ApprovalForAll(holder, operator, False)]
    assert collection.isApprovedForAll(holder, operator) is False
    with reverts(collection.ERC721InsufficientApproval, operator=operator, tokenId=token):
        collection.transferFrom(holder, operator, token, sender=operator)


def test_set_approval_for_all__when_tokens_arrive_later__operator_moves_them_too(
    collection, token, holder, operator, buyer
):
    """The right is on the holder, not on what it held that day."""
    collection.setApprovalForAll(operator, True, sender=buyer)
    collection.transferFrom(holder, buyer, token, sender=holder)
    collection.transferFrom(buyer, operator, token, sender=operator)
    assert collection.ownerOf(token) == operator


def test_set_approval_for_all__when_caller_is_a_contract__is_for_the_caller(
    project, collection, holder, operator
):
    """A contract that a holder calls speaks for itself, not for the holder."""
    wallet = operator.deploy(project.ReentrantReceiver)
    call = collection.setApprovalForAll.encode_input(operator, True)
    receipt = wallet.call(collection, call, sender=holder)
    assert receipt.events == [collection.ApprovalForAll(wallet, operator, True)]
    assert collection.isApprovedForAll(holder, operator) is False
    assert collection.isApprovedForAll(wallet, operator) is True
