"""ProfilePicture with one thing changed, to see whether it pays: `make bench-gas-experiments`.

Each change is a patch beside this file, or a setting of the compiler, or an access list. A patch
that does not apply any more ends the run with git's words: write it again, or drop it.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from support.gas_scenarios import BATCH, address
from support.node import Node, calldata

from benchmarks.gas.compiler import ROOT, Code, compile_solidity
from benchmarks.gas.measure import (
    PACKED_AIRDROP,
    RECEIVERS,
    USES,
    Collection,
    Use,
    airdrop,
    batch,
    measure,
)
from benchmarks.gas.peers import PROFILE_PICTURE, Contract

FOLDER = Path(__file__).parent
SOURCES = ("contracts/ProfilePicture.sol", "contracts/interfaces/IProfilePicture.sol")


@dataclass(frozen=True, slots=True)
class Experiment:
    """One change, and what it is worth looking at."""

    title: str
    patch: str = ""
    shows: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, Any] = field(default_factory=dict)

    def changed(self) -> dict[str, str]:
        """The sources as the patch makes them."""
        if not self.patch:
            return {}
        with tempfile.TemporaryDirectory() as folder:
            for name in SOURCES:
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text((ROOT / name).read_text())
            command = ["git", "apply", str(FOLDER / f"{self.patch}.patch")]
            subprocess.run(command, cwd=folder, check=True)  # noqa: S603
            return {name: (Path(folder) / name).read_text() for name in SOURCES}

    def compile(self) -> Code:
        """The changed contract."""
        source = PROFILE_PICTURE.source
        return compile_solidity([source], self.changed(), **self.settings)[source]

    @property
    def contract(self) -> Contract:
        """How the changed contract is called."""
        return replace(PROFILE_PICTURE, title=self.title, **self.calls)


def _with_access_list(at: Collection, *call: Any) -> int:
    message: dict[str, Any] = {
        "from": address("minter"),
        "to": at.collection,
        "data": "0x" + calldata(*call).hex(),
        "gas": hex(16_000_000),
    }
    listed = at.node.rpc("eth_createAccessList", message, "latest")["accessList"]
    receipt = at.node.rpc("eth_sendTransactionSync", message | {"accessList": listed})
    assert int(receipt["status"], 16) == 1
    return int(receipt["gasUsed"], 16) // BATCH


def _batch_listed(at: Collection) -> int:
    return _with_access_list(at, at.contract.batch, address("new"), at.contract.contents(BATCH))


def _airdrop_listed(at: Collection) -> int:
    return _with_access_list(at, at.contract.airdrop, RECEIVERS, at.contract.contents(BATCH))


def _uri_out_of_a_batch(at: Collection) -> int:
    at.mint_batch("holder")
    return at.execution("tokenURI(uint256)", BATCH // 2)


def _balance_among_103(at: Collection) -> int:
    at.mint_batch("new")
    return at.execution("balanceOf(address)", address("holder"))


def _set_operator(at: Collection) -> int:
    return at.gas("holder", "setApprovalForAll(address,bool)", address("operator"), True)


def _sized(count: int, measured: Callable[[Collection, int], int]) -> Use:
    return Use(lambda at: measured(at, count))


MORE_USES: dict[str, Use] = {
    **{f"batch of {n}, each": _sized(n, batch) for n in (2, 3, 4, 10, 300)},
    **{f"airdrop to {n}, each": _sized(n, airdrop) for n in (3, 4, 10)},
    "tokenURI out of a batch, execution": Use(_uri_out_of_a_batch),
    "balanceOf among 103 tokens, execution": Use(_balance_among_103),
    "setApprovalForAll, first": Use(_set_operator),
    "batch of 100 with an access list, each": Use(_batch_listed),
    "airdrop to 100 with an access list, each": Use(_airdrop_listed),
}

PATCHES = (
    Experiment(
        "a slot for every digest",
        "digests-in-slots",
        (
            *(f"batch of {n}, each" for n in (2, 3, 4, 10, 100, 300)),
            *(f"airdrop to {n}, each" for n in (3, 4, 10, 100)),
            "mint, new owner",
            "transfer out of a batch",
            "batch of 100, each then moved",
            "tokenURI, execution",
            "tokenURI out of a batch, execution",
            "burn",
        ),
    ),
    Experiment(
        "no balances, counted when asked",
        "count-when-asked",
        (
            "mint, new owner",
            "batch of 100, each",
            "airdrop to 100, each",
            "transfer, existing receiver",
            "transfer, new receiver",
            "balanceOf among 103 tokens, execution",
        ),
    ),
    Experiment(
        "first operator beside the balance",
        "operator-beside-balance",
        (
            "setApprovalForAll, first",
            "transfer by operator",
            "transfer, existing receiver",
            "mint, new owner",
            "approve, first",
        ),
    ),
    Experiment(
        "airdrop of packed bytes",
        "packed-calldata",
        ("airdrop to 10, each", "airdrop to 100, each"),
        calls={"airdrop": PACKED_AIRDROP},
    ),
    Experiment(
        "fixed arrays instead of mappings",
        "fixed-arrays",
        (
            "mint, new owner",
            "batch of 100, each",
            "transfer, existing receiver",
            "approve, first",
            "tokenURI, execution",
        ),
    ),
    Experiment(
        "mint sorts first",
        "mint-sorts-first",
        ("mint, new owner", "transfer, existing receiver", "approve, first"),
        calls={"mint": "mint_212(address,bytes32)"},
    ),
    Experiment(
        "burn clears the digest",
        "burn-clears-bundle",
        ("burn", "tokenURI, execution"),
    ),
    Experiment(
        "mint returns the id alone",
        "mint-returns-id",
        ("mint, new owner",),
    ),
)
SWEPT = (
    "mint, new owner",
    "batch of 100, each",
    "airdrop to 100, each",
    "transfer, existing receiver",
    "transfer by operator",
    "approve, first",
    "tokenURI, execution",
)
RUNS = (1, 100, 200, 300, 400, 500, 1_000, 10_000)
SETTINGS = (
    *(Experiment(f"{n:,} runs", "", SWEPT, {"optimization_runs": n}) for n in RUNS),
    Experiment("400 runs, without via_ir", "", SWEPT, {"via_ir": False}),
)


def run(node: Node) -> dict[str, Any]:
    """Gas of what each experiment shows, in its order; of ProfilePicture as it is, all."""
    unchanged = Experiment("ProfilePicture as it is", shows=(*USES, *MORE_USES))
    return {
        "unchanged": _measured(node, unchanged),
        "patches": {one.title: _measured(node, one) for one in PATCHES},
        "settings": {one.title: _measured(node, one) for one in SETTINGS},
    }


def _measured(node: Node, experiment: Experiment) -> dict[str, int]:
    print(f"measuring {experiment.title}", flush=True)
    code = experiment.compile()
    uses = USES | MORE_USES
    shown = [name for name in experiment.shows if name in uses]
    gas = measure(node, experiment.contract, code, {name: uses[name] for name in shown})
    return gas | {"runtime bytes": code.runtime_bytes}
