"""The pages' modules: what the browser computes is what pfpkit and Ethereum's libraries compute

cid.js: given official vectors, files at the chunk's limit, and bundles; canonical.js: given what
JSON can hold, and what it cannot; keccak.js and abi.js: beside eth_utils and eth_abi; picture.js:
given a service that was not heard for a while.
"""

import pytest
import rfc8785
from eth_abi import encode
from eth_utils import keccak, to_checksum_address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.page_modules import PageModules, ScriptError
from support.pictures import encoded, noise
from support.trees import key_stream

from pfpkit.bundle import build
from pfpkit.images import clean
from pfpkit.metadata import Attribute, TokenMetadata
from pfpkit.profile.picture import ago
from pfpkit.unixfs import add_file

HOLDER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
BUYER = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
many = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def pages():
    """The modules, in one process."""
    modules = PageModules()
    yield modules
    modules.close()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (
            key_stream("chunk-v1-seed", 2**20),
            "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta",
        ),
        (
            key_stream("chunk-v1-seed", 2**20 + 1),
            "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64",
        ),
    ],
    ids=["empty", "hello world", "one chunk", "one byte more"],
)
def test_file_of__when_an_official_vector__cid_is_official(pages, data, expected):
    """IPIP-0499's own CIDs, as the browser computes them."""
    assert pages.call("cid.js", "fileOf", data)["cid"] == expected


def test_file_of__when_of_several_chunks__is_what_unixfs_builds(pages):
    """CID, size and Tsize, over the chunk's limit and below the next."""
    data = key_stream("several", 3 * 2**20 + 7)
    ours = add_file(data)
    made = pages.call("cid.js", "fileOf", data)
    assert (made["cid"], made["size"], made["tsize"]) == (str(ours.cid), ours.size, ours.tsize)


@given(
    st.text(min_size=1, max_size=40).filter(str.isprintable).filter(str.strip),
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=60),
    st.lists(st.tuples(st.sampled_from(["Coat", "Ears"]), st.integers(-(2**53) + 1, 2**53 - 1))),
)
@many
def test_bundle_of__when_given_fields__is_the_bundle_that_pfpkit_builds(
    pages, name, description, traits
):
    """Root, both files and every byte of metadata.json; an empty description is left out."""
    image = clean(encoded(noise(8, 8), "PNG"))
    attributes = tuple(Attribute(value, trait_type=trait) for trait, value in traits)
    ours = build(image, TokenMetadata(name, description or None, attributes))
    fields = {
        "name": name,
        "description": description,
        "attributes": [attribute.fields() for attribute in attributes],
    }
    made = pages.call("cid.js", "bundleOf", image.data, fields)
    assert made["root"]["cid"] == str(ours.root)
    assert made["root"]["digest"] == ours.digest
    assert made["metadata"]["cid"] == str(ours.metadata)
    assert made["metadataBytes"] == ours.metadata_bytes


def test_bundle_of__when_one_byte_differs__is_another(pages):
    """A server that pins another picture is noticed."""
    image = clean(encoded(noise(8, 8), "PNG")).data
    other = image[:-1] + bytes([image[-1] ^ 1])
    roots = [pages.call("cid.js", "bundleOf", data, {"name": "Pip"}) for data in (image, other)]
    assert roots[0]["root"]["cid"] != roots[1]["root"]["cid"]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text()
        # -0 comes out as 0, and what json.dumps writes of it is -0.0.
        | st.floats(allow_nan=False, allow_infinity=False, width=32).map(lambda n: n + 0.0),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
@many
def test_canonical_bytes__when_json__is_what_rfc8785_writes(pages, value):
    """The order of keys, the escapes and the numbers are those of RFC 8785."""
    assert pages.call("canonical.js", "canonicalBytes", value) == rfc8785.dumps(value)


def test_canonical_bytes__when_half_a_character__is_refused(pages):
    """A lone surrogate has no bytes in UTF-8."""
    with pytest.raises(ScriptError, match="lone surrogate"):
        pages.call("canonical.js", "canonicalBytes", {"name": "\ud800"})


@given(st.text(st.characters(max_codepoint=127), max_size=135))
@many
def test_keccak256__when_one_block__is_ethereums(pages, text):
    """Every length of a block, the last byte of it included."""
    assert pages.call("keccak.js", "keccak256", text) == keccak(text=text)


def test_keccak256__when_longer_than_a_block__is_refused(pages):
    """It never answers for a part of what it was given."""
    assert pages.call("keccak.js", "keccak256", "a" * 135) == keccak(text="a" * 135)
    with pytest.raises(ScriptError, match="one block"):
        pages.call("keccak.js", "keccak256", "a" * 136)


