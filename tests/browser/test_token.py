"""A profile with a token's picture: connect, sign, look closely, and revoke

given a token that its holder signed for, a hexagon with every check and its receipt; when it is
revoked, nothing is left of it.
"""

from playwright.sync_api import expect
from support import pixels
from support.anvil import HOLDER

from pfpkit.metadata import read_json


def test_token__when_signed_for__is_a_hexagon_with_every_check(visit, site, wallet, names):
    """The shape by its pixels; and collection, token, traits, URIs, CIDs, block and checks."""
    ref = site.mint_picture(pixels.picture())
    visitor = visit(wallet)
    name = visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    visitor.says("verified at block")
    assert pixels.shape_of(visitor.portrait) == "hexagon"
    stranger = visit()
    stranger.open(f"/u/{name}")
    assert pixels.shape_of(stranger.portrait) == "hexagon"
    panel = stranger.page.locator(".proof")
    for text in ("Lanternwood", str(ref), "Species", "Fox", "/metadata.json", "/image"):
        expect(panel).to_contain_text(text)
    expect(panel).to_contain_text("hidden by the holder")
    assert HOLDER not in stranger.page.content()
    outcomes = panel.locator(".chain > li")
    assert {item.get_attribute("data-outcome") for item in outcomes.all()} == {"passed"}
    assert outcomes.count() >= 5
    stranger.shoot("profile-verified")
    assert "personal_sign" in wallet.methods()
    assert "eth_sendTransaction" not in wallet.methods()


def test_token__when_the_address_is_shown__receipt_can_be_downloaded(visit, site, wallet, names):
    """Hidden first; then a visitor downloads what names the same token and owner."""
    ref = site.mint()
    visitor = visit(wallet)
    name = visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    stranger = visit()
    stranger.open(f"/u/{name}")
    assert stranger.page.get_by_role("link", name="Download the receipt").count() == 0
    visitor.open("/me")
    visitor.page.get_by_role("button", name="Show the address").click()
    expect(visitor.page.get_by_role("button", name="Hide the address")).to_be_visible()
    stranger.open(f"/u/{name}")
    expect(stranger.page.locator(".proof")).to_contain_text(HOLDER)
    with stranger.page.expect_download() as download:
        stranger.page.get_by_role("link", name="Download the receipt").click()
    receipt = read_json(download.value.path().read_bytes(), "receipt", 2**20)
    assert receipt["verdict"] == "verified"
    assert str(ref) in str(receipt)


def test_token__when_revoked__is_gone_at_once(visit, site, wallet, names):
    """One click, and neither the picture nor the panel is there; the token stays the holder's."""
    ref = site.mint()
    visitor = visit(wallet)
    name = visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    image = visitor.page.locator(".portrait.large img").get_attribute("src")
    visitor.open("/me")
    visitor.page.get_by_role("button", name="Revoke").click()
    visitor.says("no picture yet")
    visitor.open(f"/u/{name}")
    expect(visitor.page.get_by_text("How this picture was checked")).to_have_count(0)
    assert visitor.page.request.get(site.url + image).status == 404
