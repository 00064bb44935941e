"""PinningSettings, make_pinners: from a configuration and the environment to back ends

given the section, every back end has its address and rate; what is wrong is named
given names, each back end once, Kubo before what fetches from it
a secret that is missing or malformed is named by its variable, and never quoted
"""

import pytest
from support.pinning_peers import JWT, KEY, KEY_SECRET, KUBO_TOKEN, TOKEN

from pfpkit.errors import BadInput
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.settings import PinningSettings, ServiceSettings, make_pinners

SECTION = {
    "kubo": {"url": "http://127.0.0.1:5002/"},
    "pinata": {"per_minute": 250, "at_once": 8},
    "services": {"filebase": {"url": "https://api.filebase.io/v1/ipfs", "per_minute": 30}},
}
ENVIRON = {
    "PINATA_JWT": f"{JWT}\n",
    "PINATA_API_KEY": KEY,
    "PINATA_API_SECRET": KEY_SECRET,
    "KUBO_AUTH": f"bearer:{KUBO_TOKEN}",
    "PINNING_SERVICE_TOKEN_FILEBASE": TOKEN,
}
ALL = ["service:filebase", "blockstore", "pinata-classic", "pinata", "kubo"]


@pytest.fixture
def store(tmp_path):
    return BlockStore(tmp_path / "store")


@pytest.fixture
def make(store):
    return lambda names, section=SECTION, environ=ENVIRON: make_pinners(
        names, PinningSettings.parse(section), environ, store
    )


def test_parse__when_nothing_is_said__has_the_defaults():
    """A node of one's own on loopback, and Pinata where it is."""
    for nothing in (None, {}, {"services": None}, {"kubo": None}):
        settings = PinningSettings.parse(nothing)
        assert settings.kubo.url == "http://127.0.0.1:5001"
        assert settings.pinata.uploads_url == "https://uploads.pinata.cloud"
        assert settings.names == ("blockstore", "kubo", "pinata", "pinata-classic")


def test_parse__when_all_is_said__is_what_was_said():
    """And frozen."""
    settings = PinningSettings.parse(SECTION)
    assert settings.kubo == ServiceSettings("http://127.0.0.1:5002")
    assert (settings.pinata.per_minute, settings.pinata.at_once) == (250.0, 8)
    assert settings.names[-1] == "service:filebase"
    with pytest.raises(TypeError):
        settings.services["x"] = settings.kubo


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ([], "pinning has to be a mapping"),
        ({"ipfs": {}}, "pinning has ipfs, which is none of: kubo, pinata"),
        ({"kubo": "http://x"}, "pinning.kubo has to be a mapping"),
        ({"kubo": {"urls": "x"}}, "pinning.kubo has urls, which is none of: at_once"),
        ({"kubo": {"url": ""}}, "pinning.kubo.url is missing"),
        ({"kubo": {"url": 5001}}, "pinning.kubo.url is missing"),
        ({"kubo": {"url": "ftp://x"}}, "pinning.kubo.url: 'ftp://x' is no http"),
        ({"kubo": {"url": "http://a b"}}, "is no http"),
        ({"kubo": {"url": "http://a?x=1"}}, "is no http"),
        ({"kubo": {"url": "http://a:99999"}}, "is no URL"),
        ({"kubo": {"url": "http://[x"}}, "is no URL"),
        ({"kubo": {"url": "$KUBO_URL"}}, "names a variable that is not set"),
        ({"kubo": {"uploads_url": "https://x"}}, "has uploads_url"),
        ({"pinata": {"per_minute": 0}}, "pinning.pinata.per_minute has to be a number over 0"),
        ({"pinata": {"per_minute": True}}, "per_minute has to be a number"),
        ({"pinata": {"per_minute": float("nan")}}, "per_minute has to be a number"),
        ({"pinata": {"at_once": 1.5}}, "at_once has to be a whole number"),
        ({"pinata": {"at_once": "4"}}, "at_once has to be a number"),
        ({"gateways": {"url": "https://x"}}, "pinning.gateways has url, which is none of: at_once"),
        ({"gateways": {"per_minute": -1}}, "pinning.gateways.per_minute has to be a number over 0"),
        ({"services": ["x"]}, "pinning.services has to be a mapping"),
        ({"services": {"A b": {}}}, "'A b'; a name is of a-z"),
        ({"services": {"x": {}}}, "pinning.services.x.url is missing"),
        ({"services": {"x": {"url": "https://x", "token": "t"}}}, "has token, which is none of"),
    ],
)
def test_parse__when_something_is_wrong__names_it(section, told):
    """Where it stands, and what belongs there."""
    with pytest.raises(BadInput, match=told.replace("$", r"\$")):
        PinningSettings.parse(section)


