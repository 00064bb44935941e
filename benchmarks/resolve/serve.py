"""The project's own gateway over a block store, until the input ends: prints its address."""

from __future__ import annotations

import sys
from pathlib import Path

from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.gateway import Gateway

if __name__ == "__main__":
    with Gateway(BlockStore(Path(sys.argv[1]))) as gateway:
        print(gateway.url, flush=True)
        sys.stdin.read()
