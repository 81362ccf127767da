"""Batches are scanned by processes of their own, as many as there are cores, fed and read over pipes.

The processes are plain children that end when their input does, for a Celery worker may not have children of the
``multiprocessing`` kind.
"""

import contextlib
import itertools
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from apps.datasets.inspection.child import packed, receive, send, unpacked
from apps.datasets.inspection.files import SplitFile
from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.scan import Context, Scan
from apps.datasets.inspection.sensitive import compiled

ALONE = 40_000
AHEAD = 2
MOST_WORKERS = 8
ROOT = Path(__file__).resolve().parents[4]
Work = tuple[int, SplitFile, Batch]


def work(files: Sequence[SplitFile], context: Context) -> Iterator[Work]:
    """Yield every batch of every file with the file's place."""
    for index, file in enumerate(files):
        for batch in file.batches(context.mapping):
            yield index, file, batch


def scanned(files: Sequence[SplitFile], context: Context) -> Iterator[pa.RecordBatch]:
    """Yield the scanned batches in any order: here when they are few, else by workers."""
    todo = work(files, context)
    first, rows = list[Work](), 0
    for item in todo:
        first.append(item)
        rows += item[2].rows.num_rows
        if rows >= ALONE:
            break
    if rows < ALONE:
        scan = Scan(context)
        for index, file, batch in first:
            yield scan.batch(batch, file.split, index)
        return
    yield from _by_workers(itertools.chain(first, todo), context)


class Worker:
    """One child: takes batches on its standard input, answers each on its standard output."""

    def __init__(self, context: Context) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "apps.datasets.inspection.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.to, self.out = self.child.stdin, self.child.stdout
        send(self.to, orjson.dumps(context.as_dict()))
        send(self.to, compiled())

    def scan(self, index: int, file: SplitFile, batch: Batch) -> pa.RecordBatch:
        head = {"split": file.split, "file": index, "first": batch.first}
        send(self.to, orjson.dumps(head))
        send(self.to, packed(batch.rows))
        found = unpacked(receive(self.out))
        if found is None:
            raise RuntimeError("A worker of the inspection died.")
        return found

    def kill(self) -> None:
        """End the child at once: whoever writes to it or reads from it is let go."""
        self.child.kill()
        self.child.wait()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.to.close()
        self.out.close()


def _by_workers(todo: Iterator[Work], context: Context) -> Iterator[pa.RecordBatch]:
    count = min(os.cpu_count() or 1, MOST_WORKERS)
    tasks: queue.Queue[Work | None] = queue.Queue(count * AHEAD)
    answers: queue.Queue[Any] = queue.Queue()
    workers = [Worker(context) for _number in range(count)]

    def serve(worker: Worker) -> None:
        while (item := tasks.get()) is not None:
            try:
                answers.put(worker.scan(*item))
            except Exception as error:
                answers.put(error)
                return

    threads = [threading.Thread(target=serve, args=(worker,), daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    waiting = 0
    try:
        for item in todo:
            tasks.put(item)
            waiting += 1
            while waiting >= count * AHEAD or not answers.empty():
                yield _answer(answers.get())
                waiting -= 1
        while waiting:
            yield _answer(answers.get())
            waiting -= 1
    finally:
        for worker in workers:
            worker.kill()
        with contextlib.suppress(queue.Empty):
            while True:
                tasks.get_nowait()
        for _thread in threads:
            tasks.put(None)
        for thread, worker in zip(threads, workers, strict=True):
            thread.join()
            worker.close()


def _answer(found: Any) -> pa.RecordBatch:
    if isinstance(found, BaseException):
        raise found
    return found
