"""Airdrops and transfers from a file, as a user runs them: `ape run` in a project of its own.

given a right file, each recipient has the token meant for them, and a second run sends nothing;
given a wrong one, every fault is told with its line and nothing is sent;
stopped by Ctrl-C, it says what was done, and goes on.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from support.anvil import DEPLOYER, HOLDER, STRANGER, Anvil
from support.blocks import lose
from support.ens import Ens
from support.node import calldata
from support.project import Project

from pfpkit.cid import CID
from pfpkit.cli.sending import SendOptions
from pfpkit.ens import REGISTRY, namehash
from pfpkit.errors import PfpkitError
from pfpkit.flow.airdrop import airdrop
from pfpkit.flow.mint import mint
from pfpkit.flow.sending import Sending
from pfpkit.flow.transfer import transfer, transfer_all

AIRDROP = "ape run airdrop recipients.csv --account TEST::0"
TRANSFER = "ape run transfer --from-csv moves.csv --account TEST::0"


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """The sample collection, pinned and deployed, and the chain as it was then."""
    folder = tmp_path_factory.mktemp("sending")
    (folder / "home").mkdir()
    with Anvil() as chain:
        project = Project.copied(folder / "project", folder / "home", chain.url)
        project.take_compiled()
        for command in ("ape run pin", "ape run deploy --account TEST::0"):
            ran = project.run(command)
            assert ran.code == 0, ran
        yield project, chain, ran.fact("contract")


@pytest.fixture
def collection(ready):
    """The project and its chain, which is as it was before once the test is over."""
    project, chain, contract = ready
    snapshot = chain.rpc("evm_snapshot")
    yield project, chain, contract
    chain.rpc("evm_revert", snapshot)
    shutil.rmtree(project.folder / ".pfpkit/transactions", ignore_errors=True)


def write(project, name, column, lines):
    """A CSV in the project's folder."""
    rows = "".join(f"{recipient},{token}\n" for recipient, token in lines)
    (project.folder / name).write_text(f"recipient,{column}\n{rows}")


def owner(chain, contract, token_id):
    """Who has a token, asked of the node."""
    return Anvil.checksummed(
        f"0x{chain.node.call(contract, calldata('ownerOf(uint256)', token_id))[12:].hex()}"
    )


def run(project, command, code=0):
    ran = project.run(command)
    assert ran.code == code, ran
    return ran


def signed_only(project, chain, command):
    """Run a command until it has signed something, and stop it: nothing is in a block."""
    chain.rpc("evm_setAutomine", False)
    journals = project.folder / ".pfpkit/transactions"
    ran = project.interrupted(
        command,
        when=lambda: any('"sign"' in path.read_text() for path in journals.rglob("journal")),
    )
    assert ran.code == 130, ran
    return ran


def test_airdrop__right_file__each_recipient_has_their_token(collection):
    """Planned first, then sent; once more, it sends nothing."""
    project, chain, contract = collection
    people = {7: HOLDER, 2: STRANGER, 11: HOLDER}
    write(project, "recipients.csv", "token", [(who, token) for token, who in people.items()])
    height = chain.height
    planned = run(project, f"{AIRDROP} --plan --price 3000usd")
    assert "airdrop of 3" in planned.out
    assert "run on a fork of block" in planned.out
    assert f"note: {HOLDER} gets 2 tokens (lines 2, 4)" in planned.out
    assert chain.height == height
    ran = run(project, AIRDROP)
    assert "3 minted, each to its recipient" in ran.out
    pins = json.loads((project.folder / ".pfpkit/pins.json").read_text())
    for id_, (token, who) in enumerate(people.items(), 1):
        digest = chain.node.call(contract, calldata("bundleOf(uint256)", id_))
        assert f"0x{digest.hex()}" == pins[str(token)]["digest"]
        assert owner(chain, contract, id_) == who
    height = chain.height
    again = run(project, AIRDROP)
    assert "3 of 3 were minted before" in again.out
    assert "all tokens of recipients.csv are with their recipients, or were" in again.out
    assert chain.height == height


def test_airdrop__file_with_faults__names_each_and_sends_nothing(collection):
    """A contract that takes no tokens, a token that is not pinned, one that another person has."""
    project, chain, contract = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1)])
    run(project, AIRDROP)
    height = chain.height
    lines = [(STRANGER, 1), (contract, 2), (STRANGER, 99), ("nick.eth", 3), (STRANGER, 4)]
    write(project, "recipients.csv", "token", lines)
    message = run(project, AIRDROP, code=1).error
    assert "recipients.csv has 4 faults; nothing was sent:" in message
    assert f"line 2: token 1 was minted to {HOLDER}" in message
    assert f"line 3: {contract} is a contract that refuses tokens" in message
    assert "line 4: token 99 is in no record of pins" in message
    assert "line 5: 'nick.eth' cannot be looked up: this chain has no ENS registry" in message
    assert chain.height == height
    shutil.rmtree(project.folder / ".pfpkit/transactions")
    lost = run(project, AIRDROP, code=1).error
    assert f"line 2: it is token 1 already, minted to {HOLDER}" in lost


