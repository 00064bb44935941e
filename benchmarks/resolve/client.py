"""One client, in a process of its own: `python -m benchmarks.resolve.client TASK JSON`.

Prints one JSON line: the seconds of its work and the processor time of them, this process's own and
that of its workers, without the start of Python and the imports. Every token has to come out as it
is, or the run fails.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.resolve.unverified import Aiohttp, Httpx, fetch_all
from pfpkit.cache import Cache
from pfpkit.chain import Node
from pfpkit.media import Renderer
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolver
from pfpkit.retrieval import Retriever

Scene = dict[str, Any]
Said = dict[str, Any]
CHAIN_ID = 31337


async def resolve(scene: Scene, ids: list[int], *, rendered: bool = False) -> int:
    """The resolver as a platform uses it; returns the bytes of the pictures."""
    refs = [(TokenRef(CHAIN_ID, scene["contract"], token_id), None) for token_id in ids]
    renderer = Renderer() if rendered else None
    node, retriever = Node(scene["rpc"]), Retriever([scene["gateway"]])
    async with Resolver(node, retriever, renderer=renderer, at_once=scene["at_once"]) as resolver:
        found = await resolver.resolve_many(refs)
    wrong = [one for one in found if not one.verified]
    assert not wrong, f"{len(wrong)} are not verified: {wrong[0].ref} {wrong[0].reason}"
    assert not retriever.faults, retriever.faults[0]
    if rendered:
        assert all(one.rendered is not None and one.rendered.shown for one in found)
    return sum(len(one.proof.picture or b"") for one in found)


async def render(scene: Scene, ids: list[int]) -> int:
    """The same, and each picture decoded and made anew in three sizes by the workers."""
    return await resolve(scene, ids, rendered=True)


async def resolve_each(scene: Scene, ids: list[int]) -> int:
    """As a service that keeps none: each picture is let go when it was looked at."""
    refs = [(TokenRef(CHAIN_ID, scene["contract"], token_id), None) for token_id in ids]
    node, retriever = Node(scene["rpc"]), Retriever([scene["gateway"]])
    size = 0
    async with Resolver(node, retriever, renderer=None, at_once=scene["at_once"]) as resolver:
        async for one in resolver.resolve_each(refs):
            assert one.verified, one.reason
            size += len(one.proof.picture or b"")
    return size


async def remembered(scene: Scene, ids: list[int]) -> int:
    """The resolver over a cache that has everything, owners too, and nobody else to ask."""
    refs = [(TokenRef(CHAIN_ID, scene["contract"], token_id), None) for token_id in ids]
    node, retriever = Node(scene["rpc"]), Retriever([scene["gateway"]])
    cache = Cache(Path(scene["cache"]))
    async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
        found = await resolver.resolve_many(refs)
    assert all(one.verified for one in found)
    return sum(len(one.proof.picture or b"") for one in found)


async def again(scene: Scene, ids: list[int]) -> int:
    """The resolver asked for what it has just resolved, as a service that shows it once more."""
    refs = [(TokenRef(CHAIN_ID, scene["contract"], token_id), None) for token_id in ids]
    node, retriever = Node(scene["rpc"]), Retriever([scene["gateway"]])
    cache = Cache(Path(scene["cache"]))
    async with Resolver(node, retriever, renderer=None, cache=cache) as resolver:
        await resolver.resolve_many(refs)
        WATCH.start()
        found = await resolver.resolve_many(refs)
    assert all(one.verified and one.remembered for one in found)
    return sum(len(one.proof.picture or b"") for one in found)


async def files(scene: Scene, ids: list[int]) -> int:
    """The same metadata and pictures as plain files: read, and hashed."""
    size = 0
    for token_id in ids:
        folder = os.path.join(scene["files"], str(token_id))
        for name in ("metadata.json", "image"):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            assert len(hashlib.sha256(data).digest()) == 32
        size += len(data)
    return size


async def httpx_fetch(scene: Scene, ids: list[int]) -> int:
    """The plain fetch, by httpx."""
    return await _unverified(Httpx(scene["at_once"]), scene, ids)


async def aiohttp_fetch(scene: Scene, ids: list[int]) -> int:
    """The plain fetch, by aiohttp."""
    return await _unverified(Aiohttp(scene["at_once"]), scene, ids)


async def _unverified(library: Httpx | Aiohttp, scene: Scene, ids: list[int]) -> int:
    whom = (scene["rpc"], scene["gateway"], scene["contract"])
    async with library as client:
        found = await fetch_all(client, *whom, ids, scene["at_once"])
    assert all(owner and metadata["name"] for owner, metadata, _ in found)
    return sum(len(picture) for _, _, picture in found)


TASKS: dict[str, Callable[[Scene, list[int]], Awaitable[int]]] = {
    "resolve": resolve,
    "render": render,
    "each": resolve_each,
    "remembered": remembered,
    "again": again,
    "files": files,
    "httpx": httpx_fetch,
    "aiohttp": aiohttp_fetch,
}


def processor() -> float:
    """Seconds of the processor: of this process, and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


class Watch:
    """Seconds and processor time since it was started; a task that prepares something restarts."""

    def start(self) -> None:
        self._begin, self._used = time.perf_counter(), processor()

    def read(self) -> tuple[float, float]:
        return time.perf_counter() - self._begin, processor() - self._used


WATCH = Watch()


def once(
    task: Callable[..., Awaitable[int]], scene: Scene, ids: list[int]
) -> tuple[float, float, int]:
    """Run a task in an event loop of its own: seconds, processor time, bytes of pictures."""
    WATCH.start()
    size = asyncio.run(task(scene, ids))  # type: ignore[arg-type]
    return *WATCH.read(), size


def main() -> None:
    task, scene = TASKS[sys.argv[1]], json.loads(sys.argv[2])
    if scene.get("each"):
        runs = [once(task, scene, [token_id]) for token_id in range(1, scene["each"] + 1)]
        said = {"seconds": median(run[0] for run in runs[1:]), "first": runs[0][0]}
        said["cpu"] = sum(run[1] for run in runs[1:]) / (len(runs) - 1)
        said["bytes"] = sum(run[2] for run in runs)
    else:
        for _ in range(scene.get("before", 0)):
            once(task, scene, list(range(1, scene["tokens"] + 1)))
        seconds, cpu, size = once(task, scene, list(range(1, scene["tokens"] + 1)))
        said = {"seconds": seconds, "cpu": cpu, "bytes": size}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
