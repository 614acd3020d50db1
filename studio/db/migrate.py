"""Bringing a database's tables up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from studio.db.engine import open_database

MIGRATION_LOCK_TIMEOUT_SECONDS = 60
"""How long a process waits at boot for another that is migrating the same database."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x66_76_73_01
"""PostgreSQL's lock for us: 'fvs', then a number of our own."""


def upgrade(url: str, *, revision: str = "head") -> None:
    """Apply every revision that is missing, up to `revision`, all in one transaction.

    Safe to call from several processes at once: they take turns, and the later ones find nothing
    left to do. Makes the folder of a SQLite file. Raises alembic.util.CommandError where a newer
    release has been here.
    """
    path = _sqlite_path(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(url) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def current_revision(url: str) -> str | None:
    """The revision that a database is at; None where it has no tables of ours."""
    path = _sqlite_path(url)
    if path is not None and not path.exists():
        return None  # to look must not create the file
    database = open_database(url)
    try:
        with database.reading() as session:
            return MigrationContext.configure(session.connection()).get_current_revision()
    finally:
        database.dispose()


def head_revision() -> str:
    """The newest revision that this release knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        msg = "the release carries no migrations"
        raise RuntimeError(msg)
    return head


def _sqlite_path(url: str) -> Path | None:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database:
        return None
    return Path(parts.database)


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    """A connection in a transaction that no other migration can be in at the same time.

    On SQLite the transaction begins with the database's only write lock.
    """
    database = open_database(url, lock_timeout_seconds=MIGRATION_LOCK_TIMEOUT_SECONDS)
    try:
        with database.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK}
                )
            yield connection
    finally:
        database.dispose()


def _config() -> Config:
    config = Config()
    # The parser behind this setting reads '%' as its own.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
