"""No command takes a private key: an account is the name of one that Ape keeps."""

import re
from collections.abc import Sequence
from itertools import pairwise

from pfpkit.errors import BadInput

__all__ = ["refuse_keys"]

_KEY = re.compile(r"(?:0x)?[0-9a-fA-F]{64}")
_WORDS = 12  # of the shortest mnemonic (BIP-39)
_OPTION = "--account"


def refuse_keys(arguments: Sequence[str]) -> None:
    """BadInput when an account is given by its key or its words, without repeating them."""
    given = [text for before, text in pairwise(["", *arguments]) if before == _OPTION]
    given += [t.partition("=")[2] for t in arguments if t.startswith(f"{_OPTION}=")]
    for value in given:
        if _KEY.fullmatch(value.strip()) or len(value.split()) >= _WORDS:
            raise BadInput(
                "--account takes the name of an Ape account, and no key: what was given is in the "
                "shell's history now, so do not use that key again; `ape accounts import NAME` "
                "keeps one in an encrypted file"
            )
