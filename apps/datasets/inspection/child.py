"""A child of the inspection: scans the batches that it is sent, until its input ends.

It loads what a scan needs and nothing else: every inspection waits for it.
"""

import sys
from typing import Any

import orjson
import pyarrow as pa

from apps.datasets.inspection.reading import Batch
from apps.datasets.inspection.scan import Context, Scan
from apps.datasets.inspection.sensitive import Scanner, load_all


def packed(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def unpacked(data: bytes | None) -> pa.RecordBatch | None:
    return pa.ipc.open_stream(data).read_next_batch() if data else None


def send(stream: Any, data: bytes) -> None:
    stream.write(len(data).to_bytes(8, "big"))
    stream.write(data)
    stream.flush()


def receive(stream: Any) -> bytes | None:
    size = stream.read(8)
    if len(size) < 8:
        return None
    data: bytes = stream.read(int.from_bytes(size, "big"))
    return data


def main() -> None:
    """Serve one inspection: the context and the compiled triggers first, then pairs of a head and a batch."""
    given, triggers = receive(sys.stdin.buffer), receive(sys.stdin.buffer)
    if given is None or triggers is None:
        return
    context = Context.of(orjson.loads(given))
    scan = Scan(context, Scanner(load_all(context.recognisers), triggers=triggers))
    while (head := receive(sys.stdin.buffer)) is not None:
        about, rows = orjson.loads(head), unpacked(receive(sys.stdin.buffer))
        if rows is None:
            return
        found = scan.batch(Batch(about["first"], rows), about["split"], about["file"])
        send(sys.stdout.buffer, packed(found))


if __name__ == "__main__":
    main()
