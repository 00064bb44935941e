"""What a contract reverted with, in words, and whether it says that a token does not exist. Pure.

ERC-721 has `ownerOf` throw for a token that nobody owns, and leaves open how: ERC-6093 names an
error, and each library before it has its own. A contract that is paused, or has a fault, throws
too, which says nothing of the token. Follows the errors of the Contract ABI Specification.
"""

import re
from dataclasses import dataclass
from typing import Self

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector

__all__ = ["Revert"]

_NO_TOKEN = (
    "ERC721NonexistentToken(uint256)",  # ERC-6093: OpenZeppelin 5
    "OwnerQueryForNonexistentToken()",  # ERC721A
    "TokenDoesNotExist()",  # Solady
    "ERC721InvalidTokenId()",
    "InvalidTokenId()",
    "NonExistentToken()",
    "NonexistentToken()",
    "NonexistentToken(uint256)",
    "NotMinted()",
    "TokenDoesNotExist(uint256)",
    "TokenNotFound()",
    "TokenNotMinted()",
)
_OTHER = ("EnforcedPause()", "ReentrancyGuardReentrantCall()")
_SAYS_SO = re.compile(
    # OpenZeppelin before 5, Snekmate; solmate; 0xcert and its many copies (NOT_VALID_NFT).
    r"non-?existent|(does ?n[o']t|not) exist|invalid token ?id|not[ _](yet[ _])?minted|^003002$",
    re.IGNORECASE,
)
_TEXT, _PANIC = "0x08c379a0", "0x4e487b71"
_WITHOUT_REASON = re.compile(r"(.*\brevert(ed)?|vm execution error)?\.?", re.IGNORECASE)


def _selectors(signatures: tuple[str, ...]) -> dict[str, str]:
    return {
        f"0x{function_signature_to_4byte_selector(one).hex()}": one.partition("(")[0]
        for one in signatures
    }


_NO_TOKEN_ERRORS = _selectors(_NO_TOKEN)
_NAMES = _NO_TOKEN_ERRORS | _selectors(_OTHER)


@dataclass(frozen=True, slots=True)
class Revert:
    """`reason` is a stranger's text; `says_no_token` holds of a revert without any reason too.

    >>> Revert.parse("0x7e273289" + "00" * 31 + "07")
    Revert(reason='ERC721NonexistentToken', says_no_token=True)
    >>> Revert.parse("0xd93c0665")
    Revert(reason='EnforcedPause', says_no_token=False)
    """

    reason: str
    says_no_token: bool

    @classmethod
    def parse(cls, data: str, message: str = "") -> Self:
        """Read the data of a revert (0x and digits), and what the node says beside it."""
        selector = data[:10]
        if selector in _NAMES:
            return cls(_NAMES[selector], selector in _NO_TOKEN_ERRORS)
        if selector == _TEXT and (text := _decoded("string", data)) is not None:
            return cls(str(text), bool(_SAYS_SO.search(str(text))))
        if selector == _PANIC and (code := _decoded("uint256", data)) is not None:
            return cls(f"Panic(0x{code:02x})", False)
        said = message.strip()
        if len(data) > len("0x"):
            return cls(said or f"an error unknown to pfpkit, {selector}", False)
        return cls(said, bool(_WITHOUT_REASON.fullmatch(said) or _SAYS_SO.search(said)))


def _decoded(kind: str, data: str) -> str | int | None:
    encoded = bytes.fromhex(data[10:])
    if len(encoded) < 32:
        return None
    try:
        (value,) = decode([kind], encoded)
    except (DecodingError, ValueError, OverflowError):
        return None
    return value if isinstance(value, str | int) else None
