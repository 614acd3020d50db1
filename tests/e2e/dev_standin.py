"""Runs `fvs dev` with processes that only pretend, to watch it watch them.

`python dev_standin.py DIRECTORY GATEWAY_PORT TEMPORAL_PORT UI_PORT STRIPE_PORT` as `fvs dev`
itself; the roles `gateway`, `worker` and `stripe` are what it starts.
"""

import http.server
import json
import os
import signal
import sys
from pathlib import Path

SELF = (sys.executable, __file__)


def gateway() -> None:
    address = (os.environ["FVS_HOST"], int(os.environ["FVS_PORT"]))
    http.server.ThreadingHTTPServer(address, Health).serve_forever()


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with what the real process would read: its arguments and its variables."""
        read = {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("FVS_", "TEMPORAL_", "STRIPE_"))
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"arguments": sys.argv[2:], "variables": read}).encode())


def stripe() -> None:
    arguments = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    address = ("127.0.0.1", int(arguments["--port"]))
    http.server.ThreadingHTTPServer(address, Health).serve_forever()


def main() -> None:
    from runtime.dev import run_dev
    from runtime.dev_stack import StackCommands, StackOptions
    from runtime.temporal_config import load_temporal_config

    directory, gateway_port, temporal_port, ui_port, stripe_port, *speak = sys.argv[1:]
    options = StackOptions(
        directory=Path(directory),
        gateway_port=int(gateway_port),
        temporal_port=int(temporal_port),
        ui_port=int(ui_port),
        stripe_port=int(stripe_port),
        temporal_from_environment=False,
        commands=StackCommands((*SELF, "gateway"), (*SELF, "worker"), (*SELF, "stripe")),
    )
    os._exit(run_dev(options, load_temporal_config(), as_json=not speak))


if __name__ == "__main__":
    if sys.argv[1] == "gateway":
        gateway()
    elif sys.argv[1] == "stripe":
        stripe()
    elif sys.argv[1] == "worker":
        signal.pause()
    else:
        main()