@given(st.binary(min_size=20, max_size=20).filter(any))
@many
def test_read_address__when_an_address__has_its_checksum(pages, raw):
    """Lower case, upper case and the right mixed case are one address."""
    right = to_checksum_address(raw)
    digits = right[2:]
    for text in (right, f" {right}\n", "0x" + digits.lower(), "0x" + digits.upper()):
        assert pages.call("abi.js", "readAddress", text) == right


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HOLDER.replace("dc79", "Dc79"), "checksum"),
        ("0x" + "0" * 40, "zero address"),
        (HOLDER[:-1], "40 digits"),
        ("vitalik.eth", "40 digits"),
    ],
)
def test_read_address__when_none__says_why(pages, text, reason):
    """A wrong letter, nobody's address, too short, a name."""
    with pytest.raises(ScriptError, match=reason):
        pages.call("abi.js", "readAddress", text)


def test_transfer_data__when_a_token__is_what_eth_abi_encodes(pages):
    """safeTransferFrom, with an id of 78 digits too."""
    for token in (1, 2**256 - 1):
        call = keccak(text="safeTransferFrom(address,address,uint256)")[:4]
        arguments = encode(["address", "address", "uint256"], [HOLDER, BUYER, token])
        made = pages.call("abi.js", "transferData", HOLDER, BUYER, str(token))
        assert made == "0x" + (call + arguments).hex()


def test_transfer_data__when_the_id_is_too_large__is_refused(pages):
    """No id is cut to fit."""
    with pytest.raises(ScriptError, match="uint256"):
        pages.call("abi.js", "transferData", HOLDER, BUYER, str(2**256))


def test_mint_data__when_a_digest__is_what_eth_abi_encodes(pages):
    """mint(address,bytes32)."""
    digest = bytes(range(32))
    arguments = encode(["address", "bytes32"], [HOLDER, digest])
    made = pages.call("abi.js", "mintData", HOLDER, digest)
    assert made == "0x" + (keccak(text="mint(address,bytes32)")[:4] + arguments).hex()


def test_mint_data__when_the_digest_is_short__is_refused(pages):
    """Another length is no bundle."""
    with pytest.raises(ScriptError, match="32 bytes"):
        pages.call("abi.js", "mintData", HOLDER, bytes(31))


@pytest.mark.parametrize(
    ("contract", "topics", "expected"),
    [
        (BUYER.lower(), ["Transfer", bytes(32), HOLDER, 7], "7"),
        (HOLDER, ["Transfer", bytes(32), HOLDER, 7], None),
        (BUYER, ["Transfer", BUYER, HOLDER, 7], None),
        (BUYER, ["Transfer", bytes(32), BUYER, 7], None),
        (BUYER, ["Approval", bytes(32), HOLDER, 7], None),
    ],
    ids=["minted", "another contract", "moved", "to somebody else", "another event"],
)
def test_minted_in__when_a_receipt__names_the_new_token_alone(pages, contract, topics, expected):
    """The id is read from this contract's event of a mint to this holder, and from no other."""
    event, source, receiver, token = topics
    words = [
        keccak(text=f"{event}(address,address,uint256)"),
        source if isinstance(source, bytes) else encode(["address"], [source]),
        encode(["address"], [receiver]),
        encode(["uint256"], [token]),
    ]
    receipt = {"logs": [{"address": contract, "topics": ["0x" + word.hex() for word in words]}]}
    assert pages.call("abi.js", "mintedIn", receipt, BUYER, HOLDER) == expected


PICTURE = {
    "kind": "nft",
    "state": "verified",
    "shape": "hexagon",
    "name": "pip",
    "images": {"400": {"webp": "/pictures/x.webp"}},
    "words": "Verified at block 12",
    "checked": {"block": 12, "age_s": 10, "max_age_s": 600},
}


def test_unheard__when_silent_for_a_while__is_dashed_with_block_and_age(pages):
    """The age is that of the last answer and the silence together."""
    seen = pages.call("picture.js", "unheard", PICTURE, 110)
    assert (seen["state"], seen["shape"]) == ("stale", "hexagon-dashed")
    assert seen["words"] == "last verified at block 12, 2 minutes ago"


def test_unheard__when_silent_past_the_maximum_age__has_no_picture(pages):
    """One second decides."""
    assert pages.call("picture.js", "unheard", PICTURE, 590)["shape"] == "hexagon-dashed"
    seen = pages.call("picture.js", "unheard", PICTURE, 591)
    assert (seen["state"], seen["shape"], seen["images"]) == ("unverified", "placeholder", None)


def test_unheard__when_an_upload__stays_as_it_is(pages):
    """Nothing was claimed of it, so nothing grows old."""
    upload = PICTURE | {"kind": "ordinary", "state": "ordinary", "shape": "circle"}
    assert pages.call("picture.js", "unheard", upload, 10**6) == upload


@pytest.mark.parametrize("seconds", [0, 1, 2, 59, 60, 119, 120, 3_600, 7_300, 86_400, 200_000])
def test_ago__when_an_age__has_the_servers_words(pages, seconds):
    """A page that counts on by itself says the same as one that was just drawn."""
    assert pages.call("picture.js", "ago", seconds) == ago(seconds)
