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

from apps.datasets.inspection.files import SplitFile
from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.scan import Context, Scan

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
            [sys.executable, "-m", "apps.datasets.inspection.engines.workers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.to, self.out = self.child.stdin, self.child.stdout
        _send(self.to, orjson.dumps(context.as_dict()))

    def scan(self, index: int, file: SplitFile, batch: Batch) -> pa.RecordBatch:
        head = {"split": file.split, "file": index, "first": batch.first}
        _send(self.to, orjson.dumps(head))
        _send(self.to, packed(batch.rows))
        found = unpacked(_receive(self.out))
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


def packed(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def unpacked(data: bytes | None) -> pa.RecordBatch | None:
    return pa.ipc.open_stream(data).read_next_batch() if data else None


def _send(stream: Any, data: bytes) -> None:
    stream.write(len(data).to_bytes(8, "big"))
    stream.write(data)
    stream.flush()


def _receive(stream: Any) -> bytes | None:
    size = stream.read(8)
    if len(size) < 8:
        return None
    data: bytes = stream.read(int.from_bytes(size, "big"))
    return data


def main() -> None:
    """Serve one inspection: the context first, then pairs of a head and a batch, until the input ends."""
    given = _receive(sys.stdin.buffer)
    if given is None:
        return
    scan = Scan(Context.of(orjson.loads(given)))
    while (head := _receive(sys.stdin.buffer)) is not None:
        about, rows = orjson.loads(head), unpacked(_receive(sys.stdin.buffer))
        if rows is None:
            return
        found = scan.batch(Batch(about["first"], rows), about["split"], about["file"])
        _send(sys.stdout.buffer, packed(found))


if __name__ == "__main__":
    main()
