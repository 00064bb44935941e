"""The avatar record of an ENS name: which picture or token it names, and whose the name is.

Follows ENSIP-1 (EIP-137: namehash, registry, resolver), ENSIP-5 (text records), ENSIP-12 (avatar)
and ENSIP-15 (which names there are, by the library of NameHash Labs). Trusts the node for what the
registry says, and a resolver for what it says of its own names. Records that are kept outside the
chain (ERC-3668) or in a wildcard resolver (ENSIP-10) are not read.
"""

from dataclasses import dataclass

from eth_utils.crypto import keccak

from pfpkit.block import BlockRef
from pfpkit.chain import Node
from pfpkit.errors import BadReference, NoAvatar
from pfpkit.reference import NOBODY, TokenRef, checksum_address
from pfpkit.views import Call, Reverted

__all__ = ["REGISTRY", "Avatar", "address_of", "avatar", "namehash", "normalized"]

REGISTRY = "0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e"
"""The registry of Ethereum's mainnet, and of its test networks."""
_MAX_NAME, _MAX_RECORD = 255, 2**20
_OFFCHAIN = "0x556f1830"  # OffchainLookup of ERC-3668


@dataclass(frozen=True, slots=True)
class Avatar:
    """What an ENS name's avatar record says at one block.

    `text` is the record as it is. `token` is the token that it names, None where it is a URI of
    another kind. `address` is what the name stands for, None where it stands for none: who shows
    the token has to ask whether this one holds it (ENSIP-12).
    """

    name: str
    block: BlockRef
    text: str
    token: TokenRef | None
    address: str | None


def normalized(name: str) -> str:
    """Return a name as ENSIP-15 writes it; BadReference when there can be no such name.

    Letters of different alphabets that look alike in one label are refused.

    >>> normalized("Nick.ETH")
    'nick.eth'
    """
    # Here, for it takes a fifth of a second to load.
    from ens_normalize import (  # type: ignore[import-untyped]
        DisallowedSequence,
        ens_normalize,
    )

    if not 0 < len(name) <= _MAX_NAME:
        raise BadReference(f"{name[:60]!a} is no ENS name: 1 to {_MAX_NAME} letters")
    try:
        found = str(ens_normalize(name))
    except DisallowedSequence as error:
        raise BadReference(f"{name!a} is no ENS name (ENSIP-15): {str(error)!a}") from None
    # Version 3.0.10 lets a line end at the end of a name pass.
    if not all(found.split(".")) or "\n" in found:
        raise BadReference(
            f"{name!a} is no ENS name: a part is empty, or has a disallowed character"
        )
    return found


def namehash(name: str) -> bytes:
    """Return the 32 bytes that stand for a normalized name in the registry (EIP-137).

    >>> namehash("eth").hex()
    '93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae'
    """
    node = bytes(32)
    for label in reversed(name.split(".") if name else []):
        node = keccak(node + keccak(text=label))
    return node


async def address_of(node: Node, name: str, block: BlockRef, registry: str = REGISTRY) -> str:
    """Return the address that a name stands for at `block`; NoAvatar when it stands for none.

    Otherwise as `avatar`.
    """
    name = normalized(name)
    hashed, resolver = await _resolver(node, name, block, registry)
    (address,) = await node.call(resolver, [Call("addr(bytes32)", "address", (hashed,))], block)
    if isinstance(address, Reverted) or address == NOBODY:
        raise NoAvatar(f"{name!a} stands for no address at block {block.number}; check the name")
    return checksum_address(address)


async def avatar(node: Node, name: str, block: BlockRef, registry: str = REGISTRY) -> Avatar:
    """Return the avatar record of a name at `block`; NoAvatar when it has none that is readable.

    BadReference when there can be no such name, or the record names a token wrongly; NoSuchContract
    when the node's chain has no registry.
    """
    name = normalized(name)
    hashed, resolver = await _resolver(node, name, block, registry)
    calls = [
        Call("text(bytes32,string)", "string", (hashed, "avatar")),
        Call("addr(bytes32)", "address", (hashed,)),
    ]
    text, address = await node.call(resolver, calls, block)
    if isinstance(text, Reverted):
        outside = text.data.startswith(_OFFCHAIN)
        why = "it is kept outside the chain (ERC-3668)" if outside else text.reason or "it reverted"
        raise NoAvatar(f"the avatar record of {name!a} cannot be read: {why}")
    if not text or len(text) > _MAX_RECORD:
        what = "is longer than 1 MiB" if text else "is empty"
        raise NoAvatar(f"the avatar record of {name!a} {what} at block {block.number}")
    token = TokenRef.parse(text) if text.lower().startswith("eip155:") else None
    known = not isinstance(address, Reverted) and address != NOBODY
    return Avatar(name, block, text, token, checksum_address(address) if known else None)


async def _resolver(node: Node, name: str, block: BlockRef, registry: str) -> tuple[bytes, str]:
    """Return what stands for a normalized name, and the contract that answers for it."""
    hashed = namehash(name)
    (resolver,) = await node.call(
        registry, [Call("resolver(bytes32)", "address", (hashed,))], block
    )
    if isinstance(resolver, Reverted) or resolver == NOBODY:
        raise NoAvatar(
            f"{name!a} has no resolver of its own at block {block.number}; check the name"
        )
    return hashed, resolver
