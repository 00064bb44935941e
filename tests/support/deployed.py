"""A small collection that is pinned in the record and deployed, without a command of Ape's."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pfpkit.atomic import write_file
from pfpkit.deployments import Deployment, encoded_arguments, input_path, record_path
from pfpkit.pins import PinEntry, PinnedBy
from pfpkit.provenance import Provenance
from pfpkit.solc import Code, Fingerprint, compile_contract
from pfpkit.solidity import canonical, standard_json_input
from pfpkit.workspace import Workspace
from support.anvil import DEPLOYER, Anvil
from support.folders import write_collection
from support.node import calldata
from support.project import ROOT

TOKENS = 3
_AT = "2026-11-30T03:00:00Z"


@dataclass
class Deployed:
    """A project's folder, the chain, and the record of the deployment."""

    work: Workspace
    chain: Anvil
    record: Deployment
    path: Path
    creation: bytes

    def save(self, **changed: Any) -> Deployment:
        """Write the record, with something else in it."""
        self.record = replace(self.record, **changed)
        self.record.save(self.path)
        return self.record

    def mint(self, *digests: bytes) -> None:
        """Mint bundles to the deployer."""
        for digest in digests:
            call = calldata("mint(address,bytes32)", DEPLOYER, digest)
            self.chain.node.transact(DEPLOYER, self.record.address, call)

    def files(self) -> dict[str, bytes]:
        """Every file, to see that none changed."""
        return {str(p): p.read_bytes() for p in self.work.root.rglob("*") if p.is_file()}


def compiled() -> tuple[dict[str, Any], Code]:
    """The compiler's input of this checkout, and what it makes."""
    given = standard_json_input(ROOT)
    return given, compile_contract(given, "0.8.37")


def deployed(folder: Path, chain: Anvil, given: dict[str, Any], code: Code) -> Deployed:
    """Write a project into `folder`, deploy its contract and record both."""
    folder.mkdir()
    shutil.copytree(ROOT / "contracts", folder / "contracts")
    shutil.copy(ROOT / "ape-config.yaml", folder)
    write_collection(folder / "metadata", TOKENS)
    work = Workspace(folder)
    found = work.collection()
    held = (PinnedBy("blockstore", _AT),)
    entries = [PinEntry(e.key, e.root, e.image, held) for e in found]
    work.record(entries, [], {entry.key: entry.root for entry in found})
    arguments = {
        "name": "Pips",
        "symbol": "PIP",
        "owner": DEPLOYER,
        "minter": DEPLOYER,
        "maxSupply": 10,
        "royaltyReceiver": DEPLOYER,
        "royaltyBps": 500,
        "collectionBundle": f"0x{found.itself.digest.hex()}",
    }
    sent = code.creation + encoded_arguments(arguments)
    receipt = chain.node.transact(DEPLOYER, None, sent)
    genesis = chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    chain_id = int(chain.rpc("eth_chainId"), 16)
    provenance = Provenance.of(entry.digest for entry in found.tokens)
    record = Deployment(
        chain_id=chain_id,
        genesis=genesis,
        address=chain.checksummed(receipt["contractAddress"]),
        transaction=receipt["transactionHash"],
        block=int(receipt["blockNumber"], 16),
        deployer=DEPLOYER,
        arguments=arguments,
        compiler={"name": "solc", "version": "0.8.37"},
        code=Fingerprint.of(given, code).plain(),
        collection={"bundle": str(found.itself.root), "provenance": str(provenance)},
    )
    path = record_path(folder, chain_id, genesis, is_local=True)
    record.save(path)
    write_file(input_path(path), canonical(given))
    return Deployed(work, chain, json_round(path), path, sent)


def json_round(path: Path) -> Deployment:
    """The record as it is read again."""
    assert json.loads(path.read_text())["version"] == 2
    return Deployment.load(path)
