"""An NFT as a picture: signed for, resolved, shown as a hexagon; given up in one click

given the owner's signature, a hexagon with the block it was checked at
given another's token, a circle still
given up, nothing that was stored is left
given an address that is hidden, it is in no answer
given a token that moved away, nothing that was said of it
"""

import asyncio
import json
import time

import pytest
from support.anvil import STRANGER
from support.profile import JSON, Browser, problem
from support.tokens import owned

from pfpkit.errors import NotFound, Unverified
from pfpkit.profile.objects import Objects
from pfpkit.recheck import check


def downloaded(browser, name, folder):
    """Keep in a folder what the page gives to be checked; return the receipt's path."""
    details = browser.get(f"/u/{name}/picture/details").json()
    for url in filter(None, (details[f"{what}_url"] for what in ("receipt", "proof", "file"))):
        answer = browser.get(url)
        assert answer.status_code == 200, answer.text
        file = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
        (folder / file).write_bytes(answer.content)
    (path,) = folder.glob("*.receipt.json")
    return path


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
        refused = stranger.get(f"/u/{name}/picture/receipt", headers=JSON)
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
    receipt, _ = asyncio.run(check(downloaded(holder, name, tmp_path)))
    assert receipt.holder == wallet.address


def test_receipt__when_of_an_svg__names_the_square_that_is_given(
    site, holder, wallet, name, tmp_path
):
    """Never the drawing itself: it is in the receipt, as the contract's word, and in no block."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'
    said = f"data:application/json,{json.dumps({'image_data': svg})}"
    ref = site.tokens.impostor(owned(wallet.address, said))
    answer = wallet.show(holder, ref)
    assert answer.status_code == 200, answer.text
    path = downloaded(holder, name, tmp_path)
    receipt, proof = asyncio.run(check(path))
    assert (receipt.picture_file, receipt.car_file, proof.picture) == (None, None, svg.encode())
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".png"]
    (square,) = tmp_path.glob("*-400.png")
    square.write_bytes(square.read_bytes() + b"x")
    with pytest.raises(Unverified, match="do not show it"):
        asyncio.run(check(path))


def test_details__when_the_token_moved_away__are_not_found(site, holder, wallet, name):
    """Nor the receipt or a file beside it, for the holder of once either; the page says it fell."""
    site.tokens.node.fund(wallet.address)
    ref = site.mint(to=wallet.address)
    assert wallet.show(holder, ref).status_code == 200
    assert holder.send_form("/me/nft/address", show="yes").status_code == 303
    paths = [f"/u/{name}/picture/{what}" for what in ("details", "receipt", "proof", "file")]
    assert [holder.get(path).status_code for path in paths] == [200] * 4
    site.tokens.transfer(ref, wallet.address, STRANGER)
    end = time.monotonic() + 20
    while holder.picture_of(name)["state"] != "none":
        assert time.monotonic() < end
        time.sleep(0.05)
    for path in paths:
        refused = holder.get(path, headers=JSON)
        assert problem(refused) == (404, "not-found")
        assert "verified" not in refused.text
    page = holder.get(f"/u/{name}").text
    assert "moved away in block" in page
    assert "How this picture was checked" not in page


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
