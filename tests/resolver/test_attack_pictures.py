"""Each picture and drawing of the attack corpus: its outcome, within limits of time and memory"""

import asyncio
import socket
import threading

import pytest
from resolver.attacks import drawings, pictures
from support.pictures import encoded, noise

from pfpkit.media import Bounds, MediaOutcome, Renderer

BOUNDS = Bounds(cpu_s=1)
SHOWN = MediaOutcome.SHOWN
HONEST = encoded(noise(), "PNG")
AT_REST = 100 * 2**20
"""Bytes of a worker that has decoded nothing large."""
DRAWINGS = [(name, want) for name, _, want in drawings.cases("http://server", "/file")]


class Victim:
    """A server on loopback that counts whoever comes."""

    def __init__(self):
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self):
        self._socket.close()


@pytest.fixture(scope="module")
def victim():
    server = Victim()
    yield server
    server.close()


@pytest.fixture(scope="module")
def edge(request):
    """The edge of the squares: a small one is quick, a large one is what a drawing can abuse."""
    return request.param


@pytest.fixture(scope="module")
def rendered(edge):
    """Return what comes of bytes, and of an honest picture after them."""
    with asyncio.Runner() as runner:

        async def started():
            return Renderer(workers=1, sizes=(edge,), bounds=BOUNDS)

        async def both(data):
            return await renderer.render(data), await renderer.render(HONEST)

        renderer = runner.run(started())
        yield lambda data: runner.run(both(data))
        runner.run(renderer.close())


@pytest.fixture(scope="module")
def made(victim, tmp_path_factory):
    """The drawings, naming a server that runs and a picture that is there."""
    path = tmp_path_factory.mktemp("file") / "picture.png"
    path.write_bytes(HONEST)
    return {name: data for name, data, _ in drawings.cases(victim.url, path)}


def check(data, wanted, rendered):
    answer, honest = rendered(data)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    assert answer.outcome in wanted, answer.reason
    assert answer.shown or not answer.renditions
    assert answer.shown or answer.reason
    assert honest.shown, "an honest picture was harmed"
    if answer.cost is not None:
        # A worker without a cost was ended by the kernel, at these very limits.
        assert answer.cost.cpu_s <= BOUNDS.cpu_s + 1
        assert answer.cost.peak_bytes <= BOUNDS.memory_bytes
    return answer


@pytest.mark.parametrize("edge", [48], indirect=True)
@pytest.mark.parametrize(
    ("data", "wanted"), [pytest.param(*case[1:], id=case[0]) for case in pictures.CASES]
)
def test_render__of_a_hostile_picture__its_outcome(data, wanted, rendered):
    """Bombs, cut files, files in disguise; each has one name, and harms no other picture."""
    answer = check(data, wanted, rendered)
    assert answer.cost is None or answer.cost.peak_bytes < AT_REST


@pytest.mark.parametrize("edge", [400], indirect=True)
@pytest.mark.parametrize(
    ("name", "wanted"), [pytest.param(name, want, id=name) for name, want in DRAWINGS]
)
def test_render__of_a_hostile_drawing__its_outcome(name, wanted, made, rendered, victim):
    """Scripts, entities, references outside, bombs; and nobody connects anywhere."""
    check(made[name], wanted, rendered)
    assert victim.connections == 0


def test_victim__when_somebody_connects__counts(victim):
    """The server that must see no connection does see one."""
    before = victim.connections
    socket.create_connection(("127.0.0.1", int(victim.url.rpartition(":")[2])), 5).close()
    for _ in range(100):
        if victim.connections > before:
            break
        threading.Event().wait(0.02)
    assert victim.connections == before + 1
    victim.connections = before


def test_corpus__of_pictures__is_large_and_named_once():
    """Names are those of the table, and none stands twice."""
    names = [case[0] for case in pictures.CASES] + [name for name, _ in DRAWINGS]
    assert len(names) == len(set(names)) >= 150
