"""docs/nginx.conf: what a real nginx makes of it, with the service behind it

given a picture, it is kept by its name's hash; given what the chain decides, for seconds only
given a service that is away, what may be stale is shown as long as it says, the rest is a problem
given a page's events, they come at once; given a large body, a foreign host, many tries, refused
"""

import json
import ssl
import time

import httpx
import pytest
from support.nginx import NAME, Nginx
from support.pictures import encoded, noise
from support.profile import JSON, Browser, ProfileService, problem, settings_in

ORIGIN = f"https://{NAME}"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service that is known by the name of the proxy before it."""
    settings = settings_in(tmp_path_factory.mktemp("behind"), per_minute=20)
    with ProfileService(settings, ORIGIN) as running:
        yield running


@pytest.fixture(scope="module")
def nginx(service, tmp_path_factory):
    """nginx, as the guide says."""
    address = service.address.partition("//")[2]
    with Nginx(tmp_path_factory.mktemp("nginx"), address) as running:
        yield running


@pytest.fixture
def browser(nginx):
    """A browser that was never here, and comes by TLS."""
    with Browser(ORIGIN, {}, transport=nginx.transport()) as one:
        yield one


@pytest.fixture
def person(browser, name):
    """Somebody with a picture."""
    browser.sign_up(name)
    assert browser.upload(encoded(noise(), "PNG")).status_code == 303
    return browser


def test_picture__when_asked_twice__is_kept_by_nginx_and_for_ever_by_browsers(person, name):
    """The second time the service is not asked; whoever has it gets 304."""
    url = person.picture_of(name)["images"]["128"]["webp"]
    first, second = person.get(url), person.get(url)
    assert [one.headers["x-cache"] for one in (first, second)] == ["MISS", "HIT"]
    assert second.content == first.content
    assert second.headers["cache-control"] == "public, max-age=31536000, immutable"
    known = person.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert "set-cookie" not in second.headers


def test_page__when_asked__is_nobody_elses(person, nginx, name):
    """Pages are not kept; cookies stay the host's and the secure kind."""
    answer = person.get("/me")
    assert "x-cache" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    (cookie,) = [one for one in person.cookies.jar if one.name.endswith("pfpkit")]
    assert (cookie.name.startswith("__Host-"), cookie.secure) == (True, True)
    with Browser(ORIGIN, {}, transport=nginx.transport()) as other:
        assert other.get("/me").headers["location"] == "/signin"


def test_headers__when_behind_nginx__are_there_once(person):
    """The policy, the year of TLS, no name of a program."""
    answer = person.get("/")
    for name in ("content-security-policy", "strict-transport-security", "x-content-type-options"):
        assert len(answer.headers.get_list(name)) == 1
    assert answer.headers["server"] == "nginx"


def test_picture_of__when_the_service_is_away__is_stale_for_seconds_only(
    service, person, name, nginx
):
    """As its stale-if-error says; then a problem that says so, and pages are one at once."""
    path = f"/users/{name}/picture"
    assert person.get(path, headers=JSON).headers["x-cache"] in ("MISS", "HIT", "EXPIRED")
    service.stop()
    try:
        time.sleep(3.5)
        stale = person.get(path, headers=JSON)
        assert (stale.status_code, stale.headers["x-cache"]) == (200, "STALE")
        for gone in ("/", f"/users/{name}-b/picture"):
            answer = person.get(gone, headers=JSON)
            assert problem(answer) == (503, "unreachable")
            assert answer.headers["retry-after"] == "5"
            open_to = answer.headers.get("access-control-allow-origin")
            assert open_to == ("*" if gone.startswith("/users/") else None)
    finally:
        service.start()
    assert person.get(path, headers=JSON).status_code == 200


def test_events__when_a_page_is_open__come_at_once(person, name):
    """The picture, then a sign of life: nothing waits in a buffer until there is more."""
    begun, seen = time.monotonic(), []
    with person.stream("GET", f"/u/{name}/events") as answer:
        for line in answer.iter_lines():
            if line.startswith("event: "):
                seen.append((line.removeprefix("event: "), time.monotonic() - begun))
                if len(seen) == 2:
                    break
    assert [kind for kind, _ in seen] == ["picture", "alive"]
    assert seen[1][1] < 10


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [("/me/picture", 10 * 2**20, 413), ("/verify", 200_000, 413), ("/me/picture", 2**20, 403)],
)
def test_body__when_too_large__is_refused_by_nginx(person, path, size, status):
    """An upload over 9 MiB, anything else over 128 KiB; what is smaller comes to the service."""
    answer = person.post(path, files={"picture": ("a.png", bytes(size))}, headers=JSON)
    assert problem(answer)[0] == status
    # A page of any origin may read what nginx itself refuses, where the service allows it.
    assert ("access-control-allow-origin" in answer.headers) is (path == "/verify")


def test_host__when_it_is_another__is_not_answered(nginx):
    """Neither by TLS nor without; the right name without TLS leads to TLS."""
    with httpx.Client(trust_env=False) as plain:
        at = f"http://127.0.0.1:{nginx.plain}/u/x?y=1"
        with pytest.raises(httpx.RemoteProtocolError):
            plain.get(at, headers={"Host": "evil.example"})
        led = plain.get(at, headers={"Host": NAME})
        assert (led.status_code, led.headers["location"]) == (308, f"{ORIGIN}/u/x?y=1")
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with (
        httpx.Client(trust_env=False, verify=unchecked) as other,
        pytest.raises(httpx.ConnectError),
    ):
        other.get(f"https://127.0.0.1:{nginx.tls}/")


def test_limits__when_the_client_says_it_is_another__count_it_all_the_same(person, wallet):
    """X-Forwarded-For of a client's own is not believed: 20 challenges a minute are 20."""
    statuses, token = [], person.token
    for number in range(21):
        headers = {
            "X-CSRF-Token": token,
            "Origin": ORIGIN,
            "X-Forwarded-For": f"192.0.2.{number}",
            **JSON,
        }
        asked = {"purpose": "signin", "address": wallet.address, "chain_id": 31337}
        answer = person.post(
            "/wallet/challenge",
            content=json.dumps(asked),
            headers={**headers, "Content-Type": "application/json"},
        )
        statuses.append(answer.status_code)
    # Accounts of other tests here are counted too.
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert "came from here" not in answer.text  # it is the service that counted, not nginx
