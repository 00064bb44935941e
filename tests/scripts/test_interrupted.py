"""Ctrl-C, and a node that goes away: records stay whole, and running it again does what is missing.

Given that a transaction was sent already, the next run reads it from the chain.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest
from support.blocks import ask
from support.dying_node import DyingNode
from support.project import Project

MINT = "ape run mint --account TEST::0"


def test_pin__interrupted__runs_again_to_its_end(unpinned):
    """Stopped among thirteen bundles, it recorded what had come back; then it goes on."""
    store = unpinned.folder / ".pfpkit/blocks"

    def begun() -> bool:
        # The file is there before its tables are.
        with suppress(sqlite3.Error):
            return (store / "index.sqlite").exists() and bool(ask(store, "SELECT 1 FROM pins"))
        return False

    ran = unpinned.interrupted("ape run pin", when=begun)
    assert ran.code == 130
    assert ran.message.startswith("stopped: ")
    assert " of 13 bundles are on blockstore; " in ran.message
    assert ran.message.endswith(" came back and are recorded; `ape run pin` goes on")
    assert not any("metadata" in name for name in unpinned.records())
    again = unpinned.run("ape run pin")
    assert again.fact("read back") == "13 bundles and 13 images through: embedded"


def test_mint__interrupted_after_it_sent__mints_nothing_twice(project, anvil):
    """Its transaction was in a block when the user pressed Ctrl-C."""
    records = project.records()
    with DyingNode(anvil.url) as node:
        passing = Project(project.folder, project.home, node.url)
        ran = passing.interrupted(MINT, when=lambda: node.was_asked("eth_sendRawTransaction"))
    assert ran.code in (0, 130), ran
    assert project.records() == records
    assert "12 of 12 were minted before" in project.run(MINT).out


def test_mint__interrupted_before_it_sent__mints_all(project, anvil):
    """Nothing was sent, and nothing is missing afterwards."""
    height = anvil.height
    with DyingNode(anvil.url) as node:
        passing = Project(project.folder, project.home, node.url)
        ran = passing.interrupted(MINT, when=lambda: node.was_asked("eth_estimateGas"))
    assert ran.code == 130, ran
    assert anvil.height == height
    assert "  11 minted with" in project.run(MINT).out


@pytest.mark.parametrize(
    ("method", "was_sent"), [("eth_estimateGas", False), ("eth_sendRawTransaction", True)]
)
def test_mint__node_dies__says_so_and_reads_the_chain_next_time(project, anvil, method, was_sent):
    """No answer came: whether the transaction is in a block, the chain says when asked again."""
    records = project.records()
    with DyingNode(anvil.url, at=method) as node:
        ran = project.run(f"{MINT} --patience 1", node=node.url)
    assert node.url in ran.error
    assert "; the same command, run again, goes on" in ran.error or not was_sent
    assert "start it" in ran.error
    assert project.records() == records
    minted = "12 of 12 were minted before" if was_sent else "  11 minted with"
    assert minted in project.run(MINT).out


def test_deploy__node_dies_after_it_sent__is_recorded_by_the_next_run(project, anvil):
    """A contract that was not seen in a block is in no record, and what was sent is not lost."""
    records = project.records()
    with DyingNode(anvil.url, at="eth_sendRawTransaction") as node:
        ran = project.run("ape run deploy --account TEST::0 --again", node=node.url)
    assert "the node does not answer" in ran.error
    after = project.records()
    assert [name.endswith(".pending.json") for name in after.keys() - records.keys()] == [True]
    assert {name: after[name] for name in records} == records
    height = anvil.height
    found = project.run("ape run deploy --account TEST::0")
    assert "was deployed before, by a run that did not end\n" in found.out
    assert anvil.height == height


@pytest.mark.parametrize("command", [MINT, "ape run resolve 1"])
def test_command__no_node_is_there__says_how_to_start_one(project, unused_port, command):
    """Ape starts an empty chain for one command then, which would only look like a lost record."""
    message = project.run(command, node=f"http://127.0.0.1:{unused_port}").error
    assert f"no node was running at http://127.0.0.1:{unused_port}" in message
    assert "start `anvil`, set APE_FOUNDRY_HOST" in message


def test_mint__no_node_at_the_address__names_it(refused, unused_port):
    """An address given as --network is never started; its path may hold a key and is not shown."""
    address = f"http://127.0.0.1:{unused_port}"
    message = refused(f"{MINT} --network {address}/v3/secret")
    assert f"'{address}'; start it, or check --network" in message
    assert "secret" not in message


def test_deploy__no_node_is_there__leaves_no_record_of_a_chain_that_ended(unpinned, unused_port):
    """A dry run on a chain of its own: it says so, and writes no record that nobody can use."""
    unpinned.run("ape run pin")
    records = unpinned.records()
    ran = unpinned.run("ape run deploy --account TEST::0", node=f"http://127.0.0.1:{unused_port}")
    assert ran.code == 0, ran
    assert "note: this chain ended with the command" in ran.out
    assert "next:" not in ran.out
    assert unpinned.records() == records
