"""Make the deployed code again from the input that explorers were given, and compare it.

The input is the one beside the record, or the one that an explorer publishes: it is believed in
neither case, for the chain says what it has to make.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from pfpkit.chain import Node
from pfpkit.console import facts
from pfpkit.deployments import Deployment, input_path
from pfpkit.errors import BadMetadata, BadRecord, Unverified
from pfpkit.metadata import read_json
from pfpkit.rpc import data_of
from pfpkit.solc import Fingerprint, compile_contract
from pfpkit.solidity import OUTPUTS

__all__ = ["read_input", "verify_source"]

_MAX_BYTES = 8 * 2**20


def read_input(record: Path) -> dict[str, Any]:
    """Return the compiler's input that lies beside a record; BadRecord when there is none."""
    path = input_path(record)
    try:
        found = read_json(path.read_bytes(), str(path), _MAX_BYTES)
    except FileNotFoundError:
        raise BadRecord(
            f"{path} is missing, which has what solc was given; restore it from git, or compare "
            "with what an explorer publishes: --source sourcify"
        ) from None
    except (OSError, BadMetadata) as error:
        raise BadRecord(f"{path} cannot be read: {error}; restore it from git") from error
    if not isinstance(found, dict):
        raise BadRecord(f"{path} is no Standard JSON input; restore it from git")
    return found


async def verify_source(
    record: Deployment, given: Mapping[str, Any], source: str, node: Node, *, as_json: bool = False
) -> None:
    """Compile `given`, which is of `source`, and compare; Unverified when it makes other code."""
    settings = {**given.get("settings", {}), "outputSelection": OUTPUTS}
    code = compile_contract({**given, "settings": settings}, str(record.compiler["version"]))
    made = Fingerprint.of(dict(given), code)
    runtime = await node.code(record.address)
    sent, _ = await node.transaction(record.transaction)
    wrong = []
    if not made.is_runtime(runtime):
        wrong.append(f"chain: {record.address} has other code, immutables apart")
    if sent is None:
        wrong.append(f"transaction: the node does not know {record.transaction}")
    else:
        data = data_of(sent.get("input"), node.name, "eth_getTransactionByHash")
        if bytes.fromhex(data[2:]) != code.creation + record.encoded:
            wrong.append("transaction: it deployed other code, or other arguments")
    if wrong:
        raise Unverified("\n  ".join([f"what {source} makes is not what is deployed:", *wrong]))
    if as_json:
        click.echo(json.dumps({"event": "source", "from": source, **made.plain()}))
        return
    rows = [
        ("source", f"{source}, {len(given.get('sources', {}))} files"),
        ("compiler", f"solc {code.compiler}"),
        ("runtime", f"{len(code.runtime):,} bytes, the code at {record.address}"),
        ("creation", f"{len(code.creation):,} bytes, as {record.transaction} sent them"),
    ]
    click.echo(f"{facts(rows)}\nthe source makes the deployed code")
