"""The revision that lets credits be paid out, on a ledger that already lived."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Uuid, bindparam, inspect, text
from sqlalchemy.exc import DBAPIError

from studio.db.base import Base
from studio.db.engine import Database, open_database
from studio.db.migrate import current_revision, upgrade
from studio.ledger import service as ledger
from studio.ledger.tables import GrantRow, GrantUseRow
from tests.fixtures_db import PostgresServer
from tests.ledger_scenes import (
    LINES,
    NOW,
    RENDER,
    TOTAL,
    WALLET,
    fund,
    hold,
    pay_out,
    return_payout,
    rows,
)


@pytest.fixture
def older_sqlite(tmp_path: Path) -> Iterator[Database]:
    """A SQLite file of the revision before, with transfers of every kind that it knew."""
    yield from _lived(f"sqlite:///{tmp_path / 'fvs.db'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same on either database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("older_sqlite")
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.empty_database() as url:
        yield from _lived(url)


def _lived(url: str) -> Iterator[Database]:
    upgrade(url, revision="0003")
    database = open_database(url)
    # What came later, and today's ledger looks into: it is empty, and no part of the revisions.
    Base.metadata.create_all(database.engine, [GrantRow.__table__, GrantUseRow.__table__])  # type: ignore[list-item]
    fund(database, TOTAL + 50)
    with database.transaction() as session:
        hold(session, LINES)
        hold(session, {"project": 12}, subject="proj_other")
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.settle(session, subject=RENDER, line_id="planning", now=NOW, credits=0)
        ledger.release_open(session, subject="proj_other", now=NOW)
        ledger.refund(
            session,
            subject=RENDER,
            line_id="project",
            credits=5,
            reason="late",
            reference="r1",
            now=NOW,
        )
    yield database
    database.dispose()


def migrate(database: Database) -> None:
    upgrade(database.engine.url.render_as_string(hide_password=False), revision="0004")


def indexes(database: Database) -> list[tuple[str | None, list[str | None]]]:
    with database.reading() as session:
        found = inspect(session.connection()).get_indexes("ledger_transfer")
    return sorted((index["name"], index["column_names"]) for index in found)


def test_every_transfer_is_as_it_was(older: Database) -> None:
    before = rows(older)
    assert len(before[1]) == 10
    migrate(older)
    assert rows(older) == before
    with older.reading() as session:
        assert ledger.audit(session) == []


def test_the_indexes_are_as_they_were(older: Database) -> None:
    before = indexes(older)
    migrate(older)
    assert indexes(older) == before


def test_credits_can_be_paid_out_and_come_back(older: Database) -> None:
    migrate(older)
    pay_out(older, 30)
    return_payout(older)
    pay_out(older, 55, reference="refund_2")
    with older.transaction() as session:
        ledger.release_open(session, subject=RENDER, now=NOW)
        assert ledger.balance(session, wallet=WALLET).available == 91
        assert ledger.audit(session) == []


def test_what_happened_before_still_happens_once(older: Database) -> None:
    migrate(older)
    before = rows(older)
    fund(older, TOTAL + 50)
    with older.transaction() as session:
        hold(session, LINES)
        ledger.settle_lines(session, subject=RENDER, line_ids=["project", "planning"], now=NOW)
    assert rows(older) == before


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_transfer SET amount = amount + 1", "DELETE FROM ledger_transfer"]
)
def test_the_database_still_refuses_to_change_a_transfer(older: Database, statement: str) -> None:
    migrate(older)
    before = rows(older)
    with pytest.raises(DBAPIError, match="never changes"), older.transaction() as session:
        session.execute(text(statement))
    assert rows(older) == before


@pytest.mark.parametrize(
    ("copied", "pending_id", "reverses_id"),
    [("phase = 'void'", ":nothing", "NULL"), ("code = 'refund'", "NULL", ":nothing")],
)
def test_the_database_still_refuses_a_transfer_that_names_none(
    older: Database, copied: str, pending_id: str, reverses_id: str
) -> None:
    migrate(older)
    copy = text(
        "INSERT INTO ledger_transfer (id, phase, code, debit_account_id, credit_account_id, "  # noqa: S608 - names of this file
        "amount, pending_id, reverses_id, subject, line_id, created_at) "
        "SELECT :id, phase, code, debit_account_id, credit_account_id, amount, "
        f"{pending_id}, {reverses_id}, subject, line_id, created_at "
        f"FROM ledger_transfer WHERE {copied}"
    ).bindparams(
        bindparam("id", UUID(int=1), type_=Uuid()), bindparam("nothing", UUID(int=2), type_=Uuid())
    )
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), older.transaction() as session:
        session.execute(copy)


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(older_sqlite: Database) -> None:
    with older_sqlite.transaction() as session:
        # Met after the rows were copied.
        session.execute(text("CREATE TABLE other (subject INTEGER)"))
        session.execute(text("CREATE INDEX ix_ledger_transfer_reverses ON other (subject)"))
    before = rows(older_sqlite)
    with pytest.raises(DBAPIError, match="already exists"):
        migrate(older_sqlite)
    assert rows(older_sqlite) == before
    assert current_revision(str(older_sqlite.engine.url)) == "0003"
