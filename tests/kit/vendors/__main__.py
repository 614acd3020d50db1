"""The vendors as a process of their own, whose books survive the processes that it serves.

Prints its address as the first line and runs until SIGTERM or SIGINT.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.kit.vendors.documents import parsed
from tests.kit.vendors.server import VendorServer
from tests.kit.vendors.sinks import gcs_sink


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.kit.vendors", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--script", type=Path, help="JSON; see Control.apply")
    parser.add_argument("--gcs-endpoint", help="an emulator that takes outputs to gs://")
    options = parser.parse_args()
    sink = gcs_sink(options.gcs_endpoint) if options.gcs_endpoint else None
    server = VendorServer(object_sink=sink, port=options.port)
    if options.script is not None:
        server.apply(parsed(options.script.read_bytes()))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
