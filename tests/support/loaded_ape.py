"""A Python that has loaded Ape already, and becomes an `ape` command line as often as it is asked.

Loading Ape takes longer than most commands do. Each command line is a process of its own all the
same, forked from here, with its own folder, environment, streams, signals and end; only what it
would have loaded is there before. Nothing of a project is read before the fork.

Run as a program whose standard input is a socket of whole messages, in the environment that command
lines start with. A question is JSON of `arguments`, `folder` and `environment`, and three
descriptors for the streams; the answers are the number of the process and, at its end, its code.
"""

import importlib
import json
import os
import signal
import socket
import sys
from typing import Any

LOADED = (
    "ape._cli",
    "ape.contracts",
    "ape.managers.chain",
    "ape.pytest",
    "ape_accounts",
    "ape_cache",
    "ape_compile",
    "ape_console",
    "ape_ethereum.ecosystem",
    "ape_etherscan",
    "ape_foundry.provider",
    "ape_init",
    "ape_networks",
    "ape_node.provider",
    "ape_plugins",
    "ape_pm",
    "ape_run._cli",
    "ape_solidity.compiler",
    "ape_test.provider",
    "anyio._backends._asyncio",
    "pfpkit.accounts",
    "pfpkit.flow.demo",
)
_LONGEST = 2**20


def wait_for_command(questions: socket.socket) -> list[str]:
    """Fork for each question, and return in the child, with its arguments. End with the asker."""
    while True:
        asked, streams, _, _ = socket.recv_fds(questions, _LONGEST, 3)
        if not asked:
            os._exit(0)
        child = os.fork()
        if child == 0:
            questions.close()
            return _become(json.loads(asked), streams)
        for stream in streams:
            os.close(stream)
        questions.sendall(str(child).encode())
        _, status = os.waitpid(child, 0)
        questions.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: dict[str, Any], streams: list[int]) -> list[str]:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.update(command["environment"])
    os.chdir(command["folder"])
    return list(command["arguments"])


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(name)
    from ape._cli import cli

    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for commands alone
    arguments = wait_for_command(socket.socket(fileno=os.dup(0)))
    signal.signal(signal.SIGINT, on_interrupt)
    sys.argv = ["ape", *arguments]
    sys.exit(cli())
