from datetime import timedelta

import pytest

from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import UnknownWallet
from studio.ledger.tables import Phase, TransferCode
from tests.ledger_scenes import EXPIRY, NOW, RENDER, WALLET, charge_lines, fund, pay_out


@pytest.fixture
def lived(database: Database) -> Database:
    """A wallet that was filled, held from, charged in part, refunded and emptied, a minute each;
    the last payout came back.
    """
    fund(database, 100)
    minute = timedelta(minutes=1)
    with database.transaction() as session:
        lines = charge_lines({"project": 12, "planning": 8})
        ledger.reserve(
            session,
            wallet=WALLET,
            subject=RENDER,
            lines=lines,
            expires_at=EXPIRY,
            now=NOW + minute,
        )
        ledger.settle(session, subject=RENDER, line_id="project", credits=10, now=NOW + 2 * minute)
        ledger.release_open(session, subject=RENDER, now=NOW + 3 * minute)
        ledger.refund(
            session,
            subject=RENDER,
            line_id="project",
            credits=4,
            reason="late",
            reference="r1",
            now=NOW + 4 * minute,
        )
        for number, credits in ((5, 70), (6, 24)):
            ledger.pay_out(
                session,
                wallet=WALLET,
                credits=credits,
                reference=f"refund_{number}",
                reason="left over",
                now=NOW + number * minute,
            )
        ledger.return_payout(session, reference="refund_6", now=NOW + 7 * minute)
    return database


def test_a_statement_tells_what_happened_newest_first(lived: Database) -> None:
    with lived.reading() as session:
        page = ledger.statement(session, wallet=WALLET, limit=10)
    told = [(line.code, line.phase, line.line_id, line.change_available) for line in page.lines]
    held = sorted(told[6:8], key=lambda line: str(line[2]))  # at one moment, so in any order
    assert told[:6] + held + told[8:] == [
        (TransferCode.PAYOUT_RETURN, Phase.POSTED, None, 24),
        (TransferCode.PAYOUT, Phase.POSTED, None, -24),
        (TransferCode.PAYOUT, Phase.POSTED, None, -70),
        (TransferCode.REFUND, Phase.POSTED, "project", 4),
        (TransferCode.CHARGE, Phase.VOID, "planning", 8),
        (TransferCode.CHARGE, Phase.POST, "project", 2),
        (TransferCode.CHARGE, Phase.PENDING, "planning", -8),
        (TransferCode.CHARGE, Phase.PENDING, "project", -12),
        (TransferCode.TOP_UP, Phase.POSTED, None, 100),
    ]


def test_the_changes_of_a_statement_add_up_to_what_is_available(lived: Database) -> None:
    with lived.reading() as session:
        lines = ledger.statement(session, wallet=WALLET, limit=10).lines
        available = ledger.balance(session, wallet=WALLET).available
    assert sum(line.change_available for line in lines) == available == 24


def test_the_cash_of_a_wallet_is_what_was_paid_into_it_and_out_of_it(lived: Database) -> None:
    pay_out(lived, 4, reference="refund_7")
    with lived.reading() as session:
        cash = ledger.cash(session, wallet=WALLET)
    assert cash == ledger.Cash(topped_up=100, paid_out=98, returned=24)
    assert cash.kept == 26


def test_a_wallet_that_nobody_paid_for_has_no_cash(lived: Database) -> None:
    other = fund(lived, 0, owner="acct_2")
    with lived.reading() as session:
        assert ledger.cash(session, wallet=other) == ledger.Cash(0, 0, 0)
        with pytest.raises(UnknownWallet):
            ledger.cash(session, wallet="house:cash")


def test_a_statement_is_as_long_as_was_asked(lived: Database) -> None:
    with lived.reading() as session:
        everything = ledger.statement(session, wallet=WALLET, limit=10)
        page = ledger.statement(session, wallet=WALLET, limit=3)
    assert everything.next_cursor is None
    assert page.lines == everything.lines[:3]


def test_a_statement_shows_one_wallet_only(lived: Database) -> None:
    other = fund(lived, 7, owner="acct_2")
    with lived.reading() as session:
        page = ledger.statement(session, wallet=other, limit=9)
    assert [line.credits for line in page.lines] == [7]


def test_a_statement_of_an_unknown_wallet_is_refused(database: Database) -> None:
    with database.reading() as session, pytest.raises(UnknownWallet):
        ledger.statement(session, wallet="wallet:nobody", limit=1)


def test_subjects_with_open_holds_are_listed_oldest_first_page_by_page(
    database: Database,
) -> None:
    fund(database, 100)
    with database.transaction() as session:
        for minutes, subject in enumerate(["proj_c", "proj_a", "proj_b", "proj_done"]):
            ledger.reserve(
                session,
                wallet=WALLET,
                subject=subject,
                lines=charge_lines({"project": 1, "planning": 1}),
                expires_at=EXPIRY,
                now=NOW + timedelta(minutes=minutes),
            )
        ledger.release_open(session, subject="proj_done", now=NOW)
        ledger.settle(session, subject="proj_b", line_id="project", now=NOW)
    with database.reading() as session:
        assert ledger.open_subjects(session, limit=9) == ["proj_c", "proj_a", "proj_b"]
        assert ledger.open_subjects(session, limit=1, offset=1) == ["proj_a"]


def test_a_subject_that_nobody_knows_has_no_money(database: Database) -> None:
    with database.reading() as session:
        summary = ledger.summary(session, subject="proj_none")
    assert summary == ledger.SubjectSummary(0, 0, 0, 0)
