"""Requests over kept connections, each as soon as its answer to the last has come; one JSON line.

    python -m bench.post_load PORT SIDE_BY_SIDE STATUS HEADER SECONDS < orders.jsonl

An order is `{"method", "path", "headers", "body"}`, one a line. With SECONDS the orders are sent
over and over for so long, with 0 each is sent once. STATUS and HEADER are what every answer has to
have. The orders come in by a pipe, since payments are secrets. Plain sockets, as in
`bench.poll_load`.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Final

HOST: Final = "127.0.0.1"


@dataclass
class Tally:
    """Milliseconds of every answer in the order in which they came, and what was not as wanted."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    refused: int = 0
    first_refusal: str = ""


def encoded(order: dict[str, object]) -> bytes:
    """An order as it goes over the wire."""
    body = str(order["body"]).encode()
    headers = order["headers"]
    first = f"{order['method']} {order['path']} HTTP/1.1"
    lines = [first, f"Host: {HOST}", f"Content-Length: {len(body)}"]
    if isinstance(headers, dict):
        lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _send(
    port: int, requests: Iterator[bytes], until: float, wanted: tuple[str, str], tally: Tally
) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    for request in requests:
        began = time.monotonic()
        if began >= until:
            break
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        tally.milliseconds.append((time.monotonic() - began) * 1000)
        status, header = wanted
        if not (head.startswith(f"http/1.1 {status} ") and f"\r\n{header}:" in head):
            tally.refused += 1
            tally.first_refusal = tally.first_refusal or head.partition("\r\n")[0]
    writer.close()


async def main(port: int, side_by_side: int, wanted: tuple[str, str], seconds: float) -> None:
    orders = [encoded(json.loads(line)) for line in sys.stdin]
    requests = itertools.cycle(orders) if seconds else iter(orders)
    tally = Tally()
    began = time.monotonic()
    until = began + seconds if seconds else float("inf")
    await asyncio.gather(
        *(_send(port, requests, until, wanted, tally) for _ in range(side_by_side))
    )
    tally.seconds = time.monotonic() - began
    sys.stdout.write(json.dumps(asdict(tally)) + "\n")


if __name__ == "__main__":
    asyncio.run(
        main(
            int(sys.argv[1]),
            int(sys.argv[2]),
            (sys.argv[3], sys.argv[4].lower()),
            float(sys.argv[5]),
        )
    )
