"""The floor of benchmarks/gas/floor.py, against a node that charges its terms

given each use
    a program of its terms alone costs the floor and what its pushes cost, to the unit of gas
given the four figures that the design names
    the floor is those
"""

import pytest
from support.gas_scenarios import address

from benchmarks.gas.floor import (
    CHANGED_SLOT,
    CLEARED_SLOT,
    CODE_BYTE,
    COLD_ACCOUNT,
    CREATE,
    CREATION_WORD,
    FLOORS,
    LOG,
    NEW_SLOT,
    READ_SLOT,
    SLOT_FOR_EACH,
)

PUSH, POP = 3, 2
# Stack arguments of each term's opcode, and the opcode; a slot's number is its first argument.
SSTORE, SLOAD, LOG4, EXTCODESIZE = "55", "54", "a4", "3b"


def push(value):
    """PUSH2 of a number."""
    return "61" + value.to_bytes(2, "big").hex()


def store(value, slot):
    """SSTORE of a number."""
    return push(value) + push(slot) + SSTORE, 2 * PUSH


def memory(size):
    """Gas of that many bytes of memory, from none."""
    words = -(-size // 32)
    return 3 * words + words**2 // 512


def create(terms):
    """CREATE of zeros as code, with as much creation code as the floor counts."""
    size, words = terms[CODE_BYTE], terms[CREATION_WORD]
    maker = push(size) + push(0) + "f3"  # creation code: return that many zero bytes
    at = 32 - len(maker) // 2
    put = "66" + maker + push(0) + "52"
    made = push(32 * words) + push(at) + push(0) + "f0" + "50"
    frames = memory(at + 32 * words) + memory(size)
    return put + made, 2 * PUSH + 3 + 3 * PUSH + POP + frames + 2 * PUSH


STEPS = {
    NEW_SLOT: lambda slot: store(7, slot),
    CHANGED_SLOT: lambda slot: store(8, slot),
    CLEARED_SLOT: lambda slot: store(0, slot),
    READ_SLOT: lambda slot: (push(slot) + SLOAD + "50", PUSH + POP),
    COLD_ACCOUNT: lambda _: ("73" + address("cold")[2:] + EXTCODESIZE + "50", PUSH + POP),
    LOG: lambda _: (push(0) * 6 + LOG4, 6 * PUSH),
}
FULL_BEFORE = (CHANGED_SLOT, CLEARED_SLOT, READ_SLOT)


def program(floor):
    """(creation code, gas of pushes and pops) of a contract that does the terms and no more."""
    prepared = done = ""
    besides = 0
    counts = dict(floor.terms)
    if CREATE in counts:
        done, besides = create(counts)
    slot = 0
    for price, times in floor.terms:
        for _ in range(times if price in STEPS else 0):
            slot += 1
            step, gas = STEPS[price](slot)
            done += step
            besides += gas
            if price in FULL_BEFORE:
                prepared += store(9, slot)[0]
    size = len(done) // 2
    # The last five instructions: copy what follows, and return it as the contract's code.
    head = len(prepared) // 2 + 18
    copy = push(size) + push(head) + push(0) + "39" + push(size) + push(0) + "f3" + "00"
    return bytes.fromhex(prepared + copy + done), besides


@pytest.mark.parametrize("name", [name for name in FLOORS if not name.startswith("tokenURI")])
def test_floor__when_a_node_charges_its_terms__is_what_it_charges(node, name):
    """Nothing that the EVM charges is left out of a floor, and nothing is in it twice."""
    floor = FLOORS[name]
    sender = address("owner")
    node.fund(sender)
    code, besides = program(floor)
    contract = node.deploy(sender, code)
    used = int(node.transact(sender, contract, floor.calldata)["gasUsed"], 16)
    assert used == floor.total + besides


@pytest.mark.parametrize(
    ("name", "gas"),
    [
        ("mint, new owner", 95_119),
        ("mint, same owner", 78_019),
        ("batch of 100, each" + SLOT_FOR_EACH, 47_075),
        ("transfer, existing receiver", 38_815),
    ],
)
def test_floor__when_design_names_it__is_that(name, gas):
    """The figures that the contract was designed with stand."""
    assert FLOORS[name].each == gas


def test_floor__when_told__shows_its_terms():
    """The terms can be added up by hand."""
    assert FLOORS["mint, same owner"].lines() == [
        "1 x transaction: 21,000",
        "56 x byte of calldata that is not zero: 896",
        "12 x byte of calldata that is zero: 48",
        "2 x slot from zero: cold 2,100 + set 20,000: 44,200",
        "1 x slot changed: cold 2,100 + reset 2,900: 5,000",
        "1 x slot changed: cold 2,100 + reset 2,900: 5,000",
        "1 x log of four topics: 375 + 4 x 375: 1,875",
        "together: 78,019",
    ]
