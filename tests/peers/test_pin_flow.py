"""ape run pin --to kubo --to service:npm, with real services

pin: CARs into js-ipfs; the service is told where they are, and its Helia fetches them by bitswap;
read back through Helia's gateway
verify --pins: all there; after both services lost a pin, says which where, and changes nothing
pin --repair: pins what was lost, and nothing else
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from support import peers
from support.folders import write_collection
from support.project import Project

from pfpkit.cid import RAW
from pfpkit.collection import Collection
from pfpkit.workspace import Workspace

TOKEN = "token-of-npm"
TOKENS = 3


class Service:
    """npm's pinning service, and a Helia that fetches what it is asked for from the origins."""

    def __init__(self, folder: Path) -> None:
        self.api = peers.pinning_service(folder, TOKEN)
        self.node = peers.helia(folder, name="helia-of-service")
        self.failed: list[BaseException] = []
        self.fetched: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._stack = ExitStack()

    def __enter__(self) -> Service:
        self._stack.enter_context(self.api)
        self._stack.enter_context(self.node)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._stack.close()

    def lose(self, cid: str) -> None:
        """Forget a pin, and its blocks."""
        self.api.ask("forget", cid=cid)
        self.node.ask("unpin", cid=cid)

    def _work(self) -> None:
        while not self._stop.wait(0.1):
            for each in self.api.ask("pins")["pins"]:
                if each["status"] == "queued":
                    self._fetch(each["requestid"], each["pin"])

    def _fetch(self, request: str, pin: dict[str, object]) -> None:
        cid, status = str(pin["cid"]), "pinned"
        try:
            self.node.ask("connect", address=next(iter(pin["origins"])))
            self.node.ask("pin", cid=cid)
            self.fetched.append(cid)
        except AssertionError as error:
            self.failed.append(error)
            status = "failed"
        self.api.ask("put", requestid=request, cid=cid, status=status)


class Creator(Project):
    """Has the service's token in the environment."""

    def environment(self, node: str | None) -> dict[str, str]:
        return {**super().environment(node), "PINNING_SERVICE_TOKEN_NPM": TOKEN}


class World:
    """A project beside its services."""

    def __init__(self, project: Creator, kubo: str, service: Service) -> None:
        self.project = project
        self.kubo = kubo
        self.service = service
        self.names = f"--to kubo --to service:npm --gateway {service.node.about['gateway']}"

    def rpc(self, command: str, **params: str) -> httpx.Response:
        """Ask js-ipfs."""
        url = f"{self.kubo}/api/v0/{command}"
        return httpx.post(url, params=params, trust_env=False, timeout=30)

    def held(self) -> list[set[str]]:
        """What both say that they pin."""
        kubo = self.rpc("pin/ls", type="recursive", **{"cid-base": "base32"}).json()["Keys"]
        pins = self.service.api.ask("pins")["pins"]
        return [set(kubo), {p["pin"]["cid"] for p in pins if p["status"] == "pinned"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three tokens, and nothing pinned."""
    folder = tmp_path_factory.mktemp("flow")
    (folder / "home").mkdir()
    with peers.js_ipfs(folder) as kubo, Service(folder) as service:
        project = Creator.copied(folder / "project", folder / "home", "http://127.0.0.1:9")
        metadata = project.folder / "metadata"
        metadata.rename(folder / "lanternwood")
        write_collection(metadata, TOKENS)
        fast = "per_minute: 100000"
        with (project.folder / "ape-config.yaml").open("a") as config:
            config.write(
                "\npfpkit:\n  pinning:\n"
                f"    kubo: {{url: '{kubo.about['url']}', {fast}}}\n"
                "    services:\n"
                f"      npm: {{url: '{service.api.about['url']}', {fast}}}\n"
            )
        yield World(project, kubo.about["url"], service)


def test_pin__when_services_are_real__verifies_loses_and_repairs(world):
    """One story, for each step stands on the one before."""
    project, names = world.project, world.names
    pinned = project.run(f"ape run pin {names}")
    assert pinned.code == 0, (pinned, world.service.failed)
    entries = list(Collection.read(project.folder / "metadata"))
    roots = {str(root) for entry in entries for root in (entry.root, entry.image)}
    assert len(roots) == 2 * (TOKENS + 1)
    directory = Workspace(project.folder).pins().whole.directory
    assert directory is not None
    assert list(directory.pinned_by) == ["kubo", "service:npm"]
    roots.add(str(directory.root))
    assert world.held() == [roots, roots]
    assert set(world.service.fetched) == roots
    recorded = Workspace(project.folder).pins().entries
    assert {tuple(p.pinner for p in e.pinners) for e in recorded} == {("kubo", "service:npm")}

    verified = project.run(f"ape run verify --pins {names}")
    assert verified.code == 0, verified
    assert "4 bundles are available everywhere" in verified.out

    at_kubo, at_service = str(entries[1].root), str(entries[2].root)
    for root in (at_kubo, str(directory.root)):  # the directory holds every bundle too
        assert world.rpc("pin/rm", arg=root).status_code == 200
    block = str(replace(entries[1].root, codec=RAW))  # js-ipfs lists digests alone
    assert block in world.rpc("refs/local").text
    assert world.rpc("repo/gc").status_code == 200
    assert block not in world.rpc("refs/local").text
    world.service.lose(at_service)
    lost = project.run(f"ape run verify --pins {names}")
    assert lost.code == 1
    assert f"kubo: token {entries[1].key} missing" in lost.err, lost
    assert f"service:npm: token {entries[2].key} missing" in lost.err, lost
    assert world.held() == [roots - {at_kubo, str(directory.root)}, roots - {at_service}]

    world.service.fetched.clear()
    mended = project.run(f"ape run pin --repair {names}")
    assert mended.code == 0, (mended, world.service.failed)
    assert world.held() == [roots, roots]
    assert world.service.fetched == [at_service]
    assert project.run(f"ape run verify --pins {names}").code == 0
    assert not project.asked_for()


def test_pin__when_the_token_is_wrong__nothing_is_pinned(world):
    """npm's own refusal, said before anything is uploaded."""
    before = world.held()
    project = Creator(world.project.folder, world.project.home, world.project.node)
    project.environment = lambda node: {
        **Creator.environment(project, node),
        "PINNING_SERVICE_TOKEN_NPM": "wrong",
    }
    refused = project.run(f"ape run pin --repair {world.names}")
    assert "service:npm" in refused.error
    assert "PINNING_SERVICE_TOKEN_NPM" in refused.error
    assert world.held() == before
