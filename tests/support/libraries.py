"""Contracts of npm's libraries (tests/libraries), compiled once and deployed by raw JSON-RPC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import solcx
from eth_abi import encode

from pfpkit.reference import Standard, TokenRef, checksum_address
from pfpkit.solidity import compiler_settings, sources
from support.node import Node, calldata
from support.tokens import CHAIN_ID

ROOT = Path(__file__).resolve().parents[2]
TOKENS = "tests/libraries/Tokens.sol"


@cache
def codes() -> dict[str, bytes]:
    """Creation codes by the names of the contracts. Compiling takes some seconds."""
    settings = compiler_settings(ROOT)
    texts = {name: {"content": text} for name, text in sources([TOKENS], _read).items()}
    answer = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": texts,
            "settings": {
                "evmVersion": settings["evm_version"],
                "outputSelection": {TOKENS: {"*": ["evm.bytecode.object"]}},
            },
        },
        solc_version=settings["version"],
    )
    made = answer["contracts"][TOKENS]
    return {name: bytes.fromhex(made[name]["evm"]["bytecode"]["object"]) for name in made}


def _read(name: str) -> str:
    own = ROOT / name
    return (own if own.is_file() else ROOT / "node_modules" / name).read_text(encoding="utf-8")


class Library:
    """One new contract of tests/libraries; whoever `sends` needs no key."""

    def __init__(self, node: Node, sender: str, name: str, *arguments: str) -> None:
        self._node, self._sender = node, sender
        code = codes()[name] + encode(["string"] * len(arguments), arguments)
        self.address = checksum_address(node.deploy(sender, code))

    def send(self, signature: str, *arguments: Any, sender: str | None = None) -> None:
        """Call a function in a transaction."""
        self._node.transact(sender or self._sender, self.address, calldata(signature, *arguments))

    def mint_all(self, to: str, uris: Sequence[str], first_id: int = 1) -> list[TokenRef]:
        """Mint a token for each URI."""
        for token_id, uri in enumerate(uris, first_id):
            self.send("mint(address,uint256,string)", to, token_id, uri)
        return [self.ref(token_id) for token_id in range(first_id, first_id + len(uris))]

    def transfer(self, token_id: int, sender: str, to: str) -> None:
        """Move a token of the sender's (ERC-721)."""
        self.send("transferFrom(address,address,uint256)", sender, to, token_id, sender=sender)

    def ref(self, token_id: int, standard: Standard = Standard.ERC721) -> TokenRef:
        """The name of one of its tokens."""
        return TokenRef(CHAIN_ID, self.address, token_id, standard)
