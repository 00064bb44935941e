"""A real anvil on a free port of this machine, started and stopped by the test that needs it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
from typing import Any, Self

from eth_utils import to_checksum_address

from support.node import Node

BEGINNING = ("--timestamp", "1790000000")
"""Options with which two chains have the same genesis block: they begin in the same second."""

DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
STRANGER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
"""The first three accounts of every anvil, which Ape calls TEST::0 to TEST::2."""

MNEMONIC = "test test test test test test test test test test test junk"
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""The mnemonic and the first private key that every anvil has; no script may print either."""

_LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")


class Anvil:
    """Use as `with Anvil() as chain:`; `node` speaks to it directly."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self._command = ["anvil", "--port", str(port), *options]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        said = ""
        while not (found := _LISTENING.search(said)):
            line = self._line()
            if not line:
                raise RuntimeError(f"anvil did not start: {said}")
            said += line
        # It stands still when it has written 64 KiB that nobody reads.
        threading.Thread(target=self._drain, daemon=True).start()
        self.url = f"http://{found[1]}"
        self.node = Node(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Stop it at once, as a crash would; a second time does nothing."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    @property
    def height(self) -> int:
        """The number of the latest block: it does not move while nothing is sent."""
        return int(self.rpc("eth_blockNumber"), 16)

    def rpc(self, method: str, *parameters: Any) -> Any:
        """The result of one request."""
        return self.node.rpc(method, *parameters)

    @staticmethod
    def checksummed(address: str) -> str:
        """An address that the node wrote in lower case, as EIP-55 writes it."""
        return str(to_checksum_address(address))

    def _drain(self) -> None:
        with contextlib.suppress(ValueError):  # closed while it was read
            while self._line():
                pass

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()
