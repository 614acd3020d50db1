"""A place to measure in: a folder, a Temporal server on free ports, a database with an account.

Everything is stopped by the ids of the processes that were started here, and the folder is
removed; what a killed benchmark leaves is stopped by the kernel with it.
"""

import contextlib
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from runtime.dev_account import FirstAccount, prepare_database
from runtime.processes import Child, ProcessSpec, start_process
from runtime.temporal_config import load_temporal_config
from runtime.temporal_server import RunningTemporal, start_temporal
from studio.db.engine import Database, open_database
from studio.ledger import service as ledger

CREDITS: Final = 10_000_000
"""More than any benchmark's renders cost together."""

STOP_SECONDS: Final = 5.0
SECRET_BYTES: Final = 32
NO_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"
"""Where this is set, modules are compiled at each import, which is not what is to be measured."""


@dataclass(frozen=True)
class Place:
    """Where one benchmark runs. `secrets_` are drawn anew for each."""

    root: Path
    temporal: RunningTemporal
    pepper: str = field(repr=False)
    signing_key: str = field(repr=False)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def new_database(self, name: str) -> tuple[str, FirstAccount]:
        """The URL of a migrated SQLite file, and an account in it with credits and a key."""
        url = f"sqlite:///{self.root / name}.db"
        account = prepare_database(
            url, known_key=None, peppers=[self.pepper.encode()], now=self.now
        )
        with opened(url) as database, database.transaction() as session:
            wallet = ledger.wallet_id(account.account_id)
            ledger.top_up(session, wallet=wallet, credits=CREDITS, reference="bench", now=self.now)
        return url, account

    def environment(self, database_url: str, **settings: str) -> dict[str, str]:
        """The whole environment of a child: this machine's, without its own FVS_ settings."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FVS_", "TEMPORAL_")) and name != NO_BYTECODE
        }
        return own | {
            "TEMPORAL_ADDRESS": self.temporal.address,
            "TEMPORAL_NAMESPACE": self.temporal.namespace,
            "TEMPORAL_CONFIG_FILE": os.devnull,
            "FVS_DATABASE_URL": database_url,
            "FVS_STORAGE_URL": f"file:{self.root / 'storage'}",
            "FVS_WORK_DIRECTORY": str(self.root / "work"),
            "FVS_KEY_PEPPER": self.pepper,
            "FVS_SIGNING_KEY": self.signing_key,
            "FVS_UNCONFIGURED_MODELS": "local",
            "FVS_LOG_LEVEL": "warning",
            **settings,
        }

    def python(self, name: str, *arguments: str, environment: Mapping[str, str]) -> ProcessSpec:
        """A Python process with its output in `<name>.log`."""
        return self.command(name, sys.executable, *arguments, environment=environment)

    def command(
        self, name: str, *command: str, environment: Mapping[str, str] | None = None
    ) -> ProcessSpec:
        """Any process, by default in this one's environment."""
        log_file = self.root / f"{name}.log"
        environment = os.environ if environment is None else environment
        return ProcessSpec(name, list(command), environment, log_file, directory=Path.cwd())


@contextlib.contextmanager
def a_place(say: Callable[[str], None]) -> Iterator[Place]:
    """A new place, gone again at the end of the block. Call from the main thread."""
    with tempfile.TemporaryDirectory(prefix="fvs-bench-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        server = start_temporal(
            load_temporal_config(), log_file=root / "temporal.log", headless=True, say=say
        )
        try:
            yield Place(
                root, server, secrets.token_hex(SECRET_BYTES), secrets.token_hex(SECRET_BYTES)
            )
        finally:
            server.stop()


@contextlib.contextmanager
def running(spec: ProcessSpec, *, grace_seconds: float = STOP_SECONDS) -> Iterator[Child]:
    """A process for the length of the block."""
    child = start_process(spec)
    try:
        yield child
    finally:
        child.signal_stop()
        child.finish(grace_seconds)


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.dispose()
