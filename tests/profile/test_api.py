"""The API for platforms: a token's avatar, somebody's picture, a verdict

given a token, its picture in every size and format, each with an ETag of its own
given a holder, for the owner alone, and kept for seconds only; given the CID, for ever
given the same question in another spelling, refused
given what is wrong, a problem with the resolver's reason
"""

import json
import re

import pytest
from support.anvil import HOLDER, STRANGER
from support.profile import JSON, problem
from support.tokens import owned


@pytest.fixture(scope="module")
def token(site):
    """A token of HOLDER's."""
    return site.mint()


def test_avatar__when_verified__is_each_size_and_format(platform, token):
    """Another size is another address, with another ETag: none is kept as the other."""
    tags = set()
    for edge in (48, 128, 400):
        for extension in ("webp", "png"):
            got = platform.get(f"/avatar/{token}", params={"size": edge, "format": extension})
            assert (got.status_code, got.headers["content-type"]) == (200, f"image/{extension}")
            assert got.headers["cache-control"] == "public, max-age=10, stale-if-error=60"
            assert got.headers["access-control-allow-origin"] == "*"
            if extension == "png":
                assert int.from_bytes(got.content[16:20]) == edge
            tags.add(got.headers["etag"])
    assert len(tags) == 6
    again = platform.get(
        f"/avatar/{token}", headers={"If-None-Match": got.headers["etag"]}
    ).status_code
    other = platform.get(
        f"/avatar/{token}",
        params={"size": 400, "format": "png"},
        headers={"If-None-Match": got.headers["etag"]},
    )
    assert (again, other.status_code, other.content) == (200, 304, b"")


def test_avatar__when_the_cid_is_named__is_kept_for_ever(platform, token):
    """The CID fixes the bytes; another CID's is not found, and an owner's is never fixed."""
    cid = platform.get(f"/avatar/{token}").headers["x-pfpkit-cid"]
    fixed = platform.get(f"/avatar/{token}", params={"cid": cid})
    assert fixed.headers["cache-control"] == "public, max-age=31536000, immutable"
    owned = platform.get(f"/avatar/{token}", params={"cid": cid, "holder": HOLDER})
    assert owned.headers["cache-control"] == "public, max-age=10, stale-if-error=60"
    other = platform.get(f"/avatar/{token}", params={"cid": "bafkqaaa"})
    assert problem(other) == (404, "other-picture")


def test_avatar__when_its_picture_has_no_cid__is_never_kept_for_ever(site, platform):
    """Drawn by its contract, which may draw another tomorrow: no word for a CID fixes it."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9H0z"/></svg>'
    said = f"data:application/json,{json.dumps({'image_data': svg})}"
    ref = site.tokens.impostor(owned(HOLDER, said))
    plain = platform.get(f"/avatar/{ref}")
    assert (plain.status_code, plain.headers["x-pfpkit-cid"]) == (200, "none")
    assert plain.headers["cache-control"] == "public, max-age=10, stale-if-error=60"
    for word in ("None", "none", ""):
        fixed = platform.get(f"/avatar/{ref}", params={"cid": word})
        assert problem(fixed) == (404, "other-picture")


def test_avatar__when_the_holder_is_named__is_the_owners_alone(platform, token):
    """A refusal is not kept."""
    assert platform.get(f"/avatar/{token}", params={"holder": HOLDER}).status_code == 200
    refused = platform.get(f"/avatar/{token}", params={"holder": STRANGER})
    assert problem(refused) == (403, "not-owner")
    assert refused.headers["cache-control"] == "no-store"
    assert refused.json()["verdict"] == "not-owner"


@pytest.mark.parametrize(
    "query",
    [
        "size=0",
        "size=0128",
        "size=129",
        "size=1e9",
        "format=svg",
        "format=WEBP",
        "size=48&size=400",
        "x=1",
        "size=",
        "holder=0x0",
    ],
)
def test_avatar__when_asked_in_another_spelling__is_refused(platform, token, query):
    """So that nobody fills a cache with names for one thing, or poisons one by another."""
    assert platform.get(f"/avatar/{token}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("text", "status", "word"),
    [
        ("eip155:1/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/1", 400, "bad-token"),
        ("eip155:31337/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/01", 400, "bad-token"),
        ("eip155:31337/erc721:0x5FbDB2315678afecb367f032d93F642f64180aa3/999", 404, "no-token"),
        ("eip155:31337/erc20:0x5FbDB2315678afecb367f032d93F642f64180aa3/1", 400, "bad-token"),
        ("http://127.0.0.1/x", 400, "bad-token"),
        ("../../etc/passwd", 404, "not-found"),
        ("..%2f..%2fetc%2fpasswd", 400, "bad-token"),
    ],
)
def test_avatar__when_it_names_no_token__says_so(platform, text, status, word):
    """Nothing is fetched for what is no token."""
    assert problem(platform.get(f"/avatar/{text}")) == (status, word)


def test_avatar__when_the_address_is_in_another_case_or_alone__is_the_same_picture(platform, token):
    """As wallets and explorers write it; a short one is of the service's chain."""
    picture = platform.get(f"/avatar/{token}").content
    chain, contract, number = str(token).split("/")
    address = contract.removeprefix("erc721:")
    for spelling in (f"{chain}/erc721:{address.lower()}/{number}", f"{address}/{number}"):
        got = platform.get(f"/avatar/{spelling}")
        assert (got.status_code, got.content) == (200, picture)


