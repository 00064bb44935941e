"""One story, told once by `ape run ...` on an anvil, and projects that stand where it stood."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.anvil import BEGINNING, HOLDER, STRANGER, Anvil
from support.project import Project, Ran

INDEX = ".pfpkit/index"


@dataclass(slots=True)
class Story:
    """What each command of the story printed, and the chain and folder after the first mint."""

    ran: dict[str, Ran] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)
    state: str = ""
    ready: Path = Path()

    def __getitem__(self, step: str) -> Ran:
        ran = self.ran[step]
        assert ran.code == 0, ran
        return ran


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty HOME of whoever runs the scripts."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Story:
    """From pictures to a checked receipt; each command is the one that the last told to run."""
    folder = tmp_path_factory.mktemp("story")
    told = Story(ready=folder / "ready")
    with Anvil(*BEGINNING) as anvil:
        project = Project.copied(folder / "project", home, anvil.url)
        told.files["before"] = set(project.files())

        def run(step: str, command: str, *more: str) -> Ran:
            told.ran[step] = project.run(command, *more)
            told.files[step] = set(project.files())
            return told.ran[step]

        pinned = run("pin", "ape run pin")
        deployed = run("deploy", pinned.next.replace("ALIAS", "TEST::0"))
        minted = run("mint one", f"{deployed.next} --count 1")
        told.state = anvil.rpc("anvil_dumpState")
        project.copy(told.ready)
        run("pin again", "ape run pin")
        run("pin dry", "ape run pin --dry-run")
        run("verify", "ape run verify --pins")
        again = run("deploy again", "ape run deploy --account TEST::0")
        run("mint the rest", again.next)
        run("mint again", again.next)
        words = ("--name", "Mine alone", "--description", "My own.", "--to", HOLDER)
        image = "ape run mint --account TEST::0 --image metadata/images/7.png"
        told.ran["its holder"] = project.run(run("mint an image", image, *words).next)
        transferred = run("transfer", minted.next.replace("ADDRESS", HOLDER))
        resolved = run("resolve", transferred.next)
        run("check", resolved.next)
        run("resolve for anybody", "ape run resolve 2")
        run("resolve for a stranger", f"ape run resolve 1 --holder {STRANGER}")
        run("resolve all", "ape run resolve --all")
        run("resolve all for its holder", f"ape run resolve --all --holder {HOLDER} --json")
    assert project.asked_for() == ""
    return told


@pytest.fixture
def anvil(story: Story) -> Iterator[Anvil]:
    """A chain on which the collection is deployed and token 1 is the deployer's."""
    with Anvil(*BEGINNING) as chain:
        chain.rpc("anvil_loadState", story.state)
        yield chain


@pytest.fixture
def project(story: Story, anvil: Anvil, home: Path, tmp_path: Path) -> Iterator[Project]:
    """A project in which everything is pinned, and token 1 of the record is minted."""
    project = Project(story.ready, home, anvil.url).copy(tmp_path / "project")
    yield project
    assert project.asked_for() == "", "a command asked for a host elsewhere"


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def refused(project: Project, anvil: Anvil) -> Callable[..., str]:
    """Run a command that has to fail, and give its message: no record and no chain changed."""

    def run(command: str, *more: str, **options: object) -> str:
        records, height = project.records(), anvil.height
        ran = project.run(command, *more, **options)
        assert project.records() == records, ran
        assert anvil.height == height, ran
        return ran.refusal

    return run


@pytest.fixture
def unpinned(story: Story, home: Path, tmp_path: Path) -> Project:
    """A project in which nothing was done yet but compiling, and no node."""
    project = Project.copied(tmp_path / "unpinned", home, "http://127.0.0.1:1")
    shutil.copytree(story.ready / ".build", project.folder / ".build")
    return project


@pytest.fixture
def pin_refused(unpinned: Project) -> Callable[..., str]:
    """Run `ape run pin`, which has to fail, and give its message: nothing was written but the
    index of what was computed."""

    def run(**options: object) -> str:
        files = unpinned.files()
        ran = unpinned.run("ape run pin", **options)
        assert {n: b for n, b in unpinned.files().items() if n != INDEX} == files, ran
        return ran.error

    return run
