"""verify_deployment: record, chain, pins and files agree, or each difference is named

given all that agree, says so, whatever the owner did that owners may do
given one thing that differs, that one is named, exit code 1, and nothing was written
given a record of version 1, what it has is compared
"""

import asyncio
import json
from dataclasses import replace

import pytest
from support.anvil import DEPLOYER, HOLDER
from support.folders import tiny_png
from support.hostile_node import HostileNode, passing
from support.node import calldata

from pfpkit.chain import Node
from pfpkit.errors import NodeUnreachable, Unverified
from pfpkit.flow.verify_deployment import Expected, verify_deployment
from pfpkit.pins import LOCAL_PINS


@pytest.fixture
def verify(stage, capsys):
    """Verify, and return what was printed and the differences; not one file was written."""

    def run(record=None, expected=Expected(), **options):  # noqa: B008
        async def work():
            async with Node(stage.chain.url) as node:
                await verify_deployment(
                    stage.work, record or stage.record, node, expected, **options
                )

        files = stage.files()
        try:
            asyncio.run(work())
            differences = []
        except Unverified as error:
            head, *differences = [line.strip() for line in str(error).splitlines()]
            assert head.startswith(f"{len(differences)} difference")
        assert stage.files() == files
        return capsys.readouterr().out, differences

    return run


def digests(stage):
    return [entry.digest for entry in stage.work.collection().tokens]


def test_verify__all_agrees__says_so(stage, verify):
    """Before anything is minted, and after."""
    said, differences = verify()
    assert differences == []
    assert said.endswith("record, chain, pins and files agree\n")
    stage.mint(*digests(stage))
    said, differences = verify()
    assert differences == []
    assert "minted    3 of 10, 3 pinned" in said


def test_verify__owner_and_minter_changed__is_no_difference(stage, verify):
    """It is what owners do; who has to be owner may be said."""
    for call in (("setMinter(address)", HOLDER), ("transferOwnership(address)", HOLDER)):
        stage.chain.node.transact(DEPLOYER, stage.record.address, calldata(*call))
    said, differences = verify()
    assert differences == []
    assert f"owner     {DEPLOYER}; {HOLDER} may accept" in said
    assert verify(expected=Expected(DEPLOYER, HOLDER))[1] == []
    assert verify(expected=Expected(HOLDER, DEPLOYER))[1] == [
        f"chain: owner is {DEPLOYER}, expected {HOLDER}",
        f"chain: minter is {HOLDER}, expected {DEPLOYER}",
    ]


