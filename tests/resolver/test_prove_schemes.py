"""prove: metadata and pictures outside IPFS

given data in the token URI, it is as good as the contract
given a web server, its picture is found and never verified
given a mixture, the weakest part decides
"""

import asyncio
import base64
import json
from dataclasses import replace
from urllib.parse import quote

import pytest
from support.dags import file_dag
from support.hostile_gateway import HostileGateway
from support.shelves import NOW, OTHER_PICTURE, OWNER, PICTURE, STATE, file_cid, token_shelf
from support.web_server import WebServer, page

from pfpkit.errors import BadContent, BadRecord, Unverified
from pfpkit.evidence import Binding, Outcome, Proof, prove
from pfpkit.receipt import Receipt
from pfpkit.recheck import check
from pfpkit.resolver import Resolution
from pfpkit.retrieval import Retriever
from pfpkit.unixfs import UNIXFS_V1_2025
from pfpkit.web import Web

FILE = file_dag(PICTURE, UNIXFS_V1_2025)
LINK = f"ipfs://{file_cid(PICTURE)}"
PIXELS = "data:image/png;base64," + base64.b64encode(PICTURE).decode()
SHELF = token_shelf()


def metadata(image: str, **fields: object) -> str:
    return json.dumps({"name": "Pip", "image": image, **fields})


def on_chain(image: str, **fields: object) -> str:
    """A token URI that holds its metadata."""
    text = metadata(image, **fields).encode()
    return "data:application/json;base64," + base64.b64encode(text).decode()


def proved(
    token_uri: str, image_uri: str | None = None, *, server: WebServer | None = None
) -> Proof:
    """The proof, over a gateway that has picture and shelf, and a server if there is one."""

    async def scenario() -> Proof:
        with HostileGateway([*FILE.blocks, *SHELF.blocks]) as gateway:
            async with Retriever([gateway.url]) as blocks:
                if server is None:
                    return await prove(token_uri, image_uri, blocks, renderer=None)
                async with Web(allowed=[f"localhost:{server.port}"]) as web:
                    return await prove(token_uri, image_uri, blocks, renderer=None, web=web)

    return asyncio.run(scenario())


def outcomes(proof: Proof) -> list[Outcome]:
    return [step.outcome for step in proof.steps]


def failed(proof: Proof) -> tuple[str, str | None]:
    """The step that failed, and its error."""
    return next((s.name, s.error) for s in proof.steps if s.outcome is Outcome.FAILED)


def found(proof: Proof, token_uri: str) -> Resolution:
    said = replace(STATE, holder=OWNER, token_uri=token_uri)
    return Resolution.of(Receipt.of(said, proof, NOW), proof)


@pytest.mark.parametrize(
    "uri",
    [
        on_chain(PIXELS),
        "data:application/json;utf8," + metadata(PIXELS),
        "data:application/json," + quote(metadata(PIXELS)),
        "data:application/json;charset=utf-8," + metadata(PIXELS, image_data="<svg/>"),
        "data:text/plain;base64," + base64.b64encode(metadata(PIXELS).encode()).decode(),
    ],
    ids=["base64", "utf8", "percent", "charset", "wrong type"],
)
def test_prove__when_all_of_it_is_on_chain__proves_it_without_a_gateway(uri):
    """No block is asked for, and the bytes are the contract's."""
    proof = proved(uri)
    assert proof.holds, proof.steps
    assert (proof.picture, proof.name, proof.blocks) == (PICTURE, "Pip", ())
    assert (proof.metadata_binding, proof.image_binding) == (Binding.ON_CHAIN,) * 2
    assert (proof.bundle, proof.metadata, proof.image) == (None, None, None)
    assert found(proof, uri).verified


def test_prove__when_metadata_is_on_chain_and_the_picture_on_ipfs__proves_both():
    """Each by what binds it."""
    proof = proved(on_chain(LINK))
    assert proof.holds, proof.steps
    assert (proof.metadata_binding, proof.image_binding) == (Binding.ON_CHAIN, Binding.BY_CONTENT)
    assert [block.cid for block in proof.blocks] == [file_cid(PICTURE)]


