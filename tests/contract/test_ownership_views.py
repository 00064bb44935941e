"""ownerOf, balanceOf, getApproved: who holds what

given no such token, ownerOf and getApproved revert
given the zero address, balanceOf reverts
given anybody else, balanceOf counts the tokens, 0 included
getApproved is zero until somebody is approved (test_approve.py)
"""

import pytest
from support.collection import NOBODY, assert_view_reverts


@pytest.mark.parametrize("unknown", [0, 4, 2**256 - 1])
@pytest.mark.parametrize("view", ["ownerOf", "getApproved"])
def test_owner_of__when_no_such_token__reverts(collection, node, token, view, unknown):
    """Nobody holds what was not minted."""
    error = collection.ERC721NonexistentToken
    assert_view_reverts(node, getattr(collection, view), unknown, error=error, tokenId=unknown)


def test_balance_of__when_zero_address__reverts(collection, node, token):
    """ERC-721: queries about the zero address throw."""
    error = collection.ERC721InvalidOwner
    assert_view_reverts(node, collection.balanceOf, NOBODY, error=error, owner=NOBODY)


def test_balance_of__when_asked_about_anybody__counts(collection, token, holder, stranger):
    """Three for the holder, none for the stranger."""
    assert (collection.balanceOf(holder), collection.balanceOf(stranger)) == (3, 0)


def test_get_approved__when_nobody_was__is_zero(collection, token):
    """A new token has no spender."""
    assert collection.getApproved(token) == NOBODY
