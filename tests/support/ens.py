"""ENS as its makers deployed it: ENSRegistry of @ensdomains/ens, PublicResolver of .../resolver."""

from __future__ import annotations

import json
from pathlib import Path

from eth_abi import encode
from eth_utils import keccak

from support.node import Node, calldata

_PACKAGES = Path(__file__).parents[2] / "node_modules" / "@ensdomains"


def _code(package: str, name: str) -> bytes:
    built = json.loads((_PACKAGES / package / "build" / "contracts" / f"{name}.json").read_text())
    return bytes.fromhex(built["bytecode"].removeprefix("0x"))


class Ens:
    """A registry of its own on a chain, with one resolver; `owner` owns the root and every name.

    With `at`, the registry is at that address, as on a chain that has ENS.
    """

    def __init__(self, node: Node, owner: str, at: str | None = None) -> None:
        self._node, self._owner = node, owner
        self.registry = node.deploy(owner, _code("ens", "ENSRegistry"))
        if at is not None:
            node.rpc("anvil_setCode", at, node.rpc("eth_getCode", self.registry, "latest"))
            root = "0x" + keccak(bytes(64)).hex()  # records[0].owner, the first of its mapping
            node.rpc("anvil_setStorageAt", at, root, f"0x{owner[2:].lower():0>64}")
            self.registry = at
        made_for = encode(["address"], [self.registry])
        self.resolver = node.deploy(owner, _code("resolver", "PublicResolver") + made_for)

    def register(self, name: str, resolver: str | None = None) -> bytes:
        """Make a name and all that it is under, and set its resolver; its node in the registry."""
        parent, found = bytes(32), bytes(32)
        for label in reversed(name.split(".")):
            part = keccak(text=label)
            self._send(
                self.registry,
                "setSubnodeOwner(bytes32,bytes32,address)",
                parent,
                part,
                self._owner,
            )
            parent = found = keccak(parent + part)
        self._send(self.registry, "setResolver(bytes32,address)", found, resolver or self.resolver)
        return found

    def text(self, name_node: bytes, key: str, value: str) -> None:
        """Write a text record."""
        self._send(self.resolver, "setText(bytes32,string,string)", name_node, key, value)

    def address(self, name_node: bytes, address: str) -> None:
        """Say what a name stands for."""
        self._send(self.resolver, "setAddr(bytes32,address)", name_node, address)

    def _send(self, to: str, signature: str, *arguments: object) -> None:
        self._node.transact(self._owner, to, calldata(signature, *arguments))
