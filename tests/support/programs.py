"""Contracts of a few bytes of EVM code each: what they do at each view, as a stranger may write it.

    code = contract({"ownerOf(uint256)": word(owner), "tokenURI(uint256)": LOOPS})

Every other call reverts without a reason. A part does not know where in the code it stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from eth_abi import encode
from eth_utils import keccak

LOOPS = bytes.fromhex("5b5860019003 56")  # JUMPDEST PC PUSH1 1 SWAP1 SUB JUMP
REVERTS = bytes.fromhex("5f5ffd")
WRITES = bytes.fromhex("60015f55") + REVERTS
"""Writes to its storage, which no view may, and reverts."""
MULTISIG = bytes.fromhex("601a8060095f395ff3602036038060205f375f5f915f5f5f355af16018575f5ffd5b00")
"""Creates one that calls whom it is told, with what it is told: what a multisig does in the end."""
_SELECTOR = bytes.fromhex("5f3560e01c")
_HEAD = len(_SELECTOR)
_CASE = 12
_NOTHING_ELSE = REVERTS


def returns(data: bytes) -> bytes:
    """Answers `data`, whatever it is."""
    return _copied(data) + b"\x5f\xf3" + data


def reverts(data: bytes) -> bytes:
    """Reverts with `data`."""
    return _copied(data) + b"\x5f\xfd" + data


def zeros(size: int) -> bytes:
    """Answers so many zeros, of which the code holds none."""
    return b"\x63" + size.to_bytes(4) + b"\x5f\xf3"


def text(value: str | bytes) -> bytes:
    """Answers a string of the ABI, which need be no text."""
    data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return returns(encode(["bytes"], [data]))


def word(value: int | str) -> bytes:
    """Answers a number or an address."""
    return returns((value if isinstance(value, int) else int(value, 16)).to_bytes(32))


def contract(views: Mapping[str, bytes]) -> bytes:
    """The code of a contract, view by view."""
    start = _HEAD + _CASE * len(views) + len(_NOTHING_ELSE)
    cases, bodies = b"", b""
    for signature, body in views.items():
        place = start + len(bodies)
        # DUP1 PUSH4 selector EQ PUSH3 place JUMPI
        cases += (
            b"\x80\x63" + keccak(text=signature)[:4] + b"\x14\x62" + place.to_bytes(3) + b"\x57"
        )
        # Data may end like a PUSH, which would swallow the JUMPDEST of the next part.
        bodies += b"\x5b" + body + bytes(32)
    return _SELECTOR + cases + _NOTHING_ELSE + bodies


def _copied(data: bytes) -> bytes:
    """Copies what follows, behind the two bytes that end the part, and leaves its size."""
    size = b"\x63" + len(data).to_bytes(4)
    # size PC PUSH1 13 ADD PUSH0 CODECOPY size; 13 bytes after PC the data begin.
    return size + b"\x58\x60\x0d\x01\x5f\x39" + size
