"""A chain that cannot be asked: the hexagon is dashed, then the picture goes; and it comes back

given an open page that the service still talks to, and given one that it does not; given a service
that ends, and starts again.
"""

import time

import pytest
from playwright.sync_api import expect
from support import pixels
from support.site import running_site


@pytest.fixture(scope="module")
def brief_site(tmp_path_factory, project):
    """A service whose answers age within seconds."""
    folder = tmp_path_factory.mktemp("brief")
    with running_site(folder, project, fresh_s=3.0, max_age_s=9.0) as running:
        yield running


@pytest.fixture
def mortal_site(tmp_path_factory, project):
    """A service of its own, for it is ended."""
    with running_site(tmp_path_factory.mktemp("mortal"), project) as running:
        yield running


@pytest.fixture
def holder_page(brief_site, visit, wallet, names):
    """A profile with a hexagon, and the page of a stranger who looks at it."""
    ref = brief_site.mint_picture(pixels.picture())
    visitor = visit(wallet, site=brief_site)
    name = visitor.sign_up(next(names))
    visitor.use_token(ref, wallet)
    visitor.shows("hexagon")
    stranger = visit(site=brief_site)
    stranger.open(f"/u/{name}")
    stranger.shows("hexagon")
    yield stranger
    brief_site.road.open = True


def test_outage__when_the_node_is_gone__dashed_then_unverified_then_back(brief_site, holder_page):
    """Each on the open page: with its block and age, then without the picture, then as before."""
    large = holder_page.page.locator(".portrait.large")
    assert pixels.shape_of(large) == "hexagon"
    brief_site.road.open = False
    holder_page.shows("hexagon-dashed")
    holder_page.says(r"last verified at block \d+, \d+ seconds ago")
    holder_page.shoot("profile-last-verified")
    holder_page.shows("placeholder")
    holder_page.says("unverified")
    assert pixels.shape_of(large) == "nothing"
    expect(large.locator("img")).to_be_hidden()
    holder_page.shoot("profile-unverified")
    expect(holder_page.page.locator(".proof")).to_have_count(0)
    brief_site.road.open = True
    holder_page.shows("hexagon")
    expect(holder_page.page.locator(".proof")).to_have_count(1)
    holder_page.says("verified at block")
    assert pixels.shape_of(large) == "hexagon"


def test_outage__when_a_page_is_opened_meanwhile__it_claims_no_more(brief_site, holder_page):
    """Drawn by the server, without a script: dashed, and past the limit no picture."""
    brief_site.road.open = False
    holder_page.shows("placeholder")
    answer = holder_page.page.request.get(holder_page.page.url).text()
    assert 'data-shape="placeholder"' in answer
    assert 'data-shape="hexagon"' not in answer
    assert "/pictures/" not in answer


def test_outage__when_the_service_is_not_heard__page_dashes_the_hexagon_itself(
    mortal_site, visit, wallet, names
):
    """The service has ended and the page's clock goes on: dashed, then nothing; then as before."""
    site = mortal_site
    visitor = visit(wallet, site=site)
    visitor.sign_up(next(names))
    visitor.use_token(site.mint_picture(pixels.picture()), wallet)
    visitor.page.clock.install()
    visitor.page.reload()
    visitor.shows("hexagon")
    site.service.stop()
    visitor.page.clock.run_for(7_000)
    visitor.shows("hexagon-dashed")
    visitor.says(r"last verified at block \d+, \d+ seconds ago")
    expect(visitor.page.locator(".proof")).to_be_visible()
    visitor.page.clock.fast_forward(600_000)
    visitor.shows("placeholder")
    visitor.says("unverified")
    expect(visitor.page.locator(".proof")).to_have_count(0)
    site.service.start()
    visitor.page.reload()
    visitor.shows("hexagon")


def test_outage__when_the_service_ends__is_dashed_within_seconds_and_comes_back(
    mortal_site, visit, wallet, names
):
    """Without a reload: the page, the list of people; and a page that no event ever reached."""
    site = mortal_site
    visitor = visit(wallet, site=site)
    name = visitor.sign_up(next(names))
    visitor.use_token(site.mint_picture(pixels.picture()), wallet)
    visitor.shows("hexagon")
    home = visit(site=site)
    home.open("/")
    small = home.page.locator(f'[data-picture-of="{name}"]')
    expect(small).to_have_attribute("data-shape", "hexagon")
    unheard = visit(site=site)
    unheard.page.route("**/events", lambda route: route.fulfill(status=502, body="no"))
    unheard.open(f"/u/{name}")
    unheard.shows("hexagon-dashed")
    unheard.page.unroute("**/events")
    unheard.shows("hexagon")
    site.service.stop()
    ended = time.monotonic()
    visitor.shows("hexagon-dashed")
    expect(small).to_have_attribute("data-shape", "hexagon-dashed")
    assert time.monotonic() - ended < 15
    visitor.says(r"last verified at block \d+, \d+ seconds? ago")
    expect(visitor.portrait.locator("img")).to_be_visible()
    visitor.shoot("profile-not-heard")
    site.service.start()
    visitor.shows("hexagon")
    visitor.says("verified at block")
    assert pixels.shape_of(visitor.portrait) == "hexagon"
    expect(small).to_have_attribute("data-shape", "hexagon")
