"""Tokens in the shapes that collections and marketplaces use, and what comes of each.

The shapes are of docs/metadata.md, which names their sources; names, words and pictures are ours. A
token URI is made by publishing what it names. What is expected are the verdict, what binds metadata
and picture, and the step that fails.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from support.pictures import animated, encoded, noise
from support.published import Published, metadata

from pfpkit.unixfs import UNIXFS_V0_2015

PNG, JPEG = encoded(noise(), "PNG"), encoded(noise(mode="RGB"), "JPEG")
GIF = animated("GIF")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<rect width="24" height="24" fill="#638596"/><rect x="8" y="6" width="8" height="9" '
    'fill="#c8a18f"/></svg>'
)
BAG = (
    '<svg xmlns="http://www.w3.org/2000/svg" preserveAspectRatio="xMinYMin meet" '
    'viewBox="0 0 350 350"><style>.base { fill: white; font-family: serif; font-size: 14px; }'
    '</style><rect width="100%" height="100%" fill="black" /><text x="10" y="20" class="base">'
    "Lantern of Light</text></svg>"
)
OLD = UNIXFS_V0_2015
TRAITS = [
    {"trait_type": "Base", "value": "Starfish"},
    {"trait_type": "Level", "value": 5},
    {"display_type": "boost_percentage", "trait_type": "Stamina", "value": 10.5},
    {"display_type": "date", "trait_type": "Birthday", "value": 1_546_360_800},
    {"value": "no type"},
]
VERIFIED, UNVERIFIABLE, UNVERIFIED = "verified", "unverifiable", "unverified"
CONTENT, CHAIN, NOTHING = "by-content", "on-chain", "unverifiable"


@dataclass(frozen=True)
class Sample:
    """One shape. `bound` are the bindings of metadata and picture, as far as they were found."""

    uri: Callable[[Published], str]
    verdict: str = VERIFIED
    bound: tuple[str | None, str | None] = (CONTENT, CONTENT)
    fails: str | None = None
    token_id: int | None = None


def base64_json(**fields: Any) -> str:
    """Metadata in the token URI, as most contracts write it."""
    return "data:application/json;base64," + base64.b64encode(metadata(**fields)).decode()


def in_base64(kind: str, data: bytes) -> str:
    """A picture in a URI."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _of_folder(there: Published) -> str:
    picture = there.file(JPEG, OLD)
    said = {str(n): metadata(image=f"ipfs://{picture}", attributes=TRAITS) for n in range(3)}
    return f"ipfs://{there.folder(said, OLD)}/1"


def _served(there: Published, path: str, image: str, **fields: Any) -> str:
    return there.page(path, metadata(image=there.page(image, PNG), **fields))


def _names(file: str, said: str) -> Callable[[Published], str]:
    """Metadata whose picture is a `file` of a folder, which it names as it is `said`."""

    def uri(there: Published) -> str:
        return there.json(image=f"ipfs://{there.folder({file: PNG})}/{said}")

    return uri


