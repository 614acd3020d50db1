"""Statements and what renders cost, page by page."""

from datetime import timedelta

import pytest

from studio.db.cursor import Cursor, InvalidCursor
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import UnknownWallet
from studio.ledger.tables import TransferCode
from tests.ledger_scenes import EXPIRY, NOW, WALLET, charge_lines, fund, give

MINUTE = timedelta(minutes=1)


def render(database: Database, subject: str, *, minute: int, wallet: str = WALLET) -> None:
    """Hold 20 credits, charge 10 of the first line's 12, and refund 4 of them."""
    now = NOW + minute * MINUTE
    with database.transaction() as session:
        ledger.reserve(
            session,
            wallet=wallet,
            subject=subject,
            lines=charge_lines({"project": 12, "planning": 8}),
            expires_at=EXPIRY,
            now=now,
        )
        ledger.settle(session, subject=subject, line_id="project", credits=10, now=now)
        ledger.refund(
            session,
            subject=subject,
            line_id="project",
            credits=4,
            reason="late",
            reference=f"late-{subject}",
            now=now,
        )


@pytest.fixture
def lived(database: Database) -> Database:
    fund(database, 100)
    for minute, subject in enumerate(["proj_b", "proj_a", "proj_c"]):
        render(database, subject, minute=minute)
    return database


def test_pages_of_a_statement_have_every_line_once_in_one_order(lived: Database) -> None:
    with lived.reading() as session:
        whole = ledger.statement(session, wallet=WALLET, limit=99)
        lines: list[ledger.StatementLine] = []
        cursor: str | None = None
        for _ in range(7):
            page = ledger.statement(session, wallet=WALLET, limit=2, cursor=cursor)
            lines += page.lines
            cursor = page.next_cursor
    assert len(whole.lines) == 13
    assert (tuple(lines), cursor) == (whole.lines, None)


def test_what_happens_meanwhile_moves_no_line_to_another_page(lived: Database) -> None:
    with lived.reading() as session:
        whole = ledger.statement(session, wallet=WALLET, limit=99)
        first = ledger.statement(session, wallet=WALLET, limit=5)
    render(lived, "proj_d", minute=9)
    with lived.reading() as session:
        second = ledger.statement(session, wallet=WALLET, limit=99, cursor=first.next_cursor)
    assert first.lines + second.lines == whole.lines


def test_lines_of_a_render_say_so_and_others_do_not(lived: Database) -> None:
    give(lived, 5)
    with lived.reading() as session:
        lines = ledger.statement(session, wallet=WALLET, limit=99).lines
    of_code = {line.code: line for line in lines}
    assert of_code[TransferCode.TOP_UP].render_id is None
    gift = of_code[TransferCode.GRANT]
    assert (gift.render_id, gift.reason, gift.subject) == (None, "Welcome", "gift")
    refund = of_code[TransferCode.REFUND]
    assert (refund.render_id, refund.line_id) == ("proj_b", "project")
    assert of_code[TransferCode.CHARGE].render_id == "proj_b"


def test_each_render_tells_what_it_cost_the_newest_first(lived: Database) -> None:
    with lived.transaction() as session:
        ledger.release_open(session, subject="proj_a", now=NOW + 9 * MINUTE)
    with lived.reading() as session:
        page = ledger.spending(session, wallet=WALLET, limit=9)
    assert page == ledger.SpendingPage(
        (
            ledger.RenderSpending("proj_c", NOW + 2 * MINUTE, 20, 8, 10, 4),
            ledger.RenderSpending("proj_a", NOW + MINUTE, 20, 0, 10, 4),
            ledger.RenderSpending("proj_b", NOW, 20, 8, 10, 4),
        ),
        None,
    )


def test_spending_is_read_page_by_page_while_renders_are_added(lived: Database) -> None:
    other = fund(lived, 50, owner="acct_2")
    render(lived, "proj_other", minute=1, wallet=other)
    with lived.reading() as session:
        first = ledger.spending(session, wallet=WALLET, limit=2)
    render(lived, "proj_d", minute=9)
    with lived.reading() as session:
        second = ledger.spending(session, wallet=WALLET, limit=2, cursor=first.next_cursor)
    found = [each.render_id for each in (*first.renders, *second.renders)]
    assert (found, second.next_cursor) == (["proj_c", "proj_a", "proj_b"], None)


@pytest.mark.parametrize("cursor", ["", "?", "bm90IG91cnM", Cursor(NOW, "no id").encode()])
def test_a_cursor_that_is_not_ours_is_refused(lived: Database, cursor: str) -> None:
    with lived.reading() as session, pytest.raises(InvalidCursor):
        ledger.statement(session, wallet=WALLET, limit=2, cursor=cursor)


def test_an_unknown_wallet_has_no_pages(database: Database) -> None:
    with database.reading() as session:
        for read in (ledger.statement, ledger.spending):
            with pytest.raises(UnknownWallet):
                read(session, wallet="wallet:nobody", limit=1)
