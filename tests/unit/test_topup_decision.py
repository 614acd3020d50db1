"""What a purchase's standing at Stripe does to its row and its wallet, decided and done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from studio.accounts.service import create_account
from studio.contracts.limits import PAYMENT_CURRENCY
from studio.contracts.names import test_side_of as side_of
from studio.contracts.purchase import PurchaseStanding, PurchaseState
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.tables import TransferCode, TransferRow
from studio.topups.decision import Finding
from studio.topups.errors import (
    InvalidTopUp,
    NothingForSale,
    TopUpChanged,
    TopUpConflict,
    UnknownTopUp,
)
from studio.topups.records import NewTopUp, new_top_up
from studio.topups.repository import (
    expire_unopened,
    insert_once,
    list_open,
    load_of_account,
    load_top_up,
    note_session,
    owed_credits,
)
from studio.topups.settling import collect_owed, settle
from studio.topups.tables import TopUpRow, TopUpState

ACCOUNT = "acct_one"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
FORM = "form-0123456789abcdef"
CREDITS = 2000


class Purse:
    """An account with one purchase of 20 dollars, and what Stripe says of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.new = self.begin(FORM)
        self.open = PurchaseStanding(
            session_id="cs_1", top_up_id=self.new.top_up_id, state=PurchaseState.OPEN
        )
        self.paid = replace(
            self.open,
            state=PurchaseState.PAID,
            payment_id="pi_1",
            received_cents=CREDITS,
            currency=PAYMENT_CURRENCY,
        )

    def begin(self, form_id: str) -> NewTopUp:
        new = new_top_up(ACCOUNT, dollars=20, form_id=form_id)
        with self.database.transaction() as session:
            insert_once(session, new, now=self.now)
        return new

    def row(self, top_up_id: str = "") -> TopUpRow:
        with self.database.reading() as session:
            return load_top_up(session, top_up_id or self.new.top_up_id)

    def settle(self, found: PurchaseStanding, seen: TopUpRow | None = None) -> Finding:
        seen = seen or self.row(found.top_up_id)
        with self.database.transaction() as session:
            return settle(session, seen, found, wallets=ledger, now=self.now)

    def other(self, number: int) -> PurchaseStanding:
        """Another purchase of the account, paid as well."""
        new = self.begin(f"{FORM}-{number}")
        return replace(
            self.paid,
            session_id=f"cs_{number}",
            payment_id=f"pi_{number}",
            top_up_id=new.top_up_id,
        )

    def spend(self, credits: int) -> None:
        """Hold so many of the wallet's credits, as a render does."""
        with self.database.transaction() as session:
            ledger.pay_out(
                session,
                wallet=ledger.wallet_id(ACCOUNT),
                credits=credits,
                reference=f"spent-{credits}",
                reason="spent",
                now=self.now,
            )

    @property
    def available(self) -> int:
        with self.database.reading() as session:
            assert ledger.audit(session) == []
            return ledger.balance(session, wallet=ledger.wallet_id(ACCOUNT)).available

    @property
    def bought(self) -> list[int]:
        """The top-ups of payments in the ledger, without what was given back."""
        with self.database.reading() as session:
            rows = session.execute(
                select(TransferRow.subject, TransferRow.amount).where(
                    TransferRow.code == TransferCode.TOP_UP
                )
            ).all()
        return [row[1] for row in rows if row[0].count(":") == 1]

    @property
    def taken(self) -> tuple[int, int, int]:
        """What was refunded, what of it was withdrawn and what is owed."""
        row = self.row()
        return row.refunded_cents, row.withdrawn_credits, row.owed_credits


@pytest.fixture
def purse(database: Database) -> Purse:
    with database.transaction() as session:
        create_account(session, account_id=ACCOUNT, name="One", now=NOW)
    return Purse(database)


def test_a_payment_is_credited_once_however_often_it_is_found(purse: Purse) -> None:
    assert purse.settle(purse.paid) is Finding.PAID
    assert [purse.settle(purse.paid) for _ in range(2)] == [Finding.UNCHANGED] * 2
    row = purse.row()
    assert (row.state, row.payment_id, row.session_id) == (TopUpState.PAID, "pi_1", "cs_1")
    assert row.paid_at == NOW
    assert (purse.bought, purse.available) == ([CREDITS], CREDITS)


def test_of_two_that_saw_the_same_row_one_settles_and_the_other_looks_again(purse: Purse) -> None:
    seen = purse.row()
    assert purse.settle(purse.paid, seen) is Finding.PAID
    with pytest.raises(TopUpChanged):
        purse.settle(replace(purse.paid, refunded_cents=500), seen)
    assert (purse.bought, purse.available) == ([CREDITS], CREDITS)


