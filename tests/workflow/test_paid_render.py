"""What a quote's workflow decides, on a real Temporal server with a scripted quote and render."""

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ApplicationError, CancelledError

from studio.contracts.launch import STATUS_KEY
from studio.contracts.payment import EventKind, PaymentEvent, PaymentState, RefundState
from studio.contracts.status import RenderState
from tests.kit.scripted import ScriptedStudio, fail
from tests.kit.scripted_quote import (
    DECLINED,
    UNKNOWN,
    ScriptedQuote,
    paying,
    payment_input,
)
from workflows.paid_render import PaidRenderWorkflow

pytestmark = pytest.mark.temporal

PAID = PaymentEvent(kind=EventKind.PAYMENT_SUCCEEDED, payment_id="pi_told", challenge_id="c1")
DISPUTED = PaymentEvent(kind=EventKind.DISPUTED, payment_id="pi_1")
REFUND_FAILED = PaymentEvent(
    kind=EventKind.REFUND_CHANGED,
    payment_id="pi_1",
    refund_id="re_1",
    refund_state=RefundState.FAILED,
)


async def test_a_paid_quote_is_charged_once_and_rendered_once(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input())
    async with paying(temporal, quote) as handle:
        standing = await handle.result()
        child = temporal.get_workflow_handle(quote.payment.project_id)
        assert (await child.describe()).status == WorkflowExecutionStatus.COMPLETED
    assert standing.state is quote.state is PaymentState.COMPLETED
    assert quote.charges == ["pi_1"]
    assert quote.calls["begin_render"] == quote.studio.calls["confirm_holds"] == 1
    assert quote.refunded == []


