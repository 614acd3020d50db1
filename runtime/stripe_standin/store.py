"""Where records are kept: SQLite, in a file or in memory."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from runtime.stripe_standin.records import Record

R = TypeVar("R", bound=Record)

PRIVATE_MODE: Final = 0o600
LOCK_SECONDS_MAX: Final = 5.0

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS records_of_parent ON records (kind, parent, number);
"""
_PUT: Final = """
INSERT INTO records (kind, id, parent, document) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET document = excluded.document
"""


class Store:
    """One unit of work at a time, from any thread. Records come back in the order they came in."""

    def __init__(self, file: Path | None = None) -> None:
        if file is not None:
            file.touch(mode=PRIVATE_MODE)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            file or ":memory:",
            timeout=LOCK_SECONDS_MAX,
            isolation_level=None,
            check_same_thread=False,
        )
        # In WAL mode a commit is not lost when the process is killed.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def put(self, record: Record) -> None:
        """Add the record, or replace the one with its id."""
        document = record.model_dump_json()
        with self._lock:
            self._db.execute(_PUT, (record.kind, record.id, record.parent, document))

    def remove(self, record: Record) -> None:
        with self._lock:
            self._db.execute(
                "DELETE FROM records WHERE kind = ? AND id = ?", (record.kind, record.id)
            )

    def get(self, kind: type[R], record_id: str) -> R | None:
        rows = self._rows("AND id = ?", kind, record_id)
        return kind.model_validate_json(rows[0]) if rows else None

    def all(self, kind: type[R]) -> list[R]:
        return [kind.model_validate_json(row) for row in self._rows("", kind)]

    def of(self, kind: type[R], parent: str) -> list[R]:
        return [kind.model_validate_json(row) for row in self._rows("AND parent = ?", kind, parent)]

    def _rows(self, condition: str, kind: type[Record], *values: str) -> list[str]:
        query = f"SELECT document FROM records WHERE kind = ? {condition} ORDER BY number"  # noqa: S608  # ours
        with self._lock:
            return [row[0] for row in self._db.execute(query, (kind.kind, *values))]
