"""A deployed collection for each test, on one chain: `make test-deploy`, which needs solc."""

import pytest
from support.anvil import Anvil
from support.deployed import compiled, deployed


@pytest.fixture(scope="session")
def made():
    """The compiler's input of this checkout, and what it makes: compiled once."""
    return compiled()


@pytest.fixture(scope="session")
def chain():
    """A chain on which each test deploys a contract of its own."""
    with Anvil() as anvil:
        yield anvil


@pytest.fixture
def stage(tmp_path, chain, made):
    """A project whose record, chain, pins and files agree."""
    return deployed(tmp_path / "project", chain, *made)
