"""Server-sent events: an open page hears every two seconds that all is so, and of what changed

given nothing new, a sign of life within three seconds; given another picture, that picture
given an account that is deleted, that nothing is shown of it
given more pages than a worker has room for, a refusal that says so
"""

import json
import time
from contextlib import contextmanager

import pytest
from support.pictures import encoded, noise
from support.profile import JSON, Browser, problem

from pfpkit.profile import events as served


@contextmanager
def page_of(service, path):
    """The events of an open page, as kind, value and when they were heard."""
    with Browser(service.origin, {}).stream("GET", path, timeout=10) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")

        def events():
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield kind, json.loads(line.removeprefix("data: ")), time.monotonic()

        yield events()


@pytest.mark.parametrize("path", ["/u/{}/events", "/events?users={},nobody-at-all"])
def test_events__when_nothing_changes__are_signs_of_life(service, browser, name, path):
    """A page that hears none for five seconds calls what it shows old."""
    browser.sign_up(name)
    with page_of(service, path.format(name)) as events:
        kind, picture, last = next(events)
        assert (kind, picture["name"], picture["state"]) == ("picture", name, "none")
        for _ in range(2):
            kind, value, at = next(events)
            assert (kind, value) == ("alive", None)
            assert at - last < 5
            last = at


def test_events__when_the_picture_changes__tell_it_at_once(service, browser, name):
    """And when the account is deleted, that it is not there any more."""
    browser.sign_up(name)
    with page_of(service, f"/u/{name}/events") as events:
        pictures = (value for kind, value, _ in events if kind == "picture")
        assert next(pictures)["kind"] == "none"
        assert browser.upload(encoded(noise(), "PNG")).status_code == 303
        assert next(pictures)["kind"] == "ordinary"
        assert browser.send_form("/me/delete").status_code == 303
        gone = next(pictures)
        assert (gone["kind"], gone["images"]) == ("none", None)


def test_events__when_too_many_pages_are_open__are_refused_with_a_status(
    service, browser, name, monkeypatch
):
    """Before the stream begins, after which no status can be said."""
    browser.sign_up(name)
    monkeypatch.setattr(served, "_MOST_LISTENERS", 0)
    for path in (f"/u/{name}/events", f"/events?users={name}"):
        assert problem(browser.get(path, headers=JSON)) == (503, "busy")
