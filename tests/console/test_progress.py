"""Progress: how far long work is

given a terminal, one line with a bar, count, rates and time left, redrawn ten times a second
given a narrow one, or one that is resized, one line still; after Ctrl-C or an error, its own line
given a pipe or a dumb terminal, plain lines now and then
given steps in bursts, the time left does not jump
given a log that is full or closed, the work goes on without it
"""

import random
import re
import subprocess
import sys
import time
from itertools import pairwise

import pytest
from support.terminal import Terminal

from pfpkit.console import duration
from pfpkit.progress import Rate

STEPS = """
import sys, time
from pfpkit.progress import Progress
with Progress("pinned", {total}) as progress:
    for step in range({steps}):
        time.sleep({pause})
        {each}
        progress.add({part}size=1000)
print("next")
"""


def program(total="1000", steps=1000, pause=0.002, each="pass", part=""):
    """A program that does some steps."""
    return [
        sys.executable,
        "-c",
        STEPS.format(total=total, steps=steps, pause=pause, each=each, part=part),
    ]


def draws(raw):
    """Every state of the line."""
    return [line.rstrip("\r\n") for line in raw.split("\r\x1b[K")[1:]]


def test_progress__when_on_a_terminal__rewrites_one_line():
    """And ends it with the last step, so that what follows has its own."""
    with Terminal(program(pause=0.0032)) as terminal:
        begun = time.monotonic()
        assert terminal.end() == 0
        took = time.monotonic() - begun
    last, after = terminal.screen
    assert re.fullmatch(r"  pinned 1,000/1,000 in \d+ s", last)
    assert after == "next"
    assert len(draws(terminal.raw)) <= 10 * took + 2
    late = draws(terminal.raw)[-3]
    line = r"  pinned  █+░*  \d+/1,000  \d+/s  [\d.]+ KB/s(  \d+ s left)?"
    assert re.fullmatch(line, late), late


def test_progress__when_it_has_begun__guesses_no_time_yet():
    """The first three seconds say little."""
    with Terminal(program(total="10**6", steps=100, pause=0.01)) as terminal:
        terminal.end()
    assert draws(terminal.raw)
    assert "left" not in terminal.raw


@pytest.mark.parametrize("columns", [12, 24, 40, 60])
def test_progress__when_the_terminal_is_narrow__stays_in_one_line(columns):
    """The bar goes first, then the rates; the count stays."""
    with Terminal(program(total="600", steps=600), columns=columns) as terminal:
        assert terminal.end() == 0
    assert all(len(line) < columns for line in draws(terminal.raw)[:-1])
    assert len(terminal.screen) == 2
    assert terminal.screen[0].startswith("  pinned "[:columns])


def test_progress__when_the_window_is_resized__fits_the_new_width():
    """The next state is as wide as the window is then."""
    with Terminal(program(total="900", steps=900), columns=100) as terminal:
        terminal.until("/s")
        before = len(draws(terminal.raw))
        terminal.resize(30)
        terminal.end()
    assert max(map(len, draws(terminal.raw)[:before])) > 50
    assert max(map(len, draws(terminal.raw)[before + 2 : -1])) < 30


def test_progress__when_ctrl_c_is_pressed__leaves_a_line_of_its_own():
    """The last state, that it was stopped, and nothing behind it."""
    with Terminal(program(pause=0.02), columns=46) as terminal:
        terminal.until(" KB/s")
        terminal.press_ctrl_c()
        assert terminal.end() != 0
    assert re.fullmatch(r"  pinned \d+/1,000, stopped", terminal.screen[0])
    assert terminal.screen[1].startswith("Traceback")


def test_progress__when_an_error_ends_the_work__is_not_whole():
    """What is printed next begins a line."""
    each = "1 / 0 if step == 40 else None"
    with Terminal(program(total="100", steps=100, pause=0.01, each=each)) as terminal:
        assert terminal.end() == 1
    assert terminal.screen[0] == "  pinned 40/100, stopped"
    assert terminal.screen[1].startswith("Traceback")


def test_progress__when_nothing_comes__draws_on():
    """A wait for a slow service is not a hang: the rate falls."""
    each = "time.sleep(2.5) if step == 50 else None"
    with Terminal(program(total="100", steps=60, pause=0.01, each=each)) as terminal:
        terminal.end()
    waiting = [line for line in draws(terminal.raw) if "50/100" in line]
    assert len(waiting) >= 3
    assert len(set(waiting)) >= 2


