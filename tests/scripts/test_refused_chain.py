"""What the chain, the account or an option does not allow: one message, and nothing is sent.

Given a chain without the collection, a command says where to begin; given an account, a receiver or
a supply that does not do, it names it.
"""

from __future__ import annotations

import json

import pytest
from support.anvil import BEGINNING, DEPLOYER, HOLDER, KEY, Anvil
from support.node import calldata
from support.project import Project

MINT = "ape run mint --account TEST::0"
TRANSFER = "ape run transfer --account TEST::0"
DEPLOY = "ape run deploy --account TEST::0 --again"
MISTYPED = "0xf39fd6e51aad88F6F4ce6aB8827279cffFb92266"
BAD_OPTIONS = {
    "a mistyped address": (f"{MINT} --to {MISTYPED}", "has a wrong checksum (EIP-55)"),
    "an ENS name": (f"{MINT} --to someone.eth", "is no address: 0x and 40 hexadecimal digits"),
    "a short address": (f"{MINT} --to 0xf39F", "is no address: 0x and 40 hexadecimal digits"),
    "a mistyped receiver": (f"{TRANSFER} --token 1 --to {MISTYPED}", "has a wrong checksum"),
    "a mistyped owner": (f"{DEPLOY} --owner {MISTYPED}", "has a wrong checksum"),
    "a mistyped minter": (f"{DEPLOY} --minter {MISTYPED}", "has a wrong checksum"),
    "mistyped for royalties": (f"{DEPLOY} --royalty-receiver {MISTYPED}", "has a wrong checksum"),
    "a mistyped holder": (f"ape run resolve 1 --holder {MISTYPED}", "has a wrong checksum"),
    "too much royalty": (f"{DEPLOY} --royalty-bps 10001", "'--royalty-bps': 10001 is not in"),
    "no supply": (f"{DEPLOY} --max-supply 0", "'--max-supply': 0 is not in the range"),
    "no tokens": (f"{MINT} --count 0", "'--count': 0 is not in the range"),
    "a name without an image": (f"{MINT} --name Fox", "--name and --description go with --image"),
    "an image without a name": (f"{MINT} --image metadata/images/1.png", "give it with --name"),
    "an image and a count": (
        f"{MINT} --image metadata/images/1.png --name Fox --count 2",
        "leave them out with --image",
    ),
    "no such entry": (f"{MINT} --entry 99", "99 is in no record of pins; run `ape run pin` first"),
    "no gateway": (f"{MINT} --gateway ftp://x", "'ftp://x' is not a gateway URL"),
    "no such account": ("ape run mint --account nobody", "Account with alias 'nobody' not found"),
    "a private key": (f"ape run mint --account 0x{KEY}", "name of an Ape account, and no key"),
    "a key, joined": (f"ape run deploy --account={KEY}", "name of an Ape account, and no key"),
    "no such network": (f"{MINT} --network nowhere", "No ecosystem named 'nowhere'.\n"),
    "no such token": ("ape run resolve 99", "/99 is not shown. no-token: nobody has it at block"),
    "no token to move": (f"{TRANSFER} --token 99 --to {HOLDER}", "/99 does not exist at block"),
    "no name of a token": ("ape run resolve fox", "write it as eip155:<chain id>/erc721:"),
    "nobody": (f"{MINT} --to 0x{'00' * 20}", "ERC721InvalidReceiver"),
    "its owner already": (f"{TRANSFER} --token 1 --to {DEPLOYER}", "already; nothing was sent"),
    "somebody else's token": (
        f"ape run transfer --account TEST::2 --token 1 --to {HOLDER}",
        "ERC721InsufficientApproval",
    ),
    "an account that may not mint": (
        "ape run mint --account TEST::1",
        f"{HOLDER} may not mint, {DEPLOYER} may; use --account of the minter",
    ),
}


@pytest.fixture(scope="module")
def bad_options(story, home, tmp_path_factory):
    """What each command of BAD_OPTIONS printed; not one of them wrote a record or sent anything."""
    with Anvil(*BEGINNING) as anvil:
        anvil.rpc("anvil_loadState", story.state)
        folder = tmp_path_factory.mktemp("bad-options") / "project"
        project = Project(story.ready, home, anvil.url).copy(folder)
        files, height = project.files(), anvil.height
        ran = project.run_all([command for command, _ in BAD_OPTIONS.values()])
        after = project.files()
        # `resolve` remembers what it read.
        assert {n: b for n, b in after.items() if not n.startswith(".pfpkit/cache/")} == files
        assert anvil.height == height
    assert project.asked_for() == ""
    return dict(zip(BAD_OPTIONS, ran, strict=True))


@pytest.mark.parametrize("name", BAD_OPTIONS)
def test_command__bad_option__says_what_and_sends_nothing(bad_options, name):
    """The message names the option, the address, the token or the account."""
    assert BAD_OPTIONS[name][1] in bad_options[name].refusal


