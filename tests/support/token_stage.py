"""Where a story is played: all its steps in one request to anvil, each followed by every view.

`eth_simulateV1` runs the calls one after another on a state of their own, so that each story begins
with nothing and nothing is mined. It answers with the events too, which `eth_call` does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from support.node import Node, calldata
from support.token_language import Answer, Language
from support.token_model import COLLECTION, WALLET, Done, Refusal, Step, TokenModel, View

ACCOUNTS = ("owner", "minter", "holder", "buyer", "stranger")
MOCKS = {
    WALLET: "ReentrantReceiver",
    "taking contract": "AcceptingReceiver",
    "silent contract": "SilentReceiver",
    "lying contract": "WrongAnswerReceiver",
    "short contract": "ShortAnswerReceiver",
    "mute contract": "MuteReceiver",
    "reasoning contract": "ReasonReceiver",
}
CALLERS = (*ACCOUNTS, WALLET)
PEOPLE = (*ACCOUNTS, *MOCKS)
GAS = 10_000_000


@dataclass(frozen=True)
class Scene:
    """A step, what the model says to it, and to the views after it, once there is a collection."""

    step: Step
    said: Done | Refusal
    views: tuple[View, ...]


@dataclass(frozen=True)
class Call:
    """One call of a story in bytes, and its right answer. A creation carries the arguments of the
    constructor alone."""

    sender: str
    to: str
    data: bytes
    creates: bool
    right: Answer

    def message(self, code: bytes) -> dict[str, str]:
        """As JSON-RPC wants it."""
        data = calldata("create(bytes)", code + self.data) if self.creates else self.data
        return {"from": self.sender, "to": self.to, "gas": hex(GAS), "data": "0x" + data.hex()}


def told(model: TokenModel, step: Step) -> Scene:
    """The model does a step."""
    said = model.attempt(step)
    views = tuple(model.views(CALLERS, PEOPLE)) if model.max_supply else ()
    return Scene(step, said, views)


def retold(steps: list[Step]) -> list[Scene]:
    """A story of these steps, as the model tells it."""
    model = TokenModel()
    return [told(model, step) for step in steps]


class Stage:
    """A node with the contracts that stories need, but for the collection."""

    def __init__(self, node: Node, deployer: str, codes: Mapping[str, bytes]) -> None:
        self._node = node
        people = {name: f"0x{n + 1:02x}" + "a5" * 19 for n, name in enumerate(ACCOUNTS)}
        for name, contract in MOCKS.items():
            people[name] = node.deploy(deployer, codes[contract])
        self._lens = node.deploy(deployer, codes["Lens"])
        self._factory = node.deploy(deployer, codes["Factory"])
        # Empty code: what counts is the address, which is that of whatever is created first.
        created = node.call(self._factory, calldata("create(bytes)", b""))
        self.language = Language(people | {COLLECTION: "0x" + created[-20:].hex()})

    def calls(self, story: list[Scene]) -> list[Call]:
        """A story in bytes: for each scene its step, and then the views."""
        calls = []
        for scene in story:
            calls.append(self._call(scene))
            if scene.views:
                calls.append(self._look(scene.views))
        return calls

    def play(self, calls: list[Call], code: bytes) -> list[Answer]:
        """What the EVM answers, where `code` creates the collection."""
        block = {"calls": [call.message(code) for call in calls]}
        options = {"blockStateCalls": [block], "validation": False}
        (simulated,) = self._node.rpc("eth_simulateV1", options, "latest")
        return [_answer(found) for found in simulated["calls"]]

    def differs(self, calls: list[Call], code: bytes) -> bool:
        """Whether the contract that `code` creates ever answers otherwise than the model."""
        return self.play(calls, code) != [call.right for call in calls]

    def check(self, story: list[Scene], code: bytes) -> None:
        """Raise AssertionError where contract and model part, with the shortest story that leads
        there."""
        if not self.differs(self.calls(story), code):
            return
        story = self._shortest([scene.step for scene in story], code)
        calls = self.calls(story)
        pairs = zip(self.play(calls, code), calls, strict=True)
        raise AssertionError("\n".join(self._account(story, pairs)))

    def _shortest(self, steps: list[Step], code: bytes) -> list[Scene]:
        """Leave out steps, from the last to the first, while contract and model still part; the
        creation stays."""
        story, tried = retold(steps), -1
        while tried != len(story):
            tried = len(story)
            for n in reversed(range(tried)):
                if (story[n].step.function, type(story[n].said)) == ("create", Done):
                    continue
                shorter = retold([scene.step for scene in story[:n] + story[n + 1 :]])
                if self.differs(self.calls(shorter), code):
                    story = shorter
        return story

    def _call(self, scene: Scene) -> Call:
        step, language = scene.step, self.language
        right = language.answer(step, scene.said)
        address = language.addresses
        if step.function == "create":
            data = language.constructor_arguments(step.arguments)
            return Call(address[step.caller], self._factory, data, True, right)
        if step.function == "arm":
            armed = language.calldata(*step.arguments)
            data = calldata("arm(address,bytes)", address[COLLECTION], armed)
            return Call(address[step.caller], address[WALLET], data, False, right)
        data = language.calldata(step.function, step.arguments)
        if step.caller == WALLET:
            data = calldata("call(address,bytes)", address[COLLECTION], data)
            return Call(address[step.asker], address[WALLET], data, False, right)
        return Call(address[step.caller], address[COLLECTION], data, False, right)

    def _look(self, views: tuple[View, ...]) -> Call:
        language = self.language
        asked = (language.asked(function, arguments) for function, arguments, _ in views)
        packed = b"".join(bytes([len(data)]) + data for data in asked)
        right = b"".join(language.answered(function, answer) for function, _, answer in views)
        data = calldata("look(address,bytes)", language.addresses[COLLECTION], packed)
        padded = right + bytes(-len(right) % 32)
        answer = (32).to_bytes(32, "big") + len(right).to_bytes(32, "big") + padded
        sender = language.addresses["stranger"]
        return Call(sender, self._lens, data, False, Answer(True, answer))

    def _account(self, story: list[Scene], answers: Iterator[tuple[Answer, Call]]) -> list[str]:
        """The story up to where contract and model part, and what each says there."""
        lines = ["", "contract and model part at the end of this story:"]
        for number, scene in enumerate(story, 1):
            found, call = next(answers)
            lines.append(f"{number}. {scene.step}: {self.language.told(scene.step, call.right)}")
            if found != call.right:
                return [*lines, f"   but the contract {self.language.told(scene.step, found)}"]
            if scene.views:
                found, call = next(answers)
                if found != call.right:
                    return [*lines, *self._account_of_views(scene.views, found)]
        raise AssertionError("the answers differ, and no scene does")

    def _account_of_views(self, views: tuple[View, ...], found: Answer) -> list[str]:
        if not found.done:
            return [f"   after that the views cannot be read: 0x{found.data.hex()}"]
        lines, rest, language = [], found.data[64:], self.language
        for function, arguments, right in views:
            done, size = bool(rest[0]), int.from_bytes(rest[1:5], "big")
            data, rest = rest[5 : 5 + size], rest[5 + size :]
            expected = language.data(function, right)
            if (done, data) != (isinstance(right, Done), expected):
                asked = f"{function}({', '.join(map(str, arguments))})"
                wrong = language.told_data(function, done, data)
                should = language.told_data(function, isinstance(right, Done), expected)
                lines.append(f"   after that {asked} {wrong}; the model {should}")
        return lines or [f"   after that the views answer 0x{found.data.hex()}"]


def _answer(found: dict[str, Any]) -> Answer:
    logs = tuple(
        (log["address"], tuple(map(_bytes, log["topics"])), _bytes(log["data"]))
        for log in found["logs"]
    )
    return Answer(found["status"] == "0x1", _bytes(found["returnData"]), logs)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def codes_of(deployment_code: Callable[[str], bytes]) -> dict[str, bytes]:
    """Creation codes of the contracts that a stage needs, by their names."""
    return {name: deployment_code(name) for name in (*MOCKS.values(), "Lens", "Factory")}
