"""Wallets: found by name, several of them, refusals, wrong chains, and another's token

what does not work is said in words that one can act on, and changes nothing.
"""

import pytest
from playwright.sync_api import expect
from support.anvil import HOLDER
from support.browser_wallet import BrowserWallet

SAID = "#token-said"


def test_wallets__when_several__all_are_offered_and_one_is_asked(
    visit, site, wallet, buyer_wallet, names
):
    """Both names with their icons stand in the dialog; the one that is not chosen hears nothing."""
    ref = site.mint()
    visitor = visit(wallet, buyer_wallet)
    visitor.sign_up(next(names))
    visitor.ask_for(ref.token_id)
    dialog = visitor.page.get_by_role("dialog")
    for one in (wallet, buyer_wallet):
        expect(dialog.get_by_role("button", name=one.name)).to_be_visible()
    expect(dialog.locator("img")).not_to_have_count(0)
    visitor.shoot("wallets", whole=False)
    visitor.choose(wallet)
    visitor.page.wait_for_url("**/u/*")
    visitor.shows("hexagon")
    assert wallet.asked
    assert buyer_wallet.asked == []


def test_wallets__when_nobody_chose__none_is_asked(visit, site, wallet, names):
    """Looking at pages tells a wallet nothing, and neither does closing the dialog."""
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for(site.mint().token_id)
    visitor.page.get_by_role("button", name="Close").click()
    expect(visitor.page.locator(SAID)).to_contain_text("No wallet was chosen")
    assert wallet.asked == []


def test_wallets__when_there_is_none__dialog_says_what_to_do(chromium, visit, site, names):
    """The demo's own wallets are kept away, as where the service is not the demo."""
    visitor = visit()
    visitor.page.route(
        "**/static/demo-wallet.js*",
        lambda route: route.fulfill(body="", content_type="text/javascript"),
    )
    visitor.sign_up(next(names))
    visitor.ask_for(site.mint().token_id)
    expect(visitor.page.get_by_role("dialog")).to_contain_text("has no wallet that says its name")
    visitor.shoot("wallets-none", whole=False)


def test_demo_wallet__when_nobody_has_a_wallet__plays_the_story(visit, site, names):
    """It shows what it signs; without a yes nothing is signed, with one comes the hexagon."""
    ref = site.mint()
    visitor = visit()
    visitor.sign_up(next(names))
    texts = []
    answers = iter([False, True])

    def answer(dialog):
        texts.append(dialog.message)
        dialog.accept() if next(answers) else dialog.dismiss()

    visitor.page.on("dialog", answer)
    visitor.ask_for(ref.token_id)
    choice = visitor.page.get_by_role("button", name="Demo wallet of the buyer")
    choice.click()
    expect(visitor.page.locator(SAID)).to_contain_text("You refused in Demo wallet of the buyer")
    visitor.connect()
    choice.click()
    visitor.page.wait_for_url("**/u/*")
    visitor.shows("hexagon")
    assert all(str(ref) in text for text in texts)


@pytest.mark.parametrize("method", ["eth_requestAccounts", "personal_sign"])
def test_sign__when_refused__says_so_and_changes_nothing(visit, site, wallet, names, method):
    """Nothing is sent; the next try asks for a wallet anew, and works."""
    ref = site.mint()
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    wallet.refuses = frozenset([method])
    visitor.ask_for(ref.token_id, wallet)
    expect(visitor.page.locator(SAID)).to_contain_text("You refused in Lantern Wallet")
    visitor.says("no picture yet")
    if method == "personal_sign":
        visitor.page.get_by_text("What the wallet is asked to sign").click()
        expect(visitor.page.locator(".message")).to_contain_text(str(ref))
        visitor.shoot("sign-refused")
    wallet.refuses = frozenset()
    visitor.connect(wallet)
    visitor.page.wait_for_url("**/u/*")
    visitor.shows("hexagon")


def test_sign__when_on_another_chain__wallet_is_asked_to_switch(visit, site, wallet, names):
    """It switches, and the hexagon comes."""
    wallet.chain_id = 1
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for(site.mint().token_id, wallet)
    visitor.page.wait_for_url("**/u/*")
    visitor.shows("hexagon")
    assert wallet.chain_id == 31337


