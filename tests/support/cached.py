"""What the tests of the cache put into it, and what they count on its disk."""

from contextlib import suppress

from pfpkit.cid import cid_of

BLOCK = b"a block" * 100


class Source:
    """Where things come from; counts how often it was asked."""

    def __init__(self, answer):
        self.asked = 0
        self.answer = answer

    async def __call__(self):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def entries(folder):
    """The files of a cache's entries."""
    return [path for path in folder.glob("*/*") if len(path.name) == 64]


def on_disk(folder):
    """The bytes that they take, in whole blocks; others may remove them meanwhile."""
    total = 0
    for path in entries(folder):
        with suppress(FileNotFoundError):
            total += -(-path.stat().st_size // 4096) * 4096
    return total


def block(number, size=10_000):
    """The CID and the bytes of one of many blocks."""
    data = number.to_bytes(4, "big") + bytes(size - 4)
    return cid_of(data), data
