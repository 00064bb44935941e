"""Transfer events of ERC-721, as a node's logs have them. Pure.

Logs are a node's word as everything else of it. Whoever follows them takes them for hints of what
to read again at a block, never for an owner: a contract may move tokens without an event.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pfpkit.reference import NOBODY, checksum_address

__all__ = ["TRANSFER", "Transfer", "transfers_in_receipt", "transfers_of"]

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256 of `Transfer(address,address,uint256)`, the first topic of ERC-721's event."""
_WORD = re.compile(r"0x[0-9a-f]{64}", re.IGNORECASE)
_QUANTITY = re.compile(r"0x[0-9a-f]{1,13}", re.IGNORECASE)
_ADDRESS = re.compile(r"0x[0-9a-f]{40}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One event: which token moved, from whom and to whom, in which block."""

    contract: str
    token_id: int
    sender: str
    to: str
    block: int
    block_hash: str

    @property
    def is_mint(self) -> bool:
        """Whether the token was made, not moved."""
        return self.sender == NOBODY


def transfers_of(logs: Iterable[Any]) -> list[Transfer]:
    """Return the transfers among logs; what is of another form, as ERC-20's event, is left out."""
    found = []
    for log in logs:
        topics = log.get("topics") if isinstance(log, Mapping) else None
        if not isinstance(topics, list) or len(topics) != 4 or str(topics[0]).lower() != TRANSFER:
            continue
        block, hashed, contract = (log.get(k) for k in ("blockNumber", "blockHash", "address"))
        if not all(_is(_WORD, word) for word in (*topics, hashed)):
            continue
        if not _is(_QUANTITY, block) or not _is(_ADDRESS, contract):
            continue
        sender, to = (checksum_address(f"0x{topic[26:].lower()}") for topic in topics[1:3])
        place = checksum_address(str(contract).lower())
        token_id, number = int(topics[3], 16), int(str(block), 16)
        found.append(Transfer(place, token_id, sender, to, number, str(hashed).lower()))
    return found


def transfers_in_receipt(receipt: Mapping[str, Any]) -> list[Transfer] | None:
    """Return the transfers of what a transaction called, by its receipt.

    None when it is no receipt of a call, or has a log that may be one of them and cannot be read.
    """
    called, logs = receipt.get("to"), receipt.get("logs")
    if not _is(_ADDRESS, called) or not isinstance(logs, list):
        return None
    wanted = [log for log in logs if not _is_other(log, str(called).lower())]
    found = transfers_of(wanted)
    return found if len(found) == len(wanted) else None


def _is_other(log: Any, called: str) -> bool:
    """Whether a log is, for certain, another contract's or of another event than Transfer."""
    if not isinstance(log, Mapping):
        return False
    contract, topics = log.get("address"), log.get("topics")
    if _is(_ADDRESS, contract) and str(contract).lower() != called:
        return True
    if not isinstance(topics, list):
        return False
    return not topics or (_is(_WORD, topics[0]) and topics[0].lower() != TRANSFER)


def _is(form: re.Pattern[str], said: Any) -> bool:
    return isinstance(said, str) and form.fullmatch(said) is not None
