"""Wallets of keys that nobody else has, as programs: what a browser's wallet would sign."""

from __future__ import annotations

from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct

from support.profile import Browser


class Wallet:
    """One key; `number` decides which."""

    def __init__(self, number: int) -> None:
        self._account = Account.from_key(number.to_bytes(32, "big"))
        self.address = str(self._account.address)

    def sign(self, message: str) -> str:
        """The signature of `personal_sign`."""
        return (
            "0x" + bytes(self._account.sign_message(encode_defunct(text=message)).signature).hex()
        )

    def challenge(self, browser: Browser, purpose: str, **values: Any) -> str:
        """The message that the service asks this wallet to sign."""
        asked = {"purpose": purpose, "address": self.address, "chain_id": 31337, **values}
        answer = browser.send_json("/wallet/challenge", **asked)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["message"])

    def show(self, browser: Browser, token: object) -> httpx.Response:
        """Ask for a token to be shown, and sign for it."""
        message = self.challenge(browser, "picture", token=str(token))
        return browser.send_json("/wallet/picture", message=message, signature=self.sign(message))
