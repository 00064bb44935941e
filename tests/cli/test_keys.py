"""refuse_keys: an account is named, and never given by its key

given a private key or a mnemonic as the account, refuses without repeating it
given the name of an account, or a hash for something else, does not
"""

import pytest
from support.anvil import KEY, MNEMONIC

from pfpkit.cli.keys import refuse_keys
from pfpkit.errors import BadInput


@pytest.mark.parametrize(
    "arguments",
    [
        ["--account", f"0x{KEY}"],
        ["--account", KEY.upper()],
        [f"--account={KEY}"],
        ["--yes", "--account", f" {KEY}"],
        ["--account", MNEMONIC],
        ["--account", "TEST::0", "--account", KEY],
    ],
)
def test_refuse_keys__account_is_a_key__is_refused_unsaid(arguments):
    """It may be on somebody's screen already, but not twice."""
    with pytest.raises(BadInput, match="ape accounts import") as refusal:
        refuse_keys(arguments)
    assert KEY[:8].lower() not in str(refusal.value).lower()
    assert "junk" not in str(refusal.value)


@pytest.mark.parametrize(
    "arguments",
    [[], ["--account"], ["--account", "deployer"], ["--account=TEST::0"], ["--block", f"0x{KEY}"]],
)
def test_refuse_keys__account_is_a_name__goes_on(arguments):
    """32 bytes for another option may be the hash of a block."""
    refuse_keys(arguments)
