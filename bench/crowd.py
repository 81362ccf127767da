"""Many people at once, in the shape of the deployment: two processes of eight threads each."""

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django

PROCESSES, THREADS = 2, 8
Act = Callable[[Any], None]


def _work(packed: bytes, ready: Any, go: Any, failures: Any) -> None:
    """Unpack the act and the shares once Django is set up: what they are made of are models."""
    django.setup()
    from django.db import connection

    act: Act
    shares: Sequence[Sequence[Any]]
    act, shares = pickle.loads(packed)

    def one(share: Sequence[Any]) -> None:
        connection.ensure_connection()
        barrier.wait()
        for item in share:
            try:
                act(item)
            except Exception as error:
                failures.put(f"{type(error).__name__}: {error}")
        connection.close()

    barrier = threading.Barrier(len(shares) + 1)
    with ThreadPoolExecutor(len(shares)) as pool:
        started = [pool.submit(one, share) for share in shares]
        ready.release()
        go.wait()
        barrier.wait()
        for future in started:
            future.result()


def rate(act: Act, shares: Sequence[Sequence[Any]]) -> float:
    """Let each of 16 people do their share; return acts per second. Raise ``RuntimeError`` when one failed."""
    assert len(shares) == PROCESSES * THREADS
    context = multiprocessing.get_context("spawn")
    ready, go, failures = context.Semaphore(0), context.Event(), context.Queue()
    workers = [
        context.Process(target=_work, args=(pickle.dumps((act, shares[at::PROCESSES])), ready, go, failures))
        for at in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for _worker in workers:
        ready.acquire()
    time.sleep(0.2)
    start = time.perf_counter()
    go.set()
    for worker in workers:
        worker.join()
    spent = time.perf_counter() - start
    if not failures.empty():
        raise RuntimeError(failures.get())
    return sum(map(len, shares)) / spent
