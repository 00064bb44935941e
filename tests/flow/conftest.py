"""Runs of the flow in this process, in a small world whose clocks do not wait."""

import asyncio

import click
import pytest
from support.services import SECRETS, World

from pfpkit.errors import PfpkitError
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.pinning import pressure
from pfpkit.workspace import Workspace


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Six tokens, two services, one gateway."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    quick = pressure.Clock(sleep=lambda _: asyncio.sleep(0.001))
    monkeypatch.setattr(pressure, "Clock", lambda: quick)
    with World(tmp_path / "project", 6) as made:
        yield made


@pytest.fixture
def run(world, capsys):
    """Pin, and give what was printed and the error, if one ended it."""

    def pinned(*to, **options):
        options.setdefault("gateways", (world.gateway.url,))
        options["to"] = to or ("kubo", "pinata")
        error = None
        try:
            asyncio.run(pin(Workspace(world.root), PinOptions(**options)))
        except (PfpkitError, click.ClickException) as raised:
            error = str(raised)
        return capsys.readouterr().out, error

    return pinned
