"""Wallets for a page in a browser: found by EIP-6963, signing with anvil's unlocked accounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_suffix(".js").read_text()
REFUSED = {"code": 4001, "message": "User rejected the request."}
UNKNOWN_CHAIN = {"code": 4902, "message": "Unrecognized chain ID."}


@dataclass
class BrowserWallet:
    """A wallet, the person in it, and everything that it was asked."""

    name: str
    account: str
    chain_id: int = 31337
    knows: tuple[int, ...] = (1, 31337)
    """The chains that it can switch to."""
    refuses: frozenset[str] = frozenset()
    """The methods to which its owner says no."""
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)

    @property
    def rdns(self) -> str:
        """Its name as a domain, backwards."""
        return f"test.{self.name.lower().replace(' ', '-')}"

    def methods(self) -> list[str]:
        """The names of what it was asked, in order."""
        return [method for method, _ in self.asked]

    def answer(self, node: Callable[..., Any], method: str, params: list[Any]) -> dict[str, Any]:
        """What the page gets; `node(method, *params)` asks anvil."""
        self.asked.append((method, params))
        if method in self.refuses:
            return {"error": REFUSED}
        if method in ("eth_requestAccounts", "eth_accounts"):
            return {"result": [self.account.lower()]}
        if method == "eth_chainId":
            return {"result": hex(self.chain_id)}
        if method == "wallet_switchEthereumChain":
            return self._switch(int(params[0]["chainId"], 16))
        return {"result": node(method, *params)}

    def _switch(self, chain_id: int) -> dict[str, Any]:
        if chain_id not in self.knows:
            return {"error": UNKNOWN_CHAIN}
        self.chain_id = chain_id
        return {"result": None}


def install(page: Any, wallets: Sequence[BrowserWallet], node: Callable[..., Any]) -> None:
    """Put wallets into every document that this page opens from now on."""

    def ask(question: dict[str, Any]) -> dict[str, Any]:
        return wallets[question["number"]].answer(node, question["method"], question["params"])

    page.expose_function("askWallet", ask)
    names = [{"name": wallet.name, "rdns": wallet.rdns} for wallet in wallets]
    page.add_init_script(f"{SCRIPT.strip()}({json.dumps(names)})")


def emit(page: Any, number: int, event: str, value: Any) -> None:
    """Let wallet `number` tell the page of an event of EIP-1193."""
    tell = "([name, detail]) => window.dispatchEvent(new CustomEvent(name, {detail}))"
    page.evaluate(tell, [f"test-wallet-{number}", [event, value]])
