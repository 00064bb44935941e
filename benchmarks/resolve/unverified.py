"""The least that anyone could do: read the chain, GET metadata and picture, check nothing.

`ownerOf` and `tokenURI` of all tokens in JSON-RPC batches at one block; then each token's
metadata and the picture that it names, by their paths at the same gateway, with connections kept.
No hash, no limit, no second look; what is not of the plainest form raises. By httpx, as most would,
and by aiohttp, whose reading of HTTP is written in C.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any, Protocol, Self

import aiohttp
import httpx

BATCH = 500
_OWNER_OF, _TOKEN_URI = "0x6352211e", "0xc87b56dd"

Found = tuple[str, dict[str, Any], bytes]


class Client(Protocol):
    """What is asked of an HTTP library."""

    async def get(self, url: str) -> bytes:
        """The body of an answer."""

    async def post(self, url: str, body: bytes) -> bytes:
        """The body of an answer to JSON."""


class Httpx(AsyncExitStack):
    """httpx, with as many connections as there are tokens at once."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        # Certificates take time to read, and none is needed at http://.
        options = {"timeout": 30.0, "trust_env": False, "verify": False}
        self._client = httpx.AsyncClient(limits=limits, **options)

    async def __aenter__(self) -> Self:
        await self.enter_async_context(self._client)
        return self

    async def get(self, url: str) -> bytes:
        return (await self._client.get(url)).raise_for_status().content

    async def post(self, url: str, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        return (await self._client.post(url, content=body, headers=headers)).content


class Aiohttp(AsyncExitStack):
    """aiohttp, with the same."""

    def __init__(self, at_once: int) -> None:
        super().__init__()
        self._at_once = at_once

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._at_once)
        session = aiohttp.ClientSession(connector=connector, raise_for_status=True)
        self._client = await self.enter_async_context(session)
        return self

    async def get(self, url: str) -> bytes:
        async with self._client.get(url) as answer:
            return await answer.read()

    async def post(self, url: str, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        async with self._client.post(url, data=body, headers=headers) as answer:
            return await answer.read()


async def fetch_all(
    client: Client, rpc: str, gateway: str, contract: str, ids: list[int], at_once: int
) -> list[Found]:
    """Return owner, metadata and picture of each token."""
    said = await _read(client, rpc, contract, ids)
    slots = asyncio.Semaphore(at_once)

    async def one(owner: str, uri: str) -> Found:
        async with slots:
            metadata = json.loads(await client.get(_url(gateway, uri)))
            picture = await client.get(_url(gateway, metadata["image"]))
            return owner, metadata, picture

    return await asyncio.gather(*(one(owner, uri) for owner, uri in said))


async def _read(client: Client, rpc: str, contract: str, ids: list[int]) -> list[tuple[str, str]]:
    block = await _post(client, rpc, [("eth_getBlockByNumber", ["latest", False])])
    at = {"blockHash": block[0]["hash"]}
    answers: list[str] = []
    calls = [
        ("eth_call", [{"to": contract, "data": f"{selector}{token_id:064x}"}, at])
        for token_id in ids
        for selector in (_OWNER_OF, _TOKEN_URI)
    ]
    for first in range(0, len(calls), BATCH):
        answers += await _post(client, rpc, calls[first : first + BATCH])
    pairs = zip(answers[::2], answers[1::2], strict=True)
    return [("0x" + owner[-40:], _text(uri)) for owner, uri in pairs]


async def _post(client: Client, rpc: str, calls: list[tuple[str, Any]]) -> list[Any]:
    body = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        for number, (method, params) in enumerate(calls)
    ]
    answers = json.loads(await client.post(rpc, json.dumps(body).encode()))
    return [answer["result"] for answer in sorted(answers, key=lambda answer: answer["id"])]


def _text(answer: str) -> str:
    data = bytes.fromhex(answer[2:])
    return data[64 : 64 + int.from_bytes(data[32:64])].decode()


def _url(gateway: str, uri: str) -> str:
    return f"{gateway}/ipfs/{uri.removeprefix('ipfs://')}"