@pytest.mark.parametrize("command", [AIRDROP, "ape run mint --account TEST::0"])
def test_command__bundles_do_not_come_back__says_so_in_one_line(collection, tmp_path, command):
    """Nothing is signed for what no gateway gives, however many are missing."""
    project, chain, _ = collection
    broken = project.copy(tmp_path / "broken")
    write(broken, "recipients.csv", "token", [(HOLDER, number) for number in range(1, 6)])
    pins = json.loads((broken.folder / ".pfpkit/pins.json").read_text())
    for number in range(1, 6):
        lose(broken.folder / ".pfpkit/blocks", CID.parse(pins[str(number)]["image"]))
    height = chain.height
    assert "cannot be read back through embedded" in run(broken, command, code=1).error
    assert chain.height == height


def test_airdrop__ens_names__are_looked_up_and_kept(collection):
    """A name that stands for nothing is a fault of its line; one that stands for somebody is them,
    also when it stands for another later."""
    project, chain, contract = collection
    ens = Ens(chain.node, DEPLOYER, at=REGISTRY)
    ens.address(ens.register("holder.eth"), HOLDER)
    ens.register("nobody.eth")
    write(project, "recipients.csv", "token", [("holder.eth", 5), ("nobody.eth", 6)])
    message = run(project, AIRDROP, code=1).error
    assert "line 3: 'nobody.eth' stands for no address" in message
    assert "line 2" not in message
    write(project, "recipients.csv", "token", [("holder.eth", 5)])
    run(project, AIRDROP)
    assert owner(chain, contract, 1) == HOLDER
    ens.address(namehash("holder.eth"), STRANGER)
    assert "1 of 1 were minted before" in run(project, AIRDROP).out


def test_airdrop__on_a_fork__leaves_its_origin_and_the_journal_of_it_alone(collection):
    """A fork has the chain id and the first block of its origin, and is another chain."""
    project, chain, contract = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1)])
    height = chain.height
    with Anvil("--fork-url", chain.url) as fork:
        there = project.run(AIRDROP, node=fork.url)
        assert "1 minted, each to its recipient" in there.out, there
        assert owner(fork, contract, 1) == HOLDER
    assert chain.height == height
    assert "1 minted, each to its recipient" in run(project, AIRDROP).out
    assert len(list((project.folder / ".pfpkit/transactions").iterdir())) == 2


def test_airdrop__events_for_programs__are_json_alone(collection):
    """Each line of stdout is one event, and the last one says what it cost."""
    project, _, _ = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1), (STRANGER, 2)])
    ran = run(project, f"{AIRDROP} --json --batch 1")
    events = [json.loads(line) for line in ran.out.splitlines()]
    names = [event["event"] for event in events]
    assert names[:2] == ["begin", "plan"]
    assert names.count("signed") == names.count("done") == 2
    assert names[-1] == "done_all"
    assert events[-1]["tokens"] == 2


def test_command__events_of_one_token__are_json_alone_and_say_how_it_ended(collection):
    """A picture from which something was removed, its transfer, and one that is refused."""
    project, chain, _ = collection
    extra = PngInfo()
    extra.add_text("Author", "nobody")
    Image.new("RGB", (400, 400), "teal").save(project.folder / "one.png", pnginfo=extra)
    picture = "ape run mint --account TEST::0 --json --image one.png --name One"
    transfer = f"ape run transfer --account TEST::0 --json --token 1 --to {HOLDER}"
    for command in (picture, transfer):
        ran = run(project, command)
        events = [json.loads(line) for line in ran.out.splitlines()]
        assert [event["event"] for event in events if event["event"] != "sent"] == [
            *("begin", "plan", "signed", "mined", "done", "done_all")
        ]
        receipt = chain.rpc("eth_getTransactionReceipt", events[-2]["hash"])
        gas, price = (int(receipt[key], 16) for key in ("gasUsed", "effectiveGasPrice"))
        assert (events[-1]["transactions"], events[-1]["tokens"]) == (1, 1)
        assert (events[-1]["gas"], events[-1]["cost"]) == (gas, str(gas * price))
    ran = run(project, transfer, code=1)
    assert ran.error.endswith("already; nothing was sent")
    last = json.loads(ran.out.splitlines()[-1])
    assert (last["event"], last["why"]) == ("error", ran.error)


