"""Renderer: workers stay warm, are bounded, and cost at most the picture they had"""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image
from support.pictures import encoded, noise, png_of

from pfpkit.errors import NoWorker
from pfpkit.media import Bounds, MediaLimits, MediaOutcome, Renderer

PICTURE = encoded(noise(), "PNG")
SLOW = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><filter id="f">'
    b'<feMorphology radius="5000"/></filter><path d="M0 0h9v9z" filter="url(#f)"/></svg>'
)


def one_worker(**bounds):
    return Renderer(workers=1, sizes=(400,), bounds=Bounds(**bounds))


def pid_of(renderer):
    (worker,) = renderer._idle
    return worker._process.pid


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_renderer__of_many_pictures__two_processes_which_end():
    """A hundred pictures start two workers, and no worker outlives the renderer."""

    async def story():
        async with Renderer(workers=2, sizes=(48,)) as renderer:
            answers = await asyncio.gather(*(renderer.render(PICTURE) for _ in range(100)))
            assert all(answer == answers[0] and answer.shown for answer in answers)
            assert renderer.started == 2
            pids = [worker._process.pid for worker in renderer._idle]
            assert all(map(alive, pids))
        assert not any(map(alive, pids))

    asyncio.run(story())


def test_renderer__after_enough_pictures__worker_is_replaced():
    """Nothing gathers in a worker for ever."""

    async def story():
        async with one_worker(pictures=3) as renderer:
            for _ in range(7):
                assert (await renderer.render(PICTURE)).shown
            assert renderer.started == 3

    asyncio.run(story())


def test_renderer__when_a_picture_takes_too_much_time__that_one_is_too_slow():
    """The kernel ends the worker after its processor time, and the next picture is shown."""

    async def story():
        async with one_worker(cpu_s=1) as renderer:
            slow, next_one = await asyncio.gather(renderer.render(SLOW), renderer.render(PICTURE))
            assert slow.outcome is MediaOutcome.TOO_SLOW
            assert slow.reason == "decoding it took more than 1 s of processor time"
            assert next_one.shown

    asyncio.run(story())


@pytest.mark.parametrize("sent", [signal.SIGSTOP, signal.SIGKILL, signal.SIGSEGV])
def test_renderer__when_its_worker_hangs_or_dies__costs_one_picture(sent):
    """A worker that is stopped, killed or broken in a picture costs that picture alone."""

    async def story():
        async with one_worker(cpu_s=20, wall_s=1.0) as renderer:
            assert (await renderer.render(PICTURE)).shown
            pid = pid_of(renderer)
            rendering = asyncio.create_task(renderer.render(SLOW))
            await asyncio.sleep(0.2)
            os.kill(pid, sent)
            answer = await rendering
            hung = sent is signal.SIGSTOP
            assert answer.outcome is (MediaOutcome.TOO_SLOW if hung else MediaOutcome.CRASHED)
            assert hung or signal.Signals(sent).name in answer.reason
            assert (await renderer.render(PICTURE)).shown
            assert not alive(pid)

    asyncio.run(story())


def test_renderer__when_an_idle_worker_dies__nothing_is_lost():
    """A worker that is found dead is replaced before it gets a picture."""

    async def story():
        async with one_worker() as renderer:
            await renderer.render(PICTURE)
            os.kill(pid_of(renderer), signal.SIGKILL)
            await asyncio.sleep(0.2)
            assert (await renderer.render(PICTURE)).shown
            assert renderer.started == 2

    asyncio.run(story())


def test_renderer__when_cancelled__worker_ends_and_next_is_shown():
    """Whoever goes away leaves no worker busy, and no answer for somebody else."""

    async def story():
        async with one_worker(cpu_s=20) as renderer:
            await renderer.render(PICTURE)
            pid = pid_of(renderer)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(renderer.render(SLOW), 0.2)
            assert not alive(pid)
            other = encoded(Image.new("RGB", (9, 9), "red"), "PNG")
            assert (await renderer.render(other)).width == 9

    asyncio.run(story())


def test_renderer__when_memory_is_short__named_and_next_is_shown():
    """A picture that needs more than a worker may have is refused by name."""
    flat = png_of(5_000, 5_000, colour=0, depth=1, raw=bytes(5_000 * 626))
    large = encoded(Image.new("RGBA", (5_500, 5_500)), "PNG", compress_level=1)

    async def story():
        async with one_worker(memory_bytes=300 * 2**20) as renderer:
            assert (await renderer.render(flat)).shown
            assert (await renderer.render(large)).outcome is MediaOutcome.TOO_MUCH_MEMORY
            assert (await renderer.render(flat)).shown

    asyncio.run(story())


