"""The deployed side of the stateful model: the same functions as TokenModel, by raw JSON-RPC.

It speaks the model's language, names for people and numbers for digests, so that a counterexample
reads as a story.
"""

from __future__ import annotations

from typing import Any

from eth_abi import decode, encode
from eth_utils import keccak

from support.collection import digest, image_uri, metadata_uri
from support.node import Node, Reverted, calldata
from support.token_model import NOBODY, Event, Refused

FUNCTIONS = {
    "mint": "mint(address,bytes32)",
    "safe_mint": "safeMint(address,bytes32,bytes)",
    "mint_batch": "mintBatch(address,bytes32[])",
    "airdrop": "airdrop(address[],bytes32[])",
    "burn": "burn(uint256)",
    "transfer_from": "transferFrom(address,address,uint256)",
    "safe_transfer_from": "safeTransferFrom(address,address,uint256,bytes)",
    "approve": "approve(address,uint256)",
    "set_approval_for_all": "setApprovalForAll(address,bool)",
    "set_minter": "setMinter(address)",
    "transfer_ownership": "transferOwnership(address)",
    "accept_ownership": "acceptOwnership()",
    "renounce_ownership": "renounceOwnership()",
}
ERRORS = [
    "ERC721NonexistentToken(uint256)",
    "ERC721IncorrectOwner(address,uint256,address)",
    "ERC721InvalidReceiver(address)",
    "ERC721InsufficientApproval(address,uint256)",
    "ERC721InvalidApprover(address)",
    "ERC721InvalidOperator(address)",
    "OwnableUnauthorizedAccount(address)",
    "NotMinter(address)",
    "ZeroBundle()",
    "EmptyBatch()",
    "LengthMismatch(uint256,uint256)",
    "SupplyExceeded(uint256,uint256)",
]
EVENTS = {  # name: types in the order of the arguments; those after the topics are in the data
    "Transfer": ["address", "address", "uint256"],
    "Approval": ["address", "address", "uint256"],
    "ApprovalForAll": ["address", "address", "bool"],
    "OwnershipTransferStarted": ["address", "address"],
    "OwnershipTransferred": ["address", "address"],
    "MinterChanged": ["address", "address"],
}
LENS = (
    "look(address,uint256,address[])",
    [
        "uint256[2]",
        "address[3]",
        "(bool,address,address,bytes32,string,string)[]",
        "uint256[]",
        "bool[]",
    ],
)


def _types(signature: str) -> list[str]:
    inner = signature[signature.index("(") + 1 : -1]
    return inner.split(",") if inner else []


ERROR_OF = {keccak(text=signature)[:4]: signature for signature in ERRORS}
EVENT_OF = {
    keccak(text=f"{name}({','.join(types)})").hex(): (name, types) for name, types in EVENTS.items()
}


class ModelContract:
    """A collection on the node, and the people who use it."""

    def __init__(self, node: Node, address: str, lens: str, people: dict[str, str]) -> None:
        self._node = node
        self._address = address
        self._lens = lens
        self.people = people
        self._name_of = {address.lower(): name for name, address in people.items()}
        self._number_of = {digest(number): number for number in range(1, 100)}

    def send(self, caller: str, function: str, *arguments: Any) -> list[Event]:
        """The collection's events of a transaction; Refused when it reverted."""
        signature = FUNCTIONS[function]
        types = _types(signature)
        if types[-1:] == ["bytes"]:
            arguments = (*arguments, b"data")
        values = [self._value(t, a) for t, a in zip(types, arguments, strict=True)]
        data = calldata(signature, *values)
        try:
            receipt = self._node.transact(self.people[caller], self._address, data)
        except Reverted as revert:
            raise self._refusal(revert.data) from None
        logs = [log for log in receipt["logs"] if log["address"] == self._address.lower()]
        return [self._event(log) for log in logs]

    def view(self, last_id: int, people: list[str]) -> dict[str, Any]:
        """What TokenModel.view says, read from the contract."""
        accounts = [self.people[person] for person in people]
        asked = calldata(LENS[0], self._address, last_id, accounts)
        answer = decode(LENS[1], self._node.call(self._lens, asked))
        totals, roles, tokens, balances, operators = answer
        said: dict[str, Any] = {"totalMinted": totals[0], "totalSupply": totals[1]}
        said |= zip(("owner", "pendingOwner", "minter"), map(self._name, roles), strict=True)
        said |= {f"token {token}": self._told(*seen) for token, seen in enumerate(tokens)}
        said |= {f"balance of {p}": b for p, b in zip(people, balances, strict=True)}
        pairs = [(holder, operator) for holder in people for operator in people]
        said["operators"] = sorted(p for p, is_one in zip(pairs, operators, strict=True) if is_one)
        return said

    def _told(
        self, exists: bool, owner: str, approved: str, bundle: bytes, metadata: str, image: str
    ) -> str:
        if not exists:
            return "none"
        told = f"{self._name(owner)}'s, bundle {self._number(bundle)}, for {self._name(approved)}"
        if (metadata, image) != (metadata_uri(bundle), image_uri(bundle)):
            told += f", wrong URIs {metadata} {image}"
        return told

    def _name(self, address: str) -> str:
        return self._name_of.get(address.lower(), address)

    def _number(self, bundle: bytes) -> int | str:
        return self._number_of.get(bundle, bundle.hex())

    def _value(self, solidity_type: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(solidity_type.removesuffix("[]"), item) for item in value]
        if solidity_type == "address":
            return self.people[value]
        if solidity_type == "bytes32":
            return digest(value) if value else bytes(32)
        return value

    def _refusal(self, data: bytes) -> Refused:
        signature = ERROR_OF.get(data[:4], f"unknown error {data.hex()}")
        types = _types(signature) if data[:4] in ERROR_OF else []
        inputs = decode(types, data[4:])
        names = [self._name(v) if t == "address" else v for t, v in zip(types, inputs, strict=True)]
        return Refused(signature, *names)

    def _event(self, log: dict[str, Any]) -> Event:
        name, types = EVENT_OF[log["topics"][0].removeprefix("0x")]
        words = "".join(topic[2:] for topic in log["topics"][1:]) + log["data"][2:]
        values = decode(types, bytes.fromhex(words))
        assert encode(types, values).hex() == words
        return (
            name,
            *(self._name(v) if t == "address" else v for t, v in zip(types, values, strict=True)),
        )


def people_of(addresses: dict[str, str]) -> dict[str, str]:
    """Names and addresses, with the zero address as `nobody`."""
    return addresses | {NOBODY: "0x" + "00" * 20}
