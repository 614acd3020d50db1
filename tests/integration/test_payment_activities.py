"""The activities that move a quote's money, on a real database of either kind.

The payment processor is a stand-in in memory that keeps Stripe's promises. Whatever is asked twice
must change nothing the second time.
"""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from activities.errors import to_application_error
from activities.payments import PlanMismatch
from studio.contracts.payment import (
    EventKind,
    PaymentEvent,
    PaymentState,
    RefundState,
)
from studio.contracts.status import RenderState
from studio.db.engine import Database
from studio.payments.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentMismatch,
    PaymentUnknown,
    ProcessorMisconfigured,
)
from studio.payments.sealing import Seal
from studio.quotes.progress import request_cancel
from studio.quotes.tables import ClaimOutcome, QuoteRow
from tests.kit.processor import Killed
from tests.kit.stored_quotes import LIFETIME, UPLOAD, StoredQuote

DECLINED = PaymentDeclined("card_declined", "The card's bank declined this payment.")


@pytest.fixture
def quote(database: Database, tmp_path: Path) -> StoredQuote:
    return StoredQuote(database, tmp_path / "files")


def _told(
    quote: StoredQuote, payment_id: str = "pi_told", challenge_id: str | None = "c1", cents: int = 0
) -> PaymentEvent:
    return PaymentEvent(
        kind=EventKind.PAYMENT_SUCCEEDED,
        payment_id=payment_id,
        challenge_id=challenge_id,
        amount_cents=cents or quote.price,
        currency="USD",
    )


async def test_a_claim_is_charged_and_fills_the_guests_wallet(quote: StoredQuote) -> None:
    quote.claim()
    standing = await quote.settle()
    assert standing.state is quote.state is PaymentState.PAID
    assert quote.row.payment_id == "pi_1"
    assert quote.row.sealed_token is None
    assert quote.challenge("c1").outcome is ClaimOutcome.PAID
    assert (quote.wallet.available, quote.wallet.granted) == (quote.price, quote.price)
    order, _ = quote.processor.payments["pi_1"]
    assert order.token == "spt_of_the_tests"
    assert order.charges_digest == quote.render.plan.charges.digest


async def test_settling_again_charges_and_fills_nothing_again(quote: StoredQuote) -> None:
    await quote.pay()
    for _ in range(2):
        assert (await quote.settle()).state is PaymentState.PAID
    assert quote.processor.calls.count("charge") == 1
    assert quote.wallet.granted == quote.price


@pytest.mark.payment_case(21)
@pytest.mark.parametrize("death", [Killed(), PaymentUnknown()], ids=["killed", "lost"])
async def test_what_was_charged_before_a_crash_is_found_by_asking_again(
    quote: StoredQuote, death: BaseException
) -> None:
    """Edge case 21: between Stripe's success and the commit."""
    quote.processor.lost = [death]
    quote.claim()
    with pytest.raises(type(death)):
        await quote.settle()
    assert quote.state is PaymentState.SETTLING
    quote.attempt = 2
    assert (await quote.settle()).state is PaymentState.PAID
    assert quote.processor.charged_cents == quote.wallet.granted == quote.price


async def test_a_decline_makes_the_quote_payable_again(quote: StoredQuote) -> None:
    quote.processor.refusals = [DECLINED]
    quote.claim()
    assert (await quote.settle()).state is PaymentState.QUOTED
    used = quote.challenge("c1")
    assert (used.outcome, used.reason) == (ClaimOutcome.DECLINED, "card_declined")
    assert quote.row.sealed_token is None
    quote.claim("c2")
    assert (await quote.settle()).state is PaymentState.PAID
    assert quote.processor.charged_cents == quote.price


async def test_a_payment_that_needs_its_holder_is_told_as_that(quote: StoredQuote) -> None:
    quote.processor.refusals = [PaymentActionRequired()]
    quote.claim()
    assert (await quote.settle()).state is PaymentState.QUOTED
    assert quote.challenge("c1").outcome is ClaimOutcome.ACTION_REQUIRED


@pytest.mark.payment_case(20, 21)
async def test_a_refusal_of_a_repetition_does_not_hide_an_earlier_success(
    quote: StoredQuote,
) -> None:
    """The token is used up by the very charge whose answer was lost."""
    quote.processor.lost = [PaymentUnknown()]
    quote.claim()
    with pytest.raises(PaymentUnknown):
        await quote.settle()
    quote.processor.keys.clear()
    quote.processor.refusals = [DECLINED]
    quote.attempt = 2
    assert (await quote.settle()).state is PaymentState.PAID
    assert quote.processor.charged_cents == quote.price


