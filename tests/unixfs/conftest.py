"""What the UnixFS tests share."""

import pytest
from support.unixfs_oracle import Oracle


@pytest.fixture(scope="session")
def oracle():
    """The reference importer, running."""
    process = Oracle()
    yield process
    process.close()