def test_renderer__with_other_limits__they_hold_in_the_workers():
    """Limits and sizes reach the workers."""

    async def story():
        limits = MediaLimits(max_bytes=10_000, max_width=36)
        async with Renderer(workers=1, sizes=(7,), limits=limits) as renderer:
            wide = await renderer.render(PICTURE)
            assert wide.outcome is MediaOutcome.TOO_LARGE
            assert "37 x 29 pixels is more than the 36" in wide.reason
            long = await renderer.render(bytes(10_001))
            assert long.outcome is MediaOutcome.TOO_LARGE
            assert (await renderer.render(encoded(noise(9, 9), "PNG"))).rendition(7).edge == 7

    asyncio.run(story())


def test_worker__environment__has_no_secret(monkeypatch):
    """What is in the environment of the program that asks is not in the workers'."""
    monkeypatch.setenv("PINATA_JWT", "a-secret")

    async def story():
        async with one_worker() as renderer:
            await renderer.render(PICTURE)
            with open(f"/proc/{pid_of(renderer)}/environ", "rb") as file:
                return file.read()

    environment = asyncio.run(story())
    assert b"PATH=" in environment
    assert b"a-secret" not in environment


CONFINED = """
import os, socket, sys
import resvg_py
from pfpkit.media import worker

def tried(what, *arguments):
    try:
        what(*arguments)
        return "done"
    except OSError as error:
        return os.strerror(error.errno)
    except MemoryError:
        return "no memory"

def draw():
    image = f'<image width="9" height="9" href="{sys.argv[1]}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{image}</svg>'
    return resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)

free = draw()
worker._confine(2**30)
confined = draw()
print(tried(open, sys.argv[1]))
print(tried(socket.socket))
print(tried(os.pipe))
print(tried(bytearray, 2**30))
print("another picture" if free != confined else "the same picture")
"""


def test_worker__once_confined__opens_nothing(tmp_path):
    """No file, socket or pipe; and resvg, which reads files when it can, then reads none."""
    picture = tmp_path / "secret.png"
    picture.write_bytes(PICTURE)
    told = [sys.executable, "-c", CONFINED, str(picture)]
    said = subprocess.run(told, capture_output=True, text=True, check=True)
    refused = "Too many open files"
    assert said.stdout.splitlines() == [refused, refused, refused, "no memory", "another picture"]


ASKER = """
import asyncio, sys
from pfpkit.media import Renderer

async def story():
    async with Renderer(workers=1) as renderer:
        await renderer.render(b"")
        print(renderer._idle[0]._process.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(story())
"""


def test_worker__when_its_program_is_killed__ends():
    """No worker is left behind by a program that could not say goodbye."""
    with subprocess.Popen([sys.executable, "-c", ASKER], stdout=subprocess.PIPE) as asker:
        pid = int(asker.stdout.readline())
        assert alive(pid)
        asker.kill()
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not alive(pid)


def test_renderer__when_workers_cannot_start__no_worker(monkeypatch, tmp_path):
    """A broken installation is an error of its own, never a fault of somebody's picture."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))

    async def story():
        async with one_worker() as renderer:
            with pytest.raises(NoWorker, match="no worker for pictures starts"):
                await renderer.render(PICTURE)

    asyncio.run(story())


def test_renderer__closed_while_it_renders__worker_ends_after_its_picture():
    """A picture that is being rendered is answered, and its worker is not left behind."""

    async def story():
        renderer = one_worker(cpu_s=1)
        await renderer.render(PICTURE)
        pid = pid_of(renderer)
        rendering = asyncio.create_task(renderer.render(PICTURE))
        await asyncio.sleep(0)
        await renderer.close()
        assert (await rendering).shown
        assert not alive(pid)

    asyncio.run(story())


def test_rules__of_other_sizes__are_others():
    """Whoever keeps what was rendered can tell by what rules it was."""
    assert Renderer().rules == Renderer().rules
    assert Renderer().rules != Renderer(sizes=(48,)).rules
    assert "pillow" in Renderer().rules
    assert "resvg-py" in Renderer().rules


def test_renderer__imported__loads_no_decoder_of_drawings():
    """Decoders for strangers are loaded where they may do no harm."""
    code = "import sys, pfpkit.media; print('resvg_py' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"
