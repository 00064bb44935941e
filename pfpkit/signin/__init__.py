"""Sign-in with Ethereum: the message that a wallet signs, and whether its signature counts.

    challenge = Challenge.new(origin, path, address, chain_id, statement, resources, now)
    said = read_message(text)              # what came back; then, each a BadSignIn with its fault:
    check_place(said, origin, chain_id)    # it was signed for this service
    check_time(said, now)                  # just now
    check_same(said, challenge)            # for what was asked
    await check_signature(chain, said.address, text, signature, block)

Follows EIP-4361, and EIP-191, ERC-1271 and ERC-6492 for signatures. That a nonce is used once is
for the caller, who remembers the challenge. Imports nothing of the profile service.
"""

from pfpkit.signin.challenge import (
    LIFETIME_S,
    Challenge,
    check_place,
    check_same,
    check_time,
    read_message,
)
from pfpkit.signin.fault import SignInFault
from pfpkit.signin.signature import Accounts, check_signature

__all__ = [
    "LIFETIME_S",
    "Accounts",
    "Challenge",
    "SignInFault",
    "check_place",
    "check_same",
    "check_signature",
    "check_time",
    "read_message",
]
