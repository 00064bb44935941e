"""Revert: what a contract reverted with, and whether it says that a token does not exist

given an error or a text that libraries use for that, it does; given no reason, it does
given a pause, a fault, or what nobody knows, it does not, and the reason says as much as is known
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.node import calldata

from pfpkit.revert import Revert

SAID = "execution reverted"


def text(words):
    """The data of `require(false, words)`."""
    return "0x" + calldata("Error(string)", words).hex()


@pytest.mark.parametrize(
    ("data", "message", "reason"),
    [
        ("0x" + calldata("ERC721NonexistentToken(uint256)", 7).hex(), SAID, "ERC721Nonexistent"),
        ("0x" + calldata("OwnerQueryForNonexistentToken()").hex(), SAID, "OwnerQueryFor"),
        ("0x" + calldata("TokenDoesNotExist()").hex(), SAID, "TokenDoesNotExist"),
        (text("ERC721: owner query for nonexistent token"), SAID, "owner query for nonexistent"),
        (text("ERC721: invalid token ID"), SAID, "ERC721: invalid token ID"),
        (text("erc721: invalid token ID"), SAID, "erc721: invalid token ID"),
        (text("NOT_MINTED"), SAID, "NOT_MINTED"),
        (text("003002"), SAID, "003002"),
        (text("Token doesn't exist"), SAID, "Token doesn't exist"),
        ("0x", SAID, SAID),
        ("", SAID, SAID),
        ("", "", ""),
        ("", "VM Exception while processing transaction: revert", "revert"),
        ("", "execution reverted: ERC721: owner query for nonexistent token", "owner query"),
        ("", "VM execution error.", "VM execution error."),
    ],
)
def test_revert__when_it_says_that_there_is_no_token__is_taken_so(data, message, reason):
    """OpenZeppelin 2 to 5, ERC721A, Solady, solmate, Snekmate, 0xcert; no reason at all."""
    found = Revert.parse(data, message)
    assert found.says_no_token
    assert reason in found.reason


@pytest.mark.parametrize(
    ("data", "message", "reason"),
    [
        ("0x" + calldata("EnforcedPause()").hex(), SAID, "EnforcedPause"),
        ("0x" + calldata("Panic(uint256)", 0x11).hex(), SAID, "Panic(0x11)"),
        (text("Pausable: paused"), SAID, "Pausable: paused"),
        (text(""), "", ""),
        (text("003002 and more"), SAID, "003002 and more"),
        ("0x12345678", "", "an error unknown to pfpkit, 0x12345678"),
        ("0x12345678", f"{SAID}: custom error", "custom error"),
        ("0x08c379a0" + "ff" * 64, SAID, SAID),
        ("0x4e487b71", SAID, SAID),
        ("0x4e48", SAID, SAID),
        ("", "invalid opcode: INVALID", "invalid opcode"),
        ("", "execution reverted: Pausable: paused", "Pausable: paused"),
    ],
)
def test_revert__when_it_says_anything_else__says_nothing_of_the_token(data, message, reason):
    """Paused, broken, cut short, or an error that nobody knows."""
    found = Revert.parse(data, message)
    assert not found.says_no_token
    assert reason in found.reason


@given(st.binary(max_size=100), st.text(max_size=20))
def test_revert__of_any_bytes__is_read(data, message):
    """Nothing is raised, whatever a stranger's contract sends."""
    for selector in (b"", *map(bytes.fromhex, ("08c379a0", "4e487b71"))):
        found = Revert.parse("0x" + (selector + data).hex(), message)
        assert isinstance(found.reason, str)