def test_verify__when_asked__gives_verdict_and_receipt(platform, token):
    """For the owner verified, for a stranger not, with the same words as the resolver's."""
    found = platform.post("/verify", json={"token": str(token), "holder": HOLDER}).json()
    assert (found["verdict"], found["shown"], found["ownership"]) == ("verified", True, "verified")
    assert found["receipt"]["token"] == str(token)
    found = platform.post("/verify", json={"token": str(token), "holder": STRANGER}).json()
    assert (found["verdict"], found["shown"]) == ("not-owner", False)


def test_api__when_a_page_of_another_origin_asks__it_may_read_the_answer(
    site, holder, wallet, name, platform
):
    """A picture, where it leads to, a verdict, and every refusal, as fetch() checks them."""
    token = site.mint(to=wallet.address)
    assert wallet.show(holder, token).status_code == 200
    leads = platform.get(f"/users/{name}/picture/48.webp")
    answers = [
        platform.get(f"/avatar/{token}"),
        platform.get(f"/avatar/{token}"),  # kept, and sent again
        platform.get(f"/users/{name}/picture"),
        leads,
        platform.get(leads.headers["location"]),
        platform.post("/verify", json={"token": str(token)}),
        platform.get("/openapi.json"),
    ]
    refusals = [
        platform.get(f"/avatar/{token}?size=1"),
        platform.get(f"/avatar/{token}", params={"holder": STRANGER}),
        platform.get("/avatar/x"),
        platform.get("/users/nobody-here/picture"),
        platform.post("/verify", json={}),
    ]
    assert [one.status_code for one in answers] == [200, 200, 200, 302, 200, 200, 200]
    assert [one.status_code for one in refusals] == [400, 403, 400, 404, 400]
    for one in (*answers, *refusals):
        assert one.headers["access-control-allow-origin"] == "*", one.url
        assert one.headers["cross-origin-resource-policy"] == "cross-origin", one.url
        assert "X-Pfpkit-Block" in one.headers["access-control-expose-headers"]


def test_api__when_a_browser_asks_before_it_asks__is_told_what_it_may_send(platform):
    """The preflight of JSON that a page sends; pages of the service are of no other's concern."""
    asked = {"Origin": "https://platform.example", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "content-type"
    told = platform.options("/verify", headers=asked)
    assert (told.status_code, told.content) == (204, b"")
    assert told.headers["access-control-allow-origin"] == "*"
    assert "POST" in told.headers["access-control-allow-methods"]
    assert "content-type" in told.headers["access-control-allow-headers"].lower()
    for path in ("/me/picture", "/signin", "/wallet/challenge", "/verify/x", "/"):
        other = platform.options(path, headers=asked)
        assert other.status_code >= 400
        assert "access-control-allow-origin" not in other.headers


OPEN = {
    "/avatar/{caip19:path}",
    "/users/{name}/picture",
    "/users/{name}/picture/{edge}.{extension}",
    "/pictures/{key}.{extension}",
    "/verify",
    "/openapi.json",
}
"""What is for platforms. No other route may be read by pages of strangers."""


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_route__of_all__is_read_by_pages_of_strangers_if_it_is_for_platforms(site, holder, accept):
    """Somebody who is signed in asks each: what is open says nothing of them, nor sets a cookie."""
    seen = set()
    for route in site.service.app.routes:
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        for method in route.methods - {"HEAD"}:
            with holder.stream(method, path, headers={"Accept": accept}) as answer:
                is_open = "access-control-allow-origin" in answer.headers
                assert is_open is (route.path in OPEN), (method, path)
                if is_open:
                    seen.add(route.path)
                    assert answer.headers["content-type"].startswith("application/")
                    assert "set-cookie" not in answer.headers
    assert seen == OPEN


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"json": {}}, 400),
        ({"json": []}, 400),
        ({"json": {"token": 7}}, 400),
        ({"json": {"token": "x", "more": 1}}, 400),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"{}", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b"x" * 70_000, "headers": {"Content-Type": "application/json"}}, 413),
    ],
)
def test_verify__when_it_is_no_question__is_refused(platform, sent, status):
    """Each with a problem that says why."""
    assert problem(platform.post("/verify", **sent))[0] == status


def test_picture__when_the_node_is_away__says_how_old_it_is(site, holder, wallet, name):
    """The verdict is unknown; the picture that was shown is stale, and says since when."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    ref = holder.picture_of(name)["token"]["caip19"]
    site.road.open = False
    try:
        asked = holder.post("/verify", json={"token": ref})
        assert asked.json()["verdict"] == "unknown"
        refused = holder.get(f"/avatar/{ref}", headers=JSON)
        assert problem(refused) == (503, "unknown")
        assert refused.headers["retry-after"] == "5"
    finally:
        site.road.open = True


def test_picture_file__when_asked__leads_to_the_square(site, holder, wallet, name):
    """A redirect that is kept for seconds, to a file that is kept for ever."""
    assert wallet.show(holder, site.mint(to=wallet.address)).status_code == 200
    got = holder.get(f"/users/{name}/picture/48.webp")
    assert (got.status_code, got.headers["cache-control"]) == (
        302,
        "public, max-age=2, stale-if-error=10",
    )
    assert holder.get(got.headers["location"]).headers["content-type"] == "image/webp"
    assert holder.get(f"/users/{name}/picture/49.webp").status_code == 404


def test_openapi__when_read__names_every_path_that_is_there(platform):
    """As a program reads it; each path of it is one of the application's."""
    document = platform.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/avatar/{caip19}",
        "/users/{name}/picture",
        "/users/{name}/picture/{size}.{format}",
        "/verify",
    }
