"""What Stripe's webhooks change of a quote, from the stand-in through the gateway to the files."""

from collections.abc import Iterator
from dataclasses import replace

import httpx2
import pytest
from temporalio.client import Client

from runtime.ports import free_port
from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from studio.contracts.names import paid_render_workflow_id
from studio.contracts.payment import FINAL_STATES, PaymentState, RefundState
from tests.kit.paying_agent import PayingAgent, payment_variables
from tests.kit.stack import Stack
from tests.kit.stripe_standin import SETTINGS, WEBHOOK_SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

ENDS_SECONDS_MAX = 120


@pytest.fixture
def stripe(stack: Stack) -> Iterator[StripeStandin]:
    stack.port = free_port()
    settings = replace(
        SETTINGS,
        network_id=None,
        webhook_url=f"{stack.base_url}/api/stripe/webhooks",
        webhook_secret=WEBHOOK_SECRET,
    )
    with StripeStandin(settings) as standin:
        yield standin


@pytest.fixture
def agent(stack: Stack, stripe: StripeStandin) -> Iterator[PayingAgent]:
    """Whose quote is asked for, at a stack that charges at the stand-in and hears from it."""
    stack.variables.update(payment_variables(stripe))
    stack.start_gateway()
    stack.start_worker()
    agent = PayingAgent(stack, stripe)
    agent.ask()
    yield agent
    agent.join()


def test_a_webhook_settles_what_the_request_left_unknown(
    stack: Stack, agent: PayingAgent, stripe: StripeStandin
) -> None:
    """Edge case 24. Every look and every repetition fails: only the webhook tells."""
    stripe.faults.add("intents.create", Fault.BROKEN_AFTER)
    stripe.faults.add("intents.search", Fault.UNAVAILABLE_BEFORE, times=1000)
    agent.pay()
    _wait_until(stack, agent, *FINAL_STATES)
    agent.join()
    price = agent.row.amount_cents
    assert agent.answers == [202]
    assert agent.row.state is PaymentState.COMPLETED
    assert (agent.books.charges, agent.books.charged, agent.books.refunds) == (1, price, 0)
    assert len(stack.orders()) == 1


async def test_webhooks_twice_and_in_any_order_change_nothing(
    stack: Stack, agent: PayingAgent, stripe: StripeStandin, temporal: Client
) -> None:
    """Edge case 23: held until all is over, then each three times and the last one first."""
    stripe.hold_webhooks()
    _pay_and_cancel(stack, agent, stripe, "pm_card_visa")
    _wait_until(stack, agent, PaymentState.REFUNDED)
    stripe.release_webhooks(reverse=True, times=3)
    stripe.drain_webhooks()
    run = paid_render_workflow_id(agent.quote["quote_id"])
    await temporal.get_workflow_handle(run).result()
    price = agent.row.amount_cents
    assert {delivery.status for delivery in stripe.deliveries} == {200}
    assert agent.row.state is PaymentState.REFUNDED
    assert (agent.books.charged, agent.books.refunded) == (price, price)
    assert agent.wallet.granted == price


def test_a_refund_that_fails_days_later_is_owed_again(
    stack: Stack, agent: PayingAgent, stripe: StripeStandin
) -> None:
    """Edge case 25: the refund fails later."""
    _pay_and_cancel(stack, agent, stripe, "pm_card_refundFail")
    _wait_until(stack, agent, PaymentState.REFUNDED)
    stripe.let_turns_happen()
    _wait_until(stack, agent, PaymentState.REFUNDING)
    assert agent.row.refund_state is RefundState.FAILED
    assert agent.wallet.available == agent.row.amount_cents


def test_a_dispute_makes_links_that_were_signed_before_open_nothing(
    stack: Stack, agent: PayingAgent, stripe: StripeStandin
) -> None:
    """Edge case 40."""
    agent.pay()
    _wait_until(stack, agent, PaymentState.COMPLETED)
    resource = agent.status()
    links = [resource["final_video_url"], resource["clips"][0]["video_url"]]
    assert [httpx2.get(link).status_code for link in links] == [200, 200]
    payment_id = agent.row.payment_id
    assert payment_id is not None
    stripe.dispute(payment_id)
    stack.wait_for(
        lambda: {httpx2.get(link).status_code for link in links} == {404},
        "the links open nothing",
    )
    assert agent.row.disputed_at is not None
    assert agent.status()["final_video_url"] is None


def _pay_and_cancel(stack: Stack, agent: PayingAgent, stripe: StripeStandin, method: str) -> None:
    """Canceled while the card is charged, so that all of it goes back."""
    stripe.faults.add("intents.create", Fault.DELAY, seconds=ENDS_SECONDS_MAX)
    agent.pay(method)
    stack.wait_for(lambda: bool(stripe.faults.happened), "the card is being charged")
    agent.cancel()
    stripe.hurry()


def _wait_until(stack: Stack, agent: PayingAgent, *states: PaymentState) -> None:
    stack.wait_for(lambda: agent.is_in(*states), "the money moves", seconds=ENDS_SECONDS_MAX)
