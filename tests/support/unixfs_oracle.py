"""The reference UnixFS importer (npm ipfs-unixfs-importer) as a process that answers requests."""

import json
import subprocess
from pathlib import Path
from typing import Any

from support.trees import Folder, Tree


class Oracle:
    """One Node.js process, started once and asked many times."""

    def __init__(self) -> None:
        script = Path(__file__).with_suffix(".mjs")
        self._process = subprocess.Popen(
            ["node", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def import_tree(self, tree: Tree, **options: Any) -> tuple[str, int]:
        """CID and Tsize of a tree, by the importer's own options."""
        answer = self._ask({"options": options, "tree": _as_json(tree)})
        return answer["cid"], answer["size"]

    def murmur3(self, name: str) -> int:
        """The 64 bits by which a HAMT places a name."""
        return int(self._ask({"murmur": name})["hash"], 16)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return dict(answer)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def _as_json(tree: Tree) -> dict[str, Any]:
    if isinstance(tree, Folder):
        return {"dir": {name: _as_json(child) for name, child in tree.entries.items()}}
    return {"size": tree.size, "seed": tree.seed}
