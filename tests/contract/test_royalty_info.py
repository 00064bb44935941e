"""royaltyInfo: whom to pay what

given any price up to 2^256 - 1, the share is exact and rounded down
given a rate of 0, nothing; given 10,000, the price
the same for every id, minted or not
"""

from random import Random

import pytest
from eth_abi import decode
from support.collection import DEFAULTS, NOBODY, deploy
from support.node import calldata

PRICES = [0, 1, 19, 20, 9_999, 10_000, 10_001, 10**18, 2**255, 2**256 - 10_000, 2**256 - 1]


@pytest.mark.parametrize("bps", [0, 1, 500, 9_999, 10_000])
def test_royalty_info__when_any_price__is_exact(project, node, deployer, minter, bps):
    """The contract agrees with Python's integers, where Solidity's product would overflow."""
    receiver = DEFAULTS["royalty_receiver"] if bps else NOBODY
    royalty = {"royalty_receiver": receiver, "royalty_bps": bps}
    made = deploy(project, deployer, owner=deployer, minter=minter, **royalty)
    random = Random(bps)
    prices = PRICES + [random.getrandbits(random.randint(1, 256)) for _ in range(200)]
    asked = [calldata("royaltyInfo(uint256,uint256)", n, price) for n, price in enumerate(prices)]
    answers = [decode(["address", "uint256"], a) for a in node.calls(made.address, asked)]
    assert answers == [(receiver, price * bps // 10_000) for price in prices]
