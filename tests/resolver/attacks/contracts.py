"""Contracts that revert, loop, flood, answer garbage, or lie about what they are.

Each answers its views by a few bytes of code (`support.programs`). What is sure of a token is said
all the same: where its owner can be read and its URI cannot, the step of the URI fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from eth_abi import encode
from resolver.attacks.attack import Attack, Scene, attack
from support.anvil import HOLDER, STRANGER
from support.programs import LOOPS, REVERTS, WRITES, returns, reverts, text, word, zeros
from support.read_path import LINK

from pfpkit.proof import StepError
from pfpkit.reference import Standard, TokenRef
from pfpkit.tokens import Outcome

OWNER_OF, TOKEN_URI = "ownerOf(uint256)", "tokenURI(uint256)"
BALANCE_OF, URI = "balanceOf(address,uint256)", "uri(uint256)"
SUPPORTS = "supportsInterface(bytes4)"
YES, NO = word(1), word(0)
MINE = {OWNER_OF: word(HOLDER), TOKEN_URI: text("ipfs://bafkqaaa")}
SOME = {BALANCE_OF: word(1), URI: text("ipfs://bafkqaaa")}
MIB = 2**20
PAUSED = bytes.fromhex("d93c0665")
UNKNOWN, NOT_OWNER = "chain", "not-owner"


def deployed(
    views: Mapping[str, bytes], scene: Scene, standard: Standard = Standard.ERC721
) -> TokenRef:
    """Token 1 of it."""
    return scene.contract(views, standard)


def of_erc721(name: str, step: str, word_: str, **views: bytes) -> Attack:
    """One that names the holder as its owner, but for `views` of a uint256."""
    changes = {f"{view}(uint256)": body for view, body in views.items()}
    return attack(name, partial(deployed, MINE | changes), step, word_)


def of_erc1155(name: str, step: str, word_: str, views: Mapping[str, bytes]) -> Attack:
    """One of which the holder has one, but for `views`."""
    arrange = partial(deployed, SOME | views, standard=Standard.ERC1155)
    return attack(name, arrange, step, word_)


def interface_of(standard: str) -> bytes:
    """The code of a supportsInterface that says yes to one standard, and no to all else."""
    known = {"erc721": "80ac58cd", "erc1155": "d9b67a26"}[standard]
    # PUSH4 id PUSH1 4 CALLDATALOAD PUSH1 224 SHR EQ PUSH0 MSTORE PUSH1 32 PUSH0 RETURN
    return bytes.fromhex(f"63{known}60043560e01c145f5260205ff3")


def lying(name: str, step: str, word_: str, supports: bytes, **views: bytes) -> Attack:
    """One that says of itself what is not so."""
    changes = {f"{view}(uint256)": body for view, body in views.items()}
    return attack(name, partial(deployed, {SUPPORTS: supports} | MINE | changes), step, word_)


BOMB = encode(["uint256", "uint256"], [32, 2**255])
POINTER = encode(["uint256", "uint256"], [2**256 - 32, 1])
CIRCLE = encode(["uint256", "uint256"], [0, 32])

CASES = [
    # Nobody's, or nobody can say whose.
    attack("mute", partial(deployed, {}), UNKNOWN, NOT_OWNER),
    of_erc721("owner-reverts", UNKNOWN, NOT_OWNER, ownerOf=REVERTS),
    of_erc721("owner-is-nobody", UNKNOWN, NOT_OWNER, ownerOf=word(0)),
    of_erc721("owner-is-another", "owner", StepError.NOT_OWNER, ownerOf=word(STRANGER)),
    of_erc721("owner-paused", UNKNOWN, Outcome.REVERTED, ownerOf=reverts(PAUSED)),
    of_erc721("owner-loops", UNKNOWN, Outcome.OUT_OF_GAS, ownerOf=LOOPS),
    of_erc721("owner-writes", UNKNOWN, NOT_OWNER, ownerOf=WRITES),
    of_erc721("owner-of-10-mb", UNKNOWN, Outcome.OUT_OF_GAS, ownerOf=zeros(10**7)),
    of_erc721("owner-of-2-mib", UNKNOWN, Outcome.TOO_LARGE, ownerOf=zeros(2 * MIB)),
    of_erc721("owner-of-31-bytes", UNKNOWN, Outcome.GARBAGE, ownerOf=zeros(31)),
    of_erc721("owner-of-nothing", UNKNOWN, Outcome.GARBAGE, ownerOf=zeros(0)),
    of_erc721("owner-of-33-bytes-of-1", UNKNOWN, Outcome.GARBAGE, ownerOf=returns(b"\1" * 33)),
    of_erc721("owner-with-dirty-bits", UNKNOWN, Outcome.GARBAGE, ownerOf=returns(b"\1" * 32)),
    of_erc721("reason-of-1-mib", UNKNOWN, Outcome.REVERTED, ownerOf=reverts(b"x" * MIB)),
    of_erc721(
        "reason-of-terminal-codes",
        *(UNKNOWN, Outcome.REVERTED),
        ownerOf=reverts(bytes.fromhex("08c379a0") + encode(["string"], ["\x1b]0;x\x07\n" * 99])),
    ),
    # The holder's, and what it names cannot be read.
    of_erc721("uri-reverts", "token URI", Outcome.NO_URI, tokenURI=REVERTS),
    of_erc721("uri-loops", "token URI", Outcome.OUT_OF_GAS, tokenURI=LOOPS),
    of_erc721("uri-of-10-mb", "token URI", Outcome.OUT_OF_GAS, tokenURI=zeros(10**7)),
    of_erc721("uri-of-2-mib", "token URI", Outcome.TOO_LARGE, tokenURI=text("x" * 2 * MIB)),
    of_erc721("uri-of-1-mib", "token URI", StepError.BAD_URI, tokenURI=text("x" * MIB)),
    of_erc721("uri-of-1-mib-of-zeros", "token URI", Outcome.GARBAGE, tokenURI=zeros(MIB)),
    of_erc721("uri-of-nothing", "token URI", Outcome.GARBAGE, tokenURI=zeros(0)),
    of_erc721("uri-is-empty", "token URI", StepError.BAD_URI, tokenURI=text("")),
    of_erc721("uri-is-no-text", "token URI", Outcome.GARBAGE, tokenURI=text(b"\xff" * 40)),
    of_erc721("uri-is-half-a-letter", "token URI", Outcome.GARBAGE, tokenURI=text("\ud800")),
    of_erc721("uri-says-2-to-the-255", "token URI", Outcome.GARBAGE, tokenURI=returns(BOMB)),
    of_erc721("uri-points-outside", "token URI", Outcome.GARBAGE, tokenURI=returns(POINTER)),
    of_erc721("uri-points-at-itself", "token URI", Outcome.GARBAGE, tokenURI=returns(CIRCLE)),
    of_erc721("uri-is-a-number", "token URI", Outcome.GARBAGE, tokenURI=word(7)),
    # About interfaces.
    lying("says-erc1155-alone", UNKNOWN, Outcome.WRONG_STANDARD, interface_of("erc1155")),
    lying("says-yes-to-all", UNKNOWN, NOT_OWNER, YES, ownerOf=REVERTS),
    lying(
        "says-erc721-and-has-no-owner", UNKNOWN, NOT_OWNER, interface_of("erc721"), ownerOf=REVERTS
    ),
    lying("says-2-mib", "token URI", Outcome.NO_URI, zeros(2 * MIB), tokenURI=REVERTS),
    lying("says-nothing-for-ever", "token URI", Outcome.NO_URI, LOOPS, tokenURI=REVERTS),
    lying("says-no-boolean", "token URI", Outcome.NO_URI, word(2), tokenURI=REVERTS),
    of_erc1155(
        "says-erc721-alone", UNKNOWN, Outcome.WRONG_STANDARD, {SUPPORTS: interface_of("erc721")}
    ),
    attack(
        "erc721-called-erc1155",
        partial(deployed, MINE, standard=Standard.ERC1155),
        *(UNKNOWN, Outcome.REVERTED),
    ),
    attack("erc1155-called-erc721", partial(deployed, SOME), UNKNOWN, NOT_OWNER),
    # Of ERC-1155.
    of_erc1155("balance-of-none", "owner", StepError.NOT_OWNER, {BALANCE_OF: word(0)}),
    of_erc1155("balance-reverts", UNKNOWN, Outcome.REVERTED, {BALANCE_OF: REVERTS}),
    of_erc1155("balance-loops", UNKNOWN, Outcome.OUT_OF_GAS, {BALANCE_OF: LOOPS}),
    of_erc1155("balance-is-cut", UNKNOWN, Outcome.GARBAGE, {BALANCE_OF: zeros(31)}),
    of_erc1155("id-makes-uri-16-mib", "token URI", Outcome.TOO_LARGE, {URI: text("{id}" * 2**18)}),
    # A picture of its own that the metadata do not name.
    of_erc721(
        "picture-is-another",
        *("image link", StepError.UNVERIFIED),
        tokenURI=text(Scene.inline(LINK)),
        imageURI=text("https://example.com/x.png"),
    ),
    of_erc721(
        "picture-is-2-mib-of-uri",
        *("metadata", StepError.BAD_METADATA),
        tokenURI=text("data:application/json,{}"),
        imageURI=text("x" * 2 * MIB),
    ),
]
