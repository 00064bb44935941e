"""Compare what is recorded of a deployment with the chain, the pins and the files; change nothing.

    record     deployments/<chain id>.json
    chain      code with immutables masked, the deployment's transaction, views, bundles of tokens
    pins       the two records of pins
    files      the collection in metadata/, and the contract with its settings

What may change by itself is said and is no difference: who owns the contract, who mints, how many
are minted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import click

from pfpkit.chain import BlockRef, Call, Node, Reverted
from pfpkit.cid import CID, DAG_PB
from pfpkit.collection import Collection
from pfpkit.console import clipped, facts
from pfpkit.deployments import Deployment
from pfpkit.errors import BadInput, NoSuchContract, Unverified
from pfpkit.minted import Minted, read_minted
from pfpkit.pins import COLLECTION, Pins
from pfpkit.provenance import Provenance
from pfpkit.reference import checksum_address
from pfpkit.rpc import data_of, number_of
from pfpkit.solc import fingerprint
from pfpkit.workspace import Workspace

__all__ = ["Expected", "verify_deployment"]

_SHOWN = 50
_SALE = 10_000


@dataclass(frozen=True, slots=True)
class Expected:
    """Who has to own the contract and who has to mint, where that is to be verified too."""

    owner: str | None = None
    minter: str | None = None

    @classmethod
    def parse(cls, owner: str | None, minter: str | None) -> Self:
        """Read the two addresses; BadReference when one is none."""
        return cls(*(checksum_address(one) if one else None for one in (owner, minter)))


@dataclass(frozen=True, slots=True)
class _Found:
    """What the chain says at one block."""

    block: BlockRef
    code: bytes
    views: Mapping[str, Any]
    minted: Minted


async def verify_deployment(
    work: Workspace,
    record: Deployment,
    node: Node,
    expected: Expected,
    *,
    as_json: bool = False,
) -> None:
    """Print what was compared; Unverified names every difference, one a line."""
    found = await _read(record, node)
    if found is None:
        raise Unverified(
            f"1 difference:\n  chain: {record.address} has no code, and the record says that the "
            "collection is there; check the network"
        )
    differences = [
        *await _of_the_chain(record, node),
        *_of_the_code(record, found),
        *_of_the_views(record, found, expected),
        *_of_the_contract_here(work, record),
        *_of_the_collection(work, record, found),
    ]
    _show(record, found, work, as_json=as_json)
    if as_json:
        for one in differences:
            place, _, what = one.partition(": ")
            click.echo(json.dumps({"event": "difference", "where": place, "what": what}))
    if differences:
        count = "1 difference" if len(differences) == 1 else f"{len(differences):,} differences"
        shown = differences[:_SHOWN]
        if len(differences) > _SHOWN:
            shown.append(f"and {len(differences) - _SHOWN:,} more; --json lists all")
        raise Unverified("\n  ".join([f"{count}:", *shown]))
    if not as_json:
        click.echo("record, chain, pins and files agree")


async def _read(record: Deployment, node: Node) -> _Found | None:
    views = {
        "name": Call("name()", "string"),
        "symbol": Call("symbol()", "string"),
        "owner": Call("owner()", "address"),
        "pendingOwner": Call("pendingOwner()", "address"),
        "contractURI": Call("contractURI()", "string"),
        "maxSupply": Call("maxSupply()", "uint256"),
        "royalty": Call("royaltyInfo(uint256,uint256)", "(address,uint256)", (0, _SALE)),
    }
    block = await node.block()
    code = await node.code_at(record.address, block)
    if not code:
        return None
    answers = await node.call(record.address, list(views.values()), block)
    said = dict(zip(views, answers, strict=True))
    try:
        minted = await read_minted(node, record.address, block)
    except NoSuchContract as error:
        raise Unverified(f"1 difference:\n  chain: {error}") from error
    return _Found(block, code, said, minted)


async def _of_the_chain(record: Deployment, node: Node) -> list[str]:
    """Compare the chain and the deployment's transaction."""
    wrong = []
    if (chain := await node.chain_id()) != record.chain_id:
        wrong.append(f"chain: the node is of chain {chain}, the record of {record.chain_id}")
    if (genesis := (await node.block(0)).hash) != record.genesis:
        wrong.append(f"chain: its first block is {genesis}, in the record {record.genesis}")
    sent, receipt = await node.transaction(record.transaction)
    if sent is None or receipt is None:
        return [*wrong, f"transaction: the node does not know {record.transaction}"]
    made = str(receipt.get("contractAddress")).lower()
    if made != record.address.lower():
        wrong.append(f"transaction: it made {made}, and the record is of {record.address}")
    if (block := number_of(receipt.get("blockNumber"), node.name)) != record.block:
        wrong.append(f"transaction: it is in block {block}, in the record {record.block}")
    if (sender := str(sent.get("from")).lower()) != record.deployer.lower():
        wrong.append(f"transaction: {sender} sent it, in the record {record.deployer}")
    if (recorded := record.fingerprint) is not None:
        data = data_of(sent.get("input"), node.name, "eth_getTransactionByHash")
        given = recorded.arguments_in(bytes.fromhex(data[2:]), len(record.encoded))
        if given is None:
            wrong.append("transaction: it deployed other code than the record's")
        elif given != record.encoded:
            wrong.append("transaction: its arguments are not the record's")
    return wrong


def _of_the_code(record: Deployment, found: _Found) -> Iterator[str]:
    if (recorded := record.fingerprint) is not None and not recorded.is_runtime(found.code):
        yield f"chain: the code at {record.address} is not the record's, immutables apart"