def test_what_was_found_before_a_newer_change_never_undoes_it(purse: Purse) -> None:
    """Also where the clock stood still meanwhile, and where the row came to look the same."""
    purse.settle(purse.paid)
    seen = purse.row()
    purse.settle(replace(purse.paid, refunded_cents=500))
    purse.settle(purse.paid)
    with pytest.raises(TopUpChanged):
        purse.settle(replace(purse.paid, refunded_cents=500), seen)
    assert purse.available == CREDITS


@pytest.mark.parametrize(
    ("state", "finding", "ended"),
    [
        (PurchaseState.OPEN, Finding.UNCHANGED, TopUpState.OPEN),
        (PurchaseState.PROCESSING, Finding.UNCHANGED, TopUpState.OPEN),
        (PurchaseState.EXPIRED, Finding.EXPIRED, TopUpState.EXPIRED),
        (PurchaseState.FAILED, Finding.FAILED, TopUpState.FAILED),
    ],
)
def test_without_money_a_purchase_waits_or_ends(
    purse: Purse, state: PurchaseState, finding: Finding, ended: TopUpState
) -> None:
    found = replace(purse.open, state=state)
    assert purse.settle(found) is finding
    assert purse.settle(found) is Finding.UNCHANGED
    assert purse.row().state is ended
    assert purse.bought == []


@pytest.mark.parametrize("state", [PurchaseState.EXPIRED, PurchaseState.FAILED])
def test_money_that_comes_after_the_end_is_credited(purse: Purse, state: PurchaseState) -> None:
    purse.settle(replace(purse.open, state=state))
    assert purse.settle(purse.paid) is Finding.PAID
    assert (purse.settle(replace(purse.open, state=state)), purse.row().state) == (
        Finding.UNCHANGED,
        TopUpState.PAID,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"received_cents": CREDITS - 1},
        {"received_cents": CREDITS + 1},
        {"received_cents": 0},
        {"currency": "eur"},
        {"payment_id": None},
        {"top_up_id": "topup_other"},
    ],
)
def test_another_amount_or_currency_or_purchase_is_flagged_and_credits_nothing(
    purse: Purse, changes: dict[str, object]
) -> None:
    found = replace(purse.paid, **changes)  # type: ignore[arg-type]  # its fields
    for _ in range(2):
        assert purse.settle(found, purse.row()) is Finding.MISMATCH
    assert purse.row().state is TopUpState.OPEN
    assert purse.bought == []


def test_a_wrong_payment_that_went_back_whole_ends_the_purchase(purse: Purse) -> None:
    wrong = replace(purse.paid, received_cents=700, refunded_cents=700)
    assert purse.settle(wrong) is Finding.FAILED
    assert purse.settle(wrong) is Finding.UNCHANGED


def test_another_payment_for_a_paid_purchase_is_flagged(purse: Purse) -> None:
    purse.settle(purse.paid)
    assert purse.settle(replace(purse.paid, payment_id="pi_2")) is Finding.MISMATCH
    assert purse.bought == [CREDITS]


def test_refunds_take_credits_back_and_what_was_spent_is_owed(purse: Purse) -> None:
    purse.settle(purse.paid)
    assert purse.settle(replace(purse.paid, refunded_cents=500)) is Finding.WITHDRAWN
    assert (purse.taken, purse.available) == ((500, 500, 0), 1500)
    purse.spend(1200)
    assert purse.settle(replace(purse.paid, refunded_cents=2000)) is Finding.WITHDRAWN
    assert (purse.taken, purse.available) == ((2000, 800, 1200), 0)


def test_a_refund_that_came_back_forgives_what_is_owed_first(purse: Purse) -> None:
    purse.settle(purse.paid)
    purse.spend(1500)
    purse.settle(replace(purse.paid, refunded_cents=2000))
    assert purse.taken == (2000, 500, 1500)
    assert purse.settle(replace(purse.paid, refunded_cents=400)) is Finding.RETURNED
    assert (purse.taken, purse.available) == ((400, 400, 0), 100)


def test_a_refund_and_a_dispute_together_never_take_more_than_was_paid(purse: Purse) -> None:
    purse.settle(purse.paid)
    refunded = replace(purse.paid, refunded_cents=500)
    purse.settle(refunded)
    purse.settle(replace(refunded, disputed_cents=2000))
    assert (purse.taken, purse.available) == ((500, 2000, 0), 0)
    assert purse.row().disputed_at == NOW


def test_a_dispute_that_is_won_gives_back_and_one_that_is_lost_stays(purse: Purse) -> None:
    purse.settle(purse.paid)
    disputed = replace(purse.paid, disputed_cents=2000)
    assert purse.settle(disputed) is Finding.WITHDRAWN
    assert purse.settle(disputed) is Finding.UNCHANGED
    assert purse.settle(purse.paid) is Finding.RETURNED
    assert (purse.row().disputed_at, purse.available) == (None, CREDITS)
    assert purse.settle(disputed) is Finding.WITHDRAWN
    assert purse.available == 0
    assert purse.bought == [CREDITS]


