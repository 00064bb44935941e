"""Transfer events of ERC-721, as a node's logs have them. Pure.

Logs are a node's word as everything else of it. Whoever follows them takes them for hints of what
to read again at a block, never for an owner: a contract may move tokens without an event.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pfpkit.reference import NOBODY, checksum_address

__all__ = ["TRANSFER", "Transfer", "transfers_of"]

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
"""keccak256 of `Transfer(address,address,uint256)`, the first topic of ERC-721's event."""
_WORD = re.compile(r"0x[0-9a-f]{64}")
_QUANTITY = re.compile(r"0x[0-9a-f]{1,13}")


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
        if not isinstance(topics, list) or len(topics) != 4 or topics[0] != TRANSFER:
            continue
        block, hashed, contract = (log.get(k) for k in ("blockNumber", "blockHash", "address"))
        words = [*topics, hashed]
        if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in words):
            continue
        if not _QUANTITY.fullmatch(str(block)) or not re.fullmatch(
            r"0x[0-9a-fA-F]{40}", str(contract)
        ):
            continue
        sender, to = (checksum_address(f"0x{topic[26:]}") for topic in topics[1:3])
        place = checksum_address(str(contract).lower())
        token_id, number = int(topics[3], 16), int(str(block), 16)
        found.append(Transfer(place, token_id, sender, to, number, str(hashed)))
    return found
