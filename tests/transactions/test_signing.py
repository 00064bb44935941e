"""AccountSigner: an Ape account signs what it was asked for, and the bytes are kept.

given a test account or a keyfile, the bytes are the transaction that was asked for;
given an account that only the node has unlocked, or one that declines, says so.
"""

import json

import click
import pytest
from ape_accounts.accounts import KeyfileAccount
from eth_account import Account
from support.anvil import KEY
from support.collection import digest

from pfpkit.accounts import Session
from pfpkit.errors import TransactionFailed
from pfpkit.reference import NOBODY
from pfpkit.signing import AccountSigner
from pfpkit.transactions.batches import call_data
from pfpkit.transactions.signed import Effect, Request

CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


@pytest.fixture
def request_to_sign(holder):
    """A mint with nonce 7."""
    effect = Effect(CONTRACT, NOBODY, str(holder.address), digest(1).hex())
    return Request(31337, 7, CONTRACT, call_data([effect]), 200_000, 3 * 10**9, 10**9)


def test_sign__test_account__is_what_was_asked_for(networks, deployer, request_to_sign):
    """Every field, and by the account; signed again, the bytes are the same."""
    signer = AccountSigner(deployer, networks.active_provider)
    signed = signer.sign(request_to_sign)
    assert signed.request == request_to_sign
    assert Account.recover_transaction(signed.raw) == signer.address == str(deployer.address)
    assert signer.sign(request_to_sign) == signed


def test_sign__keyfile_with_its_passphrase_in_the_environment__asks_nothing(
    networks, tmp_path, monkeypatch, request_to_sign
):
    """Ape's own variable; one question for each transaction would make many impossible."""
    keyfile = tmp_path / "deployer.json"
    keyfile.write_text(json.dumps(Account.encrypt(KEY, "pass", kdf="pbkdf2", iterations=1)))
    monkeypatch.setenv("APE_ACCOUNTS_deployer_PASSPHRASE", "pass")
    signer = AccountSigner(KeyfileAccount(keyfile_path=keyfile), networks.active_provider)
    assert Account.recover_transaction(signer.sign(request_to_sign).raw) == signer.address


def test_signer__of_a_session__asks_for_the_passphrase_once(
    networks, tmp_path, monkeypatch, request_to_sign
):
    """What an earlier run signed is seen to its end by the one that signs the rest."""
    keyfile = tmp_path / "deployer.json"
    keyfile.write_text(json.dumps(Account.encrypt(KEY, "pass", kdf="pbkdf2", iterations=1)))
    asked = []
    monkeypatch.setattr(click, "prompt", lambda text, **_: asked.append(text) or "pass")
    session = Session(networks.active_provider, KeyfileAccount(keyfile_path=keyfile))
    for _ in range(2):
        assert Account.recover_transaction(session.signer.sign(request_to_sign).raw)
    assert len(asked) == 1, asked


def test_sign__keyfile_with_a_wrong_passphrase__says_so(
    networks, tmp_path, monkeypatch, request_to_sign
):
    """Nothing is signed, and the passphrase is not repeated."""
    keyfile = tmp_path / "deployer.json"
    keyfile.write_text(json.dumps(Account.encrypt(KEY, "pass", kdf="pbkdf2", iterations=1)))
    monkeypatch.setenv("APE_ACCOUNTS_deployer_PASSPHRASE", "not-the-one")
    signer = AccountSigner(KeyfileAccount(keyfile_path=keyfile), networks.active_provider)
    with pytest.raises(TransactionFailed, match="was not sent") as refused:
        signer.sign(request_to_sign)
    assert "not-the-one" not in str(refused.value)


def test_sign__account_that_the_node_unlocked__is_refused_in_words(
    networks, accounts, request_to_sign
):
    """It has no signature of its own, so that there are no bytes to keep."""
    unlocked = accounts["0x00000000000000000000000000000000000ABC01"]
    signer = AccountSigner(unlocked, networks.active_provider)
    with pytest.raises(TransactionFailed, match="use a keyfile, a hardware wallet or TEST::0"):
        signer.sign(request_to_sign)
