"""publish and read_back: pinned everywhere, and read back through another route

given bundles, pins both roots of each and reads them back; a second time nothing is new
given a gateway that lacks one root, lies or is down, NotPinned says which, where and why
given a store with a damaged block, says so, and pinning again repairs it
"""

import asyncio

import pytest
from support.blocks import damage, lose
from support.hostile_gateway import HostileGateway, Lie
from support.pictures import encoded, noise
from support.shelves import OTHER_PICTURE, file_cid, token_shelf

from pfpkit.bundle import build
from pfpkit.errors import NotPinned, StoreFull
from pfpkit.images import clean
from pfpkit.metadata import TokenMetadata
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.embedded import EmbeddedPinner
from pfpkit.pinning.gateway import Gateway
from pfpkit.publication import EMBEDDED, Route, publish, read_back

BUNDLES = [
    (str(n), build(clean(encoded(noise(seed=n), "PNG")), TokenMetadata(f"Pip {n}"))) for n in (1, 2)
]
KEY, BUNDLE = BUNDLES[0]


@pytest.fixture
def store(tmp_path):
    return BlockStore(tmp_path / "blocks")


@pytest.fixture
def route(store):
    """The embedded gateway over the store."""
    with Gateway(store) as gateway:
        yield Route(EMBEDDED, gateway.url)


def published(bundles, pinners, routes):
    """What was published, and the error that ended it if one did."""
    done = []

    wrapped = [EmbeddedPinner(p) if isinstance(p, BlockStore) else p for p in pinners]

    async def run():
        async for one in publish(bundles, wrapped, routes):
            done.append(one)

    try:
        asyncio.run(run())
    except NotPinned as error:
        return done, error
    return done, None


def test_publish__when_new__pins_and_reads_back_each_bundle(store, route):
    """Both roots, with who holds them and where they were read."""
    done, error = published(BUNDLES, [store], [route])
    assert error is None
    assert [one.new for one in done] == [True, True]
    for one, (key, bundle) in zip(done, BUNDLES, strict=True):
        entry = one.entry
        assert (entry.key, entry.bundle, entry.image) == (key, bundle.root, bundle.image)
        assert [pin.pinner for pin in entry.pinners] == ["blockstore"]
        assert [back.gateway for back in entry.read_back] == [EMBEDDED]
        assert store.has(bundle.root)
        assert store.has(bundle.image)
        total = sum(len(block.data) for block in bundle.blocks)
        assert (entry.pinners[0].blocks, entry.pinners[0].bytes) == (len(bundle.blocks), total)


def test_publish__when_published_before__nothing_is_new(store, route):
    """And it is read back again."""
    published(BUNDLES, [store], [route])
    done, error = published(BUNDLES, [store], [route])
    assert (error, [one.new for one in done]) == (None, [False, False])
    assert all(one.entry.read_back for one in done)


def test_publish__when_one_of_two_pinners_lacks_it__is_new(tmp_path, store, route):
    """Until every back end holds both roots."""
    published([BUNDLES[0]], [store], [route])
    second = BlockStore(tmp_path / "second")
    done, _ = published([BUNDLES[0]], [store, second], [route])
    assert done[0].new
    assert second.has(BUNDLE.root)
    assert second.has(BUNDLE.image)


def test_publish__when_a_gateway_fails_at_the_second__the_first_stays_true(store, route):
    """What was yielded can be recorded; the rest is not."""
    with HostileGateway(BUNDLE.blocks) as other:
        done, error = published(BUNDLES, [store], [route, Route("other", other.url)])
    assert [one.entry.key for one in done] == ["1"]
    assert [back.gateway for back in done[0].entry.read_back] == [EMBEDDED, "other"]
    assert str(BUNDLES[1][1].root) in str(error)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (Lie.FLIPPED_BYTE, "sent wrong bytes"),
        (Lie.OTHER_FILE, "sent wrong bytes"),
        (Lie.MISSING, "does not have it"),
        (Lie.BROKEN, "refused"),
        (Lie.REDIRECTING, "redirects elsewhere"),
        (Lie.HANGS_UP, "gave no HTTP answer"),
    ],
)
def test_publish__when_the_gateway_lies__is_not_pinned(store, lie, reason):
    """The bundle, the route, the reason, and what to do."""
    with HostileGateway(BUNDLE.blocks, lie) as gateway:
        done, error = published(BUNDLES, [store], [Route("https://gw.example", gateway.url)])
    assert done == []
    told = str(error)
    assert told.startswith(f"{BUNDLE.root} cannot be read back through https://gw.example: ")
    assert reason in told
    assert told.endswith("; run `ape run pin --repair`, or name another --gateway")


