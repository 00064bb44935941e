"""One running service on SQLite and a folder, and people who use it."""

import itertools
import os

import pytest
from support.profile import JSON, Browser, ProfileService, settings_in
from support.site import running_site
from support.wallets import Wallet

from pfpkit.profile import people

_NUMBERS = itertools.count(1)

# `make test` has the quick ones; all of them run on real services in `make test-services`.
if "PFPKIT_TEST_POSTGRESQL" not in os.environ:
    collect_ignore = [
        "test_api.py",
        "test_attacks.py",
        "test_commands.py",
        "test_comparison.py",
        "test_events.py",
        "test_minting.py",
        "test_nginx.py",
        "test_openapi.py",
        "test_ssrf.py",
        "test_upload_corpus.py",
        "test_workers.py",
    ]


@pytest.fixture(scope="session", autouse=True)
def weak_passwords():
    """Hashing at full strength takes a fifth of a second each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(people._SCRYPT, "n", 16)
        yield


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A service whose chain and gateway are out of reach."""
    with ProfileService(settings_in(tmp_path_factory.mktemp("profile"))) as running:
        yield running


@pytest.fixture
def browser(service):
    """A browser that was never here."""
    with service.browser() as one:
        yield one


@pytest.fixture
def name():
    """A name that nobody has."""
    return f"person-{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def site(tmp_path_factory, project):
    """A service over a real chain and a real gateway."""
    folder = tmp_path_factory.mktemp("site")
    with running_site(folder, project, fresh_s=2.0, max_age_s=4.0, poll_s=0.1) as running:
        yield running


@pytest.fixture
def platform(site):
    """A program that asks, without a cookie."""
    with Browser(site.url, JSON) as one:
        yield one


@pytest.fixture
def wallet():
    """A wallet of a key that no other test has."""
    return Wallet(10**9 + next(_NUMBERS))


@pytest.fixture
def holder(site, name):
    """A browser that is signed in under `name`."""
    with Browser(site.url, {}) as one:
        yield one.sign_up(name)


@pytest.fixture
def shown(site, holder, wallet, name):
    """A token of the wallet's that is shown under the name."""
    site.tokens.node.fund(wallet.address)
    ref = site.mint(to=wallet.address)
    answer = wallet.show(holder, ref)
    assert answer.status_code == 200, answer.text
    return ref