CHANGED = {
    "chain_id": (lambda r: {"chain_id": 5}, "chain: the node is of chain 31337, the record of 5"),
    "genesis": (lambda r: {"genesis": "0x00"}, "chain: its first block is 0x"),
    "block": (lambda r: {"block": r.block + 1}, "transaction: it is in block "),
    "deployer": (lambda r: {"deployer": HOLDER}, "transaction: 0xf39fd6e51aad88f6f4ce6ab8827279"),
    "transaction": (lambda r: {"transaction": "0x" + "00" * 32}, "transaction: the node does not"),
    "the collection": (
        lambda r: {"collection": {**r.collection, "bundle": "bafy"}},
        "record: its collection is bafy, deployed was bafybei",
    ),
    "provenance": (
        lambda r: {"collection": {**r.collection, "provenance": "0x12"}},
        "files: their provenance hash is 0x",
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_verify__record_says_something_else__names_it(stage, verify, name):
    """One field of the record, one difference."""
    change, words = CHANGED[name]
    _, (difference,) = verify(replace(stage.record, **change(stage.record)))
    assert difference.startswith(words)


@pytest.mark.parametrize(
    ("argument", "value", "words"),
    [
        ("name", "Pops", "chain: name is Pips, in the record Pops"),
        ("symbol", "POP", "chain: symbol is PIP, in the record POP"),
        ("maxSupply", 11, "chain: maxSupply is 10, in the record 11"),
        ("royaltyBps", 400, "chain: royalty is 5% to 0xf39f"),
        ("royaltyReceiver", HOLDER, "chain: royalty is 5% to 0xf39f"),
    ],
)
def test_verify__record_has_another_argument__names_view_and_transaction(
    stage, verify, argument, value, words
):
    """What the contract says, and what its deployment sent."""
    arguments = {**stage.record.arguments, argument: value}
    _, differences = verify(replace(stage.record, arguments=arguments))
    assert differences[0] == "transaction: its arguments are not the record's"
    assert differences[1].startswith(words)
    assert len(differences) == 2


@pytest.mark.parametrize(
    ("method", "field"),
    [("eth_getTransactionByHash", "input"), ("eth_getTransactionReceipt", "blockNumber")],
)
def test_verify__node_gives_no_transaction__says_what_it_gave(stage, method, field):
    """What is no number, or no bytes, is the node's fault, and no difference."""
    honest = passing(stage.chain)
    broken = {method: lambda *asked: {**honest[method](*asked), field: "zz"}}

    async def work(url):
        async with Node(url) as node:
            await verify_deployment(stage.work, stage.record, node, Expected())

    with HostileNode(honest | broken) as node, pytest.raises(NodeUnreachable, match="is it a node"):
        asyncio.run(work(node.url))


def test_verify__other_code_with_other_immutables__is_told_apart(stage, verify):
    """A flipped byte is a difference; another immutable is not one of the code."""
    code = bytearray.fromhex(stage.chain.rpc("eth_getCode", stage.record.address, "latest")[2:])
    start, length = stage.record.code["immutables"][0]
    code[100] ^= 1
    stage.chain.rpc("anvil_setCode", stage.record.address, f"0x{code.hex()}")
    assert any(line.startswith("chain: the code at 0x") for line in verify()[1])
    code[100] ^= 1
    code[start + length - 1] ^= 1
    stage.chain.rpc("anvil_setCode", stage.record.address, f"0x{code.hex()}")
    assert not any(line.startswith("chain: the code at 0x") for line in verify()[1])


def test_verify__no_code_at_the_address__is_the_one_difference(stage, verify):
    """Nothing else can be compared."""
    stage.chain.rpc("anvil_setCode", stage.record.address, "0x")
    _, (difference,) = verify()
    assert "has no code" in difference


def test_verify__record_of_another_deployment__names_transaction_and_address(stage, verify):
    """An address that was edited by hand."""
    other = stage.chain.node.deploy(DEPLOYER, stage.creation)
    _, differences = verify(replace(stage.record, address=stage.chain.checksummed(other)))
    assert [line.split(":")[0] for line in differences] == ["transaction"]
    assert "it made 0x" in differences[0]


def test_verify__picture_changed_since__names_file_pin_and_provenance(stage, verify):
    """The files make another bundle than was pinned, and another provenance hash."""
    (stage.work.root / "metadata/images/2.png").write_bytes(tiny_png(99))
    stage.mint(*digests(stage)[:1])
    _, differences = verify()
    assert [line.split(" is ")[0] for line in differences] == [
        "pins: token 2",
        "files: their provenance hash",
    ]


def test_verify__collection_words_changed__names_what_is_deployed(stage, verify):
    """A contract's own metadata can never change."""
    path = stage.work.root / "metadata/collection.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "description": "New."}))
    _, differences = verify()
    assert differences[0].startswith("files: metadata/collection.json makes bafybei")
    assert differences[1].startswith("pins: the collection is bafybei")


def test_verify__files_are_broken__lists_them(stage, verify):
    """A token without a picture is no reason to say nothing of the rest."""
    (stage.work.root / "metadata/images/2.png").unlink()
    _, differences = verify()
    assert differences[0].startswith("files: 1 problem in ")


def test_verify__pin_was_never_recorded__names_the_command(stage, verify):
    """A new token whose files are here."""
    (stage.work.root / "metadata/images/4.png").write_bytes(tiny_png(4))
    (stage.work.root / "metadata/tokens/4.json").write_text('{"name": "Pip 4"}')
    _, differences = verify()
    assert differences[0] == "pins: token 4 is in no record; run `ape run pin`"


def test_verify__minted_bundle_is_unknown__names_its_token(stage, verify):
    """Somebody with the minter's key minted something else."""
    stage.mint(digests(stage)[0], b"\x07" * 32)
    _, (difference,) = verify()
    assert difference.startswith("chain: token 2 is bafybei")
    assert difference.endswith("which is in no file and no record of pins")


def test_verify__contract_or_settings_changed__names_it(stage, verify):
    """The checkout would deploy other code now."""
    source = stage.work.root / "contracts/ProfilePicture.sol"
    source.write_text(source.read_text().replace("pragma", "// New.\npragma", 1))
    _, (difference,) = verify()
    assert difference == "files: contracts/ and its settings make other code than was deployed"


def test_verify__contract_no_longer_compiles__names_the_reason(stage, verify):
    """With solc's words."""
    source = stage.work.root / "contracts/ProfilePicture.sol"
    source.write_text(source.read_text() + "\ncontract {")
    _, differences = verify()
    assert differences[0].startswith("files: the contract cannot be compiled: solc refuses")


def test_verify__record_of_version_1__is_compared_by_what_it_has(stage, verify):
    """And the missing hash is said."""
    old = replace(stage.record, code={}, collection={}, verified={})
    said, differences = verify(old)
    assert differences == []
    assert "the record is of version 1" in said
    assert verify(replace(old, arguments={**old.arguments, "maxSupply": 9}))[1] == [
        "chain: maxSupply is 10, in the record 9"
    ]


def test_verify__as_json__has_an_event_a_difference(stage, verify):
    """For CI: what is there, and what is wrong."""
    said, _ = verify(as_json=True)
    (found,) = [json.loads(line) for line in said.splitlines()]
    assert found["event"] == "deployment"
    assert found["contract"] == stage.record.address
    (stage.work.root / LOCAL_PINS).unlink()
    said, _ = verify(as_json=True)
    events = [json.loads(line) for line in said.splitlines()]
    assert [one["event"] for one in events] == ["deployment"] + ["difference"] * 4
    assert {one["where"] for one in events[1:]} == {"pins"}
