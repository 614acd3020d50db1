"""How a claim token ends a quote, paid or not, and the render that was paid for."""

from typing import Any

import httpx2
import pytest

from studio.contracts.payment import PaymentState
from studio.quotes.progress import conclude
from tests.api.kit import ApiStack
from tests.api.paid_scenes import rendering, status_of
from tests.api.quote_kit import PRICE_CENTS, Quote, Till, ask, pay, problem_of


async def cancel(client: httpx2.AsyncClient, quote: Quote) -> dict[str, Any]:
    answer = await client.post(quote.cancel_url)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.payment_case(26)
async def test_a_quote_that_nobody_paid_is_over_when_it_is_canceled(
    stack: ApiStack, till: Till
) -> None:
    """Case 26, before the payment. Temporal is not needed for it."""
    async with stack.client() as client:
        quote = await ask(client)
        stack.workflows.away = True
        canceled = await cancel(client, quote)
        again = await cancel(client, quote)
        stack.workflows.away = False
        paid = await pay(client, quote)
        asked = await pay(client, quote, at_quotes=True)

    assert canceled["status"] == again["status"] == "expired"
    assert "closed" in canceled["last_error"]
    assert problem_of(paid) == (410, "payment-expired")
    assert "canceled" in paid.json()["detail"]
    assert problem_of(asked) == (402, "payment-expired")
    assert till.charges == {}


@pytest.mark.payment_case(26)
async def test_a_wish_to_cancel_while_the_payment_is_settled_is_kept_for_its_run(
    stack: ApiStack, till: Till
) -> None:
    """Case 26, between payment and render."""
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        canceled = await cancel(client, quote)
        woken = len(stack.workflows.settled)
        till.resolve("approve")
        paid = await status_of(client, quote)
        now = stack.time.now()
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=False, refund_cents=PRICE_CENTS, now=now)
        ended = await status_of(client, quote)

    assert (canceled["status"], canceled["cancel_requested"]) == ("settling", True)
    assert woken == 2
    assert (paid["status"], paid["cancel_requested"]) == ("queued", True)
    assert (ended["status"], ended["payment_status"]) == ("canceled", "refunding")
    assert "canceled before it began" in ended["last_error"]
    assert ended["finished_at"] is not None
    assert ended["revision"] > paid["revision"]


async def test_a_card_that_declines_a_canceled_quote_leaves_it_over(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        await cancel(client, quote)
        till.resolve("decline")
        status = await status_of(client, quote)
        shown = await client.get(quote.payment_url)

    assert status["status"] == "expired"
    assert shown.status_code == 410


@pytest.mark.payment_case(26)
async def test_a_render_that_has_begun_is_asked_to_end(stack: ApiStack, till: Till) -> None:
    """Case 26, after the start: the render is told, and the wish is in the quote's row."""
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        canceled = await cancel(client, quote)
        await cancel(client, quote)

    row = till.stack_row(quote.id)
    assert canceled["cancel_requested"] is True
    assert stack.workflows.signals == [project]
    assert stack.workflows.started_canceled == []
    assert (row.cancel_requested, row.state) == (True, PaymentState.RENDERING)


async def test_a_wish_to_cancel_is_told_once_however_often_it_is_sent(
    stack: ApiStack, till: Till
) -> None:
    """Every signal is an event of the run's history, and a step of the worker's."""
    async with stack.client() as client:
        quote, _project = await rendering(client, till)
        told = len(stack.workflows.settled)
        wishes = [await cancel(client, quote) for _ in range(5)]

    assert len(stack.workflows.settled) == told + 1
    assert all(wish["cancel_requested"] for wish in wishes)


async def test_a_render_whose_run_is_not_there_yet_is_not_started_behind_its_quote(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        del stack.workflows.started[project]
        woken = len(stack.workflows.settled)
        await cancel(client, quote)

    assert stack.workflows.started == {}
    assert stack.workflows.started_canceled == []
    assert len(stack.workflows.settled) == woken + 1


async def test_what_has_ended_is_not_canceled(stack: ApiStack, till: Till) -> None:
    async with stack.client() as client:
        quote, project = await rendering(client, till)
        stack.finish(project)
        woken = len(stack.workflows.settled)
        unconcluded = await cancel(client, quote)
        with stack.database.transaction() as session:
            conclude(session, quote.id, has_film=True, refund_cents=0, now=stack.time.now())
        concluded = await cancel(client, quote)

    for status in (unconcluded, concluded):
        assert (status["status"], status["cancel_requested"]) == ("completed", False)
    assert till.stack_row(quote.id).cancel_requested is False
    assert len(stack.workflows.settled) == woken


async def test_a_paid_render_is_not_canceled_while_temporal_is_away(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote, _project = await rendering(client, till)
        stack.workflows.away = True
        answer = await client.post(quote.cancel_url)

    assert (answer.status_code, answer.json()["code"]) == (503, "workflows_unavailable")
    assert till.stack_row(quote.id).cancel_requested is False
