"""Where this process connects to: every address that a socket of it was told, written down.

    with Connects() as connects:
        ...
    connects.made

Nothing is kept from happening, and whose code asks does not matter: all of Python's sockets are
`socket.socket`. Threads that ran before are others' (a service that a test left running asks its
node all the time); those that begin meanwhile are not.
"""

from __future__ import annotations

import socket
import threading
from typing import Any, Self

import pytest


class Connects:
    """The addresses, as `connect` got them, in order."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def __enter__(self) -> Self:
        self._others = set(threading.enumerate()) - {threading.current_thread()}
        self._patch = pytest.MonkeyPatch()
        for name in ("connect", "connect_ex"):
            self._patch.setattr(socket.socket, name, self._written_down(name))
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def _written_down(self, name: str) -> Any:
        connect = getattr(socket.socket, name)

        def written(sock: socket.socket, address: Any) -> Any:
            if threading.current_thread() not in self._others:
                self.made.append(address)
            return connect(sock, address)

        return written