def _of_the_views(record: Deployment, found: _Found, expected: Expected) -> Iterator[str]:
    """Compare what the constructor was given, and who is expected."""
    rate = int(record.arguments["royaltyBps"]) * _SALE // 10_000
    told = {
        "name": record.arguments["name"],
        "symbol": record.arguments["symbol"],
        "maxSupply": record.arguments["maxSupply"],
        "contractURI": f"ipfs://{record.bundle}/metadata.json",
        "royalty": (record.arguments["royaltyReceiver"].lower(), rate),
    }
    told |= {"owner": expected.owner} if expected.owner else {}
    for name, wanted in told.items():
        if found.views[name] != wanted:
            whose = "expected" if name == "owner" else "in the record"
            yield f"chain: {name} is {_words(found.views[name])}, {whose} {_words(wanted)}"
    if expected.minter and found.minted.minter != expected.minter:
        yield f"chain: minter is {found.minted.minter}, expected {expected.minter}"


def _of_the_contract_here(work: Workspace, record: Deployment) -> Iterator[str]:
    if (recorded := record.fingerprint) is None:
        return
    try:
        here = fingerprint(work.root)
    except BadInput as error:
        yield f"files: the contract cannot be compiled: {_line(error)}"
        return
    if here.compiler != recorded.compiler:
        yield f"files: solc is {here.compiler}, in the record {recorded.compiler}"
    if here.runtime != recorded.runtime or here.creation != recorded.creation:
        yield "files: contracts/ and its settings make other code than was deployed"


def _of_the_collection(work: Workspace, record: Deployment, found: _Found) -> Iterator[str]:
    """Compare files, pins and chain, token by token."""
    pins, bundle = work.pins(), record.bundle
    if record.collection and record.collection.get("bundle") != str(bundle):
        yield f"record: its collection is {record.collection.get('bundle')}, deployed was {bundle}"
    try:
        # Not by the index, which is believed elsewhere and would be written.
        local: Collection | None = Collection.read(work.root / "metadata")
    except BadInput as error:
        yield f"files: {_line(error)}"
        local = None
    if local is not None:
        if local.itself.root != bundle:
            yield f"files: metadata/collection.json makes {local.itself.root}, deployed is {bundle}"
        yield from _of_pins_and_files(pins, local)
        yield from _of_the_provenance(record, local)
    known = {entry.digest for entry in pins.tokens}
    known |= {entry.digest for entry in local.tokens} if local is not None else set()
    for digest, token in sorted(found.minted.by_digest.items(), key=lambda pair: pair[1]):
        if digest not in known:
            minted = CID(1, DAG_PB, digest)
            yield f"chain: token {token} is {minted}, which is in no file and no record of pins"
    if found.minted.unknown:
        ids = ", ".join(map(str, found.minted.unknown))
        yield f"chain: of tokens {ids} no node knows the bundle: minted and burned in one block"


def _of_pins_and_files(pins: Pins, local: Collection) -> Iterator[str]:
    here = {entry.key: entry for entry in local}
    for key, entry in here.items():
        pinned = pins.get(key)
        name = "the collection" if key == COLLECTION else f"token {key}"
        if pinned is None:
            yield f"pins: {name} is in no record; run `ape run pin`"
        elif (pinned.bundle, pinned.image) != (entry.root, entry.image):
            yield f"pins: {name} is {pinned.bundle}, its files make {entry.root}"
    for pinned in pins.entries:
        if pinned.key not in here:
            yield f"pins: token {pinned.key} is recorded, and has no files"


def _of_the_provenance(record: Deployment, local: Collection) -> Iterator[str]:
    recorded = record.collection.get("provenance")
    if recorded is None or not local.tokens:
        return
    here = str(Provenance.of(entry.digest for entry in local.tokens))
    if here != recorded:
        yield f"files: their provenance hash is {here}, in the record {recorded}"


def _show(record: Deployment, found: _Found, work: Workspace, *, as_json: bool) -> None:
    minted = found.minted
    said = {
        "contract": record.address,
        "block": found.block.number,
        "owner": found.views["owner"],
        "pending_owner": found.views["pendingOwner"],
        "minter": minted.minter,
        "minted": minted.total,
        "max_supply": minted.max_supply,
        "pinned": len(work.pins().tokens),
        "verified": {name: one.get("match") for name, one in record.verified.items()},
    }
    if as_json:
        click.echo(json.dumps({"event": "deployment", **said}))
        return
    source = ", ".join(f"{name} ({one})" for name, one in said["verified"].items())
    rows = [
        ("contract", record.address),
        ("read at", f"block {found.block.number}"),
        ("owner", _owner(said)),
        ("minter", minted.minter),
        ("minted", f"{minted.total:,} of {minted.max_supply:,}, {said['pinned']:,} pinned"),
        ("source", source or "published nowhere; `ape run publish` does it"),
    ]
    if not record.code:
        rows.append(("note", "the record is of version 1, and has no hash of the code"))
    click.echo(facts(rows))


def _line(error: Exception) -> str:
    """Return an error that may have several lines as one."""
    return clipped(" ".join(str(error).split()), 500)


def _owner(said: Mapping[str, Any]) -> str:
    nobody = int(said["pending_owner"], 16) == 0
    more = "" if nobody else f"; {said['pending_owner']} may accept"
    return f"{said['owner']}{more}"


def _words(value: Any) -> str:
    if isinstance(value, Reverted):
        return "no answer"
    if isinstance(value, tuple):
        return f"{value[1] / 100:g}% to {value[0]}"
    return str(value)
