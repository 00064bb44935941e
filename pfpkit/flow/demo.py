"""The whole flow on one chain, from image files to a verified avatar; then gateways that lie."""

from collections.abc import Callable
from pathlib import Path

import click

from pfpkit.accounts import Session
from pfpkit.chain import Node
from pfpkit.cid import CID, cid_of
from pfpkit.cli.sending import SendOptions
from pfpkit.console import facts, table
from pfpkit.cost import Fees, Price, Terms
from pfpkit.errors import BadInput
from pfpkit.flow.deploy import deploy
from pfpkit.flow.mint import mint
from pfpkit.flow.pin import pin
from pfpkit.flow.transfer import transfer
from pfpkit.media import Renderer
from pfpkit.pinning.gateway import Gateway
from pfpkit.reference import TokenRef
from pfpkit.resolver import Resolution, Resolver
from pfpkit.retrieval import Retriever
from pfpkit.workspace import Workspace

Lie = Callable[[CID, bytes], bytes]


async def demo(session: Session, holder: str, terms: Terms, out: Path) -> None:
    work = Workspace(session.root)
    click.echo(f"anvil runs at {session.url}, chain {session.chain_id}")

    _title(1, "Pin: every picture and its metadata become one IPFS directory")
    await pin(work)

    _title(2, "Deploy: the collection's contract, which nobody can change")
    made = await deploy(session, again=True, terms=terms)
    assert made is not None
    contract = made.address

    _title(3, "Mint: the contract returns token id, metadata URI and image URI")
    (first,) = await mint(session, count=1, options=SendOptions(terms))
    click.echo("  the others, in one transaction:")
    await mint(session, options=SendOptions(terms))

    _title(4, "Transfer: the holder gets the token")
    await transfer(session, token_id=first.token_id, to=holder, options=SendOptions(terms))

    ref = TokenRef(session.chain_id, contract, first.token_id)
    with Gateway(work.store) as gateway:
        _title(5, "Resolve: a stranger asks the chain, then any gateway, and checks every byte")
        click.echo(f"gateway at {gateway.url}")
        found, _ = await _resolve(session, ref, holder, [gateway.url])
        click.echo(facts([(f"{s.name}: {s.outcome}", s.reason) for s in found.stated().steps]))
        saved = found.save(out, "avatar")

        _title(6, "Lie: two gateways try to show another picture")
        for name, lie in _lies(work, found).items():
            await _show_lie(session, ref, holder, name, lie, gateway.url, work)

    receipt = found.stated()
    same = cid_of(saved.picture.read_bytes()) == receipt.image_cid
    async with Node(session.url) as node:
        _, tip = await node.fees()
    cost = Price(Fees(terms.base_fee or 0, tip, stated=True), rate=terms.rate)
    click.echo(
        "\n"
        + facts(
            [
                ("token", receipt.token),
                ("owner", f"{receipt.owner}, at block {receipt.block.number}"),
                ("metadata URI", receipt.token_uri),
                ("image URI", receipt.image_uri),
                ("bundle CID", receipt.bundle_cid),
                ("metadata CID", receipt.metadata_cid),
                ("image CID", f"{receipt.image_cid}{', as the file on disk' if same else ''}"),
            ]
        )
    )
    rows = [(s.what, f"{s.gas:,}", cost.of(s.gas), s.transaction) for s in session.sent]
    click.echo(f"\n{table(['transaction', 'gas', f'cost {cost}', 'hash'], rows)}")
    files = [("avatar", saved.picture), ("receipt", saved.receipt), ("proof", saved.car)]
    click.echo(f"\n{facts(files)}\nnext: pfpkit check {saved.receipt}")
    click.echo("in a browser, as somebody's picture: ape run serve")


async def _resolve(
    session: Session, ref: TokenRef, holder: str, gateways: list[str]
) -> tuple[Resolution, list[str]]:
    retriever = Retriever(gateways)
    async with Resolver(Node(session.url), retriever, renderer=Renderer(workers=1)) as resolver:
        found = await resolver.resolve(ref, holder)
        return found, [str(fault) for fault in retriever.faults]


def _lies(work: Workspace, found: Resolution) -> dict[str, Lie]:
    """Return what the two gateways do with the picture's first block; all else they serve as is."""
    target = next(b.cid for b in found.proof.blocks if found.proof.image == b.cid)
    other = next(pin.image for pin in work.pins().tokens if pin.image != target)

    def flip(cid: CID, data: bytes) -> bytes:
        middle = len(data) // 2
        return (
            data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
            if cid == target
            else data
        )

    def swap(cid: CID, data: bytes) -> bytes:
        return work.store.get(other) if cid == target else data

    return {"flips one bit of one byte": flip, "serves another picture": swap}


async def _show_lie(
    session: Session, ref: TokenRef, holder: str, name: str, lie: Lie, honest: str, work: Workspace
) -> None:
    with Gateway(_Liar(work, lie)) as liar:
        url = liar.url
        alone, faults = await _resolve(session, ref, holder, [url])
        beside, _ = await _resolve(session, ref, holder, [url, honest])
    failure = alone.stated().failure
    rows = [
        ("gateway", f"{url} {name}"),
        ("caught", faults[0] if faults else "NOT CAUGHT"),
        ("verdict", f"{alone.verdict}, at the step: {failure.name if failure else '-'}"),
        ("beside an honest one", f"{beside.verdict}, from {honest}"),
    ]
    click.echo(facts(rows))
    if alone.verified or not faults or not beside.verified:
        raise BadInput(f"a gateway that {name} was not caught; please report this")


class _Liar:
    """The store's blocks, but for those that it lies about."""

    def __init__(self, work: Workspace, lie: Lie) -> None:
        self._work = work
        self._lie = lie

    def get(self, cid: CID) -> bytes:
        return self._lie(cid, self._work.store.get(cid))


def _title(number: int, text: str) -> None:
    click.secho(f"\n{number}/6 {text}", bold=True)
