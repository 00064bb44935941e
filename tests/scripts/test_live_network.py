"""A live network, played by an anvil of chain 1: it asks first, and wants a public gateway.

Given the embedded store or a gateway on loopback alone, deploy and mint refuse before anything is
sent. The public gateway is a real one on loopback behind a name with a public address.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from support.anvil import DEPLOYER, HOLDER, Anvil
from support.project import Project

from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway

ASKS = "This is a live network. Go on? [y/N]: "


@dataclass(frozen=True)
class Live:
    """A pinned project, a chain that is live to it, and a gateway that strangers reach."""

    project: Project
    chain: Anvil
    gateway: str

    @property
    def sent(self):
        """How many transactions the deployer has sent."""
        return self.chain.rpc("eth_getTransactionCount", DEPLOYER, "latest")

    def run(self, command, *more, **options):
        """Run a command on the live network; it asks no host but the node and the gateway."""
        return self.project.run(f"{command} --network {self.chain.url}", *more, **options)


@pytest.fixture(scope="module")
def live(story, home, tmp_path_factory):
    """The project of the story, before anything is deployed on chain 1."""
    folder = tmp_path_factory.mktemp("live") / "project"
    project = Project(story.ready, home, "http://127.0.0.1:1").copy(folder)
    with (
        # A live network goes on by itself, and Ape wants two blocks after a transaction's own.
        Anvil("--chain-id", "1", "--block-time", "1", "--mixed-mining") as chain,
        Gateway(BlockStore(folder / ".pfpkit/blocks")) as gateway,
    ):
        yield Live(project, chain, gateway.url.replace("127.0.0.1", "gateway.example"))


@pytest.fixture(scope="module")
def deployed(live):
    """What pin, deploy and the first mint printed, each as the last one told to run it."""
    pinned = live.project.run(f"ape run pin --gateway {live.gateway}")
    deployed = live.run(pinned.next.replace("ALIAS", "TEST::0"), "--yes")
    minted = live.project.run(f"{deployed.next} --count 1", answer="y\n")
    assert live.project.asked_for() == "", "a command asked for a host elsewhere"
    return pinned, deployed, minted


def test_deploy__public_gateway__is_recorded_for_others(live, deployed):
    """The record is outside local/, for git, and so is the pin that strangers can reach."""
    _, ran, _ = deployed
    assert ran.code == 0, ran
    assert ran.fact("record") == "deployments/1.json"
    assert live.gateway in live.project.records()["metadata/pins.json"].decode()


def test_deploy__yes__does_not_ask(live, deployed):
    """What it prints names the network and the node, and there is no question."""
    _, ran, _ = deployed
    assert "  network  ethereum:mainnet (chain 1)\n" in ran.out
    assert f"  node     {live.chain.url}\n" in ran.out
    assert ASKS not in ran.out


def test_deploy__in_a_pipe__waits_in_one_plain_line(deployed):
    """The hash is told as soon as the transaction is in a block, before the wait."""
    _, ran, _ = deployed
    (line,) = ran.err.splitlines()
    assert line.endswith("; waiting for 2 more")


def test_mint__answer_is_yes__mints(deployed):
    """It asked, and went on; the next command names account and network."""
    _, _, ran = deployed
    assert ran.code == 0, ran
    assert ASKS in ran.out
    assert "  token id      1\n" in ran.out


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_transfer__answer_is_not_yes__sends_nothing(live, deployed, answer):
    """No, nothing at all, and the end of input all mean no."""
    before, records = live.sent, live.project.records()
    command = deployed[2].next.replace("ADDRESS", HOLDER)
    ran = live.project.run(command, answer=answer)
    assert ran.code == 1
    assert ASKS in ran.out
    assert "Aborted!" in ran.err
    assert live.sent == before
    assert live.project.records() == records


def test_transfer__yes__tells_the_next_command_with_its_network(live, deployed):
    """`resolve` works as it is printed, when it is given the gateway."""
    command = deployed[2].next.replace("ADDRESS", HOLDER)
    ran = live.project.run(command, "--yes")
    assert ran.next.startswith(f"ape run resolve 1 --holder {HOLDER} --network ")
    assert ran.next.endswith(live.chain.url)
    resolved = live.project.run(f"{ran.next} --gateway {live.gateway}")
    assert "\nverified\n" in resolved.out


@pytest.mark.parametrize("command", ["deploy --again", "mint"])
def test_command__loopback_gateway__is_refused(live, deployed, command):
    """A gateway on this machine proves nothing to a stranger."""
    before, records = live.sent, live.project.records()
    local = live.gateway.replace("gateway.example", "127.0.0.1")
    ran = live.run(f"ape run {command} --account TEST::0 --yes --gateway {local}")
    assert f"the gateway {local} is loopback, so that it proves nothing" in ran.error
    assert "name a public one with --gateway" in ran.error
    assert live.sent == before
    assert live.project.records() == records


def test_mint__no_gateway_named__does_not_count_the_embedded_one(live, deployed):
    """Public gateways are asked then; here nobody finds them, and nothing is sent."""
    before = live.sent
    ran = live.run("ape run mint --account TEST::0 --yes")
    assert "is not found by the resolver" in ran.error
    assert live.sent == before
    assert set(live.project.asked_for().split()) <= {"trustless-gateway.link", "ipfs.io"}


def test_deploy__recorded_contract_is_not_there__is_not_replaced(live, deployed):
    """A node that lags behind is no reason to deploy a second collection."""
    contract = deployed[1].fact("contract")
    code, records = live.chain.rpc("eth_getCode", contract, "latest"), live.project.records()
    live.chain.rpc("anvil_setCode", contract, "0x")
    ran = live.run(f"ape run deploy --account TEST::0 --yes --gateway {live.gateway}")
    live.chain.rpc("anvil_setCode", contract, code)
    assert "deployments/1.json" in ran.error
    assert "--again replaces the record" in ran.error
    assert live.project.records() == records
