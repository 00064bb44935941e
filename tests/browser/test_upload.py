"""A profile with an ordinary picture: sign up, upload, replace, delete, by a real browser

given an upload, a circle to everybody; given a wrong name, password or file, words and no change.
"""

from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import expect
from support import pixels


def test_profile__when_signed_up__has_no_picture_yet(visit, names):
    """The page says so, and shows the first letter of the name in a circle."""
    visitor = visit()
    name = visitor.sign_up(next(names))
    visitor.shows("circle")
    visitor.says("no picture yet")
    visitor.shoot("me-without-picture")
    visitor.open(f"/u/{name}")
    expect(visitor.page.get_by_role("heading", name=name)).to_be_visible()
    assert pixels.shape_of(visitor.portrait) == "nothing"


@pytest.mark.parametrize(
    ("name", "password"), [("Fennel!", "long enough it is"), ("fennel", "short")]
)
def test_sign_up__when_name_or_password_is_wrong__browser_says_so(visit, name, password):
    """The form is not sent: nothing was made."""
    visitor = visit()
    visitor.open("/signup")
    visitor.page.get_by_label("Name").fill(name)
    visitor.page.get_by_label("Password").fill(password)
    visitor.page.get_by_role("button", name="Sign up", exact=True).click()
    expect(visitor.page.locator(":invalid:not(form)")).to_have_count(1)
    assert visitor.page.url.endswith("/signup")


def test_sign_up__when_the_name_is_taken__page_says_so(visit, names):
    """The form comes back with the reason beside it."""
    taken = visit().sign_up(next(names))
    other = visit()
    other.open("/signup")
    other.page.get_by_label("Name").fill(taken)
    other.page.get_by_label("Password").fill("another long password")
    other.page.get_by_role("button", name="Sign up", exact=True).click()
    expect(other.page.get_by_role("alert")).to_contain_text(taken)
    other.shoot("signup-refused")


def test_upload__when_a_picture__is_a_circle_to_everybody(visit, names):
    """By its pixels, for its owner and for a visitor, on the profile and on the first page."""
    visitor = visit()
    name = visitor.sign_up(next(names))
    visitor.upload(pixels.picture())
    visitor.says("ordinary upload")
    assert pixels.shape_of(visitor.portrait) == "circle"
    stranger = visit()
    stranger.open(f"/u/{name}")
    stranger.says("ordinary upload")
    assert pixels.shape_of(stranger.portrait) == "circle"
    assert stranger.page.get_by_text("How this picture was checked").count() == 0
    stranger.shoot("profile-upload")
    stranger.open("/")
    small = stranger.page.locator(f'[data-picture-of="{name}"]')
    assert pixels.shape_of(small) == "circle"


def test_upload__when_deleted__nothing_is_shown(visit, names):
    """And the profile says that it has none."""
    visitor = visit()
    visitor.sign_up(next(names))
    visitor.upload(pixels.picture())
    visitor.page.get_by_role("button", name="Delete it").click()
    visitor.says("no picture yet")
    assert pixels.shape_of(visitor.portrait) == "nothing"


def test_upload__when_no_picture__is_refused_in_words(visit, names):
    """What was shown before stays."""
    visitor = visit()
    visitor.sign_up(next(names))
    visitor.upload(b"<html>not a picture</html>")
    expect(visitor.page.get_by_role("alert").first).to_be_visible()
    visitor.says("no picture yet")
    visitor.shoot("me-upload-refused")


def test_upload__when_shown__is_made_anew(visit, site, names):
    """What a visitor gets has nothing of the file but its picture."""
    hidden = b"a comment that nobody should see"
    out = BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", hidden.decode())
    Image.new("RGB", (64, 64), pixels.TEST_COLOUR).save(out, "PNG", pnginfo=info)
    visitor = visit()
    visitor.sign_up(next(names))
    visitor.upload(out.getvalue())
    visitor.says("ordinary upload")
    address = visitor.page.locator(".portrait.large img").get_attribute("src")
    shown = visitor.page.request.get(site.url + address).body()
    assert hidden in out.getvalue()
    assert hidden not in shown