def test_prove__when_metadata_on_ipfs_holds_the_picture__is_bound_by_content():
    """A picture inside is bound by whatever binds the metadata."""
    shelf = file_dag(metadata(PIXELS).encode(), UNIXFS_V1_2025)
    with HostileGateway(shelf.blocks) as gateway:

        async def scenario() -> Proof:
            async with Retriever([gateway.url]) as blocks:
                return await prove(f"ipfs://{shelf.root}", None, blocks, renderer=None)

        proof = asyncio.run(scenario())
    assert proof.holds, proof.steps
    assert (proof.metadata_binding, proof.image_binding) == (Binding.BY_CONTENT,) * 2


@pytest.mark.parametrize("field", ["image_url", "imageUrl", "image_data"])
def test_prove__when_another_field_has_the_picture__says_which(field):
    """Read where `image` is missing."""
    proof = proved(on_chain("", **{field: PIXELS}))
    assert proof.holds, proof.steps
    assert proof.steps[2].reason.endswith(f"in {field!r}")


@pytest.mark.parametrize(
    "image", ['<svg xmlns="http://www.w3.org/2000/svg"/>', " <?xml version='1.0'?><svg/>"]
)
def test_prove__when_the_field_is_svg_itself__takes_it_as_the_picture_and_shows_none(image):
    """Found, and refused where pictures are looked at."""
    proof = proved(on_chain("", image_data=image))
    assert failed(proof) == ("media", "BadImage")
    assert proof.picture == image.encode()


@pytest.mark.parametrize("link", [LINK, PIXELS])
def test_prove__when_metadata_is_on_a_server__is_unverifiable(link):
    """Also where its picture is on IPFS, or inside."""
    with WebServer({"/1": page(metadata(link).encode(), "Content-Type: text/html")}) as server:
        uri = server.url("/1")
        proof = proved(uri, server=server)
    assert outcomes(proof) == [
        Outcome.PASSED,
        Outcome.UNVERIFIABLE,
        Outcome.PASSED,
        Outcome.PASSED,
        Outcome.PASSED,
    ]
    assert proof.picture == PICTURE
    assert proof.rendered.accepted
    assert not proof.holds
    assert proof.metadata_binding is Binding.UNVERIFIABLE
    said = found(proof, uri)
    assert said.receipt.verdict == "unverifiable"
    assert not said.verified


