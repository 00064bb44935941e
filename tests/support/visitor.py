"""Somebody who visits the service with a browser of their own."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from support.profile import PASSWORD

SHOTS = Path(__file__).parents[2] / ".build" / "browser" / "shots"
WIDE = {"width": 1200, "height": 850}
PHONE = {"viewport": {"width": 375, "height": 720}, "is_mobile": True, "has_touch": True}


class Visitor:
    """Somebody with a browser of their own: the page, and what went wrong in it."""

    def __init__(self, context, site):
        self.page: Page = context.new_page()
        self.site = site
        self.faults: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._noted)
        self.page.on("request", self._asked)

    def _noted(self, message):
        # A refusal is an answer of the service; Chromium writes a line for each.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def _asked(self, request):
        if not request.url.startswith((self.site.url, "data:", "blob:")):
            self.foreign.append(request.url)

    def open(self, path):
        """Go to a path of the service; return the answer's status."""
        answer = self.page.goto(self.site.url + path)
        return answer.status

    def sign_up(self, name):
        """Make a profile by the form."""
        self.open("/signup")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign up", exact=True).click()
        self.page.wait_for_url("**/me")
        return name

    def upload(self, data):
        """Choose a file on one's own page, and send it."""
        file = {"name": "picture.png", "mimeType": "image/png", "buffer": data}
        self.page.get_by_label("Picture", exact=True).set_input_files(file)
        self.page.get_by_role("button", name="Upload").click()

    @property
    def portrait(self):
        """The large picture of the page."""
        return self.page.locator(".portrait.large")

    def choose(self, wallet):
        """Choose a wallet in the dialog that is open."""
        self.page.get_by_role("dialog").get_by_role("button", name=wallet.name).click()

    def connect(self, wallet=None, to="sign"):
        """Press the button that needs a wallet; choose one if it is given."""
        self.page.get_by_role("button", name=f"Connect a wallet and {to}").click()
        if wallet:
            self.choose(wallet)

    def ask_for(self, token, wallet=None):
        """Fill in a token on one's own page, and go on to sign for it."""
        self.page.get_by_label("Token").fill(str(token))
        self.connect(wallet)

    def use_token(self, ref, wallet):
        """Sign for a token on one's own page, and see the profile."""
        self.ask_for(ref.token_id, wallet)
        self.page.wait_for_url("**/u/*")

    def shows(self, shape):
        """Wait until the large portrait has this shape."""
        expect(self.portrait).to_have_attribute("data-shape", shape)

    def says(self, text):
        """Wait until the verdict says this."""
        expect(self.page.locator(".verdict")).to_contain_text(re.compile(text, re.IGNORECASE))

    def shoot(self, name, whole=True):
        """Keep what is seen as a file, for people: the whole page, or what is on the screen."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=whole, animations="disabled")
