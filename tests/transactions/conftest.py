"""A new chain with a new collection for each test."""

import pytest
from support.anvil import DEPLOYER, Anvil
from support.collection import creation_code
from support.sending_stage import Stage


def staged(options, project, root):
    """A chain of its own for the time of a `with`."""
    with Anvil(*options) as chain:
        code = creation_code(project, DEPLOYER, DEPLOYER, max_supply=1000)
        contract = Anvil.checksummed(chain.node.deploy(DEPLOYER, code))
        # The first one of the account's; what follows is of the journal.
        yield Stage(chain, contract, root)


@pytest.fixture
def stage(project, tmp_path):
    """Each transaction is in a block at once."""
    yield from staged((), project, tmp_path)


@pytest.fixture
def slow(project, tmp_path):
    """Blocks come when the test makes them."""
    for stage in staged((), project, tmp_path):
        stage.chain.rpc("evm_setAutomine", False)
        yield stage
