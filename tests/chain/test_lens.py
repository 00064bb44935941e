"""The lens: a program that asks many views in one eth_call

given lens.yul, solc makes the code that is sent
given views, each is asked with its own gas, and as much of its answer comes as it may take
given more than one call can carry, they go in several
given any bytes for an answer, they are read or refused
"""

import json
import subprocess
from pathlib import Path

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st
from support.node import Reverted, calldata

from pfpkit import lens
from pfpkit.lens import Asked, Seen

ROOT = Path(__file__).parents[2]
SOLC = "process.stdout.write(require({!r}).compile(require('fs').readFileSync(0, 'utf8')))"


def test_code__when_lens_yul_is_compiled__is_that():
    """By the pinned solc, for the oldest EVM that is in use."""
    source = (ROOT / "pfpkit" / "lens.yul").read_text()
    settings = {
        "evmVersion": "paris",
        "optimizer": {"enabled": True, "details": {"yul": True}},
        "outputSelection": {"*": {"*": ["evm.bytecode.object"]}},
    }
    sources = {"lens.yul": {"content": source}}
    wanted = json.dumps({"language": "Yul", "sources": sources, "settings": settings})
    solc = ["node", "-e", SOLC.format(str(ROOT / "node_modules" / "solc"))]
    said = subprocess.run(solc, input=wanted, capture_output=True, text=True, check=True)
    made = json.loads(said.stdout)["contracts"]["lens.yul"]["Lens"]["evm"]["bytecode"]["object"]
    assert bytes.fromhex(made) == lens.CODE


def seen(node, asked):
    """What a lens says on the chain."""
    found = []
    for part, data in lens.pack(asked):
        with pytest.raises(Reverted) as answer:
            node.call(None, bytes.fromhex(data[2:]))
        found += lens.unpack(answer.value.data, part)
    return found


@pytest.fixture
def impostor(tokens):
    """A contract that answers ownerOf with 96 bytes, and reverts at all else."""
    ref = tokens.impostor({"ownerOf(uint256)": encode(["uint256"] * 3, [1, 2, 3])})
    return bytes.fromhex(ref.contract[2:])


OWNER_OF = calldata("ownerOf(uint256)", 1)
ANSWER = encode(["uint256"] * 3, [1, 2, 3])


@pytest.mark.parametrize("cap", [0, 1, 31, 32, 64, 95, 96, 97, 2**32 - 1])
def test_lens__when_an_answer_has_a_cap__comes_up_to_it(node, impostor, cap):
    """With its full size, so that who asked knows that it was cut; what follows is not touched."""
    asked = [Asked(impostor, OWNER_OF, 10**5, cap), Asked(impostor, OWNER_OF, 10**5, 96)]
    assert seen(node, asked) == [Seen(True, 96, ANSWER[:cap]), Seen(True, 96, ANSWER)]


def test_lens__when_views_fail__says_which(node, impostor):
    """A revert, no code, too little gas of its own, and one for which no gas is left."""
    asked = [
        Asked(impostor, b"", 10**5, 96),
        Asked(b"\x11" * 20, OWNER_OF, 10**5, 96),
        Asked(impostor, OWNER_OF, 100, 96),
        Asked(impostor, OWNER_OF, 2**32 - 1, 96),
        Asked(impostor, OWNER_OF, 10**5, 96),
    ]
    empty = Seen(False, 0, b"")
    assert seen(node, asked) == [empty, Seen(True, 0, b""), empty, None, Seen(True, 96, ANSWER)]


def test_lens__when_more_is_asked_than_one_call_carries__goes_in_several(node, impostor):
    """Each within what EIP-3860 allows; nothing is left out, and nothing is asked twice."""
    asked = [Asked(impostor, OWNER_OF + bytes(number % 700), 10**5, 96) for number in range(500)]
    packed = list(lens.pack(asked))
    assert len(packed) > 3
    assert all(len(data) // 2 - 1 <= 49_152 for _, data in packed)
    assert [one for part, _ in packed for one in part] == asked
    assert seen(node, asked) == [Seen(True, 96, ANSWER)] * 500


def test_pack__when_nothing_is_asked__is_nothing():
    """No empty lens is sent."""
    assert list(lens.pack([])) == []


VIEW = st.builds(Asked, st.just(bytes(20)), st.binary(max_size=9), st.just(1), st.integers(0, 40))


@given(st.lists(VIEW, max_size=4), st.binary(max_size=200))
def test_unpack__when_any_bytes__is_what_was_seen_or_a_value_error(asked, data):
    """Nothing else comes out, and nothing is longer than it may be."""
    try:
        found = lens.unpack(data, asked)
    except ValueError:
        return
    assert len(found) == len(asked)
    assert all(
        s is None or len(s.data) == min(s.size, a.cap) for s, a in zip(found, asked, strict=True)
    )
