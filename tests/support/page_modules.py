"""The pure modules of the profile service's pages, run by Node.js as a process that answers."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any


class ScriptError(Exception):
    """What a module threw: its class and message."""


class PageModules:
    """One Node.js process, started once and asked many times."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_suffix(".mjs"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def call(self, module: str, function: str, *arguments: Any) -> Any:
        """What a function of a module returns; bytes go in and come out as bytes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"call": [module, function], "arguments": arguments}
        self._process.stdin.write(json.dumps(request, default=_as_json) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline(), object_hook=_from_json)
        if "error" in answer:
            raise ScriptError(answer["error"])
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


def _as_json(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _from_json(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["base64"]) if value.keys() == {"base64"} else value
