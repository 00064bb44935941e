"""An NFT as a picture: signed for, resolved, shown as a hexagon; given up in one click

given the owner's signature, a hexagon with the block it was checked at
given another's token, a circle still
given up, nothing that was stored is left
given an address that is hidden, it is in no answer
"""

import asyncio
import json

import pytest
from support.profile import Browser, problem

from pfpkit.errors import NotFound
from pfpkit.profile.objects import Objects
from pfpkit.recheck import check


def test_show__when_the_owner_signed__is_a_hexagon(site, holder, wallet, name):
    """With its squares, its token and the block."""
    ref = site.mint(to=wallet.address)
    answer = wallet.show(holder, ref)
    assert answer.status_code == 200, answer.text
    shown = holder.picture_of(name)
    assert (shown["kind"], shown["state"], shown["shape"]) == ("nft", "verified", "hexagon")
    assert shown["token"]["caip19"] == str(ref)
    assert shown["token"]["collection"] == "Lanternwood"
    assert shown["words"] == f"Verified at block {shown['checked']['block']}"
    square = holder.get(shown["images"]["128"]["webp"])
    assert (square.status_code, square.headers["content-type"]) == (200, "image/webp")


def test_show__when_another_owns_it__is_refused(site, holder, wallet, name):
    """A right signature of a wallet that has not got the token."""
    ref = site.mint()
    assert problem(wallet.show(holder, ref)) == (403, "not-owner")
    assert holder.picture_of(name)["kind"] == "none"


def test_details__when_the_address_is_hidden__say_it_nowhere(site, holder, wallet, name):
    """Neither the details, nor the page, nor the picture; the receipt is the holder's alone."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    with Browser(site.url, {}) as stranger:
        details = stranger.get(f"/u/{name}/picture/details").json()
        for path in (f"/u/{name}", f"/u/{name}/picture/details", f"/users/{name}/picture", "/"):
            assert wallet.address.lower() not in stranger.get(path).text.lower()
        assert details["receipt_url"] is None
        refused = stranger.get(f"/u/{name}/picture/receipt", headers={"Accept": "application/json"})
        assert problem(refused) == (403, "hidden")
    assert [check["outcome"] for check in details["checks"]] == ["passed"] * 7
    assert details["traits"] == [{"trait_type": "Species", "value": "Fox"}]
    receipt = holder.get(f"/u/{name}/picture/receipt")
    assert json.loads(receipt.text)["owner"] == wallet.address


def test_details__when_the_holder_shows_the_address__say_it(site, holder, wallet, name):
    """One click, and everybody has the receipt too."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    assert holder.send_form("/me/nft/address", show="yes").status_code == 303
    with Browser(site.url, {}) as stranger:
        details = stranger.get(f"/u/{name}/picture/details").json()
        assert details["owner"] == wallet.address
        assert stranger.get(details["receipt_url"]).status_code == 200


def test_receipt__when_checked_offline__is_verified(site, holder, wallet, name, tmp_path):
    """With the two files beside it that the page gives, by the command that anybody has."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    for what in ("receipt", "proof", "minted"):
        answer = holder.get(f"/u/{name}/picture/{what}")
        file = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        (tmp_path / file).write_bytes(answer.content)
    (path,) = tmp_path.glob("*.receipt.json")
    receipt, _ = asyncio.run(check(path))
    assert receipt.holder == wallet.address


def test_revoke__when_clicked__deletes_all_that_was_stored(site, holder, wallet, name):
    """The squares, the proof, the receipt; what is shown is the circle again."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    url = holder.picture_of(name)["images"]["48"]["webp"]
    assert holder.send_form("/me/nft/revoke").status_code == 303
    assert holder.picture_of(name)["kind"] == "none"
    assert holder.get(url).status_code == 404
    key = url.rpartition("/")[2].partition(".")[0]
    with pytest.raises(NotFound):
        asyncio.run(Objects(site.service.settings.objects).get(key))
    assert holder.get(f"/u/{name}/picture/details").status_code == 404
