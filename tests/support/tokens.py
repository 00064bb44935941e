"""Tokens on a real chain for who reads them: our collection, and contracts that answer anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from pfpkit.reference import TokenRef, checksum_address
from support.collection import creation_code
from support.node import Node, calldata

CHAIN_ID = 31337


class Tokens:
    """A new collection of `max_supply` whose owner and minter is `people[0]`, by raw JSON-RPC."""

    def __init__(self, node: Node, project: Any, people: list[str], **changes: Any) -> None:
        self.node = node
        self.people = people
        self._project = project
        code = creation_code(project, people[0], people[0], **changes)
        self.address = checksum_address(node.deploy(people[0], code))

    def mint(self, *digests: bytes, to: str | None = None) -> list[TokenRef]:
        """Mint to `to` (people[1] by default) in one transaction."""
        before = int.from_bytes(self.node.call(self.address, calldata("totalMinted()")))
        data = calldata("mintBatch(address,bytes32[])", to or self.people[1], list(digests))
        self.node.transact(self.people[0], self.address, data)
        return [self.ref(before + 1 + number) for number in range(len(digests))]

    def transfer(self, ref: TokenRef, sender: str, to: str) -> None:
        """Move a token of the sender's."""
        data = calldata("transferFrom(address,address,uint256)", sender, to, ref.token_id)
        self.node.transact(sender, ref.contract, data)

    def burn(self, ref: TokenRef, sender: str) -> None:
        """Burn a token of the sender's."""
        self.node.transact(sender, ref.contract, calldata("burn(uint256)", ref.token_id))

    def ref(self, token_id: int) -> TokenRef:
        """The name of a token of the collection."""
        return TokenRef(CHAIN_ID, self.address, token_id)

    def deploy(self, name: str) -> str:
        """The address of a new contract of contracts/mocks."""
        bytecode = getattr(self._project, name).contract_type.deployment_bytecode.bytecode
        code = bytes.fromhex(str(bytecode).removeprefix("0x"))
        return checksum_address(self.node.deploy(self.people[0], code))

    def impostor(self, answers: Mapping[str, bytes]) -> TokenRef:
        """Token 1 of a contract that answers `answers` (signature -> bytes), whatever they are."""
        address = self.deploy("Impostor")
        for signature, data in answers.items():
            told = calldata("answer(bytes4,bytes)", keccak(text=signature)[:4], data)
            self.node.transact(self.people[0], address, told)
        return TokenRef(CHAIN_ID, address, 1)


def owned(owner: str, token_uri: str, image_uri: str | None = None) -> dict[str, bytes]:
    """What an honest ERC-721 contract answers for a token, for `Tokens.impostor`."""
    answers = {
        "ownerOf(uint256)": encode(["address"], [owner]),
        "tokenURI(uint256)": encode(["string"], [token_uri]),
    }
    if image_uri is not None:
        answers["imageURI(uint256)"] = encode(["string"], [image_uri])
    return answers