async def test_an_operator_sees_a_quotes_state_in_its_search_attributes(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        described = await handle.describe()
        assert described.typed_search_attributes.get(STATUS_KEY) == PaymentState.RENDERING
        live = await handle.query(PaidRenderWorkflow.status)
        assert (live.state, live.amount_cents) == (
            PaymentState.RENDERING,
            quote.payment.amount_cents,
        )
        quote.studio.gates["await_clip/1"].set()
        await handle.result()
        described = await handle.describe()
        assert described.typed_search_attributes.get(STATUS_KEY) == PaymentState.COMPLETED


async def test_what_stripe_does_not_say_is_asked_until_it_is_said(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input(), answers=[UNKNOWN, UNKNOWN, "pi_1"])
    async with paying(temporal, quote) as handle:
        await handle.result()
    assert quote.charges == [UNKNOWN, UNKNOWN, "pi_1"]
    assert quote.state is PaymentState.COMPLETED


@pytest.mark.payment_case(24)
async def test_a_webhook_ends_the_asking_at_once(temporal: Client) -> None:
    """Edge case 24: the webhook says succeeded while the request's outcome is unknown."""
    quote = ScriptedQuote(payment_input(), answers=[UNKNOWN])
    async with paying(temporal, quote) as handle:
        await quote.until(lambda: bool(quote.charges))
        await handle.signal(PaidRenderWorkflow.payment_event, PAID)
        await handle.result()
    assert quote.paid_by == "pi_told"
    assert quote.state is PaymentState.COMPLETED
    assert quote.studio.calls["confirm_holds"] == 1


async def test_a_charge_that_goes_through_beside_a_webhooks_payment_goes_back(
    temporal: Client,
) -> None:
    quote = ScriptedQuote(payment_input())
    reached = quote.gate("settle_payment")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        await handle.signal(PaidRenderWorkflow.payment_event, PAID)
        await quote.until(lambda: quote.paid_by == "pi_told")
        quote.gates["settle_payment"].set()
        standing = await handle.result()
    assert quote.refunded == ["pi_1"]
    assert (standing.state, standing.strays) == (PaymentState.COMPLETED, ("pi_1",))


async def test_a_declined_quote_waits_for_the_next_payment(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input(), answers=[DECLINED, "pi_2"])
    async with paying(temporal, quote) as handle:
        await quote.until(lambda: quote.state is PaymentState.QUOTED)
        quote.state = PaymentState.SETTLING
        await handle.signal(PaidRenderWorkflow.claimed)
        await handle.result()
    assert quote.charges == [DECLINED, "pi_2"]
    assert quote.state is PaymentState.COMPLETED


async def test_a_declined_quote_expires_when_its_time_is_over(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input(lifetime_seconds=1), answers=[DECLINED])
    async with paying(temporal, quote) as handle:
        standing = await handle.result()
    assert standing.state is PaymentState.EXPIRED
    assert quote.calls["begin_render"] == 0


async def test_a_second_payment_goes_back_while_the_first_one_is_rendered(
    temporal: Client,
) -> None:
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        for _ in range(2):
            await handle.signal(PaidRenderWorkflow.payment_event, PAID)
        await quote.until(lambda: bool(quote.refunded))
        quote.studio.gates["await_clip/1"].set()
        standing = await handle.result()
    assert quote.refunded == ["pi_told"]
    assert (standing.state, standing.strays) == (PaymentState.COMPLETED, ("pi_told",))


@pytest.mark.payment_case(25)
async def test_a_render_that_fails_gives_everything_back_once(temporal: Client) -> None:
    """Edge case 25."""
    studio = ScriptedStudio(script={"plan_shots": fail("provider_rejected", "Refused.")})
    quote = ScriptedQuote(payment_input(), studio=studio)
    async with paying(temporal, quote) as handle:
        standing = await handle.result()
    assert standing.state is quote.state is PaymentState.REFUNDED
    assert quote.refunded == ["pi_1"]
    assert standing.refund_cents == quote.payment.amount_cents


async def test_what_cannot_be_begun_is_given_back(temporal: Client) -> None:
    refusal = ApplicationError("Too little.", type="insufficient_credits", non_retryable=True)
    quote = ScriptedQuote(payment_input(), failures={"begin_render": [refusal]})
    async with paying(temporal, quote) as handle:
        standing = await handle.result()
    assert standing.state is PaymentState.REFUNDED
    assert quote.studio.calls["confirm_holds"] == 0


@pytest.mark.payment_case(26)
async def test_a_quote_canceled_before_its_render_begins_is_given_back(temporal: Client) -> None:
    """Edge case 26, before the start."""
    quote = ScriptedQuote(payment_input())
    reached = quote.gate("begin_render")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        quote.canceled = True
        await handle.signal(PaidRenderWorkflow.cancel)
        quote.gates["begin_render"].set()
        standing = await handle.result()
    assert standing.state is PaymentState.REFUNDED
    assert quote.studio.calls["confirm_holds"] == 0


@pytest.mark.payment_case(26)
async def test_a_cancel_wish_reaches_the_render_that_runs(temporal: Client) -> None:
    """Edge case 26, after the start: the gateway may have died before it could tell the render."""
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        quote.canceled = True
        await handle.signal(PaidRenderWorkflow.claimed)
        standing = await handle.result()
    assert quote.studio.snapshots[-1].status == RenderState.CANCELED
    assert standing.state is PaymentState.REFUNDED
    kept = sum(quote.studio.prices[line] for line in quote.studio.settled)
    assert standing.refund_cents == quote.payment.amount_cents - kept


async def test_a_native_cancellation_stops_the_render_and_still_gives_the_rest_back(
    temporal: Client,
) -> None:
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failure:
            await handle.result()
        assert isinstance(failure.value.cause, CancelledError)
    assert quote.studio.snapshots[-1].status == RenderState.CANCELED
    assert quote.state is PaymentState.REFUNDED


@pytest.mark.parametrize(
    "step", ["settle_payment", "begin_render", "conclude_quote", "refund_payment"]
)
async def test_a_native_cancellation_at_any_step_loses_no_money(
    temporal: Client, step: str
) -> None:
    quote = ScriptedQuote(payment_input(), owed=5)
    reached = quote.gate(step)
    async with paying(temporal, quote) as handle:
        await reached.wait()
        await handle.cancel()
        quote.gates[step].set()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert quote.state is PaymentState.REFUNDED
    assert quote.refunded == ["pi_1"]
    assert len(quote.charges) == 1


async def test_a_canceled_run_of_an_unpaid_quote_ends(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input(), answers=[DECLINED])
    async with paying(temporal, quote) as handle:
        await quote.until(lambda: quote.state is PaymentState.QUOTED)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert quote.state is PaymentState.QUOTED


async def test_a_pending_refund_ends_with_the_webhook_that_tells_of_it(temporal: Client) -> None:
    quote = ScriptedQuote(payment_input(), owed=5, refunds=[RefundState.PENDING])
    done = REFUND_FAILED.model_copy(update={"refund_state": RefundState.SUCCEEDED})
    async with paying(temporal, quote) as handle:
        await quote.until(lambda: quote.refund_state is RefundState.PENDING)
        await handle.signal(PaidRenderWorkflow.payment_event, done)
        standing = await handle.result()
    assert standing.state is PaymentState.REFUNDED
    assert quote.calls["refund_payment"] == 1


async def test_a_refund_that_the_bank_sends_back_ends_the_run_and_is_left_to_an_operator(
    temporal: Client,
) -> None:
    quote = ScriptedQuote(payment_input(), owed=5, refunds=[RefundState.FAILED])
    async with paying(temporal, quote) as handle:
        standing = await handle.result()
    assert (standing.state, standing.refund_state) == (PaymentState.REFUNDING, RefundState.FAILED)


async def test_a_refund_that_is_refused_is_tried_again_when_somebody_has_looked(
    temporal: Client,
) -> None:
    refusal = ApplicationError("It will not.", type="refund_refused", non_retryable=True)
    quote = ScriptedQuote(payment_input(), owed=5, failures={"refund_payment": [refusal]})
    async with paying(temporal, quote) as handle:
        await quote.until(lambda: quote.calls["refund_payment"] == 1)
        while (await handle.query(PaidRenderWorkflow.status)).last_error != "It will not.":
            pass
        await handle.signal(PaidRenderWorkflow.claimed)
        standing = await handle.result()
    assert (standing.state, standing.last_error) == (PaymentState.REFUNDED, None)


async def test_a_dispute_ends_the_render_and_is_noted_again_when_it_has_ended(
    temporal: Client,
) -> None:
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as handle:
        await reached.wait()
        await handle.signal(PaidRenderWorkflow.payment_event, DISPUTED)
        await handle.result()
    assert quote.studio.snapshots[-1].status == RenderState.CANCELED
    assert quote.events == [DISPUTED, DISPUTED]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (DISPUTED, PaymentState.COMPLETED),
        (REFUND_FAILED, PaymentState.REFUNDED),
        (PAID, PaymentState.REFUNDED),
    ],
)
async def test_a_late_event_starts_a_run_that_does_only_what_it_is_for(
    temporal: Client, event: PaymentEvent, state: PaymentState
) -> None:
    quote = ScriptedQuote(payment_input(), state=state, paid_by="pi_1")
    async with paying(temporal, quote, event=event) as handle:
        await handle.result()
    assert quote.events == [event]
    assert quote.calls["begin_render"] == quote.calls["settle_payment"] == 0
    assert quote.refunded == (["pi_told"] if event is PAID else [])


async def test_a_render_that_another_run_started_is_followed_by_its_row(temporal: Client) -> None:
    """The run before was terminated; the render went on, and this run does not start another."""
    quote = ScriptedQuote(payment_input())
    reached = quote.studio.gate("await_clip/1")
    async with paying(temporal, quote) as first:
        await reached.wait()
        await first.terminate("lost")
        async with paying(temporal, quote) as second:
            await quote.until(lambda: quote.calls["conclude_quote"] > 0)
            quote.studio.gates["await_clip/1"].set()
            standing = await second.result()
    assert standing.state is PaymentState.COMPLETED
    assert quote.studio.calls["confirm_holds"] == 1
    assert quote.charges == ["pi_1"]
