"""Run many `ape` command lines in one Python, for starting Ape takes longer than most of them.

Reads a JSON list of argument lists from stdin; writes a JSON list of [code, stdout, stderr]. Run as
a program, in the folder and the environment of a project.
"""

import contextlib
import io
import json
import sys

from ape._cli import cli


def run(arguments: list[str]) -> tuple[int, str, str]:
    """Return the exit code and both streams of one command line."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli(arguments, prog_name="ape")
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else int(left.code is not None)
    return code, out.getvalue(), err.getvalue()


if __name__ == "__main__":
    answers = [run(arguments) for arguments in json.load(sys.stdin)]
    json.dump(answers, sys.stdout)
