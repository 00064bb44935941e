"""What is compared: for each contract its constructor, its ways to mint, and what it lacks.

Peers are written as their users would write them (benchmarks/gas/contracts). All that Solidity
wrote have burning, and loops for a batch and an airdrop, since ProfilePicture has them; two have
all of its features, and only with these is its deployment compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from eth_abi import encode
from support.gas_scenarios import address, bundles, without_zeros

from pfpkit.bundle import bundle_cid

OURS = "ProfilePicture"
FEATURES = (
    "minter beside the owner",
    "two-step ownership",
    "maximum supply",
    "totalSupply",
    "ERC-2981",
    "contractURI",
    "mint returns the URIs",
)
ALL_TYPES = ["string", "string", "address", "address", "uint256", "address", "uint96"]
ALL_VALUES = [
    *("Profile Pictures", "PFP", address("owner"), address("minter"), 10_000),
    *(address("royalties"), 500),
]


def uri_of(digest: bytes) -> str:
    """What tokenURI says of a bundle."""
    return f"ipfs://{bundle_cid(digest)}/metadata.json"


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of the comparison; a call is empty when there is no such function."""

    title: str
    source: str
    keeps: Literal["digest", "string", "nothing"]
    arguments: bytes
    mint: str
    safe_mint: str
    batch: str
    airdrop: str
    lacks: tuple[str, ...]
    first_id: int = 1
    remark: str = ""

    def contents(self, count: int) -> list[Any]:
        """What the first tokens of a mint are minted with."""
        digests = bundles(count)
        return digests if self.keeps == "digest" else [uri_of(digest) for digest in digests]


def _but(*features: str) -> tuple[str, ...]:
    return tuple(feature for feature in FEATURES if feature not in features)


PROFILE_PICTURE = Contract(
    OURS,
    "contracts/ProfilePicture.sol",
    "digest",
    encode([*ALL_TYPES, "bytes32"], [*ALL_VALUES, without_zeros("collection")]),
    mint="mint(address,bytes32)",
    safe_mint="safeMint(address,bytes32,bytes)",
    batch="mintBatch(address,bytes32[])",
    airdrop="airdrop(address[],bytes32[])",
    lacks=(),
)
_DIGEST = replace(
    PROFILE_PICTURE,
    arguments=encode(["address"], [address("minter")]),
    safe_mint="safeMint(address,bytes32)",
    lacks=FEATURES,
)
_STRING = replace(
    _DIGEST,
    keeps="string",
    mint="mint(address,string)",
    safe_mint="safeMint(address,string)",
    batch="mintBatch(address,string[])",
    airdrop="airdrop(address[],string[])",
)
_FOLDER = "benchmarks/gas/contracts/"

PEERS = (
    replace(
        _DIGEST,
        title="Solady, alike",
        source=_FOLDER + "SoladyAlike.sol",
        arguments=PROFILE_PICTURE.arguments,
        safe_mint=PROFILE_PICTURE.safe_mint,
        lacks=(),
    ),
    replace(_DIGEST, title="Solady, digest", source=_FOLDER + "SoladyDigest.sol"),
    replace(_STRING, title="Solady, string", source=_FOLDER + "SoladyString.sol"),
    replace(_DIGEST, title="Solmate, digest", source=_FOLDER + "SolmateDigest.sol"),
    replace(
        _DIGEST,
        title="ERC721A, digests",
        source=_FOLDER + "ERC721ADigest.sol",
        lacks=_but("totalSupply"),
    ),
    replace(
        _STRING,
        title="ERC721A, base URI",
        source=_FOLDER + "ERC721ABase.sol",
        keeps="nothing",
        arguments=encode(["address", "string"], [address("minter"), uri_of(bundles(1)[0])[:67]]),
        mint="mint(address,uint256)",
        safe_mint="safeMint(address,uint256)",
        batch="mint(address,uint256)",
        airdrop="airdrop(address[])",
        lacks=_but("totalSupply"),
        remark="keeps nothing for a token: its metadata is a numbered file of one folder",
    ),
    replace(
        _STRING,
        title="OpenZeppelin, alike",
        source=_FOLDER + "OpenZeppelinAlike.sol",
        arguments=encode(
            [*ALL_TYPES, "string"], [*ALL_VALUES, uri_of(without_zeros("collection"))]
        ),
        safe_mint="safeMint(address,string,bytes)",
        lacks=("mint returns the URIs",),
    ),
    replace(
        _STRING,
        title="OpenZeppelin, open mint",
        source=_FOLDER + "OpenZeppelinOpen.sol",
        arguments=b"",
        remark="anybody mints",
    ),
    replace(
        _STRING,
        title="OpenZeppelin, Wizard",
        source=_FOLDER + "OpenZeppelinWizard.sol",
        mint="safeMint(address,string)",
        batch="safeMintBatch(address,string[])",
        first_id=0,
        remark="every mint is a safeMint",
    ),
    replace(
        _STRING,
        title="Snekmate, string",
        source=_FOLDER + "SnekmateURI.vy",
        arguments=b"",
        mint="safe_mint(address,string)",
        safe_mint="safe_mint(address,string)",
        batch="",
        airdrop="",
        lacks=_but("minter beside the owner", "totalSupply"),
        first_id=0,
        remark="every mint is a safe_mint; lists tokens on chain (ERC721Enumerable)",
    ),
)
