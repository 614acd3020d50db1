"""Calls over kept connections, each as soon as its answer to the last has come; one JSON line.

    python -m bench.call_load PORT SIDE_BY_SIDE SECONDS < orders.jsonl

Orders as `bench.post_load` has them; with SECONDS they are sent over and over for so long, with 0
each is sent once. The answers go out unread, by the order's number: whether they are right is seen
once the clock has stopped; what an order was answered with before is not told again. An answer is
as long as it says, or in chunks, as event streams are.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.post_load import HOST, encoded

Numbered = tuple[int, bytes]


@dataclass
class Calls:
    """Milliseconds of every answer, and `[order's number, status, body]` of each that differs."""

    milliseconds: list[float] = field(default_factory=list)
    answers: set[tuple[int, int, str]] = field(default_factory=set)
    seconds: float = 0.0


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, str]:
    """The status and the body of the next answer on a connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status = int(head.split(" ", 2)[1])
    if "\r\ntransfer-encoding: chunked" in head:
        return status, (await _chunks(reader)).decode()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return status, (await reader.readexactly(length)).decode()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """RFC 9112, 7.1; nothing here sends trailers."""
    body = b""
    while True:
        size = int((await reader.readline()).partition(b";")[0], 16)
        body += (await reader.readexactly(size + len(b"\r\n")))[:size]
        if not size:
            return body


async def _call(port: int, requests: Iterator[Numbered], until: float, calls: Calls) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for number, request in requests:
        began = time.monotonic()
        if began >= until:
            break
        writer.write(request)
        status, body = await read_answer(reader)
        calls.milliseconds.append((time.monotonic() - began) * 1000)
        calls.answers.add((number, status, body))
    writer.close()


async def main(port: int, side_by_side: int, seconds: float) -> None:
    orders = list(enumerate(encoded(json.loads(line)) for line in sys.stdin))
    requests = itertools.cycle(orders) if seconds else iter(orders)
    calls = Calls()
    began = time.monotonic()
    until = began + seconds if seconds else float("inf")
    await asyncio.gather(*(_call(port, requests, until, calls) for _ in range(side_by_side)))
    calls.seconds = time.monotonic() - began
    sys.stdout.write(json.dumps(vars(calls) | {"answers": list(calls.answers)}) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