def test_command__nothing_is_deployed__ends_its_events_with_the_error(collection, tmp_path):
    """An error of the opening is told as any other."""
    apart = collection[0].copy(tmp_path / "apart")
    shutil.rmtree(apart.folder / "deployments")
    ran = run(apart, f"ape run transfer --account TEST::0 --json --token 1 --to {HOLDER}", code=1)
    begin, error = map(json.loads, ran.out.splitlines())
    assert (begin["event"], error["event"], error["why"]) == ("begin", "error", ran.error)


def test_airdrop__events_of_one_that_only_concludes__end_with_what_it_paid(collection):
    """All of it was signed before; a run after it has nothing to do, and tells no end."""
    project, chain, _ = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1), (STRANGER, 2)])
    signed_only(project, chain, AIRDROP)
    chain.rpc("evm_setAutomine", True)
    chain.rpc("evm_mine")
    events = [json.loads(line) for line in run(project, f"{AIRDROP} --json").out.splitlines()]
    assert "signed" not in [event["event"] for event in events]
    done, last = events[-2:]
    receipt = chain.rpc("eth_getTransactionReceipt", done["hash"])
    gas, price = (int(receipt[key], 16) for key in ("gasUsed", "effectiveGasPrice"))
    assert (done["event"], last["event"]) == ("done", "done_all")
    assert (last["transactions"], last["tokens"]) == (1, 2)
    assert (last["gas"], last["cost"]) == (gas, str(gas * price))
    (only,) = run(project, f"{AIRDROP} --json").out.splitlines()
    assert json.loads(only)["event"] == "begin"


def test_command__base_fee_was_stated__says_what_was_paid(collection):
    """The stated one is for the plan alone."""
    project, chain, _ = collection
    for command in (
        "ape run mint --account TEST::0 --count 1",
        f"ape run transfer --account TEST::0 --token 1 --to {HOLDER}",
    ):
        out = run(project, f"{command} --base-fee 5000").out
        (hashed,) = chain.rpc("eth_getBlockByNumber", "latest", False)["transactions"]
        receipt = chain.rpc("eth_getTransactionReceipt", hashed)
        gas, price = (int(receipt[key], 16) for key in ("gasUsed", "effectiveGasPrice"))
        assert f"{gas:,} gas: {gas * price / 10**18:.6f} ETH\n" in out


def test_airdrop__over_the_limits__sends_nothing(collection):
    """Of cost, and of the price of gas."""
    project, chain, _ = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1), (STRANGER, 2)])
    height = chain.height
    assert "--max-cost" in run(project, f"{AIRDROP} --max-cost 0.0000001", code=1).error
    assert "--max-fee" in run(project, f"{AIRDROP} --max-fee 0.0001", code=1).error
    assert chain.height == height


def test_airdrop__interrupted__says_what_was_done_and_goes_on(collection):
    """Ctrl-C with blocks that do not come: what was signed is under way, and is not lost."""
    project, chain, contract = collection
    people = [(f"0x{number + 0xABC000:040x}", number) for number in range(1, 13)]
    write(project, "recipients.csv", "token", people)
    ran = signed_only(project, chain, f"{AIRDROP} --batch 2")
    assert "stopped: 0 of 12 are minted, " in ran.message
    assert "under way; the same command, run again, goes on" in ran.message
    chain.rpc("evm_setAutomine", True)
    chain.rpc("evm_mine")
    again = run(project, f"{AIRDROP} --batch 2")
    assert "  of an earlier run, " in again.out
    assert " under way, nonces 1 to " in again.out
    assert " ETH\n" in again.out.partition("for at most 0.0")[2]
    minted = chain.node.call(contract, calldata("totalMinted()"))
    assert int.from_bytes(minted) == 12


@dataclass
class Connected:
    """Of a session on a live network, whose journal is whose."""

    url: str
    root: Path
    chain_id: int = 1
    address: str = DEPLOYER
    genesis: str = "0x" + "ab" * 32
    is_local: bool = False
    is_ours: bool = False

    async def deployment(self, node):
        return SimpleNamespace(address=HOLDER)


def test_sending__fork_of_a_live_network__has_a_journal_of_its_own(tmp_path):
    """What was signed to try something out would be sent for real: it is of the same chain id."""

    async def place(url):
        async with Sending(Connected(url, tmp_path), SendOptions(), "") as sending:
            return sending.journal.place

    with Anvil("--chain-id", "1") as live, Anvil("--fork-url", live.url) as fork:
        places = [asyncio.run(place(chain.url)) for chain in (live, fork, live)]
    assert places[0] == places[2] != places[1]
    assert places[0].genesis == Connected.genesis