BY_CONTENT = {
    "OpenSea: all that it knows": Sample(
        lambda there: there.json(
            name="Dave",
            description="**Markdown** is allowed.",
            image=f"ipfs://{there.file(PNG)}",
            external_url="https://example.org/3",
            animation_url="ipfs://bafkqaaa/dance.mp4",
            youtube_url="https://example.org/watch?v=3",
            background_color="FFE4C4",
            attributes=TRAITS,
        )
    ),
    "OpenSea: image_url alone": Sample(
        lambda there: there.json(name="Old", image_url=f"ipfs://{there.file(PNG)}")
    ),
    "OpenSea: image_data beside image, which comes first": Sample(
        lambda there: there.json(image=f"ipfs://{there.file(PNG)}", image_data=SVG)
    ),
    "OpenSea: image_data alone": Sample(lambda there: there.json(image_data=SVG)),
    "ERC-1155's schema: properties, localization": Sample(
        lambda there: there.json(
            name="Shield",
            decimals=0,
            image=f"ipfs://{there.file(PNG)}",
            properties={"rich": {"name": "Level", "value": 3, "display_value": "3", "class": ""}},
            localization={"uri": "ipfs://bafkqaaa/{locale}.json", "locales": ["en", "fr"]},
        )
    ),
    "Bored Ape: a folder in CIDv0, no extension, no name": Sample(_of_folder),
    "Foundation: a file's name after the picture's folder": Sample(_names("nft.png", "nft.png")),
    "Rarible: ipfs://ipfs/": Sample(
        lambda there: there.json(
            name="Cat",
            image=f"ipfs://ipfs/{there.folder({'image.png': PNG}, OLD)}/image.png",
            attributes=[{"key": "Eyes", "trait_type": "Eyes", "value": "round"}],
        )
    ),
    "MakersPlace: imageUrl at a gateway of its own": Sample(
        lambda there: there.json(
            title="Library",
            type="object",
            imageUrl=f"https://ipfsgateway.example/ipfs/{there.file(JPEG, OLD)}",
            properties={"preview_media_file": {"type": "string", "description": "https://x"}},
        )
    ),
    "SuperRare: tags, and a gateway that is gone": Sample(
        lambda there: there.json(
            name="Dusk",
            createdBy="somebody",
            yearCreated="2021",
            tags=["dusk", "blue"],
            image=f"https://ipfs.example/ipfs/{there.folder({'a b.jpg': JPEG}, OLD)}/a%20b.jpg",
        )
    ),
    "Pinata: a gateway with a token in its query": Sample(
        lambda there: there.json(
            image=f"https://mine.mypinata.example/ipfs/{there.file(PNG)}?pinataGatewayToken=x"
        )
    ),
    "NFT.Storage: a CID in the host": Sample(
        lambda there: there.json(
            image=f"https://{there.folder({'1.png': PNG})}.ipfs.nftstorage.example/1.png"
        )
    ),
    "thirdweb: the token URI itself is a gateway's": Sample(
        lambda there: (
            "https://ipfs.example/ipfs/"
            + str(there.folder({"0": metadata(image=f"ipfs://{there.file(PNG)}")}))
            + "/0"
        )
    ),
    "Zora: content, and animation_url": Sample(
        lambda there: there.json(
            name="Post",
            image=f"ipfs://{there.file(GIF)}",
            animation_url=f"ipfs://{there.file(GIF)}",
            content={"mime": "image/gif", "uri": f"ipfs://{there.file(GIF)}"},
        )
    ),
    "Manifold: image_details of the picture": Sample(
        lambda there: there.json(
            created_by="somebody",
            image=f"ipfs://{there.file(PNG)}",
            image_details={"bytes": len(PNG), "format": "PNG", "sha256": "0" * 64, "width": 1},
        )
    ),
    "a name that is a number": Sample(
        lambda there: there.json(name=7, image=f"ipfs://{there.file(PNG)}")
    ),
    "attributes as an object": Sample(
        lambda there: there.json(image=f"ipfs://{there.file(PNG)}", attributes={"Eyes": "round"})
    ),
    "attributes as a text": Sample(
        lambda there: there.json(image=f"ipfs://{there.file(PNG)}", attributes="[]")
    ),
    "image is null, image_url is there": Sample(
        lambda there: there.json(image=None, image_url=f"ipfs://{there.file(PNG)}")
    ),
    "a bare CID": Sample(lambda there: there.json(image=str(there.file(PNG, OLD)))),
    "a path without its host": Sample(lambda there: there.json(image=f"/ipfs/{there.file(PNG)}")),
    "a file's name with blanks": Sample(_names("my cat.png", "my cat.png")),
    "a file's name with escaped blanks": Sample(_names("my cat.png", "my%20cat.png")),
    "a file's name with a percent sign": Sample(_names("100%.png", "100%25.png")),
    "a file's name in another alphabet": Sample(_names("žluť.png", quote("žluť.png"))),
    "a line end after the token URI": Sample(
        lambda there: there.json(image=f"ipfs://{there.file(PNG)}\n") + "\n"
    ),
    "a byte order mark, and tabs": Sample(
        lambda there: (
            "ipfs://"
            + str(there.file(b"\xef\xbb\xbf\t" + metadata(image=f"ipfs://{there.file(PNG)}")))
        )
    ),
}

ON_CHAIN = {
    "a PNG in base64 in base64": Sample(
        lambda _: base64_json(name="Pixels", image=in_base64("image/png", PNG)),
        bound=(CHAIN, CHAIN),
    ),
    "Nouns: SVG in base64 in base64": Sample(
        lambda _: base64_json(name="Noun 7", image=in_base64("image/svg+xml", SVG.encode())),
        bound=(CHAIN, CHAIN),
    ),
    "Loot: letters in an SVG": Sample(
        lambda _: base64_json(image=in_base64("image/svg+xml", BAG.encode())),
        bound=(CHAIN, CHAIN),
    ),
    "CryptoPunks: SVG as text, with a number sign": Sample(
        lambda _: base64_json(image=f"data:image/svg+xml;utf8,{SVG}"), bound=(CHAIN, CHAIN)
    ),
    "SVG with escapes": Sample(
        lambda _: base64_json(image=f"data:image/svg+xml,{quote(SVG)}"), bound=(CHAIN, CHAIN)
    ),
    "on-chain words, picture on IPFS": Sample(
        lambda there: base64_json(name="Half", image=f"ipfs://{there.file(PNG)}"),
        bound=(CHAIN, CONTENT),
    ),
    "JSON as plain text, with a number sign and blanks": Sample(
        lambda there: (
            f'data:application/json;utf8,{{"name": "# 1", "image": "ipfs://{there.file(PNG)}"}}'
        ),
        bound=(CHAIN, CONTENT),
    ),
    "JSON with escapes": Sample(
        lambda there: (
            "data:application/json,"
            + quote(metadata(name="100%", image=f"ipfs://{there.file(PNG)}").decode())
        ),
        bound=(CHAIN, CONTENT),
    ),
}

