"""One pinned folder behind one running gateway, shared by the gateway's tests."""

from collections.abc import Iterator

import httpx
import pytest
from support.dags import TREE, dag_of, pictures

from pfpkit.pinning import Dag
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway


@pytest.fixture(scope="session")
def pinned() -> Dag:
    return dag_of({**TREE, **pictures()})


@pytest.fixture(scope="session")
def served_store(tmp_path_factory: pytest.TempPathFactory, pinned: Dag) -> BlockStore:
    store = BlockStore(tmp_path_factory.mktemp("served"))
    store.pin(pinned)
    return store


@pytest.fixture(scope="session")
def gateway(served_store: BlockStore) -> Iterator[Gateway]:
    with Gateway(served_store) as running:
        yield running


@pytest.fixture(scope="session")
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url, trust_env=False, timeout=5) as running:
        yield running
