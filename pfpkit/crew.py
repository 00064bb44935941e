"""Worker processes that read pairs of files, one for each core; only the standard library.

Each is a Python of its own that reads one JSON line of pairs and answers with one, so that it
needs nothing of the program that started it, and ends by itself when that one is gone. A picture
that takes a worker down with it is the problem of its own file alone.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import astuple
from itertools import islice
from typing import Any

from pfpkit.cid import CID
from pfpkit.errors import BadInput
from pfpkit.images import Limits
from pfpkit.tokenfiles import Computed, Known, Made, Pair, Stamp, compute
from pfpkit.tokentable import Row, Table

__all__ = ["Task", "computed"]

Task = tuple[Pair, Known | None]
Answer = Computed | str

_BATCH = 8
# Below this, starting processes takes longer than they save.
_FEW = 64


def computed(
    tasks: Sequence[Task], limits: Limits, workers: int | None = None
) -> Iterator[tuple[Pair, Answer]]:
    """Yield each pair with what came of it, or with its problems in words, in any order.

    At most a few batches wait at once; stopping early ends the workers.
    """
    count = workers if workers is not None else _cores()
    if len(tasks) < _FEW or count < 2:
        for pair, known in tasks:
            yield pair, _one(pair, known, limits)
        return
    crew = _Crew(limits)
    try:
        with ThreadPoolExecutor(count) as pool:
            try:
                yield from _spread(tasks, pool, crew, 2 * count)
            finally:
                # Before the pool waits for its threads, which wait for the workers.
                crew.end()
                pool.shutdown(wait=False, cancel_futures=True)
    finally:
        crew.end()


def _spread(
    tasks: Iterable[Task], pool: ThreadPoolExecutor, crew: "_Crew", ahead: int
) -> Iterator[tuple[Pair, Answer]]:
    source = iter(tasks)
    running: set[Future[list[tuple[Pair, Answer]]]] = set()
    while True:
        while len(running) < ahead and (batch := list(islice(source, _BATCH))):
            running.add(pool.submit(crew.compute, batch))
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield from future.result()


class _Crew:
    """One worker for each thread that asks."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._local = threading.local()
        self._all: list[subprocess.Popen[bytes]] = []
        self._ended = False

    def compute(self, batch: list[Task]) -> list[tuple[Pair, Answer]]:
        answers = self._ask(batch)
        if answers is None and len(batch) == 1:
            pair = batch[0][0]
            return [(pair, f"{pair.image}: reading it ended the process; export it again")]
        if answers is None:
            return [found for task in batch for found in self.compute([task])]
        return [(pair, answer) for (pair, _), answer in zip(batch, answers, strict=True)]

    def end(self) -> None:
        self._ended = True
        for worker in self._all:
            worker.kill()
        for worker in self._all:
            worker.wait()

    def _ask(self, batch: list[Task]) -> list[Answer] | None:
        """Return the answers, or None when the worker died of the question."""
        worker = self._worker()
        assert worker.stdin is not None
        assert worker.stdout is not None
        question = [[*astuple(pair), known] for pair, known in batch]
        try:
            worker.stdin.write(json.dumps(question).encode() + b"\n")
            worker.stdin.flush()
            line = worker.stdout.readline()
        except (BrokenPipeError, ValueError):
            line = b""
        if not line.endswith(b"\n"):
            self._local.worker = None
            return None
        return [_decoded(found) for found in json.loads(line)]

    def _worker(self) -> subprocess.Popen[bytes]:
        worker: subprocess.Popen[bytes] | None = getattr(self._local, "worker", None)
        if worker is None:
            if self._ended:
                raise BadInput("stopped; run it again")
            worker = subprocess.Popen(  # noqa: S603 - our own module, by this very Python
                [sys.executable, "-P", "-m", "pfpkit.crew", json.dumps(astuple(self._limits))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for whoever asked
            )
            self._local.worker = worker
            self._all.append(worker)
        return worker


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def _one(pair: Pair, known: Known | None, limits: Limits) -> Answer:
    try:
        return compute(pair, limits, known)
    except BadInput as error:
        return str(error)


def _encoded(answer: Answer) -> Any:
    if isinstance(answer, str):
        return answer
    made = answer.made and [
        str(answer.made.root),
        str(answer.made.image),
        *astuple(answer.made)[2:],
    ]
    return [[astuple(stamp) for stamp in answer.stamps], made]


def _decoded(found: Any) -> Answer:
    if isinstance(found, str):
        return found
    (first, second), made = found
    stamps = (Stamp(*first), Stamp(*second))
    if made is None:
        return Computed(stamps, None)
    root, image, kind, removed, *counts = made
    return Computed(stamps, Made(CID.parse(root), CID.parse(image), kind, tuple(removed), *counts))


def _row(found: Any) -> Row | None:
    if found is None:
        return None
    (path, columns), *place = found
    return Row(Table(path, tuple(columns)), *place)


def _work(limits: Limits) -> None:
    for line in sys.stdin.buffer:
        tasks = json.loads(line)
        answers = [
            _encoded(_one(Pair(key, image, words, _row(row)), known and tuple(known), limits))
            for key, image, words, row, known in tasks
        ]
        sys.stdout.buffer.write(json.dumps(answers).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _work(Limits(*json.loads(sys.argv[1])))
