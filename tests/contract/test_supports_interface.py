"""supportsInterface: ERC-165, ERC-721, its Metadata, ERC-2981; nothing else

given 0xffffffff, false, as ERC-165 asks
given ERC-173, false: transferOwnership has a second step
given ERC-721 Enumerable, ERC-1155 or a random id, false
"""

from functools import reduce
from operator import xor

import pytest
from eth_utils import keccak

INTERFACES = {
    "0x01ffc9a7": ["supportsInterface(bytes4)"],
    "0x80ac58cd": [
        "balanceOf(address)",
        "ownerOf(uint256)",
        "approve(address,uint256)",
        "getApproved(uint256)",
        "setApprovalForAll(address,bool)",
        "isApprovedForAll(address,address)",
        "transferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256,bytes)",
    ],
    "0x5b5e139f": ["name()", "symbol()", "tokenURI(uint256)"],
    "0x2a55205a": ["royaltyInfo(uint256,uint256)"],
}


@pytest.mark.parametrize("known", INTERFACES)
def test_supports_interface__when_known__is_true(collection, known):
    """The four ids that the contract claims."""
    assert collection.supportsInterface(known) is True


@pytest.mark.parametrize(
    "other", ["0xffffffff", "0x7f5828d0", "0x780e9d63", "0xd9b67a26", "0x49064906", "0x00000000"]
)
def test_supports_interface__when_other__is_false(collection, other):
    """What is not spoken is not claimed."""
    assert collection.supportsInterface(other) is False


def test_supports_interface__when_true__every_function_is_there(collection):
    """ERC-165: an id is the exclusive or of its functions' selectors; the ABI has each function."""
    there = {method.selector for method in collection.contract_type.methods}
    for interface_id, functions in INTERFACES.items():
        assert set(functions) <= there
        selectors = [int.from_bytes(keccak(text=name)[:4], "big") for name in functions]
        assert reduce(xor, selectors) == int(interface_id, 16)
