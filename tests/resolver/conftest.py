"""A resolution that is verified, and what it leaves on disk."""

import pytest
from support.shelves import OWNER, resolution_of, token_shelf


@pytest.fixture(scope="session")
def resolution():
    """A verified one, asked for its owner."""
    return resolution_of(token_shelf(), OWNER)


@pytest.fixture
def saved(resolution, tmp_path):
    """Its three files."""
    return resolution.save(tmp_path / "avatars", "avatar")
