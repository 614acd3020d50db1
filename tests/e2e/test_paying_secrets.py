"""Neither a payment token nor a claim token is kept anywhere that somebody reads."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from temporalio.client import Client

from runtime.stripe_standin.server import StripeStandin
from studio.contracts.names import paid_render_workflow_id
from studio.contracts.payment import FINAL_STATES, PaymentState
from tests.kit.paying_agent import MPP_SECRET, PayingAgent, payment_variables
from tests.kit.stack import Stack
from tests.kit.stripe_standin import KEY, SETTINGS, WEBHOOK_SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest.fixture
def stripe() -> Iterator[StripeStandin]:
    with StripeStandin(replace(SETTINGS, network_id=None)) as standin:
        yield standin


async def test_no_history_and_no_log_has_a_token_or_a_key_in_it(
    stack: Stack, stripe: StripeStandin, temporal: Client
) -> None:
    """Edge case 34: after a decline, a payment and a cancellation, at the most talkative level."""
    stack.variables.update(payment_variables(stripe), FVS_LOG_LEVEL="debug")
    stack.start_gateway()
    stack.start_worker()
    agent = PayingAgent(stack, stripe)
    agent.ask()
    tokens = [agent.pay("pm_card_chargeDeclined")]
    agent.join()
    assert agent.answers == [402]
    agent.look()
    tokens.append(agent.pay())
    stack.wait_for(lambda: agent.is_in(PaymentState.RENDERING), "the payment is taken")
    agent.cancel()
    stack.wait_for(lambda: agent.is_in(*FINAL_STATES), "the money comes to rest", seconds=120)
    agent.join()

    handle = temporal.get_workflow_handle(paid_render_workflow_id(agent.quote["quote_id"]))
    history = (await handle.fetch_history()).to_json()
    logs = "".join(path.read_text() for path in stack.directory.glob("*.log"))
    assert agent.quote["quote_id"] in history
    assert agent.quote["quote_id"] in logs
    claim_token = agent.quote["claim_token"]
    for secret in (*tokens, claim_token, KEY, WEBHOOK_SECRET, MPP_SECRET):
        assert secret not in history
        assert secret not in logs
    row = agent.row
    assert row.sealed_token is None
    assert claim_token not in repr(vars(row))
    assert not any(token in repr(vars(row)) for token in tokens)
