"""The sweep over purchases of credits: webhooks that never came, pages that nobody opened."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.testing import ActivityEnvironment

from activities.reconcile_topups import KEPT_UNOPENED, TopUpSweep
from activities.workbench import Workbench
from runtime.processor import NoCheckout
from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from studio.accounts.service import create_account
from studio.contracts.purchase import PurchaseOrder
from studio.contracts.purchase import TopUpSweepReport as Report
from studio.contracts.sweeps import ReconcileTask
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.payments.checkout import StripeCheckout
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from studio.topups.ports import Checkout
from studio.topups.records import new_top_up
from studio.topups.repository import insert_once, load_top_up, note_session
from studio.topups.tables import TopUpRow, TopUpState
from tests.kit.stripe_standin import KEY, SETTINGS

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

ACCOUNT = "acct_sweep"
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
CREDITS = 2000
LATER = timedelta(minutes=5)


@dataclass
class Round:
    """Purchases in the record, what the stand-in knows of them, and the sweep that compares."""

    database: Database
    folder: Path
    stripe: StripeStandin
    checkout: StripeCheckout
    now: datetime = NOW
    made: list[str] = field(default_factory=list)

    async def buy(self, *, opens: bool = True) -> str:
        """A purchase of 20 dollars; its id. Without a page the gateway died in between."""
        new = new_top_up(ACCOUNT, dollars=20, form_id=f"form-of-the-sweep-{len(self.made)}")
        self.made.append(new.top_up_id)
        with self.database.transaction() as session:
            insert_once(session, new, now=self.now)
        if opens:
            url = "https://shop.example/wallet"
            page = await self.checkout.create(
                PurchaseOrder(
                    top_up_id=new.top_up_id,
                    credits=new.credits,
                    amount_cents=new.amount_cents,
                    currency=new.currency,
                    success_url=url,
                    cancel_url=url,
                    expires_at=self.now + timedelta(hours=2),
                )
            )
            with self.database.transaction() as session:
                note_session(session, new.top_up_id, page.session_id)
        return new.top_up_id

    def pay(self, top_up_id: str) -> None:
        self.stripe.pay(self.row(top_up_id).session_id or "")

    async def sweep(self, checkout: Checkout | None = None, **task: float) -> Report:
        signer = UrlSigner([SigningKey("test", b"0" * 32)])
        bench = Workbench(
            database=self.database,
            storage=LocalStorage(self.folder, signer),
            scratch=self.folder,
            now=lambda: self.now,
        )
        sweep = TopUpSweep(bench, checkout or self.checkout)
        return await ActivityEnvironment().run(
            sweep.sweep_top_ups, ReconcileTask.model_validate(task)
        )

    def row(self, top_up_id: str) -> TopUpRow:
        with self.database.reading() as session:
            return load_top_up(session, top_up_id)

    @property
    def available(self) -> int:
        with self.database.reading() as session:
            assert ledger.audit(session) == []
            return ledger.balance(session, wallet=ledger.wallet_id(ACCOUNT)).available


@pytest.fixture
def stripe() -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS, now=NOW.timestamp) as standin:
        yield standin


@pytest.fixture
async def sweeps(database: Database, tmp_path: Path, stripe: StripeStandin) -> AsyncIterator[Round]:
    with database.transaction() as session:
        create_account(session, account_id=ACCOUNT, name="Sweep", now=NOW)
        ledger.open_wallet(session, owner=ACCOUNT, now=NOW)
    checkout = StripeCheckout.connect(KEY, base_url=stripe.url)
    yield Round(database, tmp_path, stripe, checkout)
    await checkout.close()


async def test_a_payment_that_no_webhook_told_of_is_credited_once(sweeps: Round) -> None:
    top_up_id = await sweeps.buy()
    sweeps.pay(top_up_id)
    assert await sweeps.sweep() == Report()
    sweeps.now += LATER
    assert (await sweeps.sweep()).paid == (top_up_id,)
    sweeps.now += LATER
    assert await sweeps.sweep() == Report()
    assert sweeps.available == CREDITS


async def test_an_open_purchase_is_asked_about_again_only_after_a_while(sweeps: Round) -> None:
    await sweeps.buy()
    sweeps.now += LATER
    for _ in range(3):
        await sweeps.sweep()
    assert len(sweeps.stripe.books.requests("sessions.get")) == 1
    sweeps.now += LATER
    await sweeps.sweep()
    assert len(sweeps.stripe.books.requests("sessions.get")) == 2


async def test_purchases_that_wait_do_not_keep_the_others_from_being_looked_at(
    sweeps: Round,
) -> None:
    waiting = [await sweeps.buy() for _ in range(2)]
    paid = await sweeps.buy()
    sweeps.pay(paid)
    sweeps.now += LATER
    found = [(await sweeps.sweep(limit=2)).paid for _ in range(2)]
    assert sorted(sum(found, ())) == [paid]
    assert {sweeps.row(one).state for one in waiting} == {TopUpState.OPEN}


async def test_a_purchase_without_a_page_expires_when_none_could_live_any_more(
    sweeps: Round,
) -> None:
    top_up_id = await sweeps.buy(opens=False)
    sweeps.now += KEPT_UNOPENED
    assert (await sweeps.sweep()).ended == 0
    sweeps.now += timedelta(seconds=1)
    assert (await sweeps.sweep()).ended == 1
    assert sweeps.row(top_up_id).state is TopUpState.EXPIRED


async def test_while_stripe_gives_no_answer_the_next_sweep_goes_on(sweeps: Round) -> None:
    bought = [await sweeps.buy() for _ in range(2)]
    for top_up_id in bought:
        sweeps.pay(top_up_id)
    sweeps.now += LATER
    sweeps.stripe.faults.add("sessions.get", Fault.RESET_BEFORE)
    assert await sweeps.sweep() == Report()
    first = (await sweeps.sweep()).paid
    sweeps.now += LATER
    assert sorted(first + (await sweeps.sweep()).paid) == sorted(bought)
    assert sweeps.available == 2 * CREDITS


async def test_another_amount_and_an_unknown_session_are_flagged_and_credit_nothing(
    sweeps: Round,
) -> None:
    otherwise, unknown, paid = [await sweeps.buy() for _ in range(3)]
    for top_up_id in (otherwise, paid):
        sweeps.pay(top_up_id)
    with sweeps.database.transaction() as session:
        session.execute(
            update(TopUpRow).where(TopUpRow.top_up_id == otherwise).values(amount_cents=1999)
        )
        session.execute(
            update(TopUpRow).where(TopUpRow.top_up_id == unknown).values(session_id="cs_none")
        )
    sweeps.now += LATER
    report = await sweeps.sweep()
    assert report.paid == (paid,)
    assert sorted(report.flagged) == sorted(
        (
            f"{otherwise} was paid otherwise than it was asked for",
            f"{unknown} cannot be looked at (checkout_refused)",
        )
    )
    assert sweeps.available == CREDITS


async def test_what_is_owed_is_collected_from_credits_that_came_back(sweeps: Round) -> None:
    top_up_id = await sweeps.buy()
    with sweeps.database.transaction() as session:
        wallet = ledger.wallet_id(ACCOUNT)
        ledger.top_up(session, wallet=wallet, credits=300, reference="released", now=NOW)
        session.execute(
            update(TopUpRow).values(state=TopUpState.PAID, payment_id="pi_1", owed_credits=500)
        )
    await sweeps.sweep()
    row = sweeps.row(top_up_id)
    assert (row.withdrawn_credits, row.owed_credits, sweeps.available) == (300, 200, 0)


async def test_without_a_key_for_stripe_every_open_purchase_is_flagged(sweeps: Round) -> None:
    top_up_id = await sweeps.buy()
    sweeps.now += LATER
    report = await sweeps.sweep(NoCheckout("STRIPE_SECRET_KEY"))
    assert report.flagged == (f"{top_up_id} cannot be looked at (payments_not_configured)",)
