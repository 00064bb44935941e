"""The scripts one by one: each prints what it did and the next command, and that command works.

Run twice, a command does what is missing and names what was there. All that is written are the
records, the block store and what `resolve` was asked to save.
"""

from __future__ import annotations

import json

from support.anvil import DEPLOYER, HOLDER, STRANGER


def test_pin__first_time__pins_and_reads_back_every_bundle(story):
    """The collection and its twelve tokens are pinned, and read back through a gateway."""
    ran = story["pin"]
    assert ran.fact("pinned") == "13 bundles new, 0 were there"
    assert ran.fact("read back") == "13 bundles and 13 images through: embedded"
    assert ran.next == "ape run deploy --account ALIAS"


def test_pin__second_time__finds_everything_there(story):
    """Nothing is pinned twice, and nothing that came back is read again."""
    assert story["pin again"].fact("pinned") == "0 bundles new, 13 were there"


def test_pin__dry_run__shows_the_plan_and_no_next_command(story):
    """Nothing to do any more, and nothing was done."""
    out = story["pin dry"].out
    rows = [line.split()[:6] for line in out.splitlines()]
    assert ["blockstore", "0", "0", "0", "bytes", "0"] in rows
    assert out.endswith("nothing was pinned or recorded: --dry-run\n")


def test_verify__after_the_pin__finds_every_bundle(story):
    """In the store's list, and through its gateway."""
    rows = [line.split() for line in story["verify"].out.splitlines()]
    assert ["blockstore", "13", "0", "0", "0", "0"] in rows
    assert ["embedded", "13", "0", "0", "0", "0"] in rows


def test_pin__in_a_pipe__progress_is_plain_lines_on_stderr(story):
    """A pipe gets whole lines that count to the end, and no line is rewritten."""
    lines = story["pin"].err.splitlines()
    assert lines[-1] == "  read back 13/13"
    assert "  pinned 13/13" in lines
    assert "\r" not in story["pin"].err


def test_pin__on_this_machine_alone__leaves_the_record_in_git_alone(story):
    """What only this machine holds is recorded outside git."""
    new = {name for name in story.files["pin"] - story.files["before"] if "blocks" not in name}
    assert new == {".pfpkit/index", ".pfpkit/pins.json"}


def test_deploy__pinned__commits_to_the_collection(story):
    """It prints what it will do, then the contract whose URI is the collection's bundle."""
    ran, bundle = story["deploy"], story["pin"].fact("bundle")
    assert ran.out.startswith("deploy ProfilePicture\n  network  ethereum:local (chain 31337)\n")
    assert ran.fact("contractURI") == f"ipfs://{bundle}/metadata.json"
    assert ran.next == "ape run mint --account TEST::0"


def test_deploy__first_time__writes_the_record_that_it_names(story):
    """And beside it what the compiler was given, for explorers; nothing else."""
    record = story["deploy"].fact("record")
    written = {record, record.replace(".json", ".input.json")}
    assert story.files["deploy"] - story.files["pin"] == written


def test_deploy__second_time__names_the_one_that_was_there(story):
    """Nothing is deployed twice by mistake."""
    ran = story["deploy again"]
    address = story["deploy"].fact("contract")
    assert ran.out.startswith(f"{address} was deployed in block 1; --again for another\n")


def test_mint__one_of_the_record__prints_id_and_both_uris(story):
    """Token id, metadata URI and image URI, all of the bundle's one CID."""
    ran = story["mint one"]
    assert ran.fact("token id") == "1"
    bundle = ran.fact("metadata URI").removesuffix("/metadata.json")
    assert bundle.startswith("ipfs://bafybei")
    assert ran.fact("image URI") == f"{bundle}/image"


def test_mint__to_itself__says_how_to_transfer_it(story):
    """The next command is the same account's."""
    wanted = "ape run transfer --token 1 --to ADDRESS --account TEST::0"
    assert story["mint one"].next == wanted


def test_mint__one_was_minted__mints_the_rest_at_once(story):
    """Eleven tokens in one transaction, each with its URIs."""
    ran = story["mint the rest"]
    assert "  1 of 12 were minted before\n" in ran.out
    rows = [line.split() for line in ran.out.splitlines() if "/metadata.json" in line]
    assert [int(row[0]) for row in rows] == list(range(2, 13))
    assert all(row[2] == row[1].replace("metadata.json", "image") for row in rows)


def test_mint__all_were_minted__says_so_and_sends_nothing(story):
    """A second run is no error, and mints nothing twice."""
    out = story["mint again"].out
    assert out == "  12 of 12 were minted before\nall bundles of the record are minted: 12 tokens\n"