def test_resolve__token_of_another_chain__is_refused(refused, story):
    """The chain id of a reference is compared with the node's."""
    contract = story["deploy"].fact("contract")
    message = refused(f"ape run resolve eip155:1/erc721:{contract}/1")
    assert "is of chain 1, the network that was named is chain 31337" in message
    assert "name the token's network" in message


@pytest.mark.parametrize("more", ["", " --base-fee 0"])
def test_mint__account_without_funds__is_refused_before_it_signs(refused, anvil, more):
    """A price that was stated for the cost does not hide that the account is empty."""
    anvil.rpc("anvil_setBalance", DEPLOYER, "0x0")
    message = refused(f"{MINT} --count 1{more}")
    assert f"{DEPLOYER} has 0.000000 ETH, and this costs 0.0001" in message
    assert "send it some" in message


def test_mint__picture_is_minted_already__names_its_token(refused, project):
    """The same picture with the same words is one bundle, and was minted as token 1."""
    said = json.loads((project.folder / "metadata/tokens/1.json").read_text())
    (project.folder / "metadata/tokens/1.json").unlink()
    image = f"{MINT} --image metadata/images/1.png"
    ran = project.run(image, "--name", said["name"], "--description", "Of my own.")
    assert ran.fact("token id") == "2"
    message = refused(image, "--name", said["name"], "--description", "Of my own.")
    assert "the same picture and words are token 2 already; change one of them" in message


def test_mint__more_than_the_supply__says_how_many_are_left(project, anvil):
    """A contract of one token has no room for twelve, and says so before anything is sent."""
    project.run("ape run deploy --account TEST::0 --again --max-supply 1")
    height = anvil.height
    message = project.run(MINT).error
    assert "12 to mint, but only 1 of 1 are left; nothing was sent; mint fewer" in message
    assert anvil.height == height


def test_transfer__receiver_refuses__names_it(refused, project, anvil):
    """A contract that takes no tokens keeps none, and the token stays where it is."""
    compiled = json.loads((project.folder / ".build/__local__.json").read_text())
    code = compiled["contractTypes"]["ReasonReceiver"]["deploymentBytecode"]["bytecode"]
    receiver = anvil.checksummed(anvil.node.deploy(DEPLOYER, bytes.fromhex(code[2:])))
    message = refused(f"{TRANSFER} --token 1 --to {receiver}")
    assert "the contract refuses transfer of token 1 to " in message
    assert "nothing was sent" in message


def test_mint__before_anything_is_deployed__says_where_to_begin(unpinned):
    """A chain without the collection is no error of the chain."""
    with Anvil() as empty:
        message = unpinned.run(MINT, node=empty.url).error
    assert "no deployment on this network" in message
    assert "run `ape run deploy` first" in message


def test_deploy__before_anything_is_pinned__says_what_is_missing(unpinned):
    """A contract commits to the collection's bundle, which has to be readable before."""
    with Anvil() as empty:
        message = unpinned.run("ape run deploy --account TEST::0", node=empty.url).error
        assert empty.height == 0
    assert "cannot be read back through embedded" in message
    assert "run `ape run pin --repair`" in message


def test_mint__anvil_was_restarted__is_another_chain(project):
    """Every anvil calls itself 31337; its genesis block tells them apart."""
    with Anvil() as another:
        assert "no deployment on this network" in project.run(MINT, node=another.url).error


def test_mint__same_genesis_without_the_contract__names_the_record(project, story):
    """The chain began anew in the same second: the record is not believed."""
    with Anvil(*BEGINNING) as anew:
        message = project.run(MINT, node=anew.url).error
    assert story["deploy"].fact("record") in message
    assert f"{story['deploy'].fact('contract')} has no code at block 0" in message
    assert "run `ape run deploy`" in message


def test_mint__the_records_contract_is_another_one__is_refused(project, story, anvil, refused):
    """An address with other code is not taken for the collection."""
    anvil.rpc("anvil_setCode", story["deploy"].fact("contract"), "0x60006000fd")
    message = refused(MINT)
    assert "is no ProfilePicture contract; check the address" in message


def test_mint__minted_by_somebody_in_between__reads_the_chain(project, story, anvil):
    """Without any record of pins, with token 1 burned and another minted by hand: ten are left."""
    contract = story["deploy"].fact("contract")
    (project.folder / ".pfpkit/pins.json").unlink()
    project.run("ape run pin")
    second = json.loads((project.folder / ".pfpkit/pins.json").read_text())["2"]["digest"]
    mint = calldata("mint(address,bytes32)", HOLDER, bytes.fromhex(second[2:]))
    anvil.node.transact(DEPLOYER, contract, mint)
    anvil.node.transact(DEPLOYER, contract, calldata("burn(uint256)", 1))
    ran = project.run(MINT)
    assert "  2 of 12 were minted before\n" in ran.out
    assert "  10 minted with" in ran.out
    assert [line.split()[0] for line in ran.out.splitlines() if "/image" in line] == [
        str(number) for number in range(3, 13)
    ]
