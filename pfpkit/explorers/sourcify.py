"""Sourcify, which needs no key: API v2, as its OpenAPI description has it.

POST /v2/verify/{chain}/{address} answers 202 with a ticket, GET /v2/verify/{ticket} says what came
of it, GET /v2/contract/{chain}/{address} what is published. Trusted for what it says of itself
alone; what it publishes is compiled again here (`verify_source`).
"""

import asyncio
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from pfpkit.console import clipped
from pfpkit.errors import ExplorerError
from pfpkit.explorers import IDENTIFIER, Confirmation, Submission

__all__ = ["SOURCIFY", "Sourcify"]

SOURCIFY = "https://sourcify.dev/server"
_REPOSITORY = "https://repo.sourcify.dev"
_MAX_BYTES = 16 * 2**20
_TRIES = 5
_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}


class Sourcify:
    """One Sourcify server. Waits `within_s` for a verification, and looks every `look_s`."""

    name = "sourcify"

    def __init__(
        self, url: str = SOURCIFY, *, within_s: float = 300.0, look_s: float = 3.0
    ) -> None:
        self._url = url.rstrip("/")
        self._within_s = within_s
        self._look_s = look_s

    async def publish(self, submission: Submission) -> Confirmation:
        """Submit a source and wait until it is confirmed; ExplorerError when it is not."""
        place = f"{submission.chain_id}/{submission.address}"
        body = {
            "stdJsonInput": submission.input,
            "compilerVersion": submission.compiler,
            "contractIdentifier": IDENTIFIER,
            "creationTransactionHash": submission.transaction,
        }
        status, said = await self._ask("POST", f"/v2/verify/{place}", body)
        known = status == HTTPStatus.CONFLICT and said.get("customCode") == "already_verified"
        if not known:
            if status != HTTPStatus.ACCEPTED or not isinstance(said.get("verificationId"), str):
                raise ExplorerError(f"sourcify refused the source: {_why(status, said)}")
            await self._wait(said["verificationId"])
        # The ticket's own words are not believed: what is published is asked for.
        status, said = await self._ask("GET", f"/v2/contract/{place}")
        match = said.get("match") if status == HTTPStatus.OK else None
        if not isinstance(match, str):
            raise ExplorerError(
                f"sourcify confirmed nothing for {submission.address}: {_why(status, said)}"
            )
        return Confirmation(match, f"{_REPOSITORY}/{place}", known)

    async def published(self, chain_id: int, address: str) -> dict[str, Any]:
        """Return the Standard JSON input that it publishes; ExplorerError when it has none."""
        path = f"/v2/contract/{chain_id}/{address}?fields=stdJsonInput"
        status, said = await self._ask("GET", path)
        found = said.get("stdJsonInput") if status == HTTPStatus.OK else None
        if not isinstance(found, dict):
            raise ExplorerError(f"sourcify publishes no source: {_why(status, said)}")
        return found

    async def _wait(self, ticket: str) -> None:
        end = time.monotonic() + self._within_s
        while time.monotonic() < end:
            status, said = await self._ask("GET", f"/v2/verify/{ticket}")
            if status != HTTPStatus.OK:
                raise ExplorerError(f"sourcify forgot the source: {_why(status, said)}")
            if not isinstance(said.get("isJobCompleted"), bool):
                raise ExplorerError(
                    "sourcify does not say whether it has compiled the source: "
                    f"{_why(status, said)}; run this again later"
                )
            if said["isJobCompleted"]:
                error = said.get("error")
                if error:
                    raise ExplorerError(
                        f"sourcify did not confirm the source: {_why(status, error)}"
                    )
                return
            await asyncio.sleep(self._look_s)
        raise ExplorerError(
            f"sourcify has not compiled the source after {self._within_s:g} s; run this again later"
        )

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON of an answer; what is busy is asked again a few times."""
        async with httpx.AsyncClient(trust_env=False, timeout=60.0) as client:
            for attempt in range(1, _TRIES + 1):
                try:
                    answer = await client.request(method, f"{self._url}{path}", json=body)
                except httpx.HTTPError as error:
                    raise ExplorerError(
                        f"sourcify does not answer ({type(error).__name__}); run this again later"
                    ) from error
                said = _object(answer)
                if answer.status_code not in _BUSY or "customCode" in said or attempt == _TRIES:
                    break
                await asyncio.sleep(_pause(answer, self._look_s))
        return answer.status_code, said


def _object(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) <= _MAX_BYTES:
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
    return {}


def _pause(answer: httpx.Response, otherwise: float) -> float:
    said = answer.headers.get("retry-after", "")
    return min(float(said), 60.0) if said.isdecimal() else otherwise


def _why(status: int, said: Mapping[str, Any]) -> str:
    if not isinstance(said, Mapping) or not said.get("message"):
        return f"it answered {status} and no reason"
    code = said.get("customCode")
    named = f" ({clipped(str(code), 60)})" if code else ""
    return f"{clipped(str(said['message']), 300)}{named}"
