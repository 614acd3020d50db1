"""What goes back to a card, on a real database of either kind: once, all of it, never more."""

import contextlib
from datetime import timedelta
from pathlib import Path

import pytest

from activities.errors import to_application_error
from activities.refunding import RenderNotEnded
from activities.revocation import REVOKED_FOLDER
from studio.contracts.payment import EventKind, PaymentEvent, PaymentState, RefundState
from studio.contracts.status import ClipSnapshot, RenderSnapshot, RenderState
from studio.db.engine import Database
from studio.payments.errors import PaymentUnknown, RefundRefused
from studio.quotes.progress import request_cancel, try_refund_again
from studio.storage.port import ObjectNotFound
from tests.kit.processor import Killed
from tests.kit.stored_quotes import StoredQuote

PROJECT_CENTS = 12
"""The line `project` of the tests' renders."""


@pytest.fixture
async def quote(database: Database, tmp_path: Path) -> StoredQuote:
    """A quote that was paid and whose render has begun."""
    quote = StoredQuote(database, tmp_path / "files")
    await quote.pay()
    await quote.begin()
    return quote


def _refund_told(refund_id: str, state: RefundState) -> PaymentEvent:
    return PaymentEvent(
        kind=EventKind.REFUND_CHANGED,
        payment_id="pi_1",
        refund_id=refund_id,
        refund_state=state,
    )


def _all_lines(quote: StoredQuote) -> tuple[str, ...]:
    return tuple(line.line_id for line in quote.render.plan.charges.lines)


async def test_nothing_is_concluded_before_the_render_has_ended(quote: StoredQuote) -> None:
    with pytest.raises(RenderNotEnded) as refusal:
        await quote.conclude()
    assert not to_application_error(refusal.value).non_retryable
    assert quote.state is PaymentState.RENDERING


async def test_of_a_film_that_was_delivered_whole_nothing_goes_back(quote: StoredQuote) -> None:
    await quote.run_render(RenderState.COMPLETED, *_all_lines(quote))
    for _ in range(2):
        assert (await quote.conclude()).state is PaymentState.COMPLETED
        assert (await quote.refund()).state is None
    assert quote.wallet.available == 0
    assert quote.processor.refunds == {}


@pytest.mark.payment_case(26)
@pytest.mark.parametrize("status", [RenderState.COMPLETED, RenderState.CANCELED])
async def test_what_was_not_delivered_goes_back_once(
    quote: StoredQuote, status: RenderState
) -> None:
    await quote.run_render(status, "project")
    for _ in range(2):
        assert (await quote.conclude()).state is PaymentState.REFUNDING
    assert quote.wallet.available == quote.wallet.held == 0
    for _ in range(2):
        standing = await quote.refund()
        assert standing.state is RefundState.SUCCEEDED
        assert standing.amount_cents == quote.price - PROJECT_CENTS
    assert quote.state is PaymentState.REFUNDED
    [(order, _)] = quote.processor.refunds.values()
    assert order.key == f"refund_{quote.quote_id}"
    assert quote.processor.returned_cents == quote.price - PROJECT_CENTS
    assert quote.wallet.spent == quote.price


@pytest.mark.payment_case(25)
async def test_a_render_that_failed_gives_back_what_was_charged_for_it_too(
    quote: StoredQuote,
) -> None:
    """Edge case 25: exactly one full refund."""
    await quote.run_render(RenderState.FAILED, "project", "planning")
    for _ in range(2):
        await quote.conclude()
        await quote.refund()
    assert quote.state is PaymentState.REFUNDED
    assert quote.processor.returned_cents == quote.processor.charged_cents == quote.price
    assert quote.wallet.available == 0


async def test_a_canceled_render_of_which_all_was_delivered_is_owed_nothing(
    quote: StoredQuote,
) -> None:
    await quote.run_render(RenderState.CANCELED, *_all_lines(quote))
    assert (await quote.conclude()).state is PaymentState.FAILED


@pytest.mark.payment_case(25)
@pytest.mark.parametrize("death", [Killed(), PaymentUnknown()], ids=["killed", "lost"])
async def test_a_refund_whose_answer_is_lost_is_the_same_refund(
    quote: StoredQuote, death: BaseException
) -> None:
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    quote.processor.lost = [death]
    with pytest.raises(type(death)):
        await quote.refund()
    assert quote.row.refund_id is None
    assert (await quote.refund()).state is RefundState.SUCCEEDED
    assert quote.processor.returned_cents == quote.price


async def test_a_pending_refund_is_asked_about_and_not_made_again(quote: StoredQuote) -> None:
    quote.processor.refund_states = [RefundState.PENDING, RefundState.SUCCEEDED]
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    assert (await quote.refund()).state is RefundState.PENDING
    assert quote.state is PaymentState.REFUNDING
    assert (await quote.refund()).state is RefundState.SUCCEEDED
    assert quote.processor.calls[-2:] == ["refund", "refund_of"]
    assert quote.row.refunded_at is not None


