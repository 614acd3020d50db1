import pytest
from sqlalchemy import text

from studio.db.engine import Database
from studio.ledger import service as ledger
from tests.ledger_scenes import LINES, NOW, RENDER, TOTAL, fund, hold, pay_out, return_payout


@pytest.fixture
def busy(sqlite_database: Database) -> Database:
    """A wallet with open, charged, released and refunded lines, and two payouts of another's."""
    fund(sqlite_database, TOTAL + 50)
    fund(sqlite_database, 70, owner="acct_2")
    with sqlite_database.transaction() as session:
        hold(session, LINES)
        hold(session, {"project": 12}, subject="proj_other")
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW)
        ledger.settle(session, subject=RENDER, line_id="planning", now=NOW, credits=4)
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
    for reference in ("refund_1", "refund_2"):
        pay_out(sqlite_database, 30, reference=reference, wallet="wallet:acct_2")
    return_payout(sqlite_database, reference="refund_2")
    return sqlite_database


def damage(database: Database, *statements: str) -> list[str]:
    """Do what no code of ours can do, and ask for an audit."""
    with database.engine.connect() as connection:
        # A table's rules end with the table: the audit must not rely on them.
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.exec_driver_sql("BEGIN")
        for statement in (
            "CREATE TABLE bare AS SELECT * FROM ledger_transfer",
            "DROP TABLE ledger_transfer",
            "ALTER TABLE bare RENAME TO ledger_transfer",
            *statements,
        ):
            connection.execute(text(statement))
        connection.commit()
    with database.reading() as session:
        return ledger.audit(session)


def test_a_ledger_that_lived_adds_up(database: Database) -> None:
    fund(database, TOTAL)
    with database.transaction() as session:
        hold(session, LINES)
        ledger.settle(session, subject=RENDER, line_id="project", now=NOW, credits=5)
        ledger.release_open(session, subject=RENDER, now=NOW)
    with database.reading() as session:
        assert ledger.audit(session) == []


def test_an_empty_ledger_adds_up(database: Database) -> None:
    with database.reading() as session:
        assert ledger.audit(session) == []


def test_taking_the_guards_away_alone_is_no_drift(busy: Database) -> None:
    assert damage(busy) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE ledger_account SET debits_pending = debits_pending + 1 WHERE owner = 'acct_1'",
            "held where they add up to",
        ),
        (
            "UPDATE ledger_account SET debits_posted = debits_posted - 1 WHERE owner = 'acct_1'",
            "spent where they add up to",
        ),
        (
            "UPDATE ledger_account SET credits_posted = credits_posted + 9 WHERE owner = 'acct_2'",
            "The books do not balance: wallets count",
        ),
        (
            "UPDATE ledger_account SET debits_pending = 1000 WHERE owner = 'acct_2'",
            "The wallet wallet:acct_2 is overdrawn by 960 credits.",
        ),
        (
            "INSERT INTO ledger_transfer SELECT * FROM ledger_transfer WHERE phase = 'void'",
            "The hold for line project of proj_other was resolved 2 times.",
        ),
        (
            "UPDATE ledger_transfer SET amount = 11 WHERE phase = 'post' AND line_id = 'planning'",
            "was resolved with 11 credits, which does not fit its hold of 10 credits.",
        ),
        (
            "UPDATE ledger_transfer SET debit_account_id = 'wallet:acct_2' WHERE phase = 'void'",
            "does not fit its hold",
        ),
        (
            "UPDATE ledger_transfer SET amount = 13 WHERE code = 'refund'",
            f"Line project of {RENDER} was charged 12 credits and 13 were refunded.",
        ),
        (
            (
                "UPDATE ledger_transfer SET credit_account_id = 'house:revenue' "
                "WHERE code = 'payout' AND subject = 'refund_1'"
            ),
            "The payout refund_1 of 30 credits does not leave a wallet for good.",
        ),
        (
            (
                "UPDATE ledger_transfer SET debit_account_id = 'house:refunds' "
                "WHERE code = 'payout' AND subject = 'refund_1'"
            ),
            "The payout refund_1 of 30 credits does not leave a wallet for good.",
        ),
        (
            (
                "UPDATE ledger_transfer SET phase = 'post' "
                "WHERE code = 'payout' AND subject = 'refund_1'"
            ),
            "The payout refund_1 of 30 credits does not leave a wallet for good.",
        ),
        (
            "UPDATE ledger_transfer SET amount = 29 WHERE code = 'payout_return'",
            "The payout refund_2 of 30 credits came back with 29 credits, or another way.",
        ),
        (
            (
                "INSERT INTO ledger_transfer "
                "SELECT * FROM ledger_transfer WHERE code = 'payout_return'"
            ),
            "The payout refund_2 of 30 credits came back with 60 credits, or another way.",
        ),
        (
            (
                "UPDATE ledger_transfer SET credit_account_id = 'wallet:acct_1' "
                "WHERE code = 'payout_return'"
            ),
            "The payout refund_2 of 30 credits came back with 30 credits, or another way.",
        ),
        (
            (
                "UPDATE ledger_transfer SET reverses_id = "
                "(SELECT id FROM ledger_transfer WHERE code = 'top_up' AND amount = 70) "
                "WHERE code = 'payout_return'"
            ),
            "came back with 30 credits, or another way.",
        ),
        (
            "UPDATE ledger_transfer SET amount = 29 WHERE code = 'top_up' AND amount = 70",
            "1 more credits were paid out of the wallet wallet:acct_2 than were paid into it.",
        ),
    ],
)
def test_each_kind_of_drift_is_told_in_a_sentence(
    busy: Database, statement: str, finding: str
) -> None:
    assert any(finding in sentence for sentence in damage(busy, statement))
