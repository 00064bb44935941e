"""A real browser, wallets in it, a running service, and a folder for what was seen."""

import os

import pytest
from playwright.sync_api import expect, sync_playwright
from support.anvil import DEPLOYER, HOLDER, STRANGER
from support.browser_wallet import BrowserWallet, install
from support.pictures import encoded, noise
from support.site import running_site
from support.visitor import WIDE, Visitor

FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium, once for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["PFPKIT_BROWSER"], args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory, project):
    """A service that is reached, with a chain that answers."""
    with running_site(tmp_path_factory.mktemp("site"), project, demo=True) as running:
        # What the comparison shows; what tests use of their own is minted after it.
        running.mint_picture(encoded(noise(256, 256), "PNG"), "Bramble")
        running.mint(0, "Fennel")
        yield running


@pytest.fixture
def visit(chromium, site):
    """Make a visitor, `visit(*wallets, site=..., **browser's options)`; none may see a fault."""
    contexts, visitors = [], []

    def make(*wallets, site=site, **options):
        site.forget_attempts()
        context = chromium.new_context(**({"viewport": WIDE} | options))
        contexts.append(context)
        visitor = Visitor(context, site)
        visitors.append(visitor)
        install(visitor.page, wallets, site.chain.node.rpc)
        return visitor

    yield make
    for context in contexts:
        context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []
    assert [url for visitor in visitors for url in visitor.foreign] == []


@pytest.fixture
def minter_wallet():
    """A wallet of the contract's minter."""
    return BrowserWallet("Minter Wallet", DEPLOYER)


@pytest.fixture
def wallet():
    """A wallet of the holder."""
    return BrowserWallet("Lantern Wallet", HOLDER)


@pytest.fixture
def buyer_wallet():
    """A wallet of somebody else."""
    return BrowserWallet("Burrow Wallet", STRANGER)


@pytest.fixture
def names():
    """Names that no other test takes."""
    return map("fennel-{}".format, _NUMBERS)


_NUMBERS = iter(range(1, 10_000))
