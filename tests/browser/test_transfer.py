"""Sending the token from the page: the wallet signs, and the hexagon falls wherever it is seen

given a right address, the token moves and open pages change; given a wrong one, or a refusal,
nothing is sent.
"""

import pytest
from playwright.sync_api import expect
from support import pixels
from support.anvil import STRANGER
from support.browser_wallet import emit

SAID = "#token-said"


def test_token__when_sent_to_another_wallet__hexagon_falls_on_open_pages(
    visit, site, wallet, names
):
    """The wallet signs the transfer; a stranger's open page changes without being loaded again."""
    ref = site.mint_picture(pixels.picture())
    visitor = visit(wallet)
    name = visitor.sign_up(next(names))
    visitor.upload(pixels.picture())
    visitor.use_token(ref, wallet)
    stranger = visit()
    stranger.open(f"/u/{name}")
    stranger.shows("hexagon")
    visitor.open("/me")
    visitor.shoot("me-with-token")
    visitor.page.get_by_label("To", exact=True).fill(STRANGER)
    visitor.page.get_by_role("button", name="Send with your wallet").click()
    visitor.choose(wallet)
    expect(visitor.page.locator("#token-said")).to_contain_text(f"belongs to {STRANGER}")
    visitor.shows("circle")
    stranger.shows("circle")
    stranger.says("ordinary upload")
    assert pixels.shape_of(stranger.portrait) == "circle"
    expect(stranger.page.locator("#fallen")).to_contain_text("moved away in block")
    expect(stranger.page.get_by_text("How this picture was checked")).to_have_count(0)
    stranger.shoot("profile-fallen")
    visitor.page.reload()
    expect(visitor.page.get_by_label("Token")).to_be_visible()
    visitor.shoot("me-fallen")
    visitor.page.get_by_role("button", name="Forget it").click()
    expect(visitor.page.get_by_role("button", name="Forget it")).to_have_count(0)
    expect(visitor.page.locator("#fallen")).to_be_hidden()


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("0x1234", "40 digits"),
        (STRANGER.replace("CdD", "Cdd"), "checksum"),
        ("0x" + "0" * 40, "zero"),
    ],
)
def test_send__when_the_address_is_wrong__nothing_is_asked(visit, site, wallet, names, to, reason):
    """The reason stands at the field; the wallet hears nothing."""
    ref = site.mint()
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    visitor.open("/me")
    before = len(wallet.asked)
    visitor.page.get_by_label("To", exact=True).fill(to)
    visitor.page.get_by_role("button", name="Send with your wallet").click()
    expect(visitor.page.locator("#to-error")).to_contain_text(reason)
    assert len(wallet.asked) == before


def test_send__when_refused__token_and_hexagon_stay(visit, site, wallet, buyer_wallet, names):
    """4001 for the transaction: nothing was sent."""
    ref = site.mint_picture(pixels.picture())
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    wallet.refuses = frozenset(["eth_sendTransaction"])
    visitor.open("/me")
    visitor.page.get_by_label("To", exact=True).fill(buyer_wallet.account)
    visitor.page.get_by_role("button", name="Send with your wallet").click()
    visitor.choose(wallet)
    expect(visitor.page.locator(SAID)).to_contain_text("You refused")
    visitor.shows("hexagon")


def test_wallets__when_the_account_changes__page_says_which_it_is(
    visit, site, wallet, buyer_wallet, names
):
    """After the wallet was connected, its owner chooses another account in it."""
    ref = site.mint()
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    visitor.open("/me")
    visitor.page.get_by_label("To", exact=True).fill(buyer_wallet.account)
    visitor.page.get_by_role("button", name="Send with your wallet").click()
    visitor.choose(wallet)
    visitor.shows("circle")
    emit(visitor.page, 0, "accountsChanged", [buyer_wallet.account.lower()])
    expect(visitor.page.locator(SAID)).to_contain_text(f"now uses {buyer_wallet.account}")
    emit(visitor.page, 0, "accountsChanged", [])
    expect(visitor.page.locator(SAID)).to_contain_text("not connected any more")
