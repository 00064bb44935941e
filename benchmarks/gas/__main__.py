"""`make bench-gas` and `make bench-gas-experiments`: measure, print, record."""

from __future__ import annotations

import json
import sys
from typing import Any

from support.node import Node

from benchmarks.gas import experiments, report
from benchmarks.gas.compiler import LIBRARIES, SETTINGS, compile_solidity, compile_vyper
from benchmarks.gas.floor import FLOORS
from benchmarks.gas.measure import USES, anvil, measure
from benchmarks.gas.peers import FEATURES, PEERS, PROFILE_PICTURE

VYPER_LOCK = LIBRARIES.parent / "requirements-vyper.lock"


def head(node: Node, vyper: str) -> dict[str, Any]:
    """What everything was measured with."""
    lock = json.loads((LIBRARIES.parent / "package-lock.json").read_text())
    libraries = {
        path.removeprefix("node_modules/"): package["version"]
        for path, package in lock["packages"].items()
        if path
    }
    if vyper:
        libraries["snekmate"] = VYPER_LOCK.read_text().partition("snekmate==")[2].split()[0]
    return {
        "solc": SETTINGS["version"],
        "via_ir": SETTINGS["via_ir"],
        "optimizer_runs": SETTINGS["optimization_runs"],
        "evm_version": SETTINGS["evm_version"],
        "vyper": vyper,
        "node": node.rpc("web3_clientVersion"),
        "hardfork": node.rpc("anvil_nodeInfo")["hardFork"],
        "libraries": libraries,
    }


def compare() -> None:
    """Every contract, every use."""
    contracts = [PROFILE_PICTURE, *PEERS]
    print("compiling (half a minute)", flush=True)
    codes = compile_solidity([c.source for c in contracts if c.source.endswith(".sol")])
    vyper = ""
    for contract in contracts:
        if contract.source.endswith(".vy"):
            code = compile_vyper(contract.source)
            if code is None:
                print(f"skipped: {contract.title}, for Vyper could not be installed")
            else:
                codes[contract.source] = code
                vyper = code.compiler
    measured: dict[str, Any] = {}
    with anvil() as node:
        for contract in contracts:
            code = codes.get(contract.source)
            if code is None:
                continue
            print(f"measuring {contract.title}", flush=True)
            measured[contract.title] = {
                "source": contract.source,
                "lacks": contract.lacks,
                "remark": contract.remark,
                "runtime_bytes": code.runtime_bytes,
                "gas": measure(node, contract, code, USES),
            }
        results = {
            "head": head(node, vyper),
            "floor": {
                use: {"each": floor.each, "terms": floor.lines()} for use, floor in FLOORS.items()
            },
            "features": FEATURES,
            "contracts": measured,
        }
    report.write("gas.json", results)
    print("\n" + report.everything(report.read("gas.json")))


def experiment() -> None:
    """ProfilePicture with one thing changed."""
    with anvil() as node:
        report.write("gas-experiments.json", experiments.run(node))
    results = report.read("gas-experiments.json")
    for title in results["patches"]:
        print("\n" + report.experiment(results, title))
    print("\n" + report.sweep(results))


if __name__ == "__main__":
    experiment() if sys.argv[1:] == ["experiments"] else compare()
