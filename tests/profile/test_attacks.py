"""Attacks on the service: sessions, forms, messages, names, uploads, headers, hosts."""

import socket
import time
from contextlib import suppress

import httpx
import pytest
from support.pictures import SCRIPT, encoded, noise
from support.profile import JSON, PASSWORD, Browser, problem
from support.wallets import Wallet

from pfpkit.profile import forms
from pfpkit.profile.records import Record


def cookie_of(browser):
    """The browser's cookie, name and value."""
    (one,) = [c for c in browser.cookies.jar if c.name.endswith("pfpkit")]
    return one


def test_sign_in__when_a_cookie_was_planted__it_is_worth_nothing(service, browser, name):
    """Session fixation: the value changes at the sign-in, and the old one is signed in nowhere."""
    browser.get("/signin")
    planted = cookie_of(browser).value
    browser.sign_up(name)
    assert cookie_of(browser).value != planted
    with service.browser() as thief:
        thief.cookies.set("pfpkit", planted)
        assert thief.get("/me").headers["location"] == "/signin"


def test_sign_out__when_done__the_cookie_is_worth_nothing(service, browser, name):
    """Not only in this browser: the row is gone."""
    browser.sign_up(name)
    kept = cookie_of(browser).value
    browser.send_form("/signout")
    with service.browser() as thief:
        thief.cookies.set("pfpkit", kept)
        assert thief.get("/me").headers["location"] == "/signin"


def test_cookie__when_given__no_script_and_no_other_site_has_it(browser):
    """HttpOnly, SameSite, for the whole host; Secure where there is TLS."""
    given = browser.get("/").headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=lax" in given
    assert "Path=/" in given


@pytest.mark.parametrize(
    "path",
    ["/signup", "/signin", "/signout", "/me/picture/delete", "/me/delete", "/me/nft/revoke"],
)
def test_form__when_its_token_is_missing_or_foreign__is_refused(service, browser, name, path):
    """CSRF: neither none, nor another session's, nor a page of another site with the right one."""
    browser.sign_up(name)
    with service.browser() as other:
        foreign = other.token
    for token in ("", "0" * 64, foreign):
        answer = browser.post(path, data={"csrf_token": token}, headers=JSON)
        assert problem(answer) == (403, "csrf")
    token = browser.token
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser.post(path, data={"csrf_token": token}, headers={**JSON, **header})
        assert problem(answer) == (403, "csrf")
    assert browser.get("/me").status_code == 200


def test_route__when_its_token_is_missing__changes_nothing(service, browser, name):
    """CSRF: every route that changes something, also one that is added tomorrow."""
    browser.sign_up(name)
    routes = [one for one in service.app.routes if "POST" in one.methods]
    answers = {
        one.path: problem(browser.post(one.path.format(act="sell"), data={"x": "1"}, headers=JSON))
        for one in routes
    }
    assert len(answers) > 12
    # What is verified is nobody's in particular, and asked for by JSON alone; this is no demo.
    assert answers.pop("/verify") == (415, "bad-request")
    assert answers.pop("/demo/rpc") == (404, "not-found")
    assert set(answers.values()) == {(403, "csrf")}


def test_challenge__when_used_twice_or_by_another__is_unknown(site, holder, wallet, name):
    """A nonce is one browser's, once; whatever comes of it, it is used up."""
    ref = site.mint(to=wallet.address)
    message = wallet.challenge(holder, "picture", token=str(ref))
    signature = wallet.sign(message)
    with Browser(site.url, {}) as other:
        other.sign_up(f"{name}-b")
        stolen = other.send_json("/wallet/picture", message=message, signature=signature)
        assert problem(stolen) == (400, "nonce-unknown")
    wrong = holder.send_json("/wallet/picture", message=message, signature="0x" + "11" * 65)
    assert problem(wrong) == (400, "bad-signature")
    again = holder.send_json("/wallet/picture", message=message, signature=signature)
    assert problem(again) == (400, "nonce-unknown")
    assert wallet.show(holder, ref).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("127.0.0.1", "127.0.0.2", "wrong-domain"),
        ("Chain ID: 31337", "Chain ID: 1", "wrong-chain"),
        ("/wallet/picture", "/wallet/signin", "wrong-uri"),
        ("nothing else", "everything else", "bad-message"),
        ("Version: 1", "Version: 2", "bad-message"),
    ],
)
def test_message__when_something_else_was_signed__is_refused(site, holder, wallet, old, new, word):
    """The signature is right, and of another message than the one that was asked for."""
    message = wallet.challenge(holder, "picture", token=str(site.mint(to=wallet.address)))
    other = message.replace(old, new)
    assert other != message
    sent = holder.send_json("/wallet/picture", message=other, signature=wallet.sign(other))
    assert problem(sent) == (400, word)