@pytest.mark.payment_case(20)
async def test_an_answer_that_never_comes_is_looked_up_on_the_second_try(
    quote: StoredQuote,
) -> None:
    """An idempotency key keeps a broken answer for a day; a search tells the truth."""
    quote.processor.lost = [PaymentUnknown()]
    quote.claim()
    with pytest.raises(PaymentUnknown):
        await quote.settle()
    quote.processor.keys.clear()
    quote.processor.refusals = [PaymentUnknown()]
    quote.attempt = 2
    assert (await quote.settle()).state is PaymentState.PAID


@pytest.mark.parametrize("error", [PaymentUnknown(), ProcessorMisconfigured()])
async def test_what_is_not_known_leaves_the_claim_as_it_is(
    quote: StoredQuote, error: PaymentUnknown
) -> None:
    quote.processor.refusals = [error]
    quote.claim()
    with pytest.raises(type(error)):
        await quote.settle()
    assert not to_application_error(error).non_retryable
    assert quote.state is PaymentState.SETTLING
    assert quote.row.sealed_token is not None


async def test_a_claim_older_than_stripes_memory_is_only_looked_up(quote: StoredQuote) -> None:
    quote.claim()
    quote.now += timedelta(hours=21)
    assert (await quote.settle()).state is PaymentState.EXPIRED
    assert quote.processor.calls == ["find"]
    assert quote.challenge("c1").reason == "payment_timed_out"


async def test_an_old_claim_that_was_charged_is_found(quote: StoredQuote) -> None:
    quote.processor.lost = [Killed()]
    quote.claim()
    with pytest.raises(Killed):
        await quote.settle()
    quote.now += timedelta(hours=21)
    assert (await quote.settle()).state is PaymentState.PAID
    assert quote.processor.charged_cents == quote.price


async def test_a_token_that_no_secret_opens_any_more_is_looked_up_and_declined(
    quote: StoredQuote,
) -> None:
    quote.seal = Seal(["another-secret-0123456789"])
    quote.claim()
    assert (await quote.settle()).state is PaymentState.QUOTED
    assert quote.processor.calls == ["find"]
    assert quote.challenge("c1").reason == "token_unreadable"


@pytest.mark.payment_case(22, 32)
async def test_a_quote_that_expires_while_it_is_charged_is_honoured(quote: StoredQuote) -> None:
    """Edge case 22."""
    quote.claim()
    quote.now += LIFETIME + timedelta(seconds=1)
    assert (await quote.settle()).state is PaymentState.PAID


@pytest.mark.payment_case(32)
@pytest.mark.parametrize("off", [timedelta(minutes=-40), timedelta(minutes=40)])
async def test_a_worker_whose_clock_is_off_charges_and_gives_back_as_any_other(
    quote: StoredQuote, off: timedelta
) -> None:
    """By more than a quote lives, against the gateway that claimed it."""
    quote.claim()
    quote.now += off
    assert (await quote.settle()).state is PaymentState.PAID
    assert (await quote.begin()).starts
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    assert quote.state is PaymentState.REFUNDED
    assert quote.processor.returned_cents == quote.processor.charged_cents == quote.price


async def test_an_unpaid_quote_expires_and_not_a_second_too_early(quote: StoredQuote) -> None:
    quote.now += LIFETIME - timedelta(seconds=1)
    assert (await quote.settle()).state is PaymentState.QUOTED
    quote.now += timedelta(seconds=1)
    for _ in range(2):
        assert (await quote.settle()).state is PaymentState.EXPIRED


@pytest.mark.payment_case(24, 30)
async def test_a_webhooks_payment_is_recorded_and_is_the_one_that_is_charged(
    quote: StoredQuote,
) -> None:
    """Edge case 24: told by the webhook while the request's outcome is unknown."""
    quote.processor.lost = [PaymentUnknown()]
    quote.claim()
    with pytest.raises(PaymentUnknown):
        await quote.settle()
    event = _told(quote, "pi_1")
    for _ in range(2):
        assert (await quote.settle(event)).state is PaymentState.PAID
    standing = await quote.settle()
    assert (standing.state, standing.stray_payment_id) == (PaymentState.PAID, None)
    assert quote.wallet.granted == quote.price
    assert quote.challenge("c1").outcome is ClaimOutcome.PAID


@pytest.mark.payment_case(22, 23)
@pytest.mark.parametrize("challenge_id", ["c1", "c0", None])
async def test_a_webhooks_payment_counts_even_after_the_quote_expired(
    quote: StoredQuote, challenge_id: str | None
) -> None:
    quote.now += LIFETIME
    await quote.settle()
    assert (await quote.settle(_told(quote, challenge_id=challenge_id))).state is PaymentState.PAID
    assert quote.wallet.available == quote.price