def test_progress__when_there_are_several__names_the_slowest():
    """All is done when that one is."""
    each = "progress.add('kubo')"
    command = program(total="{'kubo': 5000, 'pinata': 50000}", steps=450, pause=0.01, each=each)
    command[-1] = command[-1].replace("progress.add(size", "progress.add('pinata', size")
    with Terminal(command) as terminal:
        terminal.until("left on pinata")
    assert "left on kubo" not in terminal.raw


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": "1"}])
def test_progress__when_the_terminal_is_dumb__prints_plain_lines(env):
    """It would show the codes."""
    with Terminal(program(total="10", steps=10), env=env) as terminal:
        terminal.end()
    assert terminal.raw == "  pinned 10/10\r\nnext\r\n"


def test_progress__when_no_colour_is_wanted__has_none():
    """There is none in any case."""
    with Terminal(program(total="10", steps=10), env={"NO_COLOR": "1"}) as terminal:
        terminal.end()
    assert set(re.findall(r"\x1b\[[^A-Za-z]*[A-Za-z]", terminal.raw)) == {"\x1b[K"}


def test_progress__when_blocks_cannot_be_printed__draws_with_ascii():
    """An old locale ends no run."""
    env = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    with Terminal(program(total="100", steps=100, pause=0.005), env=env) as terminal:
        assert terminal.end() == 0
    assert "#" in terminal.raw
    assert "-" in terminal.raw


def piped(command):
    """Its stderr, in a pipe."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()


def test_progress__when_in_a_pipe_and_quick__prints_the_end_alone():
    """A dozen bundles take no time, and are one line."""
    assert piped(program(total="12", steps=12)) == ["  pinned 12/12"]


def test_progress__when_in_a_pipe_and_slow__prints_each_quarter():
    """With the rate; the last line says how long all took."""
    lines = piped(program(total="100", steps=100, pause=0.05))
    assert [line.split("/")[0] for line in lines] == [
        "  pinned 25",
        "  pinned 50",
        "  pinned 75",
        "  pinned 100",
    ]
    assert re.fullmatch(r"  pinned 75/100, \d+/s, [\d.]+ KB/s(, \d+ s left)?", lines[2])
    assert re.fullmatch(r"  pinned 100/100 in \d+ s", lines[3])


def test_progress__when_steps_fail__does_not_count_them_as_done():
    """Nobody is to read "pinned 12/12" where nothing was."""
    some = piped(program(total="12", steps=12, part="well=step > 2, "))
    assert some == ["  pinned 9/12, 3 failed"]
    assert piped(program(total="12", steps=12, part="well=False, ")) == ["  pinned 0/12, 12 failed"]


def test_progress__when_there_is_nothing_to_do__says_nothing():
    """Not even that."""
    assert piped(program(total="0", steps=0)) == []


@pytest.mark.parametrize("seed", range(20))
def test_rate__when_steps_come_in_bursts__does_not_jump(seed):
    """Redrawn each second, the time left never doubles or halves, and ends right."""
    chance = random.Random(seed)
    rate, done, total = Rate(0.0), 0, 3000
    lefts = []
    for second in range(1, 301):
        burst = chance.choice((0, 5, 10, 15, 20))
        rate.add(second, burst)
        done += burst
        if second > 30 and total - done > 200:
            lefts.append((rate.left(total - done, second), (total - done) / 10))
    shown = [left for left, _ in lefts]
    assert all(0.5 < later / before < 2 for before, later in pairwise(shown))
    assert all(0.5 < left / right < 2 for left, right in lefts)
    assert len(lefts) > 100


def test_rate__when_nothing_comes_any_more__falls():
    """The time left grows instead of standing still."""
    rate = Rate(0.0)
    for second in range(1, 11):
        rate.add(second, 10)
    lefts = [rate.left(100, at) for at in (10, 20, 40, 80)]
    assert lefts == sorted(lefts)
    assert lefts[0] == pytest.approx(10, rel=0.1)
    assert lefts[-1] > 60


def test_rate__when_little_is_known__guesses_nothing():
    """Neither in the first seconds nor after two steps."""
    rate = Rate(0.0)
    rate.add(1.0, 50)
    assert rate.left(100, 2.9) is None
    assert rate.left(100, 3.1) is not None
    slow = Rate(0.0)
    slow.add(5.0, 2)
    assert slow.left(100, 60.0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (59.1, "1 min"), (61, "1 min 10 s"), (599, "10 min"), (3600, "1 h 0 min")],
)
def test_duration__when_given_seconds__rounds_up(seconds, words):
    """Nobody waits longer than was said."""
    assert duration(seconds) == words


@pytest.mark.parametrize("closed", ["2>/dev/full", "2>&-"])
def test_progress__when_its_log_cannot_be_written__the_work_goes_on(closed):
    """What is told is worth less than what is done."""
    script = STEPS.format(total=4, steps=4, pause=0.3, each="", part="")
    command = ["/bin/sh", "-c", f'exec "$0" -c "$1" {closed}', sys.executable, script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stdout) == (0, "next\n")