def test_message__when_another_token_or_account_is_put_in__is_refused(site, holder, wallet):
    """What was asked for is remembered here, whatever comes back rightly signed."""
    ref, other, thief = site.mint(to=wallet.address), site.mint(), Wallet(10**8)
    for old, new, signer, word in (
        (str(ref), str(other), wallet, "wrong-token"),
        (wallet.address, thief.address, thief, "wrong-account"),
    ):
        message = wallet.challenge(holder, "picture", token=str(ref)).replace(old, new)
        sent = holder.send_json("/wallet/picture", message=message, signature=signer.sign(message))
        assert problem(sent) == (400, word)


def test_message__when_signed_for_another_purpose__does_not_sign_in(site, holder, wallet):
    """A picture's message is no sign-in, though the same wallet signed it for the same service."""
    message = wallet.challenge(holder, "picture", token=str(site.mint(to=wallet.address)))
    sent = holder.send_json("/wallet/signin", message=message, signature=wallet.sign(message))
    assert problem(sent) == (400, "wrong-uri")


def test_wallet__when_it_signs_up_and_in__is_one_account(site, wallet, name):
    """By the wallet alone; a second account of it is refused, and the address is kept nowhere."""
    with Browser(site.url, {}) as first:
        message = wallet.challenge(first, "signup", name=f"{name}-w")
        sent = first.send_json("/wallet/signin", message=message, signature=wallet.sign(message))
        assert sent.json()["user"]["name"] == f"{name}-w"
    with Browser(site.url, {}) as later:
        message = wallet.challenge(later, "signin")
        sent = later.send_json("/wallet/signin", message=message, signature=wallet.sign(message))
        assert sent.json()["user"]["name"] == f"{name}-w"
        assert later.get("/me").status_code == 200
    tables = [table for table in Record.metadata.sorted_tables if table.name != "holdings"]
    database = site.service.parts.database
    kept = [
        str(row)
        for table in tables
        for row in database.do(lambda r, t=table: r.execute(t.select()).all())
    ]
    assert any(f"{name}-w" in row for row in kept)
    assert not [row for row in kept if wallet.address.lower() in row.lower()]


@pytest.mark.parametrize(
    "bad",
    [
        *("", "a", "A" * 31, "1up", "-a", "a-", "a--b", "me", "admin", "../../etc", "a/b"),
        *("a%2fb", "a b", "a\r\nSet-Cookie: x=1", "<b>", "a\x00", "\uff41da", "\u0430da"),
    ],
)
def test_name__when_it_plays_tricks__is_refused(browser, bad):
    """Paths, header lines, tags, look-alikes, the service's own words."""
    answer = browser.send_form("/signup", name=bad, password=PASSWORD)
    assert answer.status_code == 422
    assert "set-cookie: x" not in str(answer.headers).lower()


def test_sign_in__when_name_or_password_is_wrong__is_one_refusal(browser, name):
    """Who signs in is not told which names exist."""
    browser.sign_up(name)
    browser.send_form("/signout")
    words = set()
    for who, password in ((name, "wrong password"), (f"{name}-nobody", PASSWORD)):
        answer = browser.send_form("/signin", name=who, password=password)
        words.add((answer.status_code, "name and password do not match" in answer.text.lower()))
    assert words == {(422, True)}


def test_sign_in__when_guessed_too_often__has_to_wait(browser, name):
    """Ten tries, then 429 even for the right password."""
    browser.sign_up(name)
    browser.send_form("/signout")
    for _ in range(10):
        browser.send_form("/signin", name=name, password="wrong password")
    answer = browser.send_form("/signin", name=name, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html>" + SCRIPT,
        b"GIF89a",
        b"%PDF-1.7",
        b"PK\x03\x04" + bytes(100),
        encoded(noise(), "PNG")[:200],
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='http://127.0.0.1/x'/></svg>",
    ],
)
def test_upload__when_it_is_no_picture__is_refused(browser, name, data):
    """Nothing of it is kept."""
    browser.sign_up(name)
    form = {"csrf_token": browser.token}
    sent = browser.post("/me/picture", data=form, files={"picture": ("a.png", data)}, headers=JSON)
    assert problem(sent)[0] in (400, 422)
    assert browser.picture_of(name)["kind"] == "none"


