"""Minting in the browser: what the page computed is what is pinned, minted and shown

given the minter's wallet, the picture becomes the profile's; given another wallet, a server that
pins something else, or a refusal, nothing is minted.
"""

import json
from io import BytesIO

from PIL import Image, PngImagePlugin
from playwright.sync_api import expect
from support import pixels
from support.node import calldata

from pfpkit.cid import cid_of
from pfpkit.images import clean


def fill(visitor, data, name="Own"):
    """Choose a picture, write its words, and let both sides compute."""
    visitor.open("/mint")
    visitor.page.get_by_label("Image file").set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": data}
    )
    visitor.page.get_by_label("Name").fill(name)
    visitor.page.get_by_label("Description").fill("Made\nby hand, “quoted” & é.")
    visitor.page.get_by_role("button", name="Check and compute").click()


def minted(site):
    """How many tokens there are."""
    return int.from_bytes(site.chain.node.call(site.tokens.address, calldata("totalMinted()")))


def test_mint__when_by_the_minter__becomes_the_picture(visit, site, minter_wallet, names):
    """Preview, equal CIDs, pin, mint, signature, hexagon; the chain has what the page computed."""
    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    data = pixels.picture()
    fill(visitor, data)
    rows = visitor.page.locator(".cids > *")
    expect(rows).to_have_count(3)
    expect(visitor.page.locator('.cids [data-equal="true"]')).to_have_count(3)
    expect(rows.first).to_contain_text(str(cid_of(clean(data).data)))
    assert pixels.shape_of(visitor.page.locator(".preview .portrait")) == "hexagon"
    bundle = rows.last.locator("code").first.inner_text()
    visitor.shoot("mint-computed")
    visitor.connect(minter_wallet, "mint")
    visitor.page.wait_for_url("**/u/*", timeout=60_000)
    visitor.shows("hexagon")
    expect(visitor.page.locator(".proof")).to_contain_text(bundle)
    expect(visitor.page.locator(".proof")).to_contain_text("“quoted” & é.")
    assert pixels.shape_of(visitor.page.locator(".portrait.large")) == "hexagon"
    visitor.shoot("mint-shown")


def test_mint__when_the_file_holds_more_than_a_picture__page_says_what_was_left_out(
    visit, site, minter_wallet, names
):
    """The CID of the file as it was is named too."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "where I live")
    out = BytesIO()
    Image.new("RGB", (64, 64), pixels.TEST_COLOUR).save(out, "PNG", pnginfo=info)
    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    fill(visitor, out.getvalue())
    expect(visitor.page.locator("#removed")).to_contain_text(str(cid_of(out.getvalue())))
    expect(visitor.page.locator('.cids [data-equal="true"]')).to_have_count(3)


def test_mint__when_the_wallet_is_not_the_minters__nothing_is_sent(visit, site, wallet, names):
    """Both addresses are named."""
    before = minted(site)
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    fill(visitor, pixels.picture())
    visitor.connect(wallet, "mint")
    expect(visitor.page.locator("#steps")).to_contain_text("only the contract's minter mints")
    expect(visitor.page.locator("#steps")).to_contain_text(wallet.account)
    visitor.shoot("mint-not-minter")
    assert minted(site) == before
    assert "eth_sendTransaction" not in wallet.methods()


def test_mint__when_refused__nothing_is_minted_and_it_can_be_tried_again(
    visit, site, minter_wallet, names
):
    """4001 at the transaction, then yes."""
    before = minted(site)
    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    fill(visitor, pixels.picture(), "Again")
    minter_wallet.refuses = frozenset(["eth_sendTransaction"])
    visitor.connect(minter_wallet, "mint")
    expect(visitor.page.locator("#steps")).to_contain_text("You refused")
    assert minted(site) == before
    minter_wallet.refuses = frozenset()
    visitor.connect(minter_wallet, "mint")
    visitor.page.wait_for_url("**/u/*", timeout=60_000)
    assert minted(site) == before + 1


def test_mint__when_only_the_signature_is_refused__is_not_minted_again(
    visit, site, minter_wallet, names
):
    """The second try asks for the signature alone."""
    before = minted(site)
    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    fill(visitor, pixels.picture(), "Once")
    minter_wallet.refuses = frozenset(["personal_sign"])
    visitor.connect(minter_wallet, "mint")
    expect(visitor.page.locator("#steps")).to_contain_text("You refused")
    visitor.shoot("mint-signature-refused")
    minter_wallet.refuses = frozenset()
    visitor.connect(minter_wallet, "mint")
    visitor.page.wait_for_url("**/u/*", timeout=60_000)
    visitor.shows("hexagon")
    assert minted(site) == before + 1


def test_mint__when_the_server_names_another_bundle__page_refuses(
    visit, site, minter_wallet, names
):
    """The answer is changed on its way: the browser's own hash decides, and no wallet is asked."""

    def lie(route):
        answer = route.fetch()
        draft = answer.json()
        draft["bundle_cid"] = str(cid_of(b"something else"))
        route.fulfill(response=answer, body=json.dumps(draft))

    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    visitor.page.route("**/mint/draft", lie)
    fill(visitor, pixels.picture())
    expect(visitor.page.locator("#compare-said")).to_contain_text("They differ")
    expect(visitor.page.locator('.cids [data-equal="false"]')).to_have_count(1)
    expect(visitor.page.get_by_role("button", name="Connect a wallet and mint")).to_be_hidden()
    visitor.shoot("mint-differs")
    assert minter_wallet.asked == []


def test_mint__when_the_words_change_after_comparing__compares_again_first(
    visit, site, minter_wallet, names
):
    """What was compared is not what would be minted now."""
    visitor = visit(minter_wallet)
    visitor.sign_up(next(names))
    fill(visitor, pixels.picture())
    mint = visitor.page.get_by_role("button", name="Connect a wallet and mint")
    expect(mint).to_be_visible()
    visitor.page.get_by_label("Name").fill("Another")
    expect(mint).to_be_hidden()
