"""Settings.from_environment: reads all variables once; names each that is missing or wrong."""

import pytest

from pfpkit.errors import BadSetting
from pfpkit.profile.settings import Settings

GIVEN = {
    "PFPKIT_ORIGIN": "https://pictures.example",
    "PFPKIT_SECRET": "s" * 40,
    "PFPKIT_DATABASE_URL": "postgresql://pfpkit:hunter2hunter2@db.example/pfpkit",
    "PFPKIT_OBJECTS": "s3://pictures",
    "PFPKIT_S3_ENDPOINT": "https://s3.example",
    "PFPKIT_S3_KEY_ID": "AKIDEXAMPLE",
    "PFPKIT_S3_SECRET_KEY": "sesame-open-sesame",
    "PFPKIT_NODES": "https://node.example/v3/key-of-a-node, https://other.example",
    "PFPKIT_CHAIN_ID": "1",
    "PFPKIT_GATEWAYS": "https://ipfs.example",
    "PFPKIT_WORK": "/var/lib/pfpkit",
}
SECRETS = ("s" * 40, "hunter2hunter2", "sesame-open-sesame", "key-of-a-node")


def test_from_environment__when_all_are_given__are_read():
    """Lists are split, and the driver of PostgreSQL is chosen."""
    found = Settings.from_environment(GIVEN)
    assert found.domain == "pictures.example"
    assert found.is_https
    assert found.nodes == ("https://node.example/v3/key-of-a-node", "https://other.example")
    assert found.database_url.startswith("postgresql+psycopg://")
    assert (found.objects.bucket, found.objects.region) == ("pictures", "us-east-1")
    assert not found.demo


def test_from_environment__when_shown__shows_no_secret():
    """Neither the settings nor the place of objects print what opens something."""
    text = repr(Settings.from_environment(GIVEN))
    assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("name", GIVEN)
def test_from_environment__when_one_is_missing__names_it(name):
    """Each of these is needed."""
    with pytest.raises(BadSetting, match=f"{name} is not set"):
        Settings.from_environment({**GIVEN, name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PFPKIT_ORIGIN", "pictures.example"),
        ("PFPKIT_ORIGIN", "http://pictures.example"),
        ("PFPKIT_ORIGIN", "https://pictures.example/under"),
        ("PFPKIT_ORIGIN", "https://me:hunter2hunter2@pictures.example"),
        ("PFPKIT_SECRET", "hunter2hunter2"),
        ("PFPKIT_DATABASE_URL", "mysql://me:hunter2hunter2@db/x"),
        ("PFPKIT_OBJECTS", "/var/lib/hunter2hunter2"),
        ("PFPKIT_S3_ENDPOINT", "ftp://hunter2hunter2"),
        ("PFPKIT_NODES", "wss://node/hunter2hunter2"),
        ("PFPKIT_CHAIN_ID", "0x1"),
        ("PFPKIT_GATEWAYS", "ipfs://hunter2hunter2"),
        ("PFPKIT_AGREE", "3"),
        ("PFPKIT_COLLECTION", "0xhunter2hunter2"),
        ("PFPKIT_MAX_AGE_S", "ten minutes"),
        ("PFPKIT_MAX_AGE_S", "5"),
        ("PFPKIT_WORK", "relative"),
        ("PFPKIT_PINNING", "/no/such/file"),
    ],
)
def test_from_environment__when_one_is_wrong__names_it_without_its_value(name, value):
    """A value may be a secret that went into the wrong variable."""
    with pytest.raises(BadSetting, match=name) as refusal:
        Settings.from_environment({**GIVEN, name: value})
    assert "hunter2" not in str(refusal.value)


def test_from_environment__when_several_are_wrong__names_all():
    """So that one start is enough to mend them."""
    with pytest.raises(BadSetting) as refusal:
        Settings.from_environment({})
    assert {name for name in GIVEN if name in str(refusal.value)} >= {
        "PFPKIT_ORIGIN",
        "PFPKIT_WORK",
    }


def test_from_environment__when_a_loopback_address_has_no_tls__is_read():
    """Nobody listens between a machine and itself."""
    found = Settings.from_environment({**GIVEN, "PFPKIT_ORIGIN": "http://127.0.0.1:8080"})
    assert not found.is_https
