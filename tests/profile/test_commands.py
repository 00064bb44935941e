"""`ape run serve` and `ape run watch`, as a person starts them on a chain that stays

given a local chain, serve mints the collection, prints its address and serves there until Ctrl-C
given that a token was sold after it ended, watch finds that in what it left
given that it never ran, watch says to run it; given a port that is taken, serve says which
given a setting that is missing or wrong, a server of production ends with its name
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from support.anvil import KEY, STRANGER, Anvil
from support.loopback import free_port
from support.profile import Browser
from support.project import Project
from support.wallets import Wallet

from pfpkit.views import Call

HOLDER = Wallet(int(KEY, 16))
"""The first account of the chain, to which the demo mints."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project in which nothing was done yet, and its chain."""
    folder = tmp_path_factory.mktemp("commands")
    home = folder / "home"
    home.mkdir()
    with Anvil() as chain:
        project = Project.copied(folder / "project", home, chain.url)
        yield project, chain
        assert project.asked_for() == ""


def visited(origin, seen):
    """Whether the service answered; then somebody showed token 1, and looked at the pages."""
    try:
        httpx.get(f"{origin}/healthz", trust_env=False)
    except httpx.TransportError:
        time.sleep(0.2)
        return False
    with Browser(origin, {}) as browser:
        browser.sign_up("ada")
        seen["shown"] = HOLDER.show(browser, "1")
        seen["pages"] = {path: browser.get(path).status_code for path in ("/", "/compare", "/mint")}
        seen["comparison"] = browser.get("/compare/state").json()
    return True


def test_serve__on_a_local_chain__is_the_demo_and_watch_goes_on_where_it_ended(project):
    """One command from nothing to a hexagon; what happened afterwards is not lost."""
    project, chain = project
    before = project.run("ape run watch --once")
    assert before.error.endswith("is not there; run `ape run serve` on this network first")
    port = free_port()
    origin, seen = f"http://127.0.0.1:{port}", {}
    ran = project.interrupted(f"ape run serve --port {port}", when=lambda: visited(origin, seen))
    assert ran.code in (0, 130), ran
    assert f"profiles at {origin}\n" in ran.out
    assert ran.fact("gateways") == "embedded"
    assert seen["shown"].status_code == 200, seen["shown"].text
    picture = seen["shown"].json()["picture"]
    assert (picture["state"], picture["shape"]) == ("verified", "hexagon")
    assert seen["pages"] == {"/": 200, "/compare": 200, "/mint": 200}
    assert seen["comparison"]["nft"]["picture"]["shape"] == "hexagon"
    assert project.run("ape run watch --once").out.endswith(" 0 lost\n")
    contract = picture["token"]["contract"]
    sale = Call("transferFrom(address,address,uint256)", "bool", (HOLDER.address, STRANGER, 1))
    chain.node.transact(HOLDER.address, contract, bytes.fromhex(sale.data[2:]))
    told, token = project.run("ape run watch --once").out, picture["token"]["caip19"]
    assert told == f"block {chain.height}: 1 read again, 1 lost\n  {token}\n"


def test_serve__when_the_port_is_taken__says_which(project):
    """Before anybody thinks that it serves."""
    project, _ = project
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = project.run(f"ape run serve --port {port}")
    assert f"127.0.0.1 port {port} cannot be listened on" in ran.error
    assert ran.error.endswith("choose another --port")


def started(*command, **changes):
    """Run a program of this environment with what the service is told in production."""
    given = {
        "PFPKIT_ORIGIN": "https://pictures.example",
        "PFPKIT_SECRET": "s" * 40,
        "PFPKIT_DATABASE_URL": "postgresql://pfpkit@127.0.0.1:1/pfpkit",
        "PFPKIT_OBJECTS": "file:///nowhere",
        "PFPKIT_NODES": "http://127.0.0.1:1",
        "PFPKIT_CHAIN_ID": "1",
        "PFPKIT_GATEWAYS": "http://127.0.0.1:1",
        "PFPKIT_WORK": "/nowhere",
    }
    plain = {name: text for name, text in os.environ.items() if not name.startswith("PFPKIT_")}
    program = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [program, *command[1:]],
        env=plain | given | changes,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "changes", [{"PFPKIT_NODES": ""}, {"PFPKIT_SECRET": "hunter2hunter2"}], ids=("missing", "wrong")
)
def test_server__when_a_setting_is_missing_or_wrong__ends_and_names_it(changes):
    """The variable is in what it prints, its value is not."""
    ran = started("uvicorn", "pfpkit.profile.asgi:app", "--port", "0", **changes)
    assert ran.returncode != 0
    (name,) = changes
    assert f"BadSetting: {name} " in ran.stderr
    assert "hunter2" not in ran.stderr + ran.stdout


def test_server__when_its_node_is_of_another_chain__ends_and_names_both():
    """Such a service would find no token, and say so to everybody."""
    with Anvil() as node:
        ran = started("uvicorn", "pfpkit.profile.asgi:app", "--port", "0", PFPKIT_NODES=node.url)
    assert ran.returncode != 0
    assert "BadSetting: PFPKIT_CHAIN_ID is 1, and " in ran.stderr
    assert "is of chain 31337" in ran.stderr


def test_application__when_imported__imports_no_ape():
    """A machine that serves needs no compiler and no key."""
    words = "import sys, pfpkit.profile.asgi; print('ape' in sys.modules)"
    assert started("python", "-c", words).stdout == "False\n"
