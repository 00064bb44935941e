"""One token's files as one UnixFS directory: `image` and `metadata.json`.

Pure. The directory's CIDv1 commits to both files, and its 32 byte digest is all that the chain
keeps. `metadata.json` is canonical JSON (RFC 8785) whose `image` is `ipfs://` and the CID of the
image file, so that a wallet which follows that link and one which follows the bundle's path fetch
the same block. CIDs follow the profile `unixfs-v1-2025` (IPIP-0499).
"""

from dataclasses import dataclass, field
from typing import Protocol

from pfpkit.cid import CID, DAG_PB
from pfpkit.errors import BadCID, NotFound
from pfpkit.unixfs import UNIXFS_V1_2025, Block, add_directory, add_file, drive, resolve

IMAGE = "image"
METADATA = "metadata.json"
_SHA2_256, _DIGEST_BYTES = 0x12, 32


class Picture(Protocol):
    """A cleaned picture, such as `pfpkit.images.CleanImage`."""

    @property
    def data(self) -> bytes:
        """Its bytes, with nothing but the picture in them."""
        ...

    @property
    def media_type(self) -> str:
        """What they are."""
        ...


class Metadata(Protocol):
    """What can be written beside an image: a token's metadata, or a collection's."""

    def encode(self, image_uri: str) -> bytes:
        """Return the bytes of metadata.json with this link to the image."""
        ...


@dataclass(frozen=True, slots=True)
class Bundle:
    """A directory of `image` and `metadata.json`, with every block of it, the root last."""

    root: CID
    image: CID
    metadata: CID
    media_type: str
    image_bytes: bytes = field(repr=False)
    metadata_bytes: bytes = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    image_blocks: tuple[Block, ...] = field(repr=False)
    tsize: int
    """The bytes of its whole DAG, as a directory's link to it says them."""

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the contract keeps."""
        return self.root.digest

    @property
    def metadata_uri(self) -> str:
        """The token's `tokenURI`."""
        return f"ipfs://{self.root}/{METADATA}"

    @property
    def image_uri(self) -> str:
        """The token's `imageURI`."""
        return f"ipfs://{self.root}/{IMAGE}"


def build(image: Picture, metadata: Metadata) -> Bundle:
    """Return the bundle of a cleaned picture and its metadata, read back from its own blocks."""
    bundle = _built(image, metadata)
    _check(bundle)
    return bundle


def rebuild(image: Picture, metadata: Metadata, root: CID) -> Bundle | None:
    """Return the bundle `root` that was built before, or None when these are not its files.

    It is not read back again: the root commits to every byte of it.
    """
    bundle = _built(image, metadata)
    return bundle if bundle.root == root else None


def _built(image: Picture, metadata: Metadata) -> Bundle:
    blocks: dict[CID, Block] = {}

    def keep(block: Block) -> None:
        blocks.setdefault(block.cid, block)

    image_file = add_file(image.data, UNIXFS_V1_2025, keep)
    image_blocks = tuple(blocks.values())
    metadata_bytes = metadata.encode(f"ipfs://{image_file.cid}")
    metadata_file = add_file(metadata_bytes, UNIXFS_V1_2025, keep)
    files = {IMAGE: image_file, METADATA: metadata_file}
    root = add_directory(files, UNIXFS_V1_2025, keep)
    return Bundle(
        root=root.cid,
        image=image_file.cid,
        metadata=metadata_file.cid,
        media_type=image.media_type,
        image_bytes=image.data,
        metadata_bytes=metadata_bytes,
        blocks=tuple(blocks.values()),
        image_blocks=image_blocks,
        tsize=root.tsize,
    )


def bundle_cid(digest: bytes) -> CID:
    """Return the CID of the bundle whose digest the chain keeps; BadCID unless it is 32 bytes."""
    if len(digest) != _DIGEST_BYTES:
        raise BadCID(f"a bundle's digest is {_DIGEST_BYTES} bytes, and this one is {len(digest)}")
    return CID(1, DAG_PB, digest, _SHA2_256)


def _check(bundle: Bundle) -> None:
    """Walk from the root to both files as a stranger would, hashing every block on the way."""
    by_cid = {block.cid: block.data for block in bundle.blocks}

    def get(cid: CID) -> bytes:
        if cid not in by_cid:
            raise NotFound(f"block {cid} is not in the bundle {bundle.root}")
        return by_cid[cid]

    found = [drive(resolve(bundle.root, name), get) for name in (IMAGE, METADATA)]
    assert bundle.root == bundle_cid(bundle.digest)
    assert found == [bundle.image, bundle.metadata]
