"""UnixFS: files and directories as blocks, and back. Pure; trusts no block.

Follows the UnixFS specification (specs.ipfs.tech/unixfs) and the profiles of IPIP-0499. `build`
makes blocks, `read` reads them; everything public can be imported from here.

>>> blocks = {}
>>> image = add_file(b"pixels", sink=lambda block: blocks.update([block]))
>>> token = add_directory({"image": image}, sink=lambda block: blocks.update([block]))
>>> drive(resolve(token.cid, "image"), blocks.__getitem__) == image.cid
True
"""

from pfpkit.cid import Block
from pfpkit.unixfs.build import Entry, Sink, add_directory, add_file
from pfpkit.unixfs.dagpb import Link
from pfpkit.unixfs.node import Kind, Node, decode_node
from pfpkit.unixfs.profile import PROFILES, UNIXFS_V0_2015, UNIXFS_V1_2025, Profile
from pfpkit.unixfs.read import (
    Traversal,
    adrive,
    drive,
    list_directory,
    read_file,
    read_node,
    resolve,
    walk,
)

__all__ = [
    "PROFILES",
    "UNIXFS_V0_2015",
    "UNIXFS_V1_2025",
    "Block",
    "Entry",
    "Kind",
    "Link",
    "Node",
    "Profile",
    "Sink",
    "Traversal",
    "add_directory",
    "add_file",
    "adrive",
    "decode_node",
    "drive",
    "list_directory",
    "read_file",
    "read_node",
    "resolve",
    "walk",
]
