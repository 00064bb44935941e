"""Where everything is measured: tokens on a chain, their bundles behind a gateway, all on loopback.

A thousand pictures of 50 KB, each of its own bytes (`benchmarks.pin.corpus`), with metadata; their
blocks in a store that is made once and kept in .build/bench-resolve. Node and gateways are
processes of their own, started once for a run. Two contracts name the same bundles: ProfilePicture,
and OpenZeppelin's ERC721URIStorage, as any other collection has it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support import peers
from support.gas_scenarios import BATCH, address
from support.node import Node, calldata

from benchmarks.gas.compiler import compile_solidity
from benchmarks.gas.measure import anvil
from benchmarks.gas.peers import PEERS, PROFILE_PICTURE, Contract, uri_of
from benchmarks.pin import corpus
from pfpkit.collection import Collection
from pfpkit.pinning.blockstore import BlockStore

BUILD = corpus.ROOT / ".build" / "bench-resolve"
TOKENS = 1_000
_RULES = 2  # raised when other tokens are made
OURS = "ProfilePicture"
OTHER = "ERC721URIStorage"
_CONTRACTS = {
    OURS: PROFILE_PICTURE,
    OTHER: next(peer for peer in PEERS if peer.title == "OpenZeppelin, open mint"),
}
EMBEDDED = "embedded"
HELIA = "Helia"


@dataclass(frozen=True)
class Stage:
    """What a client is told: whom to ask, and for which tokens; the ids are 1 to TOKENS."""

    rpc: str
    gateways: dict[str, str]
    contracts: dict[str, str]

    def scene(self, *, contract: str = OURS, gateway: str = EMBEDDED, **rest: Any) -> str:
        """One client's task as JSON."""
        told = {
            "rpc": self.rpc,
            "gateway": self.gateways[gateway],
            "contract": self.contracts[contract],
            "tokens": TOKENS,
        }
        return json.dumps(told | rest)


def store() -> tuple[Path, list[bytes]]:
    """Return the block store with every bundle in it, and their digests in the order of tokens."""
    folder = BUILD / f"store-{_RULES}"
    record = BUILD / f"digests-{_RULES}.json"
    if not record.is_file():
        project = corpus.collection(TOKENS)
        print(f"storing {TOKENS:,} bundles", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        entries = {entry.key: entry for entry in Collection.read(project / "metadata")}
        bundles = [entries[str(token)].bundle() for token in range(1, TOKENS + 1)]
        BlockStore(folder).put_many(block for bundle in bundles for block in bundle.blocks)
        record.write_text(json.dumps([bundle.digest.hex() for bundle in bundles]))
    return folder, [bytes.fromhex(text) for text in json.loads(record.read_text())]


@contextmanager
def stage(*gateways: str) -> Iterator[Stage]:
    """Start node and gateways, and mint; all of them end with the block."""
    folder, digests = store()
    codes = compile_solidity(contract.source for contract in _CONTRACTS.values())
    with ExitStack() as open_:
        node = open_.enter_context(anvil())
        contracts = {
            name: _minted(node, contract, codes[contract.source].creation, digests)
            for name, contract in _CONTRACTS.items()
        }
        url = open_.enter_context(serving(folder))
        found = Stage(node.url, {EMBEDDED: url}, contracts)
        if HELIA in gateways:
            helia = open_.enter_context(peers.helia(BUILD, url))
            found = replace(found, gateways=found.gateways | {HELIA: helia.about["gateway"]})
        yield found


def _minted(node: Node, contract: Contract, creation: bytes, digests: list[bytes]) -> str:
    """Deploy a contract and mint every bundle to one holder; return its address."""
    minter, holder = address("minter"), address("holder")
    place = node.deploy(minter, creation + contract.arguments)
    for first in range(0, len(digests), BATCH):
        some = digests[first : first + BATCH]
        contents = some if contract.keeps == "digest" else [uri_of(digest) for digest in some]
        node.transact(minter, place, calldata(contract.batch, holder, contents))
    return place


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the store by the embedded gateway in a process of its own; yields its URL."""
    command = [sys.executable, "-m", "benchmarks.resolve.serve", str(folder)]
    with subprocess.Popen(  # noqa: S603
        command, cwd=corpus.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, "the gateway did not start"
            yield url
        finally:
            process.terminate()
