"""Runs `fvs dev` with stand-ins for the gateway and the worker, to watch it watch them.

`python dev_standin.py DIRECTORY GATEWAY_PORT TEMPORAL_PORT UI_PORT` as `fvs dev` itself; the roles
`gateway` and `worker` are what it starts.
"""

import http.server
import os
import signal
import sys
from pathlib import Path

SELF = (sys.executable, __file__)


def gateway() -> None:
    address = (os.environ["FVS_HOST"], int(os.environ["FVS_PORT"]))
    server = http.server.ThreadingHTTPServer(address, Health)
    server.serve_forever()


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the variables that the real process would read."""
        names = ("FVS_DATABASE_URL", "FVS_UNCONFIGURED_MODELS", "TEMPORAL_ADDRESS")
        self.send_response(200)
        self.end_headers()
        self.wfile.write("\n".join(os.environ[name] for name in names).encode())


def main() -> None:
    from runtime.dev import run_dev
    from runtime.dev_stack import StackCommands, StackOptions
    from runtime.temporal_config import load_temporal_config

    directory, gateway_port, temporal_port, ui_port = sys.argv[1:5]
    options = StackOptions(
        directory=Path(directory),
        gateway_port=int(gateway_port),
        temporal_port=int(temporal_port),
        ui_port=int(ui_port),
        temporal_from_environment=False,
        commands=StackCommands((*SELF, "gateway"), (*SELF, "worker")),
    )
    os._exit(run_dev(options, load_temporal_config(), as_json=True))


if __name__ == "__main__":
    if sys.argv[1] == "gateway":
        gateway()
    elif sys.argv[1] == "worker":
        signal.pause()
    else:
        main()