def test_mint__image__is_bundled_pinned_and_minted_in_one_step(story):
    """The three results are printed, and the next command is for its new holder."""
    ran = story["mint an image"]
    assert ran.fact("token id") == "13"
    bundle = ran.fact("metadata URI").removesuffix("/metadata.json")
    assert ran.fact("image URI") == f"{bundle}/image"
    assert ran.next == f"ape run resolve 13 --holder {HOLDER}"
    assert story["its holder"].out.count("passed") == 7


def test_mint__in_every_step__writes_its_journal_alone(story):
    """What is minted is read from the chain; what was signed is in one file of its account."""
    (journal,) = story.files["mint again"] - story.files["deploy"]
    assert journal.startswith(".pfpkit/transactions/31337-")
    new = story.files["mint an image"] - story.files["mint again"]
    assert all(name.startswith(".pfpkit/blocks/") for name in new)


def test_transfer__to_the_holder__is_in_a_block(story):
    """Token, both people and the next command."""
    ran = story["transfer"]
    assert ran.fact("token") == f"eip155:31337/erc721:{story['deploy'].fact('contract')}/1"
    assert ran.fact("from") == DEPLOYER
    assert ran.fact("to").startswith(HOLDER)
    assert ran.next == f"ape run resolve 1 --holder {HOLDER}"


def uncached(files):
    """Files but for the cache of what `resolve` fetched."""
    return {name for name in files if not name.startswith(".pfpkit/cache/")}


def test_resolve__for_its_holder__saves_picture_receipt_and_proof(story):
    """Every step passed, and three files are written."""
    ran = story["resolve"]
    assert "\nverified\n" in ran.out
    written = {ran.fact(name) for name in ("picture", "receipt", "proof")}
    assert uncached(story.files["resolve"] - story.files["transfer"]) == written


def test_resolve__no_holder_named__shows_it_to_anybody(story):
    """Without --holder, the owner is told and not judged."""
    ran = story["resolve for anybody"]
    assert "\nverified\n" in ran.out
    assert f"{DEPLOYER} owns it at that block" in ran.out


def test_resolve__for_somebody_else__is_not_shown(story):
    """The step that failed is named, and nothing is written."""
    ran = story.ran["resolve for a stranger"]
    assert "is not shown. owner:" in ran.error
    assert f"{HOLDER} owns it at that block, not {STRANGER}" in ran.error
    new = story.files["resolve for a stranger"] - story.files["resolve for anybody"]
    assert uncached(new) == set()


def test_resolve_all__when_all_are_ours__saves_each(story):
    """Every minted token, at one block, with its picture, receipt and proof."""
    ran = story["resolve all"]
    assert ["verified", "13"] in [line.split() for line in ran.out.splitlines()]
    saved = uncached(story.files["resolve all"] - story.files["resolve for a stranger"])
    assert len(saved) == 3 * (13 - 3)  # 1, 2 and 13 were saved before


def test_resolve_all__for_one_holder__names_the_others_and_fails(story):
    """One JSON line a token for programs; the error says how many are not the holder's."""
    ran = story.ran["resolve all for its holder"]
    told = [json.loads(line) for line in ran.out.splitlines()]
    mine = [one["receipt"]["token_id"] for one in told if one["verdict"] == "verified"]
    assert sorted(mine) == ["1", "13"]
    assert {one["verdict"] for one in told} == {"verified", "not-owner"}
    assert ran.code == 1
    assert "11 of 13 tokens are not verified:" in ran.error


def test_check__its_receipt__is_proved_offline(story):
    """`pfpkit check` works as `resolve` printed it, without a chain."""
    assert "\nverified: eip155:31337/" in story["check"].out


def test_story__at_its_end__only_records_and_the_store_were_written(story):
    """Pictures, token files, contracts and scripts are as they were, and nothing lies about."""
    new = story.files["resolve for a stranger"] - story.files["before"]
    own = (".pfpkit/blocks/", ".pfpkit/avatars/", ".pfpkit/transactions/31337-")
    places = (*own, "deployments/local/31337-")
    others = {name for name in uncached(new) if not name.startswith(places)}
    assert others == {".pfpkit/index", ".pfpkit/pins.json"}


def test_record__of_the_deployment__can_be_read_by_others(story):
    """The record is JSON with chain, genesis block, address and arguments."""
    name = story["deploy"].fact("record")
    record = json.loads((story.ready / name).read_text())
    assert record["address"] == story["deploy"].fact("contract")
    assert name == f"deployments/local/31337-{record['genesis']}.json"
    assert record["arguments"]["minter"] == DEPLOYER
