"""Why a signed message does not count, in one word each. Pure."""

from enum import StrEnum

__all__ = ["SignInFault"]


class SignInFault(StrEnum):
    """What is wrong with a message or its signature."""

    BAD_MESSAGE = "bad-message"
    """It is no EIP-4361 message, or not the one that was asked for."""
    WRONG_DOMAIN = "wrong-domain"
    WRONG_URI = "wrong-uri"
    WRONG_CHAIN = "wrong-chain"
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - an NFT
    WRONG_ACCOUNT = "wrong-account"
    """It is of another address than was asked."""
    NONCE_UNKNOWN = "nonce-unknown"
    """This browser was not given it, or it was used already."""
    EXPIRED = "expired"
    TOO_OLD = "too-old"
    FROM_THE_FUTURE = "from-the-future"
    BAD_SIGNATURE = "bad-signature"
    MALLEABLE_SIGNATURE = "malleable-signature"
    """Its `s` is in the upper half, so that anybody can make a second one of it."""
    DELEGATE_SILENT = "delegate-silent"
    """The account is delegated (EIP-7702) to a contract that does not answer ERC-1271."""
