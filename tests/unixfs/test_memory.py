"""add_file: a large file needs the memory of one chunk and one unfinished node of each level"""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import resource, sys
from support.trees import KeyStream
from pfpkit.unixfs import add_file
add_file(KeyStream("v1-2025-seed", 2**20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(add_file(KeyStream("v1-2025-seed", 2**30 + 1)).cid)
unit = 1 if sys.platform == "darwin" else 1024
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit)
"""


def test_add_file__when_over_1_gib__memory_stays_flat():
    """IPIP-0499's vector of 1,024 chunks and a byte, in a process of its own."""
    tests = Path(__file__).parent.parent
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(command, cwd=tests, check=True, capture_output=True, text=True).stdout
    cid, extra = output.split()
    assert cid == "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"
    assert int(extra) < 64 * 2**20
