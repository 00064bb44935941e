"""What has to be so at the end of an airdrop: read from the chain, compared with the journal.

The node is asked directly, and by the test's own client, so that pfpkit does not vouch for itself;
of pfpkit only the journal's reader is used.
"""

from __future__ import annotations

import json
from collections import Counter

from support.anvil import DEPLOYER, Anvil
from support.node import calldata
from support.project import Project

from pfpkit.transactions.journal import Place, TransactionJournal


class Failed(Exception):
    """Something is not as it has to be; says what."""


def check(project: Project, chain: Anvil, meant: dict[int, str]) -> dict[str, int]:
    """Failed unless each token of `meant` is minted once, to its recipient, and the journal has
    just the account's transactions. Returns figures to print."""
    records = (project.folder / "deployments/local").glob("*.json")
    (record,) = (path for path in records if not path.stem.endswith(".input"))
    deployed = json.loads(record.read_text())
    contract = deployed["address"]
    pins = json.loads((project.folder / ".pfpkit/pins.json").read_text())
    digest = {token: bytes.fromhex(pins[str(token)]["digest"][2:]) for token in meant}

    (total,) = chain.node.calls(contract, [calldata("totalMinted()")])
    ids = range(1, int.from_bytes(total) + 1)
    bundles = _views(chain, contract, "bundleOf(uint256)", ids)
    owners = [f"0x{one[12:].hex()}" for one in _views(chain, contract, "ownerOf(uint256)", ids)]
    counts = Counter(bundles)
    twice = [token for token in meant if counts[digest[token]] > 1]
    if twice:
        raise Failed(f"{len(twice)} tokens were minted more than once, such as {twice[:5]}")
    missing = [token for token in meant if not counts[digest[token]]]
    if missing:
        raise Failed(f"{len(missing)} tokens are not minted, such as {missing[:5]}")
    if len(ids) != len(meant):
        raise Failed(f"{len(ids)} tokens are minted, and {len(meant)} were meant to be")
    has = dict(zip(bundles, owners, strict=True))
    wrong = [token for token, who in meant.items() if has[digest[token]] != who.lower()]
    if wrong:
        raise Failed(f"{len(wrong)} tokens have other owners, such as {wrong[:5]}")
    return _journal(project, chain, deployed["genesis"], dict(zip(ids, bundles, strict=True)))


def _journal(
    project: Project, chain: Anvil, genesis: str, bundles: dict[int, bytes]
) -> dict[str, int]:
    place = Place(31337, genesis, DEPLOYER)
    with TransactionJournal(project.folder, place) as journal:
        slots = journal.slots
        if journal.open:
            raise Failed(f"{len(journal.open)} transactions are still under way")
    nonces = int(chain.rpc("eth_getTransactionCount", DEPLOYER, "latest"), 16)
    if sorted(slots) != list(range(1, nonces)):  # the deployment had the first one
        raise Failed(f"the journal has nonces {sorted(slots)}, the chain 1 to {nonces - 1}")
    minted: dict[int, bytes] = {}
    for slot in slots.values():
        if slot.void is not None or slot.done is None:
            raise Failed(f"nonce {slot.nonce} is void, and nobody else used the account")
        receipt = chain.rpc("eth_getTransactionReceipt", slot.done.hash)
        if receipt is None or receipt["blockHash"] != slot.done.block_hash:
            raise Failed(f"nonce {slot.nonce} is not in the block that the journal names")
        if slot.done.hash not in [one.hash for one in slot.versions]:
            raise Failed(f"{slot.done.hash} is in no line of the journal")
        for effect, id_ in zip(slot.effects, slot.done.ids, strict=True):
            minted[id_] = bytes.fromhex(effect.what)
    if minted != bundles:
        raise Failed("the journal's token ids are not the chain's")
    return {
        "transactions": len(slots),
        "versions": sum(len(slot.versions) for slot in slots.values()),
        "tokens": len(minted),
    }


def _views(chain: Anvil, contract: str, view: str, ids: range) -> list[bytes]:
    found: list[bytes] = []
    for first in range(ids.start, ids.stop, 500):
        some = range(first, min(first + 500, ids.stop))
        found += chain.node.calls(contract, [calldata(view, id_) for id_ in some])
    return found
