"""Writers of one process take turns, and one that never gets its turn is told why."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from studio.db.engine import Database, open_database

SHORT_SECONDS = 0.05


@pytest.fixture
def notes(tmp_path: Path) -> Database:
    database = open_database(
        f"sqlite:///{tmp_path / 'notes.db'}", lock_timeout_seconds=SHORT_SECONDS
    )
    with database.transaction() as session:
        session.execute(text("CREATE TABLE note (number INTEGER)"))
    return database


def _write(database: Database, number: int) -> None:
    with database.transaction() as session:
        session.execute(text("INSERT INTO note VALUES (:number)"), {"number": number})


def _count(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM note")).scalar_one())


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_locked(
    notes: Database,
) -> None:
    with ThreadPoolExecutor(1) as other, notes.transaction() as session:
        session.execute(text("INSERT INTO note VALUES (1)"))
        with pytest.raises(OperationalError, match="locked"):
            other.submit(_write, notes, 2).result()
    assert _count(notes) == 1


def test_a_turn_is_given_back_after_a_failure(notes: Database) -> None:
    def fail() -> None:
        with notes.transaction() as session:
            session.execute(text("INSERT INTO note VALUES (1)"))
            raise ValueError("not this one")

    with ThreadPoolExecutor(1) as other:
        with pytest.raises(ValueError, match="not this one"):
            other.submit(fail).result()
        other.submit(_write, notes, 2).result()
    assert _count(notes) == 1


def test_readers_wait_for_nobody(notes: Database) -> None:
    with ThreadPoolExecutor(1) as other, notes.transaction() as session:
        session.execute(text("INSERT INTO note VALUES (1)"))
        assert other.submit(_count, notes).result() == 0
