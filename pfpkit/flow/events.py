"""What commands with `--json` tell programs: one JSON object a line on stdout.

docs/pinning.md has those of `ape run pin`, docs/sending.md those of commands that send.

Names and fields of version 1 stay as they are; there may be new ones. A reader that goes away, or a
file that is full, does not end a run: the events stop, and the exit code says how it ended.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

import click

from pfpkit.progress import Progress

__all__ = ["VERSION", "Events"]

VERSION = 1
_PROGRESS_S = 1.0


class Events:
    """Writes events, or none at all unless `enabled`."""

    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._told = 0.0

    def say(self, event: str, **fields: object) -> None:
        """Write one event with its time (UTC, RFC 3339)."""
        if not self.enabled or sys.stdout is None:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        try:
            sys.stdout.write(json.dumps({"event": event, "time": at, **fields}) + "\n")
            # A program that reads a pipe is to know now.
            sys.stdout.flush()
        except OSError as error:
            self.enabled = False
            if not isinstance(error, BrokenPipeError):
                click.echo(f"  no more events: {error.strerror}", err=True)
            # Python flushes once more at its end, and would fail there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def progress(self, step: str, progress: Progress) -> None:
        """Write how far a step is, at most once a second, and its end."""
        now = time.monotonic()
        whole = progress.done >= progress.total
        if not self.enabled or (now - self._told < _PROGRESS_S and not whole):
            return
        self._told = now
        left = progress.left
        self.say(
            "progress",
            step=step,
            done=progress.done,
            total=progress.total,
            per_second=round(progress.per_second, 2),
            seconds_left=0 if whole else left and round(left, 1),
        )
