"""Pages: whatever a page links to is there, for a visitor and for somebody who is signed in"""

import re

_LINK = re.compile(r'(?:href|src)="(/[^"]*)"')


def linked(browser, *paths):
    """The status of every path of the service that these pages name."""
    found = {link for path in paths for link in _LINK.findall(browser.get(path).text)}
    return {link: browser.get(link).status_code for link in found}


def test_page__when_its_links_are_followed__each_is_there(browser, name):
    """Pages and their files; a page that nobody made is not, and would be noticed."""
    assert browser.get("/no-such-page").status_code == 404
    visitor = linked(browser, "/", "/signup", "/signin", "/api")
    own = linked(browser.sign_up(name), "/me", f"/u/{name}", "/mint")
    assert {"/api", "/signin"} <= visitor.keys()
    assert {"/me", f"/u/{name}"} <= own.keys()
    assert {link: status for link, status in (visitor | own).items() if status != 200} == {}
