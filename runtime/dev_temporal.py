"""`fvs temporal start`: the development server alone."""

import time
from pathlib import Path

from runtime.dev import WATCH_SECONDS, StopRequested, say, stop_signals
from runtime.dev_files import open_folder
from runtime.temporal_config import TemporalConfig
from runtime.temporal_server import start_temporal
from studio.contracts.errors import StudioError


def run_temporal(
    config: TemporalConfig, directory: Path, port: int | None, ui_port: int | None
) -> int:
    """Run until asked to stop; the exit code is 1 when the server could not start or ended."""
    running = None
    with stop_signals():
        try:
            folder = open_folder(directory)
            running = start_temporal(
                config,
                log_file=folder.log_file("temporal"),
                db_file=folder.root / config.database.file,
                port=port or config.server.port,
                ui_port=ui_port or config.server.ui_port,
                say=say,
            )
            say(f"Temporal serves {running.address}, its UI {running.ui_url}; Ctrl-C stops it.")
            while running.child.is_running():
                time.sleep(WATCH_SECONDS)
            say("The Temporal server has ended.")
        except StopRequested:
            return 0
        except StudioError as error:
            say(error.detail)
        finally:
            if running is not None:
                running.stop()
    return 1