ON_SERVERS = {
    "Art Blocks: features beside traits": Sample(
        lambda there: _served(
            there,
            "/token/265000125",
            "/265000125.png",
            name="Field #125",
            platform="Blocks",
            aspect_ratio=1,
            features={"Fog": "Yes"},
            traits=[{"trait_type": "Field", "value": "Fog: Yes"}],
            generator_url="https://example.org/265000125",
            royaltyInfo={"royaltyFeeByID": 5},
        ),
        UNVERIFIABLE,
        (NOTHING, NOTHING),
    ),
    "ENS: an id of 77 digits, dates in milliseconds": Sample(
        lambda there: _served(
            there,
            "/mainnet/0x57f1/1",
            "/mainnet/0x57f1/0x165a/image",
            is_normalized=True,
            name="somebody.eth",
            version=0,
            url="https://example.org/name/somebody.eth",
            attributes=[{"trait_type": "Created", "display_type": "date", "value": 1633123738000}],
        ),
        UNVERIFIABLE,
        (NOTHING, NOTHING),
        token_id=10110056301157368922112380646085332716736091604887080310048917803187113883396,
    ),
    "Autoglyphs: a query in the picture's URL": Sample(
        lambda there: _served(there, "/glyph/35", "/glyphimage?index=35", title="Glyph #35"),
        UNVERIFIABLE,
        (NOTHING, NOTHING),
    ),
    "Hashmasks: no name": Sample(
        lambda there: _served(there, "/getMask/553", "/10694.jpg", description="Mask #553"),
        UNVERIFIABLE,
        (NOTHING, NOTHING),
    ),
    "words on a server, picture on IPFS": Sample(
        lambda there: there.page("/1.json", metadata(image=f"ipfs://{there.file(PNG)}")),
        UNVERIFIABLE,
        (NOTHING, CONTENT),
    ),
    "words on IPFS, picture on a server": Sample(
        lambda there: there.json(image=there.page("/1.png", PNG)),
        UNVERIFIABLE,
        (CONTENT, NOTHING),
    ),
    "a server whose token is gone": Sample(
        lambda there: there.page("/x", b"").removesuffix("x") + "gone.json",
        UNVERIFIED,
        (None, None),
        "metadata",
    ),
    "a server that answers with a web page": Sample(
        lambda there: there.page("/nft/1", b"<!doctype html><title>Sign in</title>"),
        UNVERIFIED,
        (None, None),
        "metadata",
    ),
}

REFUSED = {
    "Zora's first: the token URI is the picture": Sample(
        lambda there: f"ipfs://{there.file(JPEG)}", UNVERIFIED, (None, None), "metadata"
    ),
    "ERC-721's schema itself": Sample(
        lambda there: there.json(
            title="Asset Metadata",
            type="object",
            properties={"image": {"type": "string", "description": f"ipfs://{there.file(PNG)}"}},
        ),
        UNVERIFIED,
        (None, None),
        "metadata",
    ),
    "a video alone": Sample(
        lambda there: there.json(animation_url=f"ipfs://{there.file(b'mp4')}"),
        UNVERIFIED,
        (None, None),
        "metadata",
    ),
    "Foundation: a model for a picture": Sample(
        lambda there: there.json(image=f"ipfs://{there.file(b'glTF' + bytes(40))}"),
        UNVERIFIED,
        (CONTENT, CONTENT),
        "media",
    ),
    "a relative link": Sample(
        lambda there: there.json(image="images/1.png"),
        UNVERIFIED,
        (CONTENT, None),
        "image link",
    ),
    "ipns": Sample(
        lambda there: there.json(
            image="ipns://k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2x"
        ),
        UNVERIFIED,
        (CONTENT, None),
        "image link",
    ),
    "a name that is not in the folder": Sample(
        _names("1.png", "2.png"), UNVERIFIED, (CONTENT, None), "image link"
    ),
    "JSON with a comma too many": Sample(
        lambda there: f"ipfs://{there.file(b'{' + json.dumps('image').encode() + b':1,}')}",
        UNVERIFIED,
        (None, None),
        "metadata",
    ),
    "no URI at all": Sample(lambda _: "", UNVERIFIED, (None, None), "token URI"),
}

SAMPLES = BY_CONTENT | ON_CHAIN | ON_SERVERS | REFUSED