def test_sign__when_switching_is_refused__both_chains_are_named(visit, site, wallet, names):
    """Nothing is signed on another chain."""
    wallet.chain_id = 1
    wallet.refuses = frozenset(["wallet_switchEthereumChain"])
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for(site.mint().token_id, wallet)
    said = visitor.page.locator(SAID)
    expect(said).to_contain_text("is on chain 1, and you refused to switch")
    expect(said).to_contain_text("31337")
    assert "personal_sign" not in wallet.methods()
    visitor.shoot("wrong-chain")


def test_sign__when_the_chain_is_unknown_to_the_wallet__says_to_add_it(visit, site, wallet, names):
    """The wallet cannot switch to what it does not know."""
    wallet.chain_id, wallet.knows = 1, (1,)
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for(site.mint().token_id, wallet)
    expect(visitor.page.locator(SAID)).to_contain_text("does not know")
    expect(visitor.page.locator(SAID)).to_contain_text("Add it in the wallet")


def test_sign__when_another_holds_the_token__is_refused_with_the_reason(
    visit, site, buyer_wallet, names
):
    """The signature is right, the token is somebody else's; no hexagon."""
    visitor = visit(buyer_wallet)
    name = visitor.sign_up(next(names))
    visitor.ask_for(site.mint(to=HOLDER).token_id, buyer_wallet)
    expect(visitor.page.locator(SAID)).to_have_attribute("data-kind", "bad")
    expect(visitor.page.locator(SAID)).to_contain_text("does not own the token")
    expect(visitor.page.locator(SAID)).to_contain_text(HOLDER)
    visitor.shoot("not-owner")
    visitor.open(f"/u/{name}")
    visitor.says("no picture yet")


def test_sign__when_there_is_no_such_token__is_refused_with_the_reason(visit, site, wallet, names):
    """A number that was never minted."""
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for("999999", wallet)
    expect(visitor.page.locator(SAID)).to_have_attribute("data-kind", "bad")
    expect(visitor.page.locator(SAID)).to_contain_text("ERC721NonexistentToken")


def test_sign__when_what_was_typed_is_no_token__wallet_is_not_asked_to_sign(
    visit, site, wallet, names
):
    """The service says what is wrong with it."""
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.ask_for("my ape", wallet)
    expect(visitor.page.locator(SAID)).to_have_attribute("data-kind", "bad")
    expect(visitor.page.locator(SAID)).to_contain_text("'my ape' names no token")
    assert "personal_sign" not in wallet.methods()


def test_sign_up__when_by_wallet__is_signed_in_and_can_sign_in_again(visit, site, names):
    """No password: the account is the wallet's."""
    account = site.chain.checksummed(site.chain.rpc("eth_accounts")[7])
    wallet = BrowserWallet("Key Ring", account)
    visitor = visit(wallet)
    visitor.open("/signup")
    name = next(names)
    visitor.page.get_by_label("Name").fill(name)
    visitor.page.get_by_role("button", name="Sign up with a wallet").click()
    visitor.choose(wallet)
    visitor.page.wait_for_url("**/me")
    expect(visitor.page.get_by_role("heading", name=name)).to_be_visible()
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url(site.url + "/")
    visitor.open("/signin")
    visitor.page.get_by_role("button", name="Sign in with a wallet").click()
    visitor.choose(wallet)
    visitor.page.wait_for_url("**/me")
    expect(visitor.page.get_by_role("heading", name=name)).to_be_visible()


def test_sign_in__when_the_wallet_has_no_profile__says_so(visit, site):
    """Nothing is made by signing in."""
    account = site.chain.checksummed(site.chain.rpc("eth_accounts")[8])
    wallet = BrowserWallet("Key Ring", account)
    visitor = visit(wallet)
    visitor.open("/signin")
    visitor.page.get_by_role("button", name="Sign in with a wallet").click()
    visitor.choose(wallet)
    expect(visitor.page.locator("#wallet-said")).to_have_attribute("data-kind", "bad")
