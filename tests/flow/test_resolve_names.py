"""`ape run resolve NAME`: the token of an ENS name's avatar record, and who has to hold it

given a name whose address holds the token, that token for that address
given --holder, for that one
given a record that names no token, one of another chain, or a name without an address, refused
"""

import asyncio
from functools import partial
from types import SimpleNamespace

import pytest
from support.collection import digest
from support.ens import Ens
from support.tokens import CHAIN_ID

from pfpkit.chain import Node
from pfpkit.ens import avatar
from pfpkit.errors import BadReference, Unverified
from pfpkit.flow import resolve
from pfpkit.flow.resolve import ResolveOptions


@pytest.fixture
def named(tokens, chain_url, monkeypatch, capsys):
    """Make a name with a record and an address, and read what it means."""
    ens = Ens(tokens.node, tokens.people[0])
    monkeypatch.setattr(resolve, "avatar", partial(avatar, registry=ens.registry))

    async def ask(name, options):
        async with Node(chain_url) as node:
            session = SimpleNamespace(chain_id=CHAIN_ID)
            return await resolve._named(session, node, name, options)

    def run(text, address, **options):
        found = ens.register("pip.eth")
        ens.text(found, "avatar", text)
        if address is not None:
            ens.address(found, address)
        means = asyncio.run(ask("Pip.eth", ResolveOptions(**options)))
        return means, capsys.readouterr().out

    return run


def test_name__whose_record_names_a_token__is_that_token_for_its_address(named, tokens):
    """Said before it is resolved; with --json nothing is said."""
    (ref,) = tokens.mint(digest(1))
    _, holder, buyer = tokens.people
    means, said = named(str(ref).lower(), holder)
    assert means == (ref, holder)
    assert f"avatar   {ref}, at block" in said
    assert holder in said
    assert named(str(ref), holder, as_json=True) == ((ref, holder), "")
    assert named(str(ref), holder, holder=buyer)[0] == (ref, buyer)


@pytest.mark.parametrize(
    ("text", "has_address", "error", "reason"),
    [
        ("https://example.com/pip.png", True, Unverified, "names no token"),
        ("\x1b[2J", True, Unverified, r"'\\x1b\[2J', which names no token"),
        (f"eip155:1/erc721:0x{'11' * 20}/7", True, BadReference, "is of chain 1"),
        (f"eip155:{CHAIN_ID}/erc721:0x{'11' * 20}/7", False, Unverified, "stands for no address"),
    ],
)
def test_name__that_means_no_token_of_its_address__is_refused(
    named, tokens, text, has_address, error, reason
):
    """Nothing is resolved then."""
    with pytest.raises(error, match=reason) as refusal:
        named(text, tokens.people[1] if has_address else None)
    assert str(refusal.value).isprintable()
