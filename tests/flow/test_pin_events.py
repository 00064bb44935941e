"""--json: one JSON object a line for programs, as docs/pinning.md has it

given a run that ends well, with something missing, with an error, or by Ctrl-C: what is documented
given a reader that goes away, the run goes on to its end
"""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from support.services import SECRETS, World

from pfpkit.workspace import Workspace

PAGE = Path(__file__).parents[2] / "docs" / "pinning.md"
TYPES = {
    "text": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}
LAST = {"planned", "done", "error", "stopped"}
PIN = """
import sys
from pathlib import Path
from click import ClickException
from pfpkit.cli import one_line, run
from pfpkit.flow.pin import PinOptions, pin
from pfpkit.workspace import Workspace
gateway, *flags = sys.argv[1:]
flags = {flag: True for flag in flags}
options = PinOptions(("kubo", "pinata"), (gateway,), as_json=True, **flags)
try:
    with one_line():
        run(pin(Workspace(Path.cwd()), options))
except ClickException as error:
    error.show()
    sys.exit(error.exit_code)
"""


def documented():
    """Fields and types of each event, as the page's table has them."""
    events = {}
    _, _, table = PAGE.read_text().partition("## Events for programs")
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "event":
            types = tuple(t for name in cells[2].split(" or ") for t in TYPES[name])
            events.setdefault(cells[0], {})[cells[1]] = types
    return events


def checked(out):
    """The events of a stream, each with the documented fields and no others."""
    page = documented()
    events = [json.loads(line) for line in out.splitlines()]
    for event in events:
        fields = dict(event)
        name, at = fields.pop("event"), fields.pop("time")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", at)
        datetime.fromisoformat(at)
        assert fields.keys() == page[name].keys(), event
        for key, value in fields.items():
            wanted = page[name][key]
            assert isinstance(value, wanted), event
            assert isinstance(value, bool) == (bool in wanted), event
    assert events[0]["event"] == "begin"
    assert [e for e in events if e["event"] in LAST] == events[-1:]
    assert [e["time"] for e in events] == sorted(e["time"] for e in events)
    return events


def start(world, *flags, **streams):
    """A run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PIN, world.gateway.url, *flags],
        cwd=world.root,
        env={**os.environ, **SECRETS},
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **streams},
    )


def ran(world, *flags):
    """The events of a run to its end, its exit code, and what it said to people."""
    with start(world, *flags) as process:
        out, err = process.communicate(timeout=60)
    return checked(out), process.returncode, err


def of(events, name):
    """The events of one name."""
    return [event for event in events if event["event"] == name]


def test_events__when_all_is_pinned__tell_every_step(world):
    """Each token on each service, and each that came back."""
    events, code, _ = ran(world)
    assert code == 0
    tokens = {entry.key: str(entry.bundle) for entry in Workspace(world.root).pins().entries}
    assert len(tokens) == 7
    tokens["directory"] = str(Workspace(world.root).pins().whole.directory.root)
    pinned = {(e["service"], e["token"]): e["bundle"] for e in of(events, "pinned")}
    assert pinned == {(s, t): tokens[t] for s in ("kubo", "pinata") for t in tokens}
    assert {e["token"]: e["bundle"] for e in of(events, "read_back")} == tokens
    assert [e["service"] for e in of(events, "plan")] == ["kubo", "pinata"]
    done = {e["step"]: (e["done"], e["total"]) for e in of(events, "progress")}
    assert done == {"pin": (14, 14), "read_back": (7, 7)}
    assert (events[-1]["event"], events[-1]["new"], events[-1]["missing"]) == ("done", 7, 0)


def test_events__when_dry__end_with_the_plan(world):
    """Nothing was done, and nothing is told of."""
    events, code, _ = ran(world, "dry_run")
    assert code == 0
    assert [e["event"] for e in events] == ["begin", "plan", "plan", "directory", "planned"]


def test_events__when_one_upload_is_refused__say_what_is_missing(world):
    """And the exit code is 1, as without --json."""
    world.pinata.refused = "4"
    events, code, err = ran(world)
    assert code == 1
    (missing,) = of(events, "missing")
    assert (missing["token"], missing["place"]) == ("4", "pinata")
    assert "we do not like it" in missing["why"]
    assert (events[-1]["missing"], events[-1]["new"]) == (1, 6)
    assert ("4", "pinata") not in {(e["token"], e["service"]) for e in of(events, "pinned")}
    assert "error: 1 token is missing somewhere" in err


def test_events__when_a_file_is_wrong__end_with_the_error(world):
    """The same words as on stderr."""
    (world.root / "metadata/images/2.png").write_bytes(b"no picture")
    events, code, err = ran(world)
    assert code == 1
    assert [e["event"] for e in events] == ["begin", "error"]
    assert f"error: {events[-1]['why']}" in err


def test_events__when_ctrl_c_is_pressed__say_what_was_done(tmp_path):
    """And which command goes on; it does, and ends well."""
    with World(tmp_path / "project", 120) as world:
        with start(world) as process:
            lines = []
            while len(lines) < 30:
                lines.append(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        *_, last = checked("".join(lines) + out)
        assert last["event"] == "stopped"
        assert 0 < sum(last["pinned"].values()) < 242
        again = f"ape run pin --to kubo --to pinata --gateway {world.gateway.url}"
        assert last["next"] == again
        assert f"error: stopped: {last['pinned']['kubo']} of 121 bundles are on kubo, " in err
        assert f"; `{again}` goes on" in err
        assert "Traceback" not in err
        assert ran(world)[1] == 0
        assert world.kubo.twice == world.pinata.twice == []


def test_events__when_the_reader_goes_away__pin_to_the_end(world):
    """As in `ape run pin --json | head -1`."""
    read, write = os.pipe()
    os.close(read)
    with start(world, stdout=write) as process:
        os.close(write)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "BrokenPipe" not in err
    assert len(world.kubo.pins) == len(world.pinata.pins) == 15
