"""Polls over kept connections, as fast as answers come, for a bounded time; prints one JSON line.

    python -m bench.poll_load PORT SECONDS CONNECTIONS PROJECT_ID…      (the key is in POLL_KEY)

Plain sockets: a client library would take more of the two processors than the server does.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field

from bench.result import percentile


@dataclass
class Tally:
    """Milliseconds of every answered poll, and how many were not answered with 200."""

    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0


async def _poll(port: int, paths: list[str], until: float, tally: Tally, first: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"Host: 127.0.0.1:{port}\r\nX-FVS-Agent-Key: {os.environ['POLL_KEY']}\r\n\r\n"
    turn = first
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(f"GET {paths[turn % len(paths)]} HTTP/1.1\r\n{head}".encode())
        header = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(header.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        tally.milliseconds.append((time.monotonic() - began) * 1000)
        tally.refused += not header.startswith("http/1.1 200")
        turn += 1
    writer.close()


async def main(port: int, seconds: float, connections: int, projects: list[str]) -> None:
    paths = [f"/api/agent/renders/{project}" for project in projects]
    tally = Tally()
    began = time.monotonic()
    until = began + seconds
    await asyncio.gather(
        *(_poll(port, paths, until, tally, number) for number in range(connections))
    )
    elapsed = time.monotonic() - began
    count = len(tally.milliseconds)
    found = {
        "polls_a_second": count / elapsed,
        "p50_ms": percentile(tally.milliseconds, 50),
        "p99_ms": percentile(tally.milliseconds, 99),
        "polls": count,
        "refused": tally.refused,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
