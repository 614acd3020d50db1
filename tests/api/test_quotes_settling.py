"""Payments whose outcome is not known yet, and payments that race: never a second charge."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import event

from gateway.clock import Clock
from studio.contracts.payment import PaymentState
from studio.db.engine import Database
from studio.quotes.claims import record_payment
from tests.api.kit import ApiStack, make_stack
from tests.api.quote_kit import (
    Quote,
    Till,
    ask,
    open_till,
    pay,
    problem_of,
    quote_of,
)


@pytest.fixture
def racing(database: Database, tmp_path: Path) -> Till:
    """A till on SQLite, and on PostgreSQL, where transactions really run side by side.

    Whoever waits does so in real time: in a test's own, many who wait would use it up together.
    """
    stack = make_stack(database, tmp_path)
    stack.configure(clock=Clock(now=stack.time.now, monotonic=time.monotonic, pause=asyncio.sleep))
    return open_till(stack)


async def challenges(client: httpx2.AsyncClient, quote: Quote, count: int) -> list[Quote]:
    """The quote with so many challenges of its own."""
    return [quote_of(await client.get(quote.payment_url), quote.body) for _ in range(count)]


def assert_pending(answer: httpx2.Response, quote: Quote) -> None:
    """Case 20: a sentence, where to ask, when; nothing that could be paid."""
    document = answer.json()
    assert (answer.status_code, document["code"]) == (503, "payment_pending")
    assert "do not pay again" in document["detail"]
    assert (document["quote_id"], document["status_url"]) == (quote.id, quote.status_url)
    assert int(answer.headers["retry-after"]) > 0
    assert "www-authenticate" not in answer.headers
    assert "payment-receipt" not in answer.headers


@pytest.mark.payment_case(2)
async def test_eight_parallel_requests_with_one_payment_are_one_charge(racing: Till) -> None:
    """Case 2, from two gateways at once."""
    stack = racing.stack
    async with stack.client() as one, stack.client() as two:
        quote = await ask(one)
        answers = await asyncio.gather(
            *(
                pay(client, quote, at_quotes=at_quotes)
                for client in (one, two)
                for at_quotes in (True, False)
                for _ in range(2)
            )
        )

    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.headers["payment-receipt"] for answer in answers}) == 1
    assert len({answer.json()["project_id"] for answer in answers}) == 1
    assert racing.charges == {quote.challenge.id: "spt_1"}


@pytest.mark.payment_case(3)
async def test_eight_parallel_payers_of_one_quote_are_one_charge(racing: Till) -> None:
    stack = racing.stack
    async with stack.client() as one, stack.client() as two:
        payers = await challenges(one, await ask(one), 8)
        answers = await asyncio.gather(
            *(
                pay((one, two)[number % 2], quote, f"spt_{number}", at_quotes=number > 3)
                for number, quote in enumerate(payers)
            )
        )

    assert Counter(answer.status_code for answer in answers) == {202: 1, 403: 7}
    assert len(racing.charges) == 1


@pytest.mark.payment_case(3)
async def test_five_challenges_and_five_tokens_are_one_charge(racing: Till) -> None:
    """Case 3."""
    stack = racing.stack
    async with stack.client() as one, stack.client() as two:
        payers = await challenges(one, await ask(one), 5)
        answers = await asyncio.gather(
            *(
                pay((one, two)[number % 2], quote, f"spt_{number}")
                for quote in payers
                for number in range(5)
            )
        )

    assert Counter(answer.status_code for answer in answers) == {202: 1, 403: 24}
    assert len(racing.charges) == 1


@pytest.mark.payment_case(18)
async def test_parallel_payers_are_charged_one_after_the_other_until_one_card_is_good(
    racing: Till,
) -> None:
    racing.declines = 3
    stack = racing.stack
    async with stack.client() as one, stack.client() as two:
        payers = await challenges(one, await ask(one), 8)
        answers = await asyncio.gather(
            *(
                pay((one, two)[number % 2], quote, f"spt_{number}")
                for number, quote in enumerate(payers)
            )
        )

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[202] == 1
    # Whoever was declined while the next one is settled already is not offered a challenge.
    assert statuses[402] + statuses[403] + statuses[503] == 7
    assert len(racing.charges) == 1


@pytest.mark.payment_case(26)
async def test_a_quote_that_is_paid_and_canceled_at_once_is_one_or_the_other(
    racing: Till,
) -> None:
    """Case 26, as a race: over and never charged, or charged once and with the wish in its row."""
    stack = racing.stack
    async with stack.client() as one, stack.client() as two:
        payers = await challenges(one, await ask(one), 4)
        answers = await asyncio.gather(
            *(pay(one, quote, f"spt_{number}") for number, quote in enumerate(payers)),
            *(two.post(payers[0].cancel_url) for _ in range(4)),
        )

    row = racing.stack_row(payers[0].id)
    paid = Counter(answer.status_code for answer in answers[:4])
    assert {answer.status_code for answer in answers[4:]} == {200}
    assert row.cancel_requested is True
    if racing.charges:
        assert (row.state, paid) == (PaymentState.PAID, {202: 1, 403: 3})
        assert len(racing.charges) == 1
    else:
        assert (row.state, paid) == (PaymentState.EXPIRED, {410: 4})


@pytest.mark.payment_case(20)
async def test_an_unknown_outcome_is_no_reason_to_pay_again(stack: ApiStack, till: Till) -> None:
    """Case 20: whoever asks meanwhile is told to wait; once it is known all are told what."""
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        other = quote_of(await client.get(quote.payment_url), quote.body)
        assert_pending(await pay(client, quote), quote)
        waited_seconds = stack.time.elapsed_seconds
        assert_pending(await pay(client, quote, at_quotes=True), quote)
        assert_pending(await pay(client, other, "spt_2"), quote)
        assert_pending(await pay(client, quote, "spt_2", at_quotes=True), quote)
        assert_pending(await client.get(quote.payment_url), quote)
        malformed = await client.get(quote.payment_url, headers={"Authorization": "Payment"})
        assert_pending(malformed, quote)
        till.resolve("approve")
        known = await pay(client, quote)
        late = await pay(client, other, "spt_2")

    assert 20 <= waited_seconds < 21
    assert known.status_code == 200
    assert late.status_code == 403
    assert till.charges == {quote.challenge.id: "spt_1"}


async def test_an_outcome_that_comes_while_the_answer_waits_is_told(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.on_pause = lambda: till.resolve("approve")
        paid = await pay(client, quote)

    assert paid.status_code == 202
    assert "payment-receipt" in paid.headers
    assert stack.time.elapsed_seconds < 1


async def test_a_payment_that_waited_for_another_is_claimed_when_that_is_declined(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        other = quote_of(await client.get(quote.payment_url), quote.body)
        await pay(client, quote)

        def decline_then_approve() -> None:
            till.resolve("decline")
            till.behaviour = "approve"

        stack.time.on_pause = decline_then_approve
        paid = await pay(client, other, "spt_2")
        declined = await pay(client, quote)

    assert paid.status_code == 202
    assert declined.status_code == 403
    assert till.charges == {other.challenge.id: "spt_2"}


@pytest.mark.payment_case(5, 20)
async def test_a_declined_payment_that_is_sent_again_waits_for_the_one_under_way(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "decline"
    async with stack.client() as client:
        quote = await ask(client)
        fresh = quote_of(await pay(client, quote), quote.body)
        till.behaviour = "silent"
        assert_pending(await pay(client, fresh, "spt_2"), quote)
        assert_pending(await pay(client, quote), quote)


async def test_nothing_is_claimed_while_temporal_is_away(stack: ApiStack, till: Till) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        stack.workflows.away = True
        refused = await pay(client, quote)
        row = till.stack_row(quote.id)
        stack.workflows.away = False
        paid = await pay(client, quote)

    assert (refused.status_code, refused.json()["code"]) == (503, "workflows_unavailable")
    assert "retry-after" in refused.headers
    assert "www-authenticate" not in refused.headers
    assert (row.state, row.attempts) == (PaymentState.QUOTED, 0)
    assert paid.status_code == 202


async def test_a_claim_whose_run_was_not_woken_is_settled_by_whoever_comes_next(
    stack: ApiStack, till: Till
) -> None:
    stack.workflows.settle_fails = True
    async with stack.client() as client:
        quote = await ask(client)
        assert_pending(await pay(client, quote), quote)
        row = till.stack_row(quote.id)
        assert_pending(await pay(client, quote), quote)
        stack.workflows.settle_fails = False
        paid = await pay(client, quote)

    assert row.state is PaymentState.SETTLING
    assert row.sealed_token is not None
    assert b"spt_1" not in row.sealed_token
    assert paid.status_code == 202
    assert len(till.charges) == 1


@pytest.mark.payment_case(22)
async def test_a_payment_claimed_in_time_counts_however_long_the_card_takes(
    stack: ApiStack, till: Till
) -> None:
    """Case 22."""
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.elapsed_seconds += 30 * 60 - 1
        assert_pending(await pay(client, quote), quote)
        assert_pending(await client.get(quote.payment_url), quote)
        till.resolve("approve")
        known = await pay(client, quote, at_quotes=True)
        status = (await client.get(quote.status_url)).json()

    assert known.status_code == 200
    assert status["payment_status"] == "paid"


async def test_a_card_that_declines_after_the_quote_is_over_leaves_it_over(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.elapsed_seconds += 30 * 60 - 1
        stack.time.on_pause = lambda: (
            till.resolve("decline") if stack.time.elapsed_seconds > 30 * 60 else None
        )
        answer = await pay(client, quote)

    assert problem_of(answer) == (410, "payment-expired")
    assert till.charges == {}


@pytest.mark.payment_case(24)
async def test_a_payment_that_the_webhook_told_of_is_recognised(
    stack: ApiStack, till: Till
) -> None:
    """Case 24, the gateway's half: told without the challenge, by its id in Stripe alone."""
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        with stack.database.transaction() as session:
            record_payment(
                session,
                quote.id,
                payment_id="pi_told",
                challenge_id=None,
                now=stack.time.now(),
            )
        known = await pay(client, quote)

    assert known.status_code == 200
    assert "payment-receipt" in known.headers


async def test_a_stopping_gateway_lets_go_of_those_who_wait(stack: ApiStack, till: Till) -> None:
    till.behaviour = "silent"
    stack.configure(stopping=lambda: True)
    async with stack.client() as client:
        quote = await ask(client)
        answer = await pay(client, quote)

    assert_pending(answer, quote)
    assert stack.time.elapsed_seconds == 0
    assert till.stack_row(quote.id).state is PaymentState.SETTLING


async def test_who_waits_or_polls_does_not_have_the_whole_brief_read_each_time(
    stack: ApiStack, till: Till
) -> None:
    """Briefs have up to a megabyte, and a payment that waits looks at its quote a hundred times."""
    till.behaviour = "silent"
    statements: list[str] = []

    def note(*executed: object) -> None:
        statements.append(str(executed[2]))

    async with stack.client() as client:
        quote = await ask(client)
        event.listen(stack.database.engine, "before_cursor_execute", note)
        waited = await pay(client, quote)
        polled = await client.get(quote.status_url)

    assert (waited.status_code, polled.status_code) == (503, 200)
    looks = [each for each in statements if each.startswith("SELECT") and "quote.state" in each]
    assert len(looks) > 2
    assert not [look for look in looks if "quote.request" in look or "upload_urls" in look]