def test_upload__when_it_is_a_page_too__only_pixels_are_served(browser, name):
    """A polyglot: the script behind the picture's end, and in its text, is not in any square."""
    browser.sign_up(name)
    assert browser.upload(encoded(noise(), "PNG") + SCRIPT, "x.html").status_code == 303
    for files in browser.picture_of(name)["images"].values():
        for url in files.values():
            got = browser.get(url)
            assert SCRIPT not in got.content
            assert got.headers["content-type"] in ("image/png", "image/webp")
            assert got.headers["x-content-type-options"] == "nosniff"


def test_upload__when_too_large__is_refused_before_it_is_read(service, browser, name):
    """By its length, and by its bytes where it gives none."""
    browser.sign_up(name)
    form = {"csrf_token": browser.token}
    files = {"picture": ("a.png", bytes(9 * 2**20))}
    assert problem(browser.post("/me/picture", data=form, files=files, headers=JSON)) == (
        413,
        "too-large",
    )

    def endless():
        yield b"--b\r\nContent-Disposition: form-data; name=picture; filename=a\r\n\r\n"
        while True:
            yield bytes(2**16)

    kind = {"Content-Type": "multipart/form-data; boundary=b", **JSON}
    # It is hung up on in the end, and may not come to read the answer.
    with (
        suppress(httpx.WriteError),
        browser.stream("POST", "/me/picture", content=endless(), headers=kind) as answer,
    ):
        assert answer.status_code == 413


def test_upload__when_it_drips__others_are_served(service, browser, name):
    """A slow client holds a connection, and nothing else."""
    browser.sign_up(name)
    head = (
        f"POST /me/picture HTTP/1.1\r\nHost: {service.settings.domain}\r\n"
        f"Cookie: pfpkit={cookie_of(browser).value}\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    place = ("127.0.0.1", int(service.origin.rpartition(":")[2]))
    slow = [socket.create_connection(place) for _ in range(20)]
    for one in slow:
        one.sendall(head.encode())
    begun = time.monotonic()
    assert browser.upload(encoded(noise(), "PNG")).status_code == 303
    assert time.monotonic() - begun < 20
    for one in slow:
        one.close()


def test_upload__when_it_takes_too_long__is_ended(browser, name, monkeypatch):
    """Whoever sends no end is not waited for."""
    browser.sign_up(name)
    monkeypatch.setattr(forms, "_WITHIN_S", 0.5)

    def dripping():
        yield b"--b\r\nContent-Disposition: form-data; name=picture; filename=a\r\n\r\n"
        time.sleep(1.5)
        yield b"x"

    kind = {"Content-Type": "multipart/form-data; boundary=b", **JSON}
    begun = time.monotonic()
    answer = browser.post("/me/picture", content=dripping(), headers=kind)
    assert problem(answer) == (408, "too-slow")
    assert time.monotonic() - begun < 10


def test_show__when_the_gateway_took_long__is_as_old_as_its_block(
    site, holder, wallet, monkeypatch
):
    """Who sold meanwhile gains no time: two seconds is young here, and the bytes took longer."""
    # A picture that no cache has yet.
    ref = site.mint_picture(encoded(noise(seed=77), "PNG"), to=wallet.address)
    get = site.store.get

    def slow(cid):
        if site.road.open:
            site.road.open = False
            time.sleep(2.6)
        return get(cid)

    monkeypatch.setattr(site.store, "get", slow)
    try:
        answer = wallet.show(holder, ref)
        assert answer.status_code == 200, answer.text
        assert answer.json()["picture"]["state"] in ("stale", "unverified")
    finally:
        monkeypatch.undo()
        site.road.open = True


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", ""])
def test_host__when_it_is_another__is_not_answered(service, host):
    """DNS rebinding, and caches that key on a host that nobody has."""
    with service.browser() as browser:
        answer = browser.get("/me", headers={"Host": host, **JSON})
    assert answer.status_code in (400, 421)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
        "/static/..%2fsettings.py",
        "/pictures/..%2f..%2fx.webp",
        f"/pictures/{'0' * 64}-{'0' * 16}.webp",
        "/u/%0d%0aSet-Cookie:x=1",
        "/users/..%2f..%2fetc/picture",
        "/u/x/events",
        "/mint/drafts/0/image",
    ],
)
def test_path__when_it_climbs_or_names_nothing__is_not_found(browser, path):
    """And no header is written by it."""
    answer = browser.get(path, headers=JSON)
    assert answer.status_code in (401, 404)
    assert "x=1" not in answer.headers.get("set-cookie", "")


def test_headers__when_anything_is_answered__are_strict(browser):
    """Pages, files, refusals: no foreign origin, no sniffing, no frames."""
    for path in ("/", "/signin", "/static/page.css", "/nothing", "/healthz", "/openapi.json"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
