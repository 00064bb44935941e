"""The results of `make bench-gas` as Markdown tables; reads benchmarks/results and nothing else.

`tools/figures.py` puts them into README and docs/gas.md, and the run prints the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"
OURS = "ProfilePicture"
FLOOR = "the EVM's floor"
SLOT_FOR_EACH = ", a slot for each digest"
DEPLOY = "deploy"
MINTING = (
    "mint, new owner",
    "mint, same owner",
    "safeMint, new owner",
    "batch of 100, each",
    "airdrop to 100, each",
)
MOVING = (
    "transfer, existing receiver",
    "transfer, new receiver",
    "transfer by operator",
    "transfer out of a batch",
    "batch of 100, each then moved",
)
REST = ("approve, first", "burn", "burn, with totalSupply", "tokenURI, execution")
SUMMARY = (
    "mint, new owner",
    "mint, same owner",
    "batch of 100, each",
    "airdrop to 100, each",
    "transfer, existing receiver",
)
IN_SUMMARY = (
    OURS,
    "Solady, alike",
    "ERC721A, digests",
    "OpenZeppelin, alike",
    "OpenZeppelin, Wizard",
)
# The deployment says nothing of contracts that can do less.
HARDLY_LESS = {"mint returns the URIs"}

Results = dict[str, Any]


def read(name: str) -> Results:
    """One of the files in benchmarks/results."""
    found: Results = json.loads((RESULTS / name).read_text())
    return found


def write(name: str, results: Results) -> None:
    """Replace one of the files in benchmarks/results."""
    text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / name).write_text(text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned, numbers to the right.

    >>> print(table(["", "gas"], [["mint", "1"]]))
    |      | gas |
    |------|----:|
    | mint |   1 |
    """
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    return "\n".join([line(lines[0]), "|" + "|".join(rule) + "|", *map(line, lines[1:])])


def beside_the_floor(results: Results, uses: Sequence[str]) -> str:
    """Gas of each contract, with its ratio to the floor."""
    floor = results["floor"]

    def cell(gas: dict[str, int], use: str) -> str:
        if use not in gas:
            return "-"
        ratio = f" ({gas[use] / floor[use]['each']:.3f})" if use in floor else ""
        return f"{gas[use]:,}{ratio}"

    least = [f"{floor[use]['each']:,}" if use in floor else "-" for use in uses]
    rows = [[FLOOR, *least]]
    in_slots = [floor.get(use + SLOT_FOR_EACH) for use in uses]
    if any(in_slots):
        rows.append([FLOOR + SLOT_FOR_EACH, *(f"{f['each']:,}" if f else "-" for f in in_slots)])
    for title, contract in results["contracts"].items():
        rows.append([title, *(cell(contract["gas"], use) for use in uses)])
    return table(["gas (times the floor)", *uses], rows)


def beside_each_peer(results: Results, uses: Sequence[str]) -> str:
    """How much less, or more, ProfilePicture costs than each peer."""
    ours = results["contracts"][OURS]["gas"]
    rows = []
    for title, contract in results["contracts"].items():
        gas = contract["gas"]
        if title != OURS:
            rows.append([title, *(_change(ours, gas, use) for use in uses)])
    return table([f"{OURS} against", *uses], rows)


def _change(ours: dict[str, int], peer: dict[str, int], use: str) -> str:
    return f"{(ours[use] / peer[use] - 1) * 100:+.1f}%" if use in ours and use in peer else "-"


def costs(results: Results) -> str:
    """What a deployment and tokens in batches cost, at several prices of gas."""
    gas = results["contracts"][OURS]["gas"]
    each = gas["batch of 100, each"]
    amounts = {
        "the contract": gas[DEPLOY],
        "1,000 tokens, in batches of 100": 1_000 * each,
        "10,000 tokens, in batches of 100": 10_000 * each,
    }
    prices = (1, 5, 30)
    rows = [
        [what, f"{amount:,}", *(f"{amount * price / 10**9:.4f} ETH" for price in prices)]
        for what, amount in amounts.items()
    ]
    return table(["", "gas", *(f"at {price} gwei" for price in prices)], rows)


