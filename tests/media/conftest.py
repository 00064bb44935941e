"""One event loop and one renderer for all pictures of a file, as a platform has them."""

import asyncio

import pytest

from pfpkit.media import Renderer


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def rendered(runner):
    """Return what comes of bytes."""

    async def started():
        return Renderer()

    renderer = runner.run(started())
    yield lambda data: runner.run(renderer.render(data))
    runner.run(renderer.close())
