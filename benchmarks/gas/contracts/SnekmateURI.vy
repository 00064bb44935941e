# pragma version ~=0.4.3
"""
@title Snekmate's erc721 with a string a token; a minter mints
@license MIT
@notice Snekmate mints by `safe_mint` alone. It keeps the lists of ERC721Enumerable, and has permits
        (ERC-4494), so that a mint and a transfer write more slots than the others do.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc721

initializes: ownable
initializes: erc721[ownable := ownable]

exports: erc721.__interface__


@deploy
def __init__():
    ownable.__init__()
    erc721.__init__("Profile Pictures", "PFP", "", "Profile Pictures", "1")