def deployment(results: Results) -> str:
    """Deployment and size; what ProfilePicture saves is said of its equals alone."""
    ours = results["contracts"][OURS]["gas"]
    rows = []
    for title, contract in results["contracts"].items():
        equal = title != OURS and set(contract["lacks"]) <= HARDLY_LESS
        against = _change(ours, contract["gas"], DEPLOY) if equal else "-"
        gas, size = contract["gas"][DEPLOY], contract["runtime_bytes"]
        rows.append([title, f"{gas:,}", f"{size:,}", against])
    return table(["", DEPLOY, "bytes of code", f"{OURS} against"], rows)


def features(results: Results) -> str:
    """Which of ProfilePicture's features each contract has, and what it does otherwise."""
    names = results["features"]
    rows = []
    for title, contract in results["contracts"].items():
        has = ("-" if name in contract["lacks"] else "yes" for name in names)
        rows.append([title, *has, contract["remark"] or "-"])
    return table(["", *names, "does otherwise"], rows)


def summary(results: Results) -> str:
    """The few figures that README shows."""
    floor, contracts = results["floor"], results["contracts"]
    rows = [[FLOOR, *(f"{floor[use]['each']:,}" for use in SUMMARY), "-"]]
    for title in IN_SUMMARY:
        contract = contracts[title]
        equal = set(contract["lacks"]) <= HARDLY_LESS
        deploy = f"{contract['gas'][DEPLOY]:,}" if equal else "can do less"
        gas = (f"{contract['gas'][use]:,}" for use in SUMMARY)
        rows.append([f"**{title}**" if title == OURS else title, *gas, deploy])
    return table(["", *SUMMARY, DEPLOY], rows)


def terms(results: Results) -> str:
    """The floors, each with its terms."""
    lines = []
    for use, floor in results["floor"].items():
        each = f", {floor['each']:,} each" if ", each" in use else ""
        lines.append(f"- **{use}**: " + "; ".join(floor["terms"]) + each)
    return "\n".join(lines)


def measured_with(results: Results) -> str:
    """Compilers, node and libraries, in one sentence."""
    head = results["head"]
    libraries = ", ".join(f"{name} {version}" for name, version in head["libraries"].items())
    via = "via_ir" if head["via_ir"] else "without via_ir"
    vyper = f"; {head['vyper']} (`--optimize gas`)" if head["vyper"] else ""
    return (
        f"Measured with solc {head['solc']} ({via}, {head['optimizer_runs']} runs, "
        f"{head['evm_version']}){vyper}; {head['node']}, hardfork {head['hardfork']}; {libraries}."
    )


def everything(results: Results) -> str:
    """All tables of a comparison."""
    parts = [measured_with(results)]
    parts += [beside_the_floor(results, uses) for uses in (MINTING, MOVING, REST)]
    parts += [beside_each_peer(results, uses) for uses in (MINTING, MOVING, REST)]
    return "\n\n".join([*parts, deployment(results), features(results)])


def experiment(results: Results, title: str) -> str:
    """What one change is worth, use by use."""
    before, after = results["unchanged"], results["patches"][title]
    rows = [
        [
            use,
            f"{before[use]:,}",
            f"{gas:,}",
            f"{gas - before[use]:+,}",
            _change(after, before, use),
        ]
        for use, gas in after.items()
    ]
    return table([title, "as it is", "changed", "gas", ""], rows)


def sweep(results: Results) -> str:
    """The compiler's settings side by side."""
    uses = list(next(iter(results["settings"].values())))
    rows = [
        [title, *(f"{gas[use]:,}" for use in uses)] for title, gas in results["settings"].items()
    ]
    return table(["", *uses], rows)


def access_lists(results: Results) -> str:
    """What naming the slots beforehand is worth, with no change of the contract."""
    gas = results["unchanged"]
    pairs = (
        (use, f"{use.removesuffix(', each')} with an access list, each")
        for use in ("batch of 100, each", "airdrop to 100, each")
    )
    rows = [
        [use, f"{gas[use]:,}", f"{gas[listed]:,}", f"{(gas[listed] / gas[use] - 1) * 100:+.1f}%"]
        for use, listed in pairs
    ]
    return table(["", "without", "with an access list", ""], rows)
