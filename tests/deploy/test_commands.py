"""ape run deploy, verify: networks by name, a chain that takes its time, and a kill

given a network's variable, it is connected to; given none, or another chain's node, refused
given a kill after the transaction was sent, the next run finds it, and deploys nothing twice
given that what was sent is lost, the next run deploys
given a local chain that makes blocks at its own pace, each command waits for its own
given a chain that Ape starts for one command, a deployment that is refused leaves no file
"""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import ExitStack

import pytest
from support.anvil import DEPLOYER, HOLDER, Anvil
from support.loopback import free_port
from support.project import Project

NETWORKS = {
    "ethereum:mainnet": (1, "MAINNET_RPC_URL"),
    "ethereum:sepolia": (11155111, "SEPOLIA_RPC_URL"),
    "base:mainnet": (8453, "BASE_RPC_URL"),
    "base:sepolia": (84532, "BASE_SEPOLIA_RPC_URL"),
    "arbitrum:mainnet": (42161, "ARBITRUM_RPC_URL"),
    "optimism:mainnet": (10, "OPTIMISM_RPC_URL"),
    "polygon:mainnet": (137, "POLYGON_RPC_URL"),
}
DEPLOY = "ape run deploy --account TEST::0"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The empty HOME of whoever runs the scripts."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def networks_ran(home, tmp_path_factory):
    """What `ape run verify --network` said on each network: without its variable, and with it."""
    project = Project.copied(tmp_path_factory.mktemp("nets") / "p", home, "http://127.0.0.1:1")
    commands = [f"ape run verify --network {name}" for name in NETWORKS]
    without = project.run_all(commands)
    with ExitStack() as stack:
        for chain_id, variable in NETWORKS.values():
            anvil = stack.enter_context(Anvil("--chain-id", str(chain_id)))
            project.variables[variable] = anvil.url
        there = project.run_all(commands)
        # Of Base, a node of OP Mainnet.
        project.variables["BASE_RPC_URL"] = project.variables["OPTIMISM_RPC_URL"]
        other = project.run_all(["ape run verify --network base:mainnet"])
    assert project.asked_for() == ""
    return dict(zip(NETWORKS, zip(without, there, strict=True), strict=True)), other[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_network__variable_is_not_set__is_named(networks_ran, name):
    """Ape would say that `$BASE_RPC_URL` is an invalid address."""
    (without, _), variable = networks_ran[0][name], NETWORKS[name][1]
    assert without.error.startswith(f"{variable} is not set; put the address of a node")


@pytest.mark.parametrize("name", NETWORKS)
def test_network__variable_is_set__is_connected_to(networks_ran, name):
    """It is the chain of that id, whose record is looked for."""
    (_, there), chain_id = networks_ran[0][name], NETWORKS[name][0]
    assert f"deployments/{chain_id}.json is missing" in there.error


def test_network__node_is_of_another_chain__is_refused(networks_ran):
    """Nothing is signed for a chain that was not meant."""
    assert "chain ID '10'" in networks_ran[1].error
    assert "8453" in networks_ran[1].error


@pytest.fixture
def pinned(home, tmp_path):
    """A chain that makes no blocks by itself, and a project that is pinned on it."""
    with Anvil() as anvil:
        anvil.rpc("evm_setAutomine", False)
        project = Project.copied(tmp_path / "project", home, anvil.url)
        project.take_compiled()
        assert project.run("ape run pin").code == 0
        yield project, anvil


def killed(project: Project, anvil: Anvil) -> None:
    """Deploy, and kill it when the transaction is sent and no record is written yet."""
    with subprocess.Popen(
        DEPLOY.split(),
        cwd=project.folder,
        env=project.environment(None),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        end = time.monotonic() + 90
        while int(anvil.rpc("txpool_status")["pending"], 16) == 0:
            assert time.monotonic() < end
            assert process.poll() is None, "it ended before it sent anything"
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_deploy__killed_after_sending__is_found_again(pinned):
    """While it is under way the next run waits for nothing and sends nothing; then it records."""
    project, anvil = pinned
    killed(project, anvil)
    names = [name for name in project.records() if name.startswith("deployments")]
    assert [name.endswith(".pending.json") for name in names] == [True]
    waiting = project.run(DEPLOY)
    assert "the deployment that an earlier run sent is under way: 0x" in waiting.error
    anvil.rpc("evm_mine")
    found = project.run(DEPLOY)
    assert found.code == 0, found
    assert "was deployed before, by a run that did not end\n" in found.out
    assert int(anvil.rpc("eth_getTransactionCount", DEPLOYER, "pending"), 16) == 1
    names = sorted(name for name in project.records() if name.startswith("deployments"))
    assert [name.partition(".")[2] for name in names] == ["input.json", "json"]
    verified = project.run("ape run verify")
    assert verified.out.endswith("record, chain, pins and files agree\n"), verified


def test_deploy__what_was_sent_is_lost__deploys(pinned):
    """The node forgot it, and its nonce is free: there is nothing to wait for."""
    project, anvil = pinned
    killed(project, anvil)
    anvil.rpc("anvil_dropAllTransactions")
    anvil.rpc("evm_setAutomine", True)
    ran = project.run(DEPLOY)
    assert ran.code == 0, ran
    assert "contract     0x5FbDB2315678afecb367f032d93F642f64180aa3" in ran.out
    assert not any(name.endswith(".pending.json") for name in project.records())


def test_deploy__local_chain_makes_a_block_a_second__waits_for_it(pinned):
    """Ape does not wait on such a chain; then there is no receipt, and no contract in it."""
    project, anvil = pinned
    anvil.rpc("evm_setIntervalMining", 1)
    for command in (DEPLOY, f"ape run handover --account TEST::0 --to {HOLDER} --no-contract"):
        ran = project.run(command)
        assert ran.code == 0, ran
    assert f"  offered to  {HOLDER}\n" in ran.out


def test_deploy__over_its_limit_on_a_chain_of_its_own__leaves_no_file(pinned):
    """Neither a record, nor what would be looked for on the next chain, nor a journal."""
    project, _ = pinned
    before = project.files().keys()
    ran = project.run(f"{DEPLOY} --max-cost 0.0000001", node=f"http://127.0.0.1:{free_port()}")
    assert "--max-cost" in ran.error
    assert project.files().keys() == before
