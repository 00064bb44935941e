"""The model's language in bytes: steps as calls, and what the model says as what the EVM says.

The comparison is of bytes, whole: return data, revert data, topics and data of every event, of
whichever contract. Words are for people, when the bytes differ.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from eth_abi import decode, encode
from eth_utils import keccak

from support.collection import CONSTRUCTOR, digest, image_uri, metadata_uri
from support.node import calldata
from support.token_model import NOBODY, WALLET, Done, Event, Refusal, Step

# Beside Solidity's types: "digest" is bytes32 of a number; "metadata" and "image" are the URIs of
# that digest; "answer" is what a function answers, as bytes.
STEPS = {  # the model's name: signature, types that it returns
    "mint": ("mint(address,digest)", "uint256,metadata,image"),
    "safe_mint": ("safeMint(address,digest,bytes)", "uint256,metadata,image"),
    "mint_batch": ("mintBatch(address,digest[])", "uint256"),
    "airdrop": ("airdrop(address[],digest[])", "uint256"),
    "burn": ("burn(uint256)", ""),
    "transfer_from": ("transferFrom(address,address,uint256)", ""),
    "safe_transfer_from": ("safeTransferFrom(address,address,uint256)", ""),
    "safe_transfer_with_data": ("safeTransferFrom(address,address,uint256,bytes)", ""),
    "approve": ("approve(address,uint256)", ""),
    "set_approval_for_all": ("setApprovalForAll(address,bool)", ""),
    "set_minter": ("setMinter(address)", ""),
    "transfer_ownership": ("transferOwnership(address)", ""),
    "accept_ownership": ("acceptOwnership()", ""),
    "renounce_ownership": ("renounceOwnership()", ""),
    "create": ("create(bytes)", "address"),
    "arm": ("arm(address,bytes)", ""),
}
VIEWS = {
    "name": ("name()", "string"),
    "symbol": ("symbol()", "string"),
    "maxSupply": ("maxSupply()", "uint256"),
    "contractURI": ("contractURI()", "metadata"),
    "totalMinted": ("totalMinted()", "uint256"),
    "totalSupply": ("totalSupply()", "uint256"),
    "owner": ("owner()", "address"),
    "pendingOwner": ("pendingOwner()", "address"),
    "minter": ("minter()", "address"),
    "royaltyInfo": ("royaltyInfo(uint256,uint256)", "address,uint256"),
    "supportsInterface": ("supportsInterface(bytes4)", "bool"),
    "ownerOf": ("ownerOf(uint256)", "address"),
    "getApproved": ("getApproved(uint256)", "address"),
    "bundleOf": ("bundleOf(uint256)", "digest"),
    "tokenURI": ("tokenURI(uint256)", "metadata"),
    "imageURI": ("imageURI(uint256)", "image"),
    "balanceOf": ("balanceOf(address)", "uint256"),
    "isApprovedForAll": ("isApprovedForAll(address,address)", "bool"),
}
FUNCTIONS = STEPS | VIEWS
ERRORS = [
    "ERC721InvalidOwner(address)",
    "ERC721NonexistentToken(uint256)",
    "ERC721IncorrectOwner(address,uint256,address)",
    "ERC721InvalidReceiver(address)",
    "ERC721InsufficientApproval(address,uint256)",
    "ERC721InvalidApprover(address)",
    "ERC721InvalidOperator(address)",
    "OwnableUnauthorizedAccount(address)",
    "OwnableInvalidOwner(address)",
    "NotMinter(address)",
    "ZeroBundle()",
    "EmptyBatch()",
    "LengthMismatch(uint256,uint256)",
    "SupplyExceeded(uint256,uint256)",
    "InvalidMaxSupply(uint256)",
    "InvalidRoyalty(address,uint96)",
    "NoPictures(uint256)",
    "Panic(uint256)",
]
EVENTS = {  # name: types, how many of them are indexed
    "Transfer": ("address,address,uint256", 3),
    "Approval": ("address,address,uint256", 3),
    "ApprovalForAll": ("address,address,bool", 2),
    "OwnershipTransferStarted": ("address,address", 2),
    "OwnershipTransferred": ("address,address", 2),
    "MinterChanged": ("address,address", 2),
    "Received": ("address,address,address,uint256,bytes", 0),
    "CalledBack": ("bool,answer", 0),
}
_PLAIN = {"digest": "bytes32", "metadata": "string", "image": "string", "answer": "bytes"}
_OURS = re.compile(rf"\b({'|'.join(_PLAIN)})\b")


def plain(text: str) -> str:
    """Types, or a signature, as Solidity writes them."""
    return _OURS.sub(lambda found: _PLAIN[found[0]], text)


def _split(types: str) -> list[str]:
    return types.split(",") if types else []


def _inner(signature: str) -> list[str]:
    return _split(signature[signature.index("(") + 1 : -1])


_ERROR_OF = {keccak(text=signature)[:4]: signature for signature in ERRORS}
_EVENT_OF = {keccak(text=f"{name}({plain(t)})"): name for name, (t, _) in EVENTS.items()}
_DIGESTS = {digest(number): number for number in range(1, 1000)}
_URIS = {uri(d): n for d, n in _DIGESTS.items() for uri in (metadata_uri, image_uri)}


class Answer(NamedTuple):
    """What a call came to: it was done or reverted, its data, and its events as they are logged."""

    done: bool
    data: bytes
    logs: tuple[tuple[str, tuple[bytes, ...], bytes], ...] = ()


class Language:
    """Names of people and contracts, and their addresses in lower case."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses | {NOBODY: "0x" + "00" * 20}
        self._names = {address: name for name, address in self.addresses.items()}
        self.asked = lru_cache(maxsize=100_000)(self.calldata)
        self.answered = lru_cache(maxsize=100_000)(self._packed)

    # -- to bytes

    def calldata(self, function: str, arguments: tuple[Any, ...]) -> bytes:
        """A call as the model writes it."""
        signature, _ = FUNCTIONS[function]
        types = _inner(signature)
        if types[-1:] == ["bytes"]:
            arguments = (*arguments, "data")
        return calldata(plain(signature), *map(self._value, types, arguments))

    def constructor_arguments(self, arguments: tuple[Any, ...]) -> bytes:
        """What follows the creation code."""
        types = [*CONSTRUCTOR[:-1], "digest"]
        return encode(CONSTRUCTOR, list(map(self._value, types, arguments)))

    def answer(self, step: Step, said: Done | Refusal) -> Answer:
        """What the EVM has to answer to a step; the wallet returns its answer as bytes."""
        if isinstance(said, Refusal):
            return Answer(False, self.data(step.function, said))
        data = self.data(step.function, said)
        if step.caller == WALLET:
            data = encode(["bytes"], [data])
        return Answer(True, data, tuple(self._log(event) for event in said.events))

    def data(self, function: str, said: Done | Refusal) -> bytes:
        """What a function returns, or reverts with."""
        if isinstance(said, Refusal):
            return calldata(said.error, *map(self._value, _inner(said.error), said.inputs))
        types = _split(FUNCTIONS[function][1])
        return encode(list(map(plain, types)), list(map(self._value, types, said.returns)))

    def _packed(self, function: str, said: Done | Refusal) -> bytes:
        data = self.data(function, said)
        return bytes([isinstance(said, Done)]) + len(data).to_bytes(4, "big") + data

    def _log(self, event: Event) -> tuple[str, tuple[bytes, ...], bytes]:
        emitter, name, *inputs = event
        written, indexed = EVENTS[name]
        types, values = _split(written), list(map(self._value, _split(written), inputs))
        topics = [encode([t], [v]) for t, v in zip(types[:indexed], values[:indexed], strict=True)]
        first = keccak(text=f"{name}({plain(written)})")
        data = encode(list(map(plain, types[indexed:])), values[indexed:])
        return self.addresses[emitter], (first, *topics), data

    def _value(self, kind: str, value: Any) -> Any:
        if kind.endswith("[]"):
            return [self._value(kind[:-2], item) for item in value]
        match kind:
            case "address":
                return self.addresses[value]
            case "digest":
                return digest(value) if value else bytes(32)
            case "metadata":
                return metadata_uri(digest(value))
            case "image":
                return image_uri(digest(value))
            case "bytes4":
                return bytes.fromhex(value)
            case "bytes" if isinstance(value, str):
                return value.encode()
            case "answer":
                return self.data(*value)
        return value

    # -- to words

    def told(self, step: Step, answer: Answer) -> str:
        """An answer of the EVM as a person reads it."""
        data = answer.data
        if answer.done and step.caller == WALLET:
            data = _try_decode(["bytes"], data, [data])[0]
        said = self.told_data(step.function, answer.done, data)
        return "; ".join([said, *(f"emits {self._told_log(*log)}" for log in answer.logs)])

    def told_data(self, function: str, done: bool, data: bytes) -> str:
        """What a function returned, or reverted with, as a person reads it."""
        if done:
            return f"returns {self._told_values(FUNCTIONS[function][1], data)}"
        error = _ERROR_OF.get(data[:4])
        if error is None:
            return f"reverts with 0x{data.hex()}"
        values = self._told_values(",".join(_inner(error)), data[4:])
        return f"reverts with {error.split('(')[0]}{values}"

    def _told_log(self, emitter: str, topics: tuple[bytes, ...], data: bytes) -> str:
        who = self._names.get(emitter, emitter)
        name = _EVENT_OF.get(topics[0]) if topics else None
        if name is None:
            return f"{who}: unknown event {[t.hex() for t in topics]} {data.hex()}"
        types, indexed = EVENTS[name]
        right = "" if len(topics) == indexed + 1 else f" with {len(topics) - 1} indexed inputs"
        return f"{who}: {name}{self._told_values(types, b''.join(topics[1:]) + data)}{right}"

    def _told_values(self, types: str, data: bytes) -> str:
        kinds = _split(types)
        found = _try_decode(list(map(plain, kinds)), data, [f"0x{data.hex()}"])
        if len(found) != len(kinds):
            return f"({found[0]})" if data else "()"
        return f"({', '.join(map(self._word, kinds, found))})"

    def _word(self, kind: str, value: Any) -> str:
        match kind:
            case "address":
                return self._names.get(value.lower(), value)
            case "digest":
                return f"bundle {_DIGESTS.get(value, value.hex())}"
            case "metadata" | "image":
                return f"{kind} URI of {_URIS[value]}" if value in _URIS else repr(value)
            case "bytes" | "answer":
                return f"0x{value.hex()}"
        return repr(value)


def _try_decode(types: list[str], data: bytes, otherwise: list[Any]) -> list[Any]:
    try:
        found = list(decode(types, data))
    except Exception:  # noqa: BLE001 - whatever the bytes are, they have to be told
        return otherwise
    return found if encode(types, found) == data else otherwise
