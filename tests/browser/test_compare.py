"""The comparison page: what is done underneath, and who notices

given a swapped object, nobody; given swapped bytes at a gateway, caught and named; given a sale,
the hexagon falls.
"""

import pytest
from playwright.sync_api import expect
from support.pixels import alike
from support.visitor import PHONE


@pytest.fixture
def story(visit, site):
    """The page, with everything as it was."""
    visitor = visit()
    visitor.open("/compare")
    visitor.page.get_by_role("button", name="Put everything back").click()
    expect(visitor.page.locator("#nft .portrait")).to_have_attribute("data-shape", "hexagon")
    yield visitor
    visitor.page.get_by_role("button", name="Put everything back").click()
    expect(visitor.page.locator("#nft .portrait")).to_have_attribute("data-shape", "hexagon")


def seen(visitor, way):
    """The pixels of one of the two pictures."""
    # Elsewhere on the screen it is drawn half a pixel aside.
    visitor.page.evaluate("scrollTo(0, 0)")
    image = visitor.page.locator(f"#{way} .portrait img")
    image.evaluate("image => image.decode()")
    return image.screenshot(animations="disabled")


def press(visitor, act):
    """Press the button of an act."""
    visitor.page.locator(f'[data-act="{act}"] button').click()


def told(visitor, act):
    """What is said below it."""
    return visitor.page.locator(f'[data-act="{act}"] .said')


def test_compare__when_opened__both_show_one_picture_with_what_it_took(story):
    """Circle and hexagon, running, with latency and number of requests."""
    for way in ("ordinary", "nft"):
        image = story.page.locator(f"#{way} .portrait img")
        assert image.evaluate("image => image.naturalWidth") > 0
        measures = story.page.locator(f"#{way}-cost .measures")
        expect(measures).to_contain_text("ms")
        expect(measures).to_contain_text("Requests")
    story.shoot("compare")


def test_compare__when_the_object_is_swapped__another_picture_is_shown_and_nobody_notices(story):
    """The upload shows other pixels without any error; the token's picture stays as it was."""
    before = seen(story, "ordinary"), seen(story, "nft")
    press(story, "swap-object")
    expect(told(story, "swap-object")).to_contain_text("Nobody noticed")
    after = seen(story, "ordinary"), seen(story, "nft")
    assert not alike(before[0], after[0])
    assert alike(before[1], after[1])
    story.shoot("compare-object-swapped")


def test_compare__when_the_gateway_lies__is_caught_named_and_not_shown(story):
    """The token's picture stays as it was, and the gateway is named."""
    before = seen(story, "nft")
    press(story, "swap-gateway")
    expect(told(story, "swap-gateway")).to_contain_text("Caught")
    expect(told(story, "swap-gateway")).to_contain_text("127.0.0.1")
    assert alike(seen(story, "nft"), before)
    expect(story.page.locator("#nft .portrait")).to_have_attribute("data-shape", "hexagon")
    story.shoot("compare-gateway-lied")


def test_compare__when_the_token_is_sold__hexagon_falls_on_every_open_page(story, visit):
    """Also on a page that pressed nothing; the upload stays what it was."""
    other = visit()
    other.open("/compare")
    press(story, "sell")
    for one in (story, other):
        expect(one.page.locator("#nft .portrait")).not_to_have_attribute("data-shape", "hexagon")
        expect(told(one, "sell")).to_contain_text("fell")
    expect(story.page.locator("#ordinary .portrait")).to_have_attribute("data-shape", "circle")
    story.shoot("compare-sold")


def test_compare__when_put_back__is_as_before(story):
    """After all three."""
    before = seen(story, "ordinary"), seen(story, "nft")
    for act in ("swap-object", "swap-gateway", "sell"):
        press(story, act)
        expect(told(story, act)).not_to_be_empty()
    expect(told(story, "swap-gateway")).to_contain_text("nobody asks it")
    story.shoot("compare-all-done")
    story.page.get_by_role("button", name="Put everything back").click()
    for act in ("swap-object", "swap-gateway", "sell"):
        expect(told(story, act)).to_be_empty()
    after = seen(story, "ordinary"), seen(story, "nft")
    assert all(map(alike, before, after))


def test_compare__when_on_a_phone__both_pictures_stay_in_sight(visit, site):
    """While the last button is on the screen."""
    visitor = visit(**PHONE)
    visitor.open("/compare")
    visitor.page.locator('[data-act="sell"] button').scroll_into_view_if_needed()
    for way in ("ordinary", "nft"):
        expect(visitor.page.locator(f"#{way} .portrait")).to_be_in_viewport(ratio=0.9)
    visitor.shoot("compare-phone-acts", whole=False)
