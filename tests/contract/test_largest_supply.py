"""The largest supply, 2^48 - 1: the counters fill their bits and touch no others

given that all ids but the last four are minted, and nearly as many tokens burned
    the last ids can be minted, alone or as a batch that is kept in code; each has its digest
    the minter stays, and so does the number of burned tokens
    one more reverts, and says that none is left
    a burn counts one more, and touches neither the minter nor the ids given
"""

import pytest
from support.collection import deploy, digest, metadata_uri, reverts

LARGEST = 2**48 - 1
BURNED = LARGEST - 10
BUNDLES = [digest(n) for n in range(4)]


@pytest.fixture
def nearly_full(project, node, deployer, minter):
    """A collection with four ids left. Minting the others would take longer than the chain has
    existed, so that its first slot is written: minter, ids given, tokens burned."""
    made = deploy(project, deployer, owner=deployer, minter=minter, max_supply=LARGEST)
    word = int(minter.address, 16) | (LARGEST - 4) << 160 | BURNED << 208
    node.rpc("anvil_setStorageAt", made.address, "0x0", f"0x{word:064x}")
    assert (made.minter(), made.totalMinted()) == (minter, LARGEST - 4)
    assert made.totalSupply() == LARGEST - 4 - BURNED
    return made


@pytest.mark.parametrize("way", ["mint", "mintBatch", "airdrop"])
def test_largest_supply__when_the_last_ids_are_minted__each_is_right(
    nearly_full, minter, holder, way
):
    """The last id fills its 48 bits, and so does the first one of the batch."""
    if way == "mint":
        for bundle in BUNDLES:
            nearly_full.mint(holder, bundle, sender=minter)
    elif way == "mintBatch":
        nearly_full.mintBatch(holder, BUNDLES, sender=minter)
    else:
        nearly_full.airdrop([holder] * 4, BUNDLES, sender=minter)
    for token, bundle in zip(range(LARGEST - 3, LARGEST + 1), BUNDLES, strict=True):
        assert (nearly_full.ownerOf(token), nearly_full.bundleOf(token)) == (holder, bundle)
        assert nearly_full.tokenURI(token) == metadata_uri(bundle)
    assert (nearly_full.minter(), nearly_full.totalMinted()) == (minter, LARGEST)
    assert nearly_full.totalSupply() == LARGEST - BURNED
    with reverts(nearly_full.SupplyExceeded, asked=1, left=0):
        nearly_full.mint(holder, BUNDLES[0], sender=minter)


def test_largest_supply__when_five_are_asked_and_four_left__reverts(nearly_full, minter, holder):
    """A batch is minted whole or not at all."""
    with reverts(nearly_full.SupplyExceeded, asked=5, left=4):
        nearly_full.mintBatch(holder, [*BUNDLES, digest(4)], sender=minter)
    assert nearly_full.totalMinted() == LARGEST - 4


def test_largest_supply__when_a_token_burns__only_the_supply_changes(nearly_full, minter, holder):
    """The counter of burned tokens stands above all others in its slot."""
    nearly_full.mintBatch(holder, BUNDLES, sender=minter)
    nearly_full.burn(LARGEST, sender=holder)
    assert (nearly_full.minter(), nearly_full.totalMinted()) == (minter, LARGEST)
    assert nearly_full.totalSupply() == LARGEST - BURNED - 1


def test_largest_supply__when_the_minter_changes__counters_stay(nearly_full, deployer, buyer):
    """The minter shares the slot with both."""
    nearly_full.setMinter(buyer, sender=deployer)
    assert (nearly_full.minter(), nearly_full.totalMinted()) == (buyer, LARGEST - 4)
    assert nearly_full.totalSupply() == LARGEST - 4 - BURNED
