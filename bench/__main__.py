"""`python -m bench [NAME…] [--quick]`: measure, show, and write `bench/results/<name>.json`."""

import argparse
import importlib
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from rich.console import Console

from bench.errors import MeasurementFailed
from bench.options import Options
from bench.result import Finding, current_commit, stamped, write_result
from studio.contracts.errors import StudioError

MODULES: Final = {
    "orchestration": "bench.orchestration",
    "status-polls": "bench.status_polls",
    "upload-memory": "bench.upload_memory",
    "crash-recovery": "bench.crash_recovery",
    "join": "bench.join",
    "critical-path": "bench.critical_path",
    "history": "bench.history",
    "pay-once": "bench.pay_once",
    "quotes": "bench.quotes",
    "mcp": "bench.mcp_calls",
    "console": "bench.console_calls",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODULES))
    parser.add_argument("--quick", action="store_true", help="measure less; nothing is written")
    arguments = parser.parse_args()
    names: list[str] = arguments.names or list(MODULES)
    for name in names:
        if name not in MODULES:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(MODULES)}")
    options = Options(Console(), quick=arguments.quick)
    failed = False
    for name in names:
        try:
            finding = cast("Finding", importlib.import_module(MODULES[name]).run(options))
        except (MeasurementFailed, StudioError) as error:
            options.say(f"{name} could not be measured: {error}")
            failed = True
            continue
        if options.quick:
            continue
        commit = current_commit(Path(__file__).parents[1])
        result = stamped(finding, now=datetime.now(UTC), commit=commit)
        options.say(f"Written to {write_result(result)}")
    return 1 if failed else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The Temporal SDK's threads may crash an interpreter that ends (temporalio/sdk-python#300).
    os._exit(code)