def test_publish__when_the_gateway_is_down__is_not_pinned(store):
    """Nobody listens there."""
    done, error = published(BUNDLES, [store], [Route("gone", "http://127.0.0.1:9")])
    assert done == []
    assert f"{BUNDLE.root} cannot be read back through gone: " in str(error)
    assert "could not be reached" in str(error)


def test_publish__when_the_disk_is_full__reads_nothing_back(store):
    """The back end's own error; no gateway was asked."""

    class Full:
        name = "full"

        async def pin(self, dag):
            raise StoreFull("no room left")

    with HostileGateway(BUNDLE.blocks) as gateway:
        with pytest.raises(StoreFull):
            published(BUNDLES, [store, Full()], [Route("gw", gateway.url)])
        assert gateway.requests == []


@pytest.mark.parametrize("lacking", ["image", "metadata", "root"])
def test_read_back__when_one_file_is_absent__names_its_block(lacking):
    """Each of the three paths is read: two in the bundle, and the image's own root."""
    cid = getattr(BUNDLE, lacking)
    blocks = [block for block in BUNDLE.blocks if block.cid != cid]
    reason = f"no gateway gave {cid}"
    with HostileGateway(blocks) as gateway, pytest.raises(NotPinned, match=reason):
        asyncio.run(read_back(BUNDLE.root, BUNDLE.image, Route("gw", gateway.url)))


def test_read_back__when_all_is_there__gives_both_files(store, route):
    """Hashed to the CIDs that were computed here."""
    published(BUNDLES, [store], [route])
    metadata, image = asyncio.run(read_back(BUNDLE.root, BUNDLE.image, route))
    assert (metadata.data, image.data) == (BUNDLE.metadata_bytes, BUNDLE.image_bytes)
    assert (metadata.cid, image.cid) == (BUNDLE.metadata, BUNDLE.image)


def test_read_back__when_the_record_names_another_image__is_refused():
    """A record that was edited by hand: the bundle decides."""
    blocks = [*BUNDLE.blocks, *token_shelf(OTHER_PICTURE).blocks]
    reason = f"holds {BUNDLE.image} as its image, not "
    with HostileGateway(blocks) as gateway, pytest.raises(NotPinned, match=reason):
        asyncio.run(read_back(BUNDLE.root, file_cid(OTHER_PICTURE), Route("gw", gateway.url)))


def test_read_back__when_it_is_no_bundle__is_refused():
    """A file where the directory belongs."""
    reason = "read back through gw is no bundle"
    with HostileGateway(BUNDLE.blocks) as gateway, pytest.raises(NotPinned, match=reason):
        asyncio.run(read_back(BUNDLE.image, BUNDLE.image, Route("gw", gateway.url)))


def test_read_back__when_a_block_on_disk_is_damaged__says_so_and_pin_repairs_it(store, route):
    """Through the embedded gateway, which does not serve it."""
    published(BUNDLES, [store], [route])
    damage(store, BUNDLE.image)
    with pytest.raises(NotPinned, match="its block on disk is damaged; run `ape run pin --repair`"):
        asyncio.run(read_back(BUNDLE.root, BUNDLE.image, route))
    done, error = published(BUNDLES, [store], [route])
    assert (error, len(done)) == (None, 2)


def test_read_back__when_a_block_on_disk_is_gone__says_how_to_put_it_back(store, route):
    """It is gone, not damaged."""
    published(BUNDLES, [store], [route])
    lose(store, BUNDLE.image)
    with pytest.raises(NotPinned, match="--repair`, which puts back what is missing"):
        asyncio.run(read_back(BUNDLE.root, BUNDLE.image, route))
    published(BUNDLES, [store], [route])
    asyncio.run(read_back(BUNDLE.root, BUNDLE.image, route))


@pytest.mark.parametrize(
    ("name", "url", "public"),
    [
        ("https://1.1.1.1", "https://1.1.1.1", True),
        ("http://127.0.0.1:1", "http://127.0.0.1:1", False),
        ("http://192.168.1.1", "http://192.168.1.1", False),
        (EMBEDDED, "https://1.1.1.1", False),
    ],
)
def test_route__when_no_stranger_can_ask_it__is_not_public(name, url, public):
    """Loopback, private addresses, and the embedded gateway whatever its address."""
    assert Route(name, url).is_public is public
