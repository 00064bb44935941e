"""Many who come at once, each with another token: `crowd URL FIRST LAST` asks for /avatar of each.

Prints how long each answer took, in seconds, and its status; 0 where there was no answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import httpx


async def crowd(service: str, contract: str, first: int, last: int) -> list[tuple[int, float]]:
    """Ask for all tokens from `first` to `last`, all at once."""
    everybody = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=service, timeout=180, limits=everybody, trust_env=False
    ) as client:

        async def one(token: int) -> tuple[int, float]:
            begin = time.perf_counter()
            try:
                answer = await client.get(f"/avatar/eip155:31337/erc721:{contract}/{token}")
            except httpx.HTTPError:
                return 0, time.perf_counter() - begin
            return answer.status_code, time.perf_counter() - begin

        return await asyncio.gather(*(one(token) for token in range(first, last + 1)))


if __name__ == "__main__":
    service, contract, first, last = sys.argv[1:]
    print(json.dumps(asyncio.run(crowd(service, contract, int(first), int(last)))))
