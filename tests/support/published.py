"""What strangers publish: files and folders on IPFS, and pages on a web server, all on loopback.

with Published() as there:
    uri = f"ipfs://{there.file(picture)}"
    there.gateway.url, there.server.port
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from pfpkit.cid import CID
from pfpkit.pinning import Dag
from pfpkit.unixfs import UNIXFS_V1_2025, Profile
from support.dags import dag_of, file_dag
from support.hostile_gateway import HostileGateway
from support.web_server import WebServer, page


class Published:
    """A gateway and a web server in a `with` block; what is published is there at once."""

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self.gateway = self._open.enter_context(HostileGateway([]))
        self.server = self._open.enter_context(WebServer())
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def file(self, data: bytes, profile: Profile = UNIXFS_V1_2025) -> CID:
        """The CID of a file."""
        return self._added(file_dag(data, profile))

    def folder(self, files: Mapping[str, bytes], profile: Profile = UNIXFS_V1_2025) -> CID:
        """The CID of a folder of files."""
        return self._added(dag_of(files, profile))

    def page(self, path: str, data: bytes) -> str:
        """The URL of a page."""
        self.server.answers[path] = page(data)
        return self.server.url(path)

    def json(self, **fields: Any) -> str:
        """The URI of metadata with these fields, on IPFS."""
        return f"ipfs://{self.file(metadata(**fields))}"

    def _added(self, dag: Dag) -> CID:
        # A block is asked for in either version of its CID.
        self.gateway.blocks |= {block.cid.as_v1(): block.data for block in dag.blocks}
        self.gateway.blocks |= {block.cid: block.data for block in dag.blocks}
        return dag.root


def metadata(**fields: Any) -> bytes:
    """Metadata with these fields."""
    return json.dumps(fields).encode()
