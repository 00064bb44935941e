"""Pages: whatever a page links to is there, and a fault of the service is answered as safely"""

import re

from support.profile import problem

from pfpkit.errors import StorageError

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


def test_fault__when_the_service_has_one__its_answer_has_the_headers_of_every_other(
    service, browser, monkeypatch
):
    """A page and a problem alike: the policy, and that nobody keeps it."""
    right = browser.get("/")
    monkeypatch.setattr(service.parts, "resolver", None)
    path = "/avatar/eip155:31337/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/1"
    for accept in ("text/html", "application/json"):
        fault = browser.get(path, headers={"Accept": accept})
        assert fault.status_code == 500
        assert "NoneType" not in fault.text
        for name in ("content-security-policy", "x-content-type-options", "cache-control"):
            assert fault.headers[name] == right.headers[name]


def test_page__when_the_database_is_away__is_a_problem_with_the_headers_of_every_other(
    service, browser, monkeypatch
):
    """To people too: who is signed in cannot be told."""
    right = browser.get("/")

    async def away(*_, **__):
        raise StorageError("the database failed; see whether it runs, and try again")

    monkeypatch.setattr(service.parts.database, "run", away)
    for accept in ("text/html", "application/json"):
        for path in ("/", "/me", "/u/ada", "/users/ada/picture"):
            fault = browser.get(path, headers={"Accept": accept})
            assert problem(fault) == (503, "storage")
            for name in ("content-security-policy", "x-content-type-options", "cache-control"):
                assert fault.headers[name] == right.headers[name]
