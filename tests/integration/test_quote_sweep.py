"""The sweep over quotes, against a real Temporal and a real database."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import ActivityEnvironment

from activities.reconcile import TemporalReconcileActivities
from activities.reconcile_quotes import (
    KEPT_AFTER_EXPIRY,
    KEPT_UNTRIED,
    PURGED_AT_ONCE_MAX,
    TemporalQuoteSweep,
)
from studio.contracts.names import CLAIMED_SIGNAL, paid_render_workflow_id
from studio.contracts.payment import EventKind, PaymentEvent, PaymentState, RefundState
from studio.contracts.payment import QuoteSweepReport as Report
from studio.contracts.status import RenderState
from studio.contracts.sweeps import ReconcileTask
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.payments.errors import PaymentDeclined
from studio.quotes.errors import UnknownQuote
from studio.quotes.progress import request_cancel, try_refund_again
from studio.quotes.tables import QuoteRow
from tests.kit.stored_quotes import LIFETIME, StoredQuote

pytestmark = pytest.mark.temporal

GRACE = timedelta(minutes=1)


@pytest.fixture
def quote(sqlite_database: Database, tmp_path: Path) -> StoredQuote:
    return StoredQuote(sqlite_database, tmp_path / "files")


async def _sweep(quote: StoredQuote, client: Client, *, limit: int = 200) -> Report:
    """Nobody works on the queue, so that what was started stands as it was started."""
    sweep = TemporalQuoteSweep(quote.bench, client, f"nobody-{uuid.uuid4().hex[:8]}")
    return await ActivityEnvironment().run(sweep.sweep_quotes, ReconcileTask(limit=limit))


def _run(quote: StoredQuote, client: Client) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(paid_render_workflow_id(quote.quote_id))


async def _signals(handle: WorkflowHandle[object, object]) -> list[str]:
    kind = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in (await handle.fetch_history()).events
        if event.event_type == kind
    ]


@pytest.mark.payment_case(27)
async def test_a_claim_that_no_run_was_told_of_is_carried_on(
    quote: StoredQuote, temporal: Client
) -> None:
    """Edge case 27: the gateway died between the claim and the word to the run."""
    quote.claim()
    assert (await _sweep(quote, temporal)).started == ()
    quote.now += GRACE
    assert (await _sweep(quote, temporal)).started == (quote.quote_id,)
    handle = _run(quote, temporal)
    assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    assert await _signals(handle) == [CLAIMED_SIGNAL]


async def test_an_open_run_is_told_of_a_claim_again_and_not_started_twice(
    quote: StoredQuote, temporal: Client
) -> None:
    quote.claim()
    quote.now += GRACE
    await _sweep(quote, temporal)
    assert (await _sweep(quote, temporal)).started == ()
    assert await _signals(_run(quote, temporal)) == [CLAIMED_SIGNAL] * 2


@pytest.mark.parametrize("canceled", [False, True])
async def test_a_run_that_was_terminated_is_followed_by_another(
    quote: StoredQuote, temporal: Client, *, canceled: bool
) -> None:
    await quote.pay()
    await quote.begin()
    quote.now += GRACE
    await _sweep(quote, temporal)
    assert await _signals(_run(quote, temporal)) == [CLAIMED_SIGNAL]
    if canceled:
        quote.transact(lambda session: request_cancel(session, quote.quote_id, now=quote.now))
        quote.now += GRACE
    assert (await _sweep(quote, temporal)).started == ()
    assert len(await _signals(_run(quote, temporal))) == 1 + canceled
    await _run(quote, temporal).terminate("lost")
    assert (await _sweep(quote, temporal)).started == (quote.quote_id,)


@pytest.mark.payment_case(38)
async def test_what_was_tried_and_not_paid_expires_and_is_forgotten_after_a_week(
    quote: StoredQuote, temporal: Client
) -> None:
    quote.processor.refusals.append(PaymentDeclined("card_declined", "Declined."))
    await quote.pay()
    quote.now += LIFETIME
    report = await _sweep(quote, temporal)
    assert (report.expired, report.purged) == (1, 0)
    assert quote.state is PaymentState.EXPIRED
    quote.now += KEPT_AFTER_EXPIRY
    assert (await _sweep(quote, temporal)).purged == 0
    quote.now += timedelta(seconds=1)
    assert (await _sweep(quote, temporal)).purged == 1
    with pytest.raises(UnknownQuote):
        _ = quote.state


@pytest.mark.payment_case(38)
async def test_what_nobody_tried_to_pay_is_forgotten_sooner_however_much_it_is(
    quote: StoredQuote, temporal: Client, tmp_path: Path
) -> None:
    """Edge case 38: anybody can have quotes made, so they must not pile up."""
    for _ in range(PURGED_AT_ONCE_MAX):
        StoredQuote(quote.database, tmp_path / "others")
    quote.now += LIFETIME + KEPT_UNTRIED
    report = await _sweep(quote, temporal)
    assert (report.expired, report.purged) == (PURGED_AT_ONCE_MAX + 1, 0)
    quote.now += timedelta(seconds=1)
    assert (await _sweep(quote, temporal)).purged == PURGED_AT_ONCE_MAX + 1


@pytest.mark.payment_case(38)
async def test_a_paid_quote_is_never_forgotten(quote: StoredQuote, temporal: Client) -> None:
    await quote.pay()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    quote.now += KEPT_AFTER_EXPIRY + LIFETIME + timedelta(days=1)
    assert await _sweep(quote, temporal) == Report()
    assert quote.state is PaymentState.REFUNDED


async def test_a_refund_that_was_sent_back_is_told_until_an_operator_asks_again(
    quote: StoredQuote, temporal: Client
) -> None:
    await quote.pay()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    await quote.note(
        PaymentEvent(
            kind=EventKind.REFUND_CHANGED,
            payment_id="pi_1",
            refund_id="re_1",
            refund_state=RefundState.FAILED,
        )
    )
    quote.now += GRACE
    for _ in range(2):
        report = await _sweep(quote, temporal)
        assert report.started == ()
        assert report.drift == (
            f"The refund of {quote.quote_id} over {quote.price} cents did not reach its card",
        )
    quote.transact(lambda session: try_refund_again(session, quote.quote_id, now=quote.now))
    quote.now += GRACE
    report = await _sweep(quote, temporal)
    assert (report.started, report.drift) == ((quote.quote_id,), ())


async def test_quotes_that_wait_for_an_operator_do_not_keep_the_sweep_from_the_others(
    quote: StoredQuote, temporal: Client, tmp_path: Path
) -> None:
    """However many of them there are, and however old."""
    quote.processor.refund_states = [RefundState.FAILED]
    await quote.pay()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    told_nobody = StoredQuote(quote.database, tmp_path / "other")
    told_nobody.claim("c2")
    quote.now += GRACE
    assert (await _sweep(quote, temporal, limit=1)).started == (told_nobody.quote_id,)


async def test_credits_left_in_the_wallet_of_an_ended_quote_are_told(
    quote: StoredQuote, temporal: Client
) -> None:
    await quote.pay()
    assert (await _sweep(quote, temporal)).drift == ()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()

    wallet = ledger.wallet_id(quote.quote_id)
    quote.transact(
        lambda s: ledger.top_up(s, wallet=wallet, credits=1, reference="by-hand", now=quote.now)
    )
    report = await _sweep(quote, temporal)
    assert report.drift == (f"{quote.quote_id} has ended, and its wallet is not empty",)


async def test_a_row_that_cannot_be_started_does_not_keep_the_others_from_it(
    quote: StoredQuote, temporal: Client, tmp_path: Path
) -> None:
    whole = StoredQuote(quote.database, tmp_path / "other")
    quote.claim("c1")
    whole.claim("c2")
    quote.transact(
        lambda session: session.execute(
            update(QuoteRow)
            .where(QuoteRow.quote_id == quote.quote_id)
            .values(workflow_input={}, updated_at=quote.now - GRACE)
        )
    )
    quote.now += GRACE
    report = await _sweep(quote, temporal)
    assert report.started == (whole.quote_id,)
    assert report.drift == (f"{quote.quote_id} cannot be compared (ValidationError)",)


async def test_a_guests_render_that_was_never_started_is_left_to_the_run_of_its_quote(
    quote: StoredQuote, temporal: Client
) -> None:
    await quote.pay()
    await quote.begin()
    quote.now += GRACE
    sweep = TemporalReconcileActivities(quote.bench, temporal, f"nobody-{uuid.uuid4().hex[:8]}")
    report = await ActivityEnvironment().run(sweep.sweep_renders, ReconcileTask())
    assert report.started == report.released == ()
