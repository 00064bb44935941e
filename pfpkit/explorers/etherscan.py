"""Etherscan, through ape-etherscan's client: API v2, whose one key is in ETHERSCAN_API_KEY.

`verifysourcecode` takes a form with Standard JSON and gives a ticket, `checkverifystatus` says what
came of it. ape-etherscan's own way to publish logs a failure and goes on, and sends what Ape
compiled; here the input is the recorded one, and a success is an answer that begins with "Pass", or
says that it was verified already.
"""

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

from pfpkit.console import clipped
from pfpkit.errors import ExplorerError
from pfpkit.explorers import IDENTIFIER, Confirmation, Submission
from pfpkit.translation import FOREIGN, translated

if TYPE_CHECKING:
    from ape_etherscan.client import ContractClient

__all__ = ["KEY", "Etherscan"]

KEY = "ETHERSCAN_API_KEY"
_API = "https://api.etherscan.io/v2/api"
_PAGES = {
    1: "https://etherscan.io",
    10: "https://optimistic.etherscan.io",
    137: "https://polygonscan.com",
    8453: "https://basescan.org",
    42161: "https://arbiscan.io",
    84532: "https://sepolia.basescan.org",
    11155111: "https://sepolia.etherscan.io",
}
_MIT = 3
_TRIES = 10
_NOT_INDEXED = "unable to locate contractcode"
_KNOWN = "already verified"
_BUSY = ("rate limit", "too many requests")
_PENDING = "pending in queue"


class Etherscan:
    """Etherscan, or what speaks its API, for the network that Ape is connected to."""

    name = "etherscan"

    def __init__(
        self,
        ecosystem: str,
        network: str,
        url: str | None = None,
        *,
        within_s: float = 300.0,
        look_s: float = 3.0,
    ) -> None:
        self._where = (ecosystem, network)
        self._url = url
        self._within_s = within_s
        self._look_s = look_s

    async def publish(self, submission: Submission) -> Confirmation:
        """Submit a source and wait until it is confirmed; ExplorerError when it is not."""
        if not os.environ.get(KEY):
            raise ExplorerError(
                f"{KEY} is not set; etherscan wants a key, which an account there gives; "
                "or publish to sourcify, which wants none"
            )
        client = self._client(submission)
        page = f"{_PAGES.get(submission.chain_id, 'https://etherscan.io')}/address/"
        place = f"{page}{submission.address}#code"
        ticket = await self._submit(client, submission)
        if ticket is None:
            return Confirmation("verified", place, before=True)
        said = await self._wait(client, ticket)
        return Confirmation("verified", place, before=_KNOWN in said.lower())

    def _client(self, submission: Submission) -> "ContractClient":
        from ape_etherscan.client import ContractClient
        from ape_etherscan.types import EtherscanInstance

        url = self._url or f"{_API}?chainid={submission.chain_id}"
        return ContractClient(EtherscanInstance(*self._where, "", url), submission.address)

    async def _submit(self, client: "ContractClient", submission: Submission) -> str | None:
        """Return the ticket; None when the source is verified already."""
        settings = submission.input["settings"]
        for _ in range(_TRIES):
            said = await self._asked(
                client.verify_source_code,
                submission.input,
                submission.compiler,
                contract_name=IDENTIFIER,
                optimization_used=settings["optimizer"]["enabled"],
                optimization_runs=settings["optimizer"]["runs"],
                constructor_arguments=submission.arguments.hex(),
                evm_version=settings["evmVersion"],
                license_type=_MIT,
                via_ir=settings.get("viaIR", False),
            )
            text = said.lower()
            if _KNOWN in text:
                return None
            if not any(word in text for word in (*_BUSY, _NOT_INDEXED)):
                break
            # A contract that was just deployed is not known there at once.
            await asyncio.sleep(self._look_s)
        if not said or len(said) > 100 or not said.isalnum():
            raise ExplorerError(
                f"etherscan refused the source: {clipped(said, 300) or 'no reason'}"
            )
        return said

    async def _wait(self, client: "ContractClient", ticket: str) -> str:
        end = time.monotonic() + self._within_s
        while time.monotonic() < end:
            said = await self._asked(client.check_verify_status, ticket)
            text = said.lower()
            if text.startswith("pass") or _KNOWN in text:
                return said
            if _PENDING not in text and not any(word in text for word in _BUSY):
                raise ExplorerError(f"etherscan did not confirm the source: {clipped(said, 300)}")
            await asyncio.sleep(self._look_s)
        raise ExplorerError(
            f"etherscan has not compiled the source after {self._within_s:g} s; "
            "run this again later"
        )

    async def _asked(self, call: Any, *arguments: Any, **fields: Any) -> str:
        """Return what it answered, refusals included; ExplorerError when that is no answer."""
        from ape_etherscan.exceptions import EtherscanResponseError

        try:
            return str(await asyncio.to_thread(call, *arguments, **fields))
        except EtherscanResponseError as error:
            said = str(error).removeprefix("Response indicated failure: ")
            if said == "Resource not found":  # so it calls what is no JSON
                raise ExplorerError("etherscan gave no JSON answer; run this again later") from None
            return said
        except FOREIGN as error:
            raise ExplorerError(str(translated(error, "etherscan"))) from None
        except ValueError:  # what it makes of every status that is no success
            raise ExplorerError("etherscan refuses to answer; run this again later") from None