def test_parse__when_a_url_holds_a_password__refuses_and_does_not_repeat_it():
    """The configuration is in git."""
    with pytest.raises(BadInput, match="belong into the environment") as caught:
        PinningSettings.parse({"kubo": {"url": "https://me:hunter2@kubo.example"}})
    assert "hunter2" not in str(caught.value)


def test_make_pinners__when_all_are_named__kubo_stands_before_what_fetches_from_it(make):
    """Each with its own name, and once."""
    made = make([*ALL, "pinata"])
    assert [pinner.name for pinner in made] == ["kubo", *ALL[:-1]]
    by_name = {pinner.name: pinner for pinner in made}
    assert by_name["service:filebase"].after == "kubo"
    assert by_name["service:filebase"].pace.per_minute == 30
    assert by_name["pinata"].pace.per_minute == 250
    assert by_name["pinata-classic"].pace.per_minute == 60
    assert by_name["blockstore"].pace.per_minute is None


def test_make_pinners__when_kubo_is_not_named__the_service_has_no_source(make):
    """Its `refuses` says so in the plan."""
    (alone,) = make(["service:filebase"])
    assert alone.after is None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("pinata", "PINATA_JWT"),
        ("pinata-classic", "PINATA_API_KEY"),
        ("pinata-classic", "PINATA_API_SECRET"),
        ("service:filebase", "PINNING_SERVICE_TOKEN_FILEBASE"),
    ],
)
@pytest.mark.parametrize(
    "value", [None, "", " \n", "two words", "tab\there", "\u017elu\u0165ou\u010dk\xfd", "x" * 9000]
)
def test_make_pinners__when_a_secret_is_missing_or_odd__names_its_variable(
    make, name, variable, value
):
    """And does not quote it: half a secret is one too."""
    environ = {**ENVIRON, variable: value}
    if value is None:
        del environ[variable]
    with pytest.raises(BadInput, match=f"^{variable} ") as caught:
        make([name], environ=environ)
    assert value is None or not value.strip() or value not in str(caught.value)


def test_make_pinners__when_several_things_are_wrong__names_them_all(make):
    """In one message."""
    with pytest.raises(BadInput) as caught:
        make(["pinata", "filecoin", "service:x"], environ={})
    told = str(caught.value)
    assert "PINATA_JWT is not set" in told
    assert "'filecoin' is no back end; there are blockstore, kubo, pinata" in told
    assert "'service:x' is no back end" in told


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ("bearer:abc", "Bearer abc"),
        ("basic:me:pa:ss", "Basic bWU6cGE6c3M="),
        ("", None),
    ],
)
def test_make_pinners__when_kubo_has_a_secret__is_sent_as_kubo_takes_it(make, auth, header):
    """The forms of Kubo's own `--api-auth`."""
    (kubo,) = make(["kubo"], environ={"KUBO_AUTH": auth})
    assert kubo.client._http.headers.get("authorization") == header


@pytest.mark.parametrize("auth", ["token", "bearer:", "basic:me", "basic::x", "digest:a:b"])
def test_make_pinners__when_kubos_secret_has_no_known_form__says_the_forms(make, auth):
    """Without quoting it."""
    with pytest.raises(BadInput, match=r"^KUBO_AUTH is neither bearer:TOKEN nor basic:") as caught:
        make(["kubo"], environ={"KUBO_AUTH": auth})
    assert "digest" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("kubo", {"kubo": {"url": "http://192.168.1.2:5001"}}),
        ("pinata", {"pinata": {"url": "http://api.pinata.cloud"}}),
        ("pinata", {"pinata": {"uploads_url": "http://uploads.pinata.cloud"}}),
        ("pinata-classic", {"pinata-classic": {"url": "http://127.0.0.1.example"}}),
        ("service:filebase", {"services": {"filebase": {"url": "http://filebase.example"}}}),
    ],
)
def test_make_pinners__when_a_secret_would_travel_in_clear__refuses(make, name, section):
    """Loopback is the exception, because nobody else hears it."""
    with pytest.raises(BadInput, match="is not https"):
        make([name], section)


def test_make_pinners__when_kubo_has_no_secret__takes_plain_http(make):
    """A node in the same network that asks for none."""
    assert len(make(["kubo"], {"kubo": {"url": "http://192.168.1.2:5001"}}, {})) == 1


def test_repr__when_printed__shows_no_secret(make):
    """Of the pinners, and of what they are made of."""
    for pinner in make(ALL):
        shown = repr(pinner) + repr(vars(pinner)) + repr(vars(getattr(pinner, "client", pinner)))
        assert not [s for s in (JWT, KEY, KEY_SECRET, KUBO_TOKEN, TOKEN) if s in shown]
