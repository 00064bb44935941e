"""The `kubo` back end at js-ipfs's RPC, with nothing between; the promises are in tests/pinning

ready, pin, has, held, origins, connect, unpin; what is large arrives
given what is wrong, js-ipfs says no in its own words, and we pass them on
js-ipfs asks for no credentials: bearer and basic auth are held by tests/pinning/test_kubo.py alone
"""

import asyncio
from dataclasses import replace

import httpx
import pytest
from support import peers
from support.dags import dag_of

from pfpkit.errors import PinError
from pfpkit.pinning.kubo import PRESSURE, KuboPinner
from pfpkit.unixfs import UNIXFS_V1_2025

OTHERS = [dag_of({"n": b"%d" % n}, UNIXFS_V1_2025) for n in range(25)]


@pytest.fixture
def ask(js_ipfs):
    """Await one method of a pinner after another."""

    def run(*steps):
        async def all_of_them():
            async with KuboPinner(js_ipfs.about["url"]) as pinner:
                return [await step(pinner) for step in steps]

        return asyncio.run(all_of_them())

    return run


@pytest.fixture
def post(js_ipfs):
    """Ask the RPC without our back end."""
    with httpx.Client(base_url=js_ipfs.about["url"], trust_env=False, timeout=30) as client:
        yield lambda command, **params: client.post(f"/api/v0/{command}", params=params)


def test_pinned__when_asked_again__is_there_and_not_new(ask, dags, name):
    """The three that the fixture pinned, 46 MiB and a HAMT among them."""
    dag = dags[name]
    has, receipt = ask(lambda p: p.has(dag.root), lambda p: p.pin(dag))
    assert has
    assert not receipt.new


def test_held__when_many_are_asked_for__reads_its_whole_list(ask, dags):
    """js-ipfs streams it, in base58."""
    roots = [dag.root for dag in (*dags.values(), *OTHERS)]
    ready, found = ask(lambda p: p.ready(), lambda p: p.held(roots))
    assert ready is None
    assert found == {dag.root for dag in dags.values()}


def test_unpin__when_pinned__is_gone_and_a_second_time_nothing(ask):
    """As for every back end; what its garbage collector takes is in test_pin_flow.py."""
    root = OTHERS[0].root
    pinned, *rest = ask(
        lambda p: p.pin(OTHERS[0]),
        lambda p: p.has(root),
        lambda p: p.unpin(root),
        lambda p: p.has(root),
        lambda p: p.unpin(root),
    )
    assert pinned.new
    assert rest == [True, True, False, False]


def test_origins__when_asked__are_where_others_get_the_blocks(ask, js_ipfs, dags, folder):
    """Helia dials what a pinning service would be told, and fetches."""
    (origins,) = ask(lambda p: p.origins())
    assert list(origins) == js_ipfs.addresses
    dag = dags["bundle"]
    with peers.helia(folder, name="helia-of-origins") as other:
        other.ask("connect", address=origins[0])
        assert other.ask("pin", cid=str(dag.root)) == {"blocks": len(set(dag.blocks))}


def test_connect__when_a_peer_is_named__js_ipfs_dials_it(ask, post, folder):
    """As with the delegates of a pinning service."""
    with peers.helia(folder, name="helia-to-dial") as other:
        ask(lambda p: p.connect([*other.addresses, "/ip4/127.0.0.1/tcp/9/p2p/nobody"]))
        assert other.addresses[0].rpartition("/")[2] in post("swarm/peers").text


def test_rpc__when_a_car_is_damaged__pins_nothing_and_says_why(js_ipfs, post):
    """What our own check keeps from being sent at all."""
    said = httpx.post(
        f"{js_ipfs.about['url']}/api/v0/dag/import",
        params={"pin-roots": "true"},
        files={"file": ("x.car", b"\x0anot a CAR.")},
        trust_env=False,
        timeout=30,
    )
    assert '"Cid"' not in said.text
    assert said.status_code == 500 or "error" in said.text.lower(), said.text


def test_ready__when_the_port_is_no_rpc__says_what_to_check(ask, js_ipfs):
    """Its libp2p port, for instance."""
    port = js_ipfs.addresses[0].split("/")[4]

    async def ready():
        once = replace(PRESSURE, retries=0, read_s=2.0)
        async with KuboPinner(f"http://127.0.0.1:{port}", pressure=once) as pinner:
            await pinner.ready()

    with pytest.raises(PinError, match="kubo did not say its version"):
        asyncio.run(ready())


def test_rpc__when_the_method_or_command_is_wrong__refuses(js_ipfs, post):
    """GET is no RPC, and there is no such command; the shapes that our loopback peer copies."""
    url = f"{js_ipfs.about['url']}/api/v0/version"
    assert httpx.get(url, trust_env=False).status_code == 405
    assert post("no/such").status_code == 404
    assert post("pin/ls", arg="not-a-cid").status_code in (400, 500)
