"""A fork of a chain on this machine: an anvil that reads what it needs from another node.

What is sent to it stays there. The other node is only read, and its address, which may hold a key,
reaches anvil by the environment: a command line can be seen by everybody on the machine.
"""

import asyncio
import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pfpkit.errors import ChainError, NodeUnreachable
from pfpkit.rpc import Rpc, RpcError, number_of
from pfpkit.views import Reverted

__all__ = ["Fork", "forked"]

_ALIAS = "target"
_VARIABLE = "PFPKIT_FORK_URL"
_SETTINGS = f'[rpc_endpoints]\n{_ALIAS} = "${{{_VARIABLE}}}"\n'
_LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")
_URL = re.compile(r"\w+://\S+")
_START_S = 60.0
_BALANCE = hex(10**24)


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork that runs. `block` is the one of the forked chain that it begins after."""

    url: str
    block: int
    rpc: Rpc

    async def send(self, sender: str, to: str | None, data: bytes) -> tuple[int, int] | Reverted:
        """Send a transaction as if `sender` had signed it and could pay for it; return the gas that
        it took, and the limit that it needed, or why the contract refuses it.

        What it changed, the next one sees.
        """
        message = {"from": sender, "data": f"0x{data.hex()}"} | ({} if to is None else {"to": to})
        await self._one("anvil_setBalance", [sender, _BALANCE])
        needed = await self._one("eth_estimateGas", [message])
        if isinstance(needed, RpcError):
            if needed.is_revert:
                return Reverted(needed.reason, needed.data)
            raise ChainError(f"the fork of block {self.block} could not run it: {needed}")
        limit = number_of(needed, self.rpc.name)
        receipt = await self._one("eth_sendTransactionSync", [message | {"gas": hex(limit)}])
        if not isinstance(receipt, dict) or receipt.get("status") != "0x1":
            raise ChainError(f"it fails on the fork of block {self.block} with {limit:,} gas")
        return number_of(receipt.get("gasUsed"), self.rpc.name), limit

    async def _one(self, method: str, parameters: list[Any]) -> Any:
        (answer,) = await self.rpc.batch([(method, parameters)])
        return answer


@contextlib.asynccontextmanager
async def forked(url: str) -> AsyncIterator[Fork]:
    """Yield a fork of the chain that the node at `url` is of, and end it afterwards.

    NodeUnreachable when there is no anvil, or it cannot read the node.
    """
    program = shutil.which("anvil")
    if program is None:
        raise NodeUnreachable(
            "no anvil is on PATH, so that nothing can be run on a fork; activate the environment "
            "with `source .venv/bin/activate`"
        )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "foundry.toml").write_text(_SETTINGS)
        process = await asyncio.create_subprocess_exec(
            program,
            *("--fork-url", _ALIAS, "--port", "0", "--auto-impersonate", "--no-storage-caching"),
            cwd=folder,
            env=os.environ | {_VARIABLE: url},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            rpc = Rpc(f"http://{await _address(process)}", 60.0)
            reading = asyncio.create_task(_drain(process))
            try:
                (number,) = await rpc.batch([("eth_blockNumber", [])])
                yield Fork(rpc.name, number_of(number, rpc.name), rpc)
            finally:
                reading.cancel()
                await rpc.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(_START_S):
            while line := await process.stdout.readline():
                said += line.decode(errors="replace")
                if found := _LISTENING.search(said):
                    return found[1]
    except TimeoutError:
        said = f"no answer in {_START_S:g} s"
    reason = " ".join(_URL.sub("(an address)", said).split())[-200:]
    raise NodeUnreachable(f"the chain cannot be forked: {reason}; check the node, or do without")


async def _drain(process: asyncio.subprocess.Process) -> None:
    # A pipe that nobody reads would stop it.
    assert process.stdout is not None
    while await process.stdout.read(2**16):
        pass
