"""The audit finds what does not add up about gifts and test credits."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from studio.db.engine import Database
from studio.ledger import service as ledger
from tests.ledger_scenes import NOW, RENDER, findings, fund, give, hold, pay_out

HOUR = timedelta(hours=1)


@pytest.fixture
def given(sqlite_database: Database) -> Database:
    """A gift that is spent in part, one that has ended, and a test wallet that paid something."""
    fund(sqlite_database, 100)
    fund(sqlite_database, 50, owner="acct_2")
    give(sqlite_database, 30, grant_id="lasting")
    give(sqlite_database, 10, grant_id="over", lasts=HOUR)
    with sqlite_database.transaction() as session:
        ledger.expire_grants(session, now=NOW + HOUR, limit=9)
        hold(session, {"project": 12, "planning": 8})
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=4)
        ledger.ensure_test_credits(session, account_id="acct_1", now=NOW)
    pay_out(sqlite_database, 7, wallet="wallet:acct_1~test")
    return sqlite_database


def damage(database: Database, statement: str) -> list[str]:
    """Do what no code of ours can do, and ask for an audit."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.exec_driver_sql("BEGIN")
        for trigger in ("ledger_transfer_no_update", "ledger_transfer_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        connection.execute(text(statement))
        connection.commit()
    return findings(database)


def test_gifts_and_test_credits_that_lived_add_up(given: Database) -> None:
    assert damage(given, "SELECT 1") == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE credit_grant SET remaining = 19 WHERE grant_id = 'lasting'",
            "The grant lasting counts 19 credits left, where 18 were neither used nor ended.",
        ),
        (
            "UPDATE grant_use SET credits = 11",
            "The grant lasting counts 18 credits left, where 19 were neither used nor ended.",
        ),
        (
            "UPDATE grant_use SET credits = 13",
            f"{RENDER} took 13 credits of grants, and holds and was charged 12.",
        ),
        (
            "UPDATE grant_use SET subject = 'proj_other'",
            "proj_other took 12 credits of grants, and holds and was charged 0.",
        ),
        (
            "UPDATE credit_grant SET wallet = 'wallet:acct_2' WHERE grant_id = 'lasting'",
            f"{RENDER} took 12 credits of grants, and holds and was charged 0.",
        ),
        (
            "UPDATE credit_grant SET wallet = 'wallet:acct_2' WHERE grant_id = 'over'",
            "10 credits of the grant over moved otherwise than given.",
        ),
        (
            "UPDATE ledger_transfer SET debit_account_id = 'house:cash' WHERE code = 'grant'",
            "30 credits of the grant lasting moved otherwise than given.",
        ),
        (
            (
                "UPDATE ledger_transfer SET credit_account_id = 'house:cash' "
                "WHERE code = 'grant_expiry'"
            ),
            "10 credits of the grant over moved otherwise than given.",
        ),
        (
            "UPDATE credit_grant SET expired_at = NULL",
            "10 credits of the grant over moved otherwise than given.",
        ),
        (
            "DELETE FROM credit_grant WHERE grant_id = 'over'",
            "10 credits of the grant over moved otherwise than given.",
        ),
        (
            "DELETE FROM ledger_transfer WHERE code = 'grant' AND subject = 'lasting'",
            "The grant lasting was not given once.",
        ),
        (
            "UPDATE ledger_transfer SET phase = 'void' WHERE phase = 'post'",
            f"{RENDER} took 12 credits of grants, and holds and was charged 8.",
        ),
        (
            "UPDATE ledger_account SET debits_pending = 113 WHERE owner = 'acct_1'",
            "The wallet wallet:acct_1 counts 18 credits left of its grants, and has 13.",
        ),
        (
            (
                "UPDATE ledger_transfer SET debit_account_id = 'house:cash' "
                "WHERE code = 'top_up' AND credit_account_id LIKE '%~test'"
            ),
            "100000 credits went from house:cash to wallet:acct_1~test, of which one is for tests",
        ),
        (
            (
                "UPDATE ledger_transfer SET credit_account_id = 'house:test-revenue' "
                "WHERE code = 'charge' AND line_id = 'planning'"
            ),
            "8 credits went from wallet:acct_1 to house:test-revenue, of which one is for tests",
        ),
        (
            "UPDATE ledger_transfer SET credit_account_id = 'house:cash' WHERE code = 'payout'",
            "The payout refund_1 of 7 credits does not leave a wallet for good.",
        ),
    ],
)
def test_each_kind_of_drift_is_told_in_a_sentence(
    given: Database, statement: str, finding: str
) -> None:
    assert any(finding in sentence for sentence in damage(given, statement))
