"""Everybody: no violation that axe-core finds, in light and dark; a phone; a keyboard alone

also without JavaScript, where forms and the server's drawing have to do.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from support import pixels
from support.anvil import HOLDER
from support.browser_wallet import BrowserWallet, install
from support.visitor import PHONE, Visitor

ROOT = Path(__file__).parents[2]
AXE = ROOT / ".build" / "browser" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["/", "/signup", "/signin", "/compare", "/api"]
MISSING = "/u/nobody-of-that-name"
OWN_PAGES = ["/me", "/mint", "/u/"]


def violations(page):
    """What axe-core finds, as lines; its script comes by the debugger, past the page's CSP."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    """Light or dark, as the visitor's system says."""
    return request.param


@pytest.fixture(params=["wide", "phone"])
def screen(request):
    """Options of a browser on a desk, or on a phone."""
    if request.param == "wide":
        return {}
    return PHONE


def slug(path):
    """A path as part of a file's name."""
    return path.strip("/").replace("/", "-") or "home"


@pytest.fixture(scope="module")
def known(chromium, site):
    """One account with a verified picture, for all looks at it: its cookies and name."""
    wallet = BrowserWallet("Lantern Wallet", HOLDER)
    context = chromium.new_context()
    visitor = Visitor(context, site)
    install(visitor.page, [wallet], site.chain.node.rpc)
    name = visitor.sign_up("wren-looks")
    visitor.use_token(site.mint(1, "Wren"), wallet)
    visitor.shows("hexagon")
    yield name, context.storage_state()
    context.close()


@pytest.mark.parametrize("path", [*PAGES, MISSING])
def test_page__when_looked_at__has_no_violation_and_fits(visit, known, path, scheme, screen):
    """axe-core finds nothing, and nothing is wider than the screen."""
    visitor = visit(color_scheme=scheme, **screen)
    assert visitor.open(path) == (404 if path == MISSING else 200)
    look(visitor, path, scheme, screen)


@pytest.mark.parametrize("path", OWN_PAGES)
def test_own_page__when_looked_at__has_no_violation_and_fits(visit, known, path, scheme, screen):
    """The same for pages of somebody who is signed in."""
    name, cookies = known
    visitor = visit(color_scheme=scheme, storage_state=cookies, **screen)
    assert visitor.open(path + name if path == "/u/" else path) == 200
    look(visitor, path, scheme, screen)


def look(visitor, path, scheme, screen):
    """Keep what is seen, ask axe-core, and measure the width."""
    visitor.page.wait_for_timeout(150)
    visitor.shoot(f"page-{slug(path)}-{'phone' if screen else 'wide'}-{scheme}")
    assert violations(visitor.page) == []
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visitor.page.evaluate(width) <= 0


def test_dialog__when_open__has_no_violation(visit, site, wallet, names, scheme):
    """The choice of wallets."""
    visitor = visit(wallet, color_scheme=scheme)
    visitor.sign_up(next(names))
    visitor.ask_for("1")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    assert violations(visitor.page) == []


def tab_to(page, **wanted):
    """Press Tab until this is focused; fails when it never is, or when focus cannot be seen."""
    goal = page.get_by_role(wanted["role"], name=wanted["name"], exact=True)
    if wanted["role"] == "field":
        goal = page.get_by_label(wanted["name"], exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            outline = goal.evaluate("element => getComputedStyle(element).outlineWidth")
            assert float(outline.removesuffix("px")) >= 2, "focus cannot be seen"
            return
    pytest.fail(f"Tab never came to {wanted['name']}")


def test_keyboard__when_alone__signs_up_connects_and_signs(visit, site, wallet, names):
    """No pointer at all: the form, the token, the dialog of wallets, and the details."""
    ref = site.mint_picture(pixels.picture())
    visitor = visit(wallet)
    keyboard = visitor.page.keyboard
    visitor.open("/")
    keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.textContent") == "Skip to the page"
    visitor.shoot("keyboard-skip", whole=False)
    tab_to(visitor.page, role="link", name="Sign up")
    keyboard.press("Enter")
    tab_to(visitor.page, role="field", name="Name")
    keyboard.type(next(names))
    tab_to(visitor.page, role="field", name="Password")
    keyboard.type("correct horse battery")
    keyboard.press("Enter")
    visitor.page.wait_for_url("**/me")
    tab_to(visitor.page, role="field", name="Token")
    keyboard.type(str(ref.token_id))
    keyboard.press("Enter")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    for _ in range(8):
        if wallet.name in visitor.page.evaluate("document.activeElement.textContent"):
            break
        keyboard.press("Tab")
    visitor.shoot("keyboard-wallets", whole=False)
    keyboard.press("Enter")
    visitor.page.wait_for_url("**/u/*")
    visitor.shows("hexagon")


def test_keyboard__when_escape__dialog_closes_and_focus_is_where_it_was(visit, site, wallet, names):
    """The button that opened it."""
    visitor = visit(wallet)
    visitor.sign_up(next(names))
    visitor.page.get_by_label("Token").fill("1")
    button = visitor.page.get_by_role("button", name="Connect a wallet and sign")
    button.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("dialog")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()


def test_page__when_without_javascript__uploads_and_shows(visit, site, names):
    """Sign up, upload, look at it and sign out, by forms alone."""
    visitor = visit(java_script_enabled=False)
    name = visitor.sign_up(next(names))
    visitor.page.get_by_label("Picture", exact=True).set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": pixels.picture()}
    )
    visitor.page.get_by_role("button", name="Upload").click()
    assert pixels.shape_of(visitor.page.locator(".portrait.large")) == "circle"
    visitor.open(f"/u/{name}")
    assert pixels.shape_of(visitor.page.locator(".portrait.large")) == "circle"
    visitor.open("/me")
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url(site.url + "/")
