"""Whether an account signed a message: EOA, contract, or contract that is not deployed yet.

Follows the order of ERC-6492: its magic suffix first, then code and so ERC-1271, and only an
account without code is asked by ecrecover. Everything is read at one block. Trusts the node, or the
quorum, for what contracts answer; nothing is trusted for an account without code but that it has
none.
"""

from typing import Protocol

from coincurve import PublicKey
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from pfpkit.block import BlockRef
from pfpkit.errors import BadSignIn
from pfpkit.reference import checksum_address
from pfpkit.signin.fault import SignInFault
from pfpkit.signin.parser import EIP6492_MAGIC_SUFFIX, EIP6492_VALIDATOR_BYTECODE
from pfpkit.views import Reverted

__all__ = ["MAX_SIGNATURE", "Accounts", "check_signature", "message_hash"]

MAX_SIGNATURE = 8 * 2**10
"""Bytes; a multisignature of fifty owners, or a factory's call data, has fewer."""
_MAGIC_SUFFIX = bytes.fromhex(EIP6492_MAGIC_SUFFIX)
_VALIDATOR = bytes.fromhex(EIP6492_VALIDATOR_BYTECODE.removeprefix("0x"))
_IS_VALID = bytes.fromhex("1626ba7e")
"""ERC-1271: both the selector of `isValidSignature(bytes32,bytes)` and its answer for yes."""
_DELEGATED = bytes.fromhex("ef0100")
"""EIP-7702: the code of an account that is delegated begins so, and an address follows."""
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_EOA_BYTES = 65


class Accounts(Protocol):
    """A `Node`, or a `Quorum` of them."""

    async def code_at(self, address: str, block: BlockRef) -> bytes:
        """Return the code of an account at a block; empty where it has none."""

    async def execute(self, to: str | None, data: bytes, block: BlockRef) -> bytes | Reverted:
        """Return what a call answers at a block; `to` None: what creation code returns."""


async def check_signature(
    chain: Accounts, address: str, message: str, signature: bytes, block: BlockRef
) -> None:
    """Return if `address` signed `message` (EIP-191); BadSignIn says why it does not count.

    ChainError when the chain cannot be asked: that is neither yes nor no.
    """
    if len(signature) > MAX_SIGNATURE:
        raise _bad(f"the signature has {len(signature):,} bytes, over the {MAX_SIGNATURE:,} read")
    digest = message_hash(message)
    if signature.endswith(_MAGIC_SUFFIX):
        return await _check_undeployed(chain, address, digest, signature, block)
    code = await chain.code_at(address, block)
    if code:
        return await _check_contract(chain, address, digest, signature, block, code)
    return _check_key(address, digest, signature)


def message_hash(message: str) -> bytes:
    """Return the hash that `personal_sign` signs (EIP-191, version 0x45)."""
    data = message.encode()
    return keccak(b"\x19Ethereum Signed Message:\n%d" % len(data) + data)


async def _check_undeployed(
    chain: Accounts, address: str, digest: bytes, signature: bytes, block: BlockRef
) -> None:
    sent = encode(["address", "bytes32", "bytes"], [address, digest, signature])
    answer = await chain.execute(None, _VALIDATOR + sent, block)
    if isinstance(answer, Reverted) or answer != b"\x01":
        raise _bad("the contract that the signature would deploy does not confirm it (ERC-6492)")


async def _check_contract(
    chain: Accounts, address: str, digest: bytes, signature: bytes, block: BlockRef, code: bytes
) -> None:
    sent = _IS_VALID + encode(["bytes32", "bytes"], [digest, signature])
    answer = await chain.execute(address, sent, block)
    if not isinstance(answer, Reverted) and answer == _IS_VALID + bytes(28):
        return
    delegated = code.startswith(_DELEGATED) and len(code) == 23
    silent = isinstance(answer, Reverted) or len(answer) != 32
    if delegated and silent:
        delegate = checksum_address(f"0x{code[3:].hex()}")
        raise BadSignIn(
            f"{address} is delegated to {delegate} (EIP-7702), which does not answer ERC-1271; "
            "delegate it to a contract that does, or to none",
            SignInFault.DELEGATE_SILENT,
        )
    raise _bad(f"the contract {address} does not confirm the signature (ERC-1271)")


def _check_key(address: str, digest: bytes, signature: bytes) -> None:
    if len(signature) != _EOA_BYTES or signature[64] not in (27, 28):
        raise _bad("the signature is not 65 bytes: r, s, and v of 27 or 28")
    if int.from_bytes(signature[32:64]) > _ORDER // 2:
        raise BadSignIn(
            "the signature's s is in the upper half (EIP-2); a wallet does not make such ones",
            SignInFault.MALLEABLE_SIGNATURE,
        )
    recoverable = signature[:64] + bytes([signature[64] - 27])
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except Exception:  # noqa: BLE001 - coincurve raises Exception itself
        raise _bad("the signature is none of any key") from None
    found = checksum_address(f"0x{keccak(key.format(compressed=False)[1:])[12:].hex()}")
    if found != address:
        raise _bad(f"the message was signed by another account than {address}")


def _bad(words: str) -> BadSignIn:
    return BadSignIn(words, SignInFault.BAD_SIGNATURE)
