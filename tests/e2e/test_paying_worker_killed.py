"""`kill -9` of the worker at every moment of a payment: one charge, one render or one refund."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from studio.contracts.payment import FINAL_STATES, PaymentState
from tests.kit.paying_agent import PayingAgent, payment_variables
from tests.kit.stack import Stack
from tests.kit.stripe_standin import SETTINGS

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

RENDER_MOMENTS = {
    "before the charge": "before-charge",
    "charged, answer lost": "after-charge",
    "payment recorded, answer lost": "after-commit:pay",
    "render begun, answer lost": "after-commit:begin",
    "clip ordered": "after-submit",
    "concluded, answer lost": "after-commit:settle_up",
}
REFUND_MOMENTS = {
    "canceled, nothing charged yet": "before-charge",
    "canceled, charged": "after-charge",
    "canceled, recorded": "after-commit:pay",
    "owed, answer lost": "after-commit:settle_up",
    "about to be asked for": "after-commit:owe",
    "refund not asked for yet": "before-refund",
    "refund made, answer lost": "after-refund",
    "refund recorded, answer lost": "after-commit:give_back",
}
ENDS_SECONDS_MAX = 120


@pytest.fixture
def stripe() -> Iterator[StripeStandin]:
    with StripeStandin(replace(SETTINGS, network_id=None)) as standin:
        yield standin


@pytest.fixture
def agent(stack: Stack, stripe: StripeStandin) -> Iterator[PayingAgent]:
    """Whose quote is asked for, at a stack that charges at the stand-in."""
    stack.variables.update(payment_variables(stripe))
    stack.start_gateway()
    agent = PayingAgent(stack, stripe)
    agent.ask()
    yield agent
    agent.join()


@pytest.mark.parametrize("moment", RENDER_MOMENTS.values(), ids=RENDER_MOMENTS.keys())
def test_a_paid_render_survives_the_death_of_its_worker(
    moment: str, stack: Stack, agent: PayingAgent
) -> None:
    stack.start_worker(hold=moment)
    agent.pay()
    stack.wait_until_held()
    stack.kill("worker")
    agent.status()
    stack.start_worker(hold=moment)
    _wait_until_final(stack, agent)
    resource = agent.status()
    assert (resource["status"], agent.row.state) == ("completed", PaymentState.COMPLETED), resource
    price = agent.row.amount_cents
    assert (agent.books.charges, agent.books.charged, agent.books.refunds) == (1, price, 0)
    assert (agent.wallet.available, agent.wallet.held, agent.wallet.granted) == (0, 0, price)
    assert len(stack.orders()) == 1


@pytest.mark.parametrize("moment", REFUND_MOMENTS.values(), ids=REFUND_MOMENTS.keys())
def test_a_refund_survives_the_death_of_its_worker(
    moment: str, stack: Stack, agent: PayingAgent, stripe: StripeStandin
) -> None:
    """Edge case 26: canceled while it is paid, so that nothing is rendered."""
    early = moment == "before-charge"
    if not early:
        stripe.faults.add("intents.create", Fault.DELAY, seconds=ENDS_SECONDS_MAX)
    stack.start_worker(hold=moment)
    agent.pay()
    stack.wait_for(lambda: agent.is_in(PaymentState.SETTLING), "the payment is claimed")
    if early:
        stack.wait_until_held()
    else:
        stack.wait_for(lambda: bool(stripe.faults.happened), "the card is being charged")
    agent.cancel()
    stripe.hurry()
    stack.wait_until_held()
    stack.kill("worker")
    agent.status()
    stack.start_worker(hold=moment)
    _wait_until_final(stack, agent)
    price = agent.row.amount_cents
    assert agent.row.state is PaymentState.REFUNDED
    assert agent.row.refund_cents == price
    assert (agent.books.charges, agent.books.charged) == (1, price)
    assert (agent.books.refunds, agent.books.refunded) == (1, price)
    assert (agent.wallet.available, agent.wallet.held) == (0, 0)
    assert stack.orders() == []


def _wait_until_final(stack: Stack, agent: PayingAgent) -> None:
    stack.wait_for(
        lambda: agent.is_in(*FINAL_STATES), "the money comes to rest", seconds=ENDS_SECONDS_MAX
    )