def test_prove__when_the_picture_is_on_a_server__is_unverifiable(tmp_path):
    """However good its metadata; and no receipt is left that could be taken for a proof."""
    with WebServer({"/1.png": page(PICTURE)}) as server:
        uri = on_chain(server.url("/1.png?token=hush"))
        server.answers["/1.png?token=hush"] = page(PICTURE)
        proof = proved(uri, server=server)
    assert outcomes(proof)[3] is Outcome.UNVERIFIABLE
    assert (proof.metadata_binding, proof.image_binding) == (
        Binding.ON_CHAIN,
        Binding.UNVERIFIABLE,
    )
    assert not proof.holds
    assert proof.picture == PICTURE
    assert all("hush" not in step.reason for step in proof.steps)
    said = found(proof, uri)
    with pytest.raises(Unverified, match="unverifiable"):
        said.save(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


def test_prove__when_not_the_owner_and_unverifiable__says_not_owner():
    """Who asks for what is not theirs learns that first."""
    with WebServer({"/1": page(metadata(LINK).encode())}) as server:
        proof = proved(server.url("/1"), server=server)
    receipt = Receipt.of(replace(STATE, holder="0x" + "11" * 20), proof, NOW)
    assert receipt.verdict == "not-owner"


def test_prove__when_the_server_redirects_to_this_machine__fails_with_its_fault():
    """The walk's own address is no way in."""
    with WebServer() as victim, WebServer() as server:
        server.answers["/1"] = page(b"", f"Location: {victim.url('/')}", status="302 Found")
        proof = proved(server.url("/1"), server=server)
        assert failed(proof) == ("metadata", "WebError")
        assert victim.connections == 0


@pytest.mark.parametrize(
    ("link", "image_uri"),
    [
        (LINK, "https://example.invalid/1.png"),
        (PIXELS, LINK),
        ("https://example.invalid/1.png", LINK),
        ("https://example.invalid/1.png", "https://example.invalid/2.png"),
    ],
)
def test_prove__when_the_contracts_two_uris_disagree__fails(link, image_uri):
    """In any pair of schemes."""
    assert failed(proved(on_chain(link), image_uri)) == ("image link", "Unverified")


def test_prove__when_the_contracts_two_uris_are_one_text__takes_it():
    """A contract of somebody else that has such a view."""
    assert proved(on_chain(PIXELS), PIXELS).holds


@pytest.mark.parametrize("image", [PIXELS, LINK], ids=["on chain", "on ipfs"])
def test_check__when_metadata_is_on_chain__proves_the_picture_again(tmp_path, image):
    """From the receipt alone, or with the CAR of the picture."""
    uri = on_chain(image)
    resolution = found(proved(uri), uri)
    saved = resolution.save(tmp_path, "avatar")
    assert (saved.car is None) is (image == PIXELS)
    receipt, proof = asyncio.run(check(saved.receipt))
    assert proof.picture == PICTURE
    assert receipt.metadata_binding is Binding.ON_CHAIN


def test_check__when_the_on_chain_receipt_is_forged__is_refused(tmp_path):
    """Another picture in its URI, in its file, or another binding."""
    uri = on_chain(PIXELS)
    saved = found(proved(uri), uri).save(tmp_path, "avatar")
    fields = json.loads(saved.receipt.read_bytes())
    lure = "data:image/png;base64," + base64.b64encode(OTHER_PICTURE).decode()
    forgeries = [
        {"token_uri": on_chain(lure)},
        {"token_uri": on_chain(PIXELS + " ")},
        {"token_uri": f"ipfs://{SHELF.root}/metadata.json"},
        {"bindings": {"metadata": "by-content", "image": "by-content"}},
        {"bindings": {"metadata": "on-chain", "image": "by-content"}},
        {"bindings": {"metadata": "on-chain", "image": "x"}},
        {"files": {"picture": "avatar.png", "car": "avatar.png"}},
    ]
    for forgery in forgeries:
        saved.receipt.write_text(json.dumps(fields | forgery))
        with pytest.raises((Unverified, BadRecord, BadContent)):
            asyncio.run(check(saved.receipt))
    saved.receipt.write_text(json.dumps(fields))
    saved.picture.write_bytes(OTHER_PICTURE)
    with pytest.raises(Unverified, match="is not the picture"):
        asyncio.run(check(saved.receipt))


def test_check__when_the_verdict_is_unverifiable__is_never_a_proof(tmp_path):
    """A receipt of it that somebody wrote by hand, as it is or improved."""
    with WebServer({"/1": page(metadata(PIXELS).encode())}) as server:
        uri = server.url("/1")
        receipt = found(proved(uri, server=server), uri).receipt
    path = tmp_path / "x.receipt.json"
    path.write_bytes(receipt.beside("x.png", None).encode())
    (tmp_path / "x.png").write_bytes(PICTURE)
    assert Receipt.load(path).verdict == "unverifiable"
    with pytest.raises(Unverified, match="says unverifiable, so there is nothing that it proves"):
        asyncio.run(check(path))
    fields = json.loads(path.read_bytes())
    fields |= {"verdict": "verified", "bindings": {"metadata": "on-chain", "image": "on-chain"}}
    for step in fields["steps"]:
        step["outcome"] = "passed"
    path.write_text(json.dumps(fields))
    with pytest.raises(Unverified, match="token URI does not hold"):
        asyncio.run(check(path))