@pytest.mark.parametrize(
    "begun",
    [
        lambda session, options: transfer(session, token_id=1, to="0x12", options=options),
        lambda session, options: transfer_all(session, session.root / "no.csv", options=options),
        lambda session, options: airdrop(session, session.root / "no.csv", options=options),
        lambda session, options: mint(session, to="0x12", options=options),
        lambda session, options: mint(session, name="Fox", options=options),
    ],
    ids=["transfer", "moves", "airdrop", "receiver", "words"],
)
def test_command__what_was_given_cannot_be_read__ends_its_events_with_the_error(
    begun, tmp_path, capsys
):
    """No node is there to be asked, and none is."""
    with pytest.raises(PfpkitError) as stopped:
        asyncio.run(begun(Connected("http://127.0.0.1:1", tmp_path), SendOptions(as_json=True)))
    begin, error = map(json.loads, capsys.readouterr().out.splitlines())
    assert (begin["event"], error["event"], error["why"]) == ("begin", "error", str(stopped.value))


def test_airdrop__nonce_was_taken_by_a_mint_to_another__names_who_has_it(collection):
    """What is there is read from the chain, and not held to be with whom it was meant for."""
    project, chain, contract = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1)])
    signed_only(project, chain, AIRDROP)
    with next((project.folder / ".pfpkit/transactions").rglob("journal")).open() as lines:
        bundle = json.loads(lines.readlines()[1][9:])[3][0][2]
    chain.rpc("anvil_dropAllTransactions")
    chain.rpc("evm_setAutomine", True)
    call = calldata("mint(address,bytes32)", STRANGER, bytes.fromhex(bundle))
    chain.node.transact(DEPLOYER, contract, call)
    message = run(project, AIRDROP, code=1).error
    assert f"line 2: it is token 1 already, minted to {STRANGER}" in message


def test_airdrop__goes_on_with_a_limit__offers_no_more_for_what_was_signed_before(collection):
    """The limit is of the run, and so of what it sends again with higher fees."""
    project, chain, _ = collection
    write(project, "recipients.csv", "token", [(HOLDER, 1)])
    signed_only(project, chain, AIRDROP)
    chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
    chain.rpc("evm_mine")
    message = run(project, f"{AIRDROP} --max-cost 0.0001 --stall 2", code=1).error
    assert "the limits allow no more" in message
    assert "0 of 1 are concluded, 1 transaction is under way" in message
    chain.rpc("evm_setAutomine", True)


def test_mint__to_a_contract_that_takes_no_tokens__is_refused_unless_it_is_meant(collection):
    """The contract is not asked by `mint`: what it cannot move is lost."""
    project, chain, contract = collection
    mint = f"ape run mint --account TEST::0 --count 1 --to {contract}"
    height = chain.height
    message = run(project, mint, code=1).error
    assert f"{contract} is a contract that refuses tokens" in message
    assert "--any-receiver" in message
    assert chain.height == height
    run(project, f"{mint} --any-receiver")
    assert owner(chain, contract, 1) == contract


def test_transfer__from_a_file__moves_each_once(collection):
    """Faults first, then the moves; a token that came back goes again only when asked."""
    project, chain, contract = collection
    run(project, "ape run mint --account TEST::0 --all")
    write(project, "moves.csv", "id", [(HOLDER, 3), (contract, 4), (STRANGER, 99)])
    message = run(project, TRANSFER, code=1).error
    assert f"line 3: {contract} is a contract that refuses tokens" in message
    assert "line 4: token 99 does not exist" in message
    assert owner(chain, contract, 3) == DEPLOYER
    write(project, "moves.csv", "id", [(HOLDER, 3), (STRANGER, 4)])
    assert "2 transferred, each to its recipient" in run(project, TRANSFER).out
    assert (owner(chain, contract, 3), owner(chain, contract, 4)) == (HOLDER, STRANGER)
    height = chain.height
    assert "2 of 2 were transferred before" in run(project, TRANSFER).out
    assert chain.height == height
    back = calldata("transferFrom(address,address,uint256)", HOLDER, DEPLOYER, 3)
    chain.node.transact(HOLDER, contract, back)
    message = run(project, TRANSFER, code=1).error
    assert "line 2: token 3: it was sent to" in message
    assert "--again sends it once more" in message
    run(project, f"{TRANSFER} --again")
    assert owner(chain, contract, 3) == HOLDER


def test_transfer__neither_a_token_nor_a_file__says_what_is_missing(collection):
    """Half of each is not guessed at."""
    project, _, _ = collection
    for options in ("", "--token 3", "--from-csv moves.csv --token 3"):
        ran = project.run(f"ape run transfer --account TEST::0 {options}")
        assert "name a --token and --to whom it goes, or a file with --from-csv" in ran.error
