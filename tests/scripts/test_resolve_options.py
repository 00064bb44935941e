"""`ape run resolve`: how deep, and through which nodes

given another node of the chain, both have to agree; given one of another chain, nothing is believed
given confirmations, it is as of that block; given neither token nor --all, it says so
"""

import pytest
from support.anvil import DEPLOYER
from support.fussy_node import FussyNode
from support.hostile_node import HostileNode


@pytest.fixture
def ran(project, anvil):
    """What came of each command, in one process."""
    anvil.rpc("evm_mine")
    with FussyNode(anvil.url) as other, HostileNode({"eth_chainId": "0x1"}) as stranger:
        commands = {
            "two nodes": f"ape run resolve 1 --node {other.url}/key --servers",
            "a stranger": f"ape run resolve 1 --node {stranger.url}/key",
            "one enough": f"ape run resolve 1 --node {other.url} --node {stranger.url} --agree 2",
            "confirmed": f"ape run resolve 1 --holder {DEPLOYER} --at latest-1",
            "no block": "ape run resolve 1 --at pending",
            "no other": "ape run resolve 1 --agree 2",
            "nothing": "ape run resolve",
            "both": "ape run resolve 1 --all",
        }
        found = dict(zip(commands, project.run_all(list(commands.values())), strict=True))
        assert other.sizes
    return found


def test_resolve__with_options__does_what_they_say(ran, anvil):
    """Verified where enough agree; a fault is told, and a refusal says what to do."""
    height = anvil.height
    for name in ("two nodes", "one enough", "confirmed"):
        assert "\nverified\n" in ran[name].out, ran[name]
    assert "node fault: http://127.0.0.1:" in ran["one enough"].err
    assert "2 of 2 nodes have to agree on the chain, and do not" in ran["a stranger"].error
    assert "key" not in ran["a stranger"].err
    assert f"read at block {height - 1} of" in ran["confirmed"].out
    assert "name a number, latest, latest-12" in ran["no block"].error
    assert "--agree needs other nodes" in ran["no other"].error
    for name in ("nothing", "both"):
        assert "name one token, or --all" in ran[name].refusal
