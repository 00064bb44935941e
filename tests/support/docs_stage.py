"""What docs/*.md need of the internet, on loopback: Sepolia, a gateway, Sourcify, a multisig.

Sepolia is an anvil of its chain id that makes a block a second; the gateway serves what the project
pins; Sourcify compiles what it is sent. The account `deployer` is a keyfile in an empty HOME. Run
by tools/docs_stage.sh; writes what the shell has to know to the file `ready`, then waits.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from eth_account import Account

from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway
from support.anvil import DEPLOYER, HOLDER, KEY, Anvil
from support.explorers import SourcifyServer
from support.programs import MULTISIG

PASSPHRASE = "a passphrase for the tests alone"


def main(stage: Path) -> None:
    """Start everything and wait to be ended."""
    project, home = stage / "project", stage / "home"
    accounts = home / ".ape" / "accounts"
    accounts.mkdir(parents=True)
    # Few rounds: the key is known to everybody.
    keyfile = Account.encrypt(KEY, PASSPHRASE, kdf="pbkdf2", iterations=1)
    (accounts / "deployer.json").write_text(json.dumps(keyfile))
    with (
        Anvil("--chain-id", "11155111", "--block-time", "1") as sepolia,
        Gateway(BlockStore(project / ".pfpkit" / "blocks")) as gateway,
        SourcifyServer(sepolia) as sourcify,
    ):
        multisig = sepolia.checksummed(sepolia.node.deploy(HOLDER, MULTISIG))
        sepolia.node.close()
        config = project / "ape-config.yaml"
        section = {"explorers": {"sourcify": {"url": sourcify.url, "look_s": 0.2}}}
        with config.open("a") as file:
            file.write(f"\npfpkit: {json.dumps(section)}\n")
        names = {
            "SEPOLIA_RPC_URL": sepolia.url,
            "GATEWAY": gateway.url.replace("127.0.0.1", "gateway.example"),
            "MULTISIG": multisig,
            "BUYER": HOLDER,
            "DEPLOYER": DEPLOYER,
            "APE_ACCOUNTS_deployer_PASSPHRASE": f"'{PASSPHRASE}'",
        }
        lines = "".join(f"export {name}={value}\n" for name, value in names.items())
        (stage / "ready.part").write_text(lines)
        (stage / "ready.part").rename(stage / "ready")
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