@pytest.mark.payment_case(25)
@pytest.mark.parametrize("times", [1, 2])
async def test_a_refund_that_fails_later_is_owed_again(quote: StoredQuote, times: int) -> None:
    """Edge case 25: the card's bank sends it back, and an operator tries again."""
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    for _ in range(times):
        standing = await quote.note(_refund_told("re_1", RefundState.FAILED))
        assert standing.state is PaymentState.REFUNDING
    assert quote.wallet.available == quote.price
    assert (await quote.refund()).state is RefundState.FAILED
    assert quote.processor.calls.count("refund") == 1

    quote.transact(lambda session: try_refund_again(session, quote.quote_id, now=quote.now))
    for _ in range(2):
        assert (await quote.refund()).state is RefundState.SUCCEEDED
    assert quote.state is PaymentState.REFUNDED
    assert quote.wallet.available == 0
    keys = [order.key for order, _ in quote.processor.refunds.values()]
    assert keys == [f"refund_{quote.quote_id}", f"refund_{quote.quote_id}_1"]


@pytest.mark.payment_case(23)
async def test_an_older_story_of_a_refund_changes_nothing(quote: StoredQuote) -> None:
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()
    for event in (
        _refund_told("re_1", RefundState.PENDING),
        _refund_told("re_other", RefundState.FAILED),
    ):
        assert (await quote.note(event)).state is PaymentState.REFUNDED
    assert quote.wallet.available == 0


async def test_a_refund_that_is_refused_waits_for_an_operator(quote: StoredQuote) -> None:
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    quote.processor.refund_refusals = [RefundRefused("It will not be given back.")]
    with pytest.raises(RefundRefused) as refusal:
        await quote.refund()
    assert to_application_error(refusal.value).non_retryable
    assert quote.state is PaymentState.REFUNDING
    assert (await quote.refund()).state is RefundState.SUCCEEDED


async def test_a_cancel_wish_after_the_beginning_leaves_it_to_the_render(
    quote: StoredQuote,
) -> None:
    quote.transact(lambda session: request_cancel(session, quote.quote_id, now=quote.now))
    standing = await quote.settle()
    assert (standing.state, standing.canceled) == (PaymentState.RENDERING, True)
    assert (await quote.begin()).starts


async def test_no_state_takes_more_than_was_paid_whatever_is_asked_in_whatever_order(
    quote: StoredQuote,
) -> None:
    """Every activity twice, at every state of a quote's way."""

    async def everything() -> None:
        for _ in range(2):
            await quote.settle()
            await quote.begin()
            with contextlib.suppress(RenderNotEnded):
                await quote.conclude()
            await quote.refund()

    await everything()
    await quote.run_render(RenderState.CANCELED, "project")
    await everything()
    await everything()
    assert quote.processor.charged_cents == quote.price
    assert quote.processor.returned_cents == quote.price - PROJECT_CENTS
    assert quote.state is PaymentState.REFUNDED


DISPUTED = PaymentEvent(kind=EventKind.DISPUTED, payment_id="pi_1")


@pytest.mark.payment_case(40)
async def test_a_dispute_takes_the_renders_files_away_and_ends_it(quote: StoredQuote) -> None:
    """Edge case 40: URLs that were signed before open nothing any more."""
    keys = ("films/a.mp4", "clips/1.mp4", "clips/1.jpg")
    storage = quote.bench.storage
    for key in keys:
        storage.put_bytes(key, b"film", content_type="video/mp4")
    snapshot = RenderSnapshot(
        final_video_key=keys[0],
        poster_key="gone.jpg",
        clips=(ClipSnapshot(index=1, video_key=keys[1], thumbnail_key=keys[2]),),
    )
    await quote.run_render(RenderState.COMPLETED, *_all_lines(quote), snapshot=snapshot)
    for _ in range(2):
        standing = await quote.note(DISPUTED)
        assert standing.canceled
    assert quote.row.disputed_at == quote.now
    for key in keys:
        with pytest.raises(ObjectNotFound):
            storage.read_bytes(key, size_bytes_max=10)
        assert storage.read_bytes(f"{REVOKED_FOLDER}/{key}", size_bytes_max=10) == b"film"


async def test_a_dispute_of_a_running_render_asks_it_to_end(quote: StoredQuote) -> None:
    standing = await quote.note(DISPUTED)
    assert standing.canceled
    assert quote.render_row is not None
    assert quote.render_row.cancel_requested


@pytest.mark.payment_case(23)
async def test_a_dispute_of_another_payment_is_no_matter(quote: StoredQuote) -> None:
    quote.now += timedelta(minutes=1)
    standing = await quote.note(DISPUTED.model_copy(update={"payment_id": "pi_other"}))
    assert not standing.canceled
    assert quote.row.disputed_at is None
