"""Profiles: the parameters that decide which CID a file gets. Pure values.

Follows IPIP-0499 (specs.ipfs.tech/ipips/ipip-0499): the same bytes under the same profile have
the same CID in every tool; under another profile they have another one.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Profile:
    """One row of IPIP-0499. Layout is balanced, chunks are of fixed size, hash is sha2-256.

    A directory becomes a HAMT when its size is over `hamt_threshold`. Its size is that of its
    encoded block ("block-bytes"), or that of its names and CIDs alone ("links-bytes").
    """

    name: str
    cid_version: Literal[0, 1]
    chunk_size: int
    width: int
    raw_leaves: bool
    directory_size: Literal["block-bytes", "links-bytes"]
    hamt_threshold: int = 262_144
    hamt_fanout: int = 256


UNIXFS_V1_2025 = Profile(
    name="unixfs-v1-2025",
    cid_version=1,
    chunk_size=2**20,
    width=1024,
    raw_leaves=True,
    directory_size="block-bytes",
)
UNIXFS_V0_2015 = Profile(
    name="unixfs-v0-2015",
    cid_version=0,
    chunk_size=2**18,
    width=174,
    raw_leaves=False,
    directory_size="links-bytes",
)
PROFILES = {profile.name: profile for profile in (UNIXFS_V1_2025, UNIXFS_V0_2015)}