@pytest.mark.payment_case(23)
async def test_a_second_payment_is_a_stray_and_goes_back_whole_and_once(
    quote: StoredQuote,
) -> None:
    await quote.pay()
    standing = await quote.settle(_told(quote, "pi_2", "c2"))
    assert (standing.state, standing.stray_payment_id) == (PaymentState.PAID, "pi_2")
    for _ in range(2):
        given = await quote.refund("pi_2")
        assert (given.state, given.amount_cents) == (RefundState.SUCCEEDED, quote.price)
    [(order, _)] = quote.processor.refunds.values()
    assert (order.payment_id, order.key) == ("pi_2", "refund_stray_pi_2")
    assert quote.wallet.granted == quote.price


@pytest.mark.payment_case(23, 30)
@pytest.mark.parametrize("currency", ["usd", "eur"])
async def test_a_payment_of_another_amount_or_currency_pays_for_nothing(
    quote: StoredQuote, currency: str
) -> None:
    quote.claim()
    cents = quote.price if currency == "eur" else quote.price - 1
    event = _told(quote, cents=cents).model_copy(update={"currency": currency})
    with pytest.raises(PaymentMismatch) as refusal:
        await quote.settle(event)
    assert to_application_error(refusal.value).non_retryable
    assert quote.state is PaymentState.SETTLING


@pytest.mark.payment_case(23)
async def test_a_failed_payment_of_another_challenge_is_no_matter(quote: StoredQuote) -> None:
    quote.claim("c2")
    event = PaymentEvent(kind=EventKind.PAYMENT_FAILED, payment_id="pi_0", challenge_id="c1")
    assert (await quote.settle(event)).state is PaymentState.SETTLING
    assert quote.processor.calls == []


async def test_a_failed_payment_of_the_claim_is_asked_about(quote: StoredQuote) -> None:
    quote.processor.refusals = [DECLINED]
    quote.claim()
    event = PaymentEvent(kind=EventKind.PAYMENT_FAILED, payment_id="pi_0", challenge_id="c1")
    for _ in range(2):
        assert (await quote.settle(event)).state is PaymentState.QUOTED
    assert quote.processor.calls == ["charge", "find"]


async def test_a_render_begins_once_with_all_its_lines_held(quote: StoredQuote) -> None:
    await quote.pay()
    for _ in range(2):
        assert (await quote.begin()).starts
    assert quote.state is PaymentState.RENDERING
    assert (quote.wallet.available, quote.wallet.held) == (0, quote.price)
    row = quote.render_row
    assert row is not None
    assert row.account_id == quote.quote_id
    assert row.upload_urls == [UPLOAD.model_dump(mode="json")]
    assert row.request["name"] == "A film"
    assert row.snapshot["credits_reserved"] == quote.price
    assert row.run_id is None


@pytest.mark.payment_case(36)
@pytest.mark.parametrize("charged", [False, True])
async def test_a_quote_that_nobody_paid_begins_nothing(
    quote: StoredQuote, *, charged: bool
) -> None:
    """Edge case 36: a render is never made of a quote that was not paid."""
    if charged:
        quote.claim()
    assert not (await quote.begin()).starts
    assert quote.render_row is None


@pytest.mark.payment_case(26)
async def test_a_quote_canceled_before_it_began_gives_everything_back(quote: StoredQuote) -> None:
    """Edge case 26."""
    await quote.pay()
    quote.transact(lambda session: request_cancel(session, quote.quote_id, now=quote.now))
    for _ in range(2):
        assert not (await quote.begin()).starts
        assert (await quote.conclude()).state is PaymentState.REFUNDING
    assert quote.row.refund_cents == quote.price
    assert quote.wallet.available == 0
    await quote.refund()
    assert quote.state is PaymentState.REFUNDED
    assert quote.processor.returned_cents == quote.price


async def test_a_render_that_has_ended_is_not_begun_again(quote: StoredQuote) -> None:
    await quote.pay()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    assert not (await quote.begin()).starts
    await quote.conclude()
    assert not (await quote.begin()).starts


async def test_a_plan_that_is_not_the_one_that_was_paid_for_is_not_made(
    quote: StoredQuote,
) -> None:
    await quote.pay()
    quote.transact(
        lambda session: session.execute(update(QuoteRow).values(charges_digest="0" * 64))
    )
    with pytest.raises(PlanMismatch) as refusal:
        await quote.begin()
    assert to_application_error(refusal.value).non_retryable
    assert (await quote.conclude()).state is PaymentState.REFUNDING
