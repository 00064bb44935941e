"""How the contract tests deploy a collection, name its errors and compute its URIs.

The URIs are computed with `base64.b32encode` alone, so that neither the contract nor pfpkit vouches
for itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ape
import pytest
from ape.exceptions import ContractLogicError, CustomError
from eth_abi import encode

from support.node import Node, Reverted, calldata

NOBODY = "0x0000000000000000000000000000000000000000"
CONSTRUCTOR = ["string", "string", "address", "address", "uint256", "address", "uint96", "bytes32"]
DEFAULTS: dict[str, Any] = {
    "name": "Profile Pictures",
    "symbol": "PFP",
    "max_supply": 10,
    "royalty_receiver": "0x1234567890123456789012345678901234567890",
    "royalty_bps": 500,
    "collection_bundle": hashlib.sha256(b"collection").digest(),
}


def constructor_arguments(owner: Any, minter: Any, **changes: Any) -> tuple[Any, ...]:
    """DEFAULTS and `changes` to them, in the constructor's order."""
    name, symbol, *rest = (DEFAULTS | changes).values()
    return (name, symbol, owner, minter, *rest)


def deploy(project: Any, sender: Any, *, owner: Any, minter: Any, **changes: Any) -> Any:
    """Deploy a ProfilePicture with DEFAULTS and `changes` to them."""
    return sender.deploy(project.ProfilePicture, *constructor_arguments(owner, minter, **changes))


def creation_code(project: Any, owner: str, minter: str, **changes: Any) -> bytes:
    """What a transaction that deploys a ProfilePicture carries."""
    code = deployment_code(project, "ProfilePicture")
    return code + encode(CONSTRUCTOR, constructor_arguments(owner, minter, **changes))


def deployment_code(project: Any, name: str) -> bytes:
    """The creation code of a contract, without the constructor's arguments."""
    text = str(getattr(project, name).contract_type.deployment_bytecode.bytecode)
    return bytes.fromhex(text.removeprefix("0x"))


def digest(number: int) -> bytes:
    """A bundle digest that is different for each number."""
    return hashlib.sha256(b"bundle %d" % number).digest()


def cid_text(bundle: bytes) -> str:
    """CIDv1, dag-pb, sha2-256, in base32, as the CID specification spells it."""
    text = base64.b32encode(bytes([0x01, 0x70, 0x12, 0x20]) + bundle).decode().lower().rstrip("=")
    return "b" + text


def metadata_uri(bundle: bytes) -> str:
    """What tokenURI has to be."""
    return f"ipfs://{cid_text(bundle)}/metadata.json"


def image_uri(bundle: bytes) -> str:
    """What imageURI has to be."""
    return f"ipfs://{cid_text(bundle)}/image"


@contextmanager
def reverts(error: Any, **inputs: Any) -> Iterator[None]:
    """`ape.reverts` that also fails when the revert has no data, another error, or other inputs.

    ape.reverts lets any revert without a custom error pass when it was asked for one.
    """
    with ape.reverts() as refusal:
        yield
    raised: ContractLogicError = refusal.value
    assert isinstance(raised, CustomError), f"expected {error.__name__}, but: {raised!r}"
    assert raised.abi.selector == error.abi.selector, f"expected {error.abi}, but: {raised!r}"
    expected = {name: getattr(value, "address", value) for name, value in inputs.items()}
    assert raised.inputs == expected


def error_data(error: Any, **inputs: Any) -> bytes:
    """The bytes that a revert with this error carries."""
    assert len(inputs) == len(error.abi.inputs)
    expected = [getattr(inputs[i.name], "address", inputs[i.name]) for i in error.abi.inputs]
    return calldata(error.abi.selector, *expected)


def assert_view_reverts(node: Node, view: Any, *arguments: Any, error: Any, **inputs: Any) -> None:
    """The view reverts with just this error, byte for byte; Ape would drop the data."""
    data = bytes(view.encode_input(*arguments))
    with pytest.raises(Reverted) as refusal:
        node.call(view.contract.address, data)
    assert refusal.value.data == error_data(error, **inputs)


def assert_deployment_reverts(node: Node, code: bytes, *, error: Any, **inputs: Any) -> None:
    """The constructor reverts with just this error; Ape would ask a block explorer why."""
    with pytest.raises(Reverted) as refusal:
        node.call(None, code)
    assert refusal.value.data == error_data(error, **inputs)
