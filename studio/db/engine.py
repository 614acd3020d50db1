"""Engines and transactions, the same for SQLite and PostgreSQL."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

LOCK_TIMEOUT_SECONDS = 5
"""How long a statement waits for a lock before it fails as 'database is locked'."""


WAL_SWITCH_ATTEMPTS = 10
"""Each one waits its turn behind another process that switches the same new file."""


class WritersQueue:
    """Lets the writing threads of one process take turns.

    SQLite has one writer at a time, and one that waits for it sleeps and looks again, ever longer:
    512 commits by 8 threads took 2.5 s, and one thread waited for all of them; in turns they take
    0.5 s. Whoever waits for longer than the lock's own time-out asks SQLite nonetheless, which
    says why.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = self._lock.acquire(timeout=self._timeout_seconds)
        try:
            yield
        finally:
            if mine:
                self._lock.release()


@dataclass(frozen=True)
class Database:
    """Hands out sessions. One a process; threads share it."""

    engine: Engine
    writers: WritersQueue | None = field(default=None, repr=False)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block and rolls back on any error."""
        with (
            self.turn(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def turn(self) -> AbstractContextManager[None]:
        """For whoever writes without a session."""
        return self.writers.turn() if self.writers else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads. On SQLite it takes no write lock, so reads never queue."""
        with Session(
            self.engine.execution_options(fvs_read_only=True), expire_on_commit=False
        ) as session:
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def open_database(url: str, *, lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS) -> Database:
    """Open `sqlite:///path` or `postgresql://…` (psycopg 3). Creates no tables: see `migrate`.

    Errors tell the statement but never its parameters, among which are callers' briefs.
    """
    if url.startswith("sqlite"):
        engine = _sqlite_engine(url, lock_timeout_seconds)
        return Database(engine, WritersQueue(lock_timeout_seconds))
    driver_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    timeout_ms = int(lock_timeout_seconds * 1000)
    return Database(
        create_engine(
            driver_url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            connect_args={"connect_timeout": 3, "options": f"-c lock_timeout={timeout_ms}"},
        )
    )


def _sqlite_engine(url: str, lock_timeout_seconds: float) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        connect_args={"timeout": lock_timeout_seconds},
        pool_size=10,
        max_overflow=20,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself: we say BEGIN IMMEDIATE below, because a
        # deferred transaction that turns into a writer fails at once instead of waiting its turn.
        connection.isolation_level = None
        cursor = connection.cursor()
        _use_write_ahead_log(cursor)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("fvs_read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _use_write_ahead_log(cursor: DBAPICursor) -> None:
    """Switch a new file to the write-ahead log, which stays on; later this only looks.

    SQLite doesn't wait for a lock when it switches, so processes that boot together on a new file
    would fail. An empty transaction does wait.
    """
    for attempt in range(1, WAL_SWITCH_ATTEMPTS + 1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if attempt == WAL_SWITCH_ATTEMPTS:
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("COMMIT")
        else:
            return
