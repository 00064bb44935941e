"""Minting one's own: draft, CIDs, pins, the wallet's transaction, the picture

given a picture with a position in it, the draft has the CIDs of the cleaned file, and says so
given a draft, it is pinned, read back, and minted by whoever may; then it is shown
given another's draft, there is none
given somebody who pins without end, a bound
"""

from support.anvil import DEPLOYER
from support.pictures import encoded, exif, noise
from support.profile import Browser, problem

from pfpkit.bundle import build
from pfpkit.cid import cid_of
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.profile.attempts import Attempts

PICTURE = encoded(noise(64, 64, "RGB"), "JPEG", exif=exif(gps=True))


def drafted(browser, data=PICTURE, **fields):
    """The answer to a draft."""
    words = {"name": "Mine", "description": "My own.", **fields}
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json"}
    words["csrf_token"] = headers["X-CSRF-Token"]
    return browser.post(
        "/mint/draft", data=words, files={"image": ("x.jpg", data)}, headers=headers
    )


def test_draft__when_made__has_the_cids_of_the_cleaned_picture(site, holder):
    """The same that `ape run mint --image` would mint; what was left out is said."""
    answer = drafted(holder).json()
    wanted = build(clean(PICTURE), TokenMetadata("Mine", "My own."))
    assert answer["bundle_cid"] == str(wanted.root)
    assert answer["digest"] == f"0x{wanted.digest.hex()}"
    for part, cid in (("image", wanted.image), ("metadata", wanted.metadata)):
        assert answer[part]["cid"] == str(cid)
        assert cid_of(holder.get(answer[part]["url"]).content) == cid
    assert answer["removed"]


def test_draft__when_it_is_anothers__is_not_there(site, holder, name):
    """Its id is random, and the account is asked for all the same."""
    answer = drafted(holder).json()
    with Browser(site.url, {}) as other:
        other.sign_up(f"{name}-other")
        assert other.get(answer["image"]["url"]).status_code == 404
        sent = other.send_json("/mint/pin", draft=answer["draft"], to=DEPLOYER)
        assert problem(sent) == (404, "not-found")


def test_mint__when_the_wallet_signs__becomes_the_picture(site, holder, wallet, name):
    """Pinned and read back first; the transaction is not the service's."""
    draft = drafted(holder).json()
    answer = holder.send_json("/mint/pin", draft=draft["draft"], to=wallet.address)
    assert answer.status_code == 200, answer.text
    pinned = answer.json()
    assert (pinned["bundle_cid"], pinned["pinned"]) == (draft["bundle_cid"], ["blockstore"])
    assert len(pinned["read_back"]) == 1
    call = pinned["call"]
    assert call["to"] == site.tokens.address
    data = bytes.fromhex(call["data"][2:])
    sent = site.tokens.node.transact(DEPLOYER, call["to"], data)
    url = f"/mint/transaction/{sent['transactionHash']}"
    minted = holder.get(url).json()
    assert (minted["state"], minted["owner"]) == ("minted", wallet.address)
    assert minted["metadata_uri"] == f"ipfs://{draft['bundle_cid']}/metadata.json"
    assert wallet.show(holder, minted["token"]).status_code == 200
    assert holder.picture_of(name)["token"]["name"] == "Mine"


def test_pin__when_asked_too_often__has_to_wait(site, holder, monkeypatch):
    """Pinning costs whoever runs the service; nobody has to be the minter to ask for it."""
    draft = drafted(holder).json()["draft"]
    monkeypatch.setattr(site.service.parts, "asking", Attempts(2, 60.0))
    answers = [holder.send_json("/mint/pin", draft=draft, to=DEPLOYER) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert problem(answers[2]) == (429, "too-many-tries")


def test_transaction__when_unknown_or_of_another_kind__is_not_minted(site, holder):
    """Waiting while no block has it; failed where it minted nothing in the contract."""
    assert holder.get(f"/mint/transaction/0x{'ab' * 32}").json()["state"] == "waiting"
    sent = site.tokens.node.transact(DEPLOYER, DEPLOYER, b"")
    url = f"/mint/transaction/{sent['transactionHash']}"
    assert holder.get(url).json()["state"] == "failed"


def test_draft__when_the_words_or_the_picture_are_bad__is_refused(site, holder):
    """Named, before anything is kept."""
    assert problem(drafted(holder, name=" ")) == (422, "bad-metadata")
    assert problem(drafted(holder, data=b"<html>")) == (422, "bad-picture")
