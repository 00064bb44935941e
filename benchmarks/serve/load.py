"""Requests for one URL as fast as they are answered, from a process of its own.

Debian's wrk where it is installed; else a small client in Python, which is slower than what it
measures and says so by its name.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

PYTHON = "a client in Python"
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Load:
    """Answers a second, and latencies in milliseconds; every answer was 200."""

    rate: float
    p50_ms: float
    p99_ms: float


def tool() -> str:
    """What makes the load."""
    if (wrk := shutil.which("wrk")) is None:
        return PYTHON
    said = subprocess.run([wrk, "-v"], capture_output=True, text=True).stdout  # noqa: S603
    return " ".join(said.split()[:2])


def load(url: str, *, seconds: int, connections: int) -> Load:
    """Ask for `url` over so many connections for so long; SystemExit when an answer is not 200."""
    if (wrk := shutil.which("wrk")) is not None:
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", url]
        return _of_wrk(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603
    command = [sys.executable, "-m", __name__, url, str(seconds), str(connections)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return Load(**json.loads(found.stdout))


def _of_wrk(text: str) -> Load:
    """Read what wrk says.

    >>> _of_wrk("  50%  1.50ms\\n  99%  2.00s\\nRequests/sec:  1234.5\\n")
    Load(rate=1234.5, p50_ms=1.5, p99_ms=2000.0)
    """
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in text:
            raise SystemExit(f"the load was not answered as it should be:\n{text}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    shares = dict(re.findall(r"(\d+)%\s+([\d.]+(?:us|ms|s|m))", text))
    if rate is None or not {"50", "99"} <= shares.keys():
        raise SystemExit(f"wrk said something else:\n{text}")
    return Load(float(rate[1]), *(_ms(shares[share]) for share in ("50", "99")))


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]


async def _asked(url: str, seconds: float, connections: int) -> Load:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while (begin := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            assert size is not None, head
            await reader.readexactly(int(size[1]))
            took.append(1000 * (time.perf_counter() - begin))
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    took.sort()
    at = [took[int(share * (len(took) - 1))] for share in (0.5, 0.99)]
    return Load(len(took) / seconds, *at)


if __name__ == "__main__":
    found = asyncio.run(_asked(sys.argv[1], float(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps({"rate": found.rate, "p50_ms": found.p50_ms, "p99_ms": found.p99_ms}))