def test_a_dispute_after_a_whole_refund_is_noted_and_moves_nothing(purse: Purse) -> None:
    refunded = replace(purse.paid, refunded_cents=2000)
    purse.settle(refunded)
    assert purse.settle(replace(refunded, disputed_cents=2000)) is Finding.NOTED
    assert (purse.row().disputed_at, purse.available) == (NOW, 0)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_the_order_the_last_word_counts(purse: Purse, order: tuple[int, ...]) -> None:
    words = [
        purse.paid,
        replace(purse.paid, refunded_cents=700),
        replace(purse.paid, refunded_cents=700, disputed_cents=2000),
        replace(purse.paid, refunded_cents=2000),
    ]
    for number in order:
        purse.settle(words[number])
        last = words[number]
        left = CREDITS - min(CREDITS, last.refunded_cents + last.disputed_cents)
        assert purse.available == left
    assert purse.bought == [CREDITS]


def test_the_next_purchase_pays_what_is_owed_first(purse: Purse) -> None:
    purse.settle(purse.paid)
    purse.spend(1700)
    purse.settle(replace(purse.paid, refunded_cents=2000))
    with purse.database.reading() as session:
        assert owed_credits(session, ACCOUNT) == 1700
        assert owed_credits(session, side_of(ACCOUNT)) == 0
    assert purse.settle(purse.other(2)) is Finding.PAID
    assert (purse.taken, purse.available) == ((2000, 2000, 0), 300)


def test_what_is_owed_is_collected_from_what_came_back(purse: Purse) -> None:
    purse.settle(purse.paid)
    purse.spend(2000)
    purse.settle(replace(purse.paid, refunded_cents=2000))
    wallet = ledger.wallet_id(ACCOUNT)
    with purse.database.transaction() as session:
        ledger.top_up(session, wallet=wallet, credits=600, reference="back", now=NOW)
        collect_owed(session, ACCOUNT, wallets=ledger, now=NOW)
    assert (purse.taken, purse.available) == ((2000, 600, 1400), 0)


def test_the_same_form_is_the_same_purchase_and_only_of_its_account(purse: Purse) -> None:
    assert purse.begin(FORM) == purse.new
    assert new_top_up("acct_two", dollars=20, form_id=FORM).top_up_id != purse.new.top_up_id
    with purse.database.transaction() as session, pytest.raises(TopUpConflict):
        insert_once(session, new_top_up(ACCOUNT, dollars=21, form_id=FORM), now=NOW)


@pytest.mark.parametrize("dollars", [-5, 0, 4, 5001])
def test_what_is_not_sold_is_refused(dollars: int) -> None:
    with pytest.raises(InvalidTopUp):
        new_top_up(ACCOUNT, dollars=dollars, form_id=FORM)


@pytest.mark.parametrize("dollars", [5, 5000])
def test_a_credit_costs_a_cent(dollars: int) -> None:
    new = new_top_up(ACCOUNT, dollars=dollars, form_id=FORM)
    assert (new.credits, new.amount_cents) == (dollars * 100, dollars * 100)


@pytest.mark.parametrize("form_id", ["", "short", "x" * 65, "form-0123456789abcde\n", "é" * 20])
def test_a_form_needs_an_id_of_its_own(form_id: str) -> None:
    with pytest.raises(InvalidTopUp):
        new_top_up(ACCOUNT, dollars=20, form_id=form_id)


def test_test_credits_cannot_be_bought() -> None:
    with pytest.raises(NothingForSale):
        new_top_up(side_of(ACCOUNT), dollars=20, form_id=FORM)


def test_a_session_leads_to_its_own_accounts_purchase_only(purse: Purse) -> None:
    with purse.database.transaction() as session:
        note_session(session, purse.new.top_up_id, "cs_1")
        note_session(session, purse.new.top_up_id, "cs_2")
    with purse.database.reading() as session:
        found = load_of_account(session, ACCOUNT, session_id="cs_1")
        assert found.top_up_id == purse.new.top_up_id
        for account_id, session_id in (("acct_two", "cs_1"), (ACCOUNT, "cs_2"), (ACCOUNT, "\0")):
            with pytest.raises(UnknownTopUp):
                load_of_account(session, account_id, session_id=session_id)


def test_a_purchase_that_never_got_a_page_expires(purse: Purse) -> None:
    with purse.database.transaction() as session:
        assert expire_unopened(session, created_before=NOW, now=NOW) == 0
        later = NOW + timedelta(seconds=1)
        assert expire_unopened(session, created_before=later, now=later) == 1
        assert list_open(session, looked_before=later, limit=10) == []
    assert purse.row().state is TopUpState.EXPIRED
