"""Many views in one eth_call: a program that is never deployed, what it is asked, what it answers.

`lens.yul` is its source. Nothing has to be on the chain for it, and unlike Multicall3, whose calls
may write and share all gas, no contract in it can change what another one is asked, or leave it
without gas: each view is a STATICCALL with its own gas and its own share of the answer. Pure.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["CODE", "GAS", "MAX_BYTES", "Asked", "Seen", "pack", "unpack"]

CODE = bytes.fromhex(
    "60998038038091600039808060005b828110601957500390fd5b9150602090818351918260e01c9063ffffffff84"
    "1693600285600094620186a08460e51c8201015a11607a575b5050841b8317825260c01c63ffffffff1691828110"
    "6073575b508160008483013e0101920101908291600e565b915038605f565b8592509063ffffffff939591878b01"
    "9087891c90fa3d9391508538604656"
)
"""What solc makes of lens.yul: for any EVM since 2019."""
GAS = 50_000_000
"""For one lens: what nodes let an eth_call have if they are not told otherwise."""
MAX_BYTES = 49_152 - len(CODE)
"""What may follow the code (EIP-3860)."""
_HEAD = struct.Struct(">II20sI")
_ANSWER = struct.Struct(">24xII")
_DONE, _NOT_ASKED = 1, 2


@dataclass(frozen=True, slots=True)
class Asked:
    """One view: whom (20 bytes) to ask what, with at most `gas`, for at most `cap` bytes."""

    target: bytes
    data: bytes
    gas: int
    cap: int

    def __bytes__(self) -> bytes:
        return _HEAD.pack(self.gas, self.cap, self.target, len(self.data)) + self.data


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one view: its answer, or the data of its revert when it was not `done`.

    `size` is how long the answer is, and `data` as much of it as was let through.
    """

    done: bool
    size: int
    data: bytes


def pack(asked: Sequence[Asked]) -> Iterator[tuple[Sequence[Asked], str]]:
    """Give what to send in eth_calls without `to`, as 0x and digits, and which views each asks.

    >>> [(views, sent)] = pack([Asked(bytes(20), b"ab", 30_000, 32)])
    >>> sent.removeprefix("0x" + CODE.hex())
    '00007530000000200000000000000000000000000000000000000000000000026162'
    """
    first, size = 0, 0
    for place, one in enumerate(asked):
        more = _HEAD.size + len(one.data)
        if size + more > MAX_BYTES:
            yield asked[first:place], _packed(asked[first:place])
            first, size = place, 0
        size += more
    if asked:
        yield asked[first:], _packed(asked[first:])


def _packed(asked: Sequence[Asked]) -> str:
    return "0x" + (CODE + b"".join(map(bytes, asked))).hex()


def unpack(answer: bytes, asked: Sequence[Asked]) -> list[Seen | None]:
    """Return what came of each view, None for one that there was no gas to ask.

    ValueError when the bytes are no such answer: the node did not run the program.
    """
    found: list[Seen | None] = []
    at = 0
    for one in asked:
        if len(answer) < at + _ANSWER.size:
            raise ValueError("the answer is cut short")
        state, size = _ANSWER.unpack_from(answer, at)
        at += _ANSWER.size
        kept = min(size, one.cap)
        data = answer[at : at + kept]
        at += kept
        if state > _NOT_ASKED or len(data) < kept:
            raise ValueError("the answer is of another form")
        found.append(None if state == _NOT_ASKED else Seen(state == _DONE, size, data))
    if at != len(answer):
        raise ValueError("the answer goes on after its end")
    return found
