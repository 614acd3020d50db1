"""Paying a quote: at either address, once, and what a repetition is answered."""

from typing import Any

import httpx2
import pytest

from studio.contracts.payment import PaymentState
from tests.api.kit import ApiStack
from tests.api.quote_kit import (
    PRICE_CENTS,
    QUOTES,
    Till,
    ask,
    pay,
    post_quote,
    problem_of,
    quote_of,
    with_claim,
)
from tests.payment_scenes import decoded


def receipt_of(answer: httpx2.Response) -> dict[str, Any]:
    assert answer.headers["cache-control"] == "private, no-store"
    return decoded(answer.headers["payment-receipt"])


@pytest.mark.parametrize("way", ["POST quotes", "GET", "POST", "POST with the body", "HEAD"])
@pytest.mark.requirement("QUOTE-4")
async def test_a_quote_is_paid_wherever_its_challenge_is_answered(
    stack: ApiStack, till: Till, way: str
) -> None:
    """A challenge of `POST /render-quotes` is as good at the payment URL."""
    async with stack.client() as client:
        quote = await ask(client)
        headers = quote.challenge.paid_with("spt_1")
        if way == "POST quotes":
            paid = await post_quote(client, quote.body, headers)
        elif way == "POST with the body":
            paid = await client.post(quote.payment_url, content=quote.body, headers=headers)
        else:
            paid = await client.request(way, quote.payment_url, headers=headers)

    assert paid.status_code == 202
    assert paid.headers["location"] == quote.status_url
    assert receipt_of(paid) == {
        "status": "success",
        "method": "stripe",
        "reference": "pi_1",
        "timestamp": "2026-11-02T09:30:00Z",
    }
    assert "www-authenticate" not in paid.headers
    assert till.charges == {quote.challenge.id: "spt_1"}


async def test_the_answer_to_a_payment_is_the_render_that_was_paid(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        paid = (await pay(client, quote)).json()

    row = till.stack_row(quote.id)
    assert paid["project_id"] == row.project_id
    assert (paid["status"], paid["payment_status"]) == ("queued", "paid")
    assert (paid["amount_cents"], paid["credits_quoted"]) == (PRICE_CENTS, PRICE_CENTS)
    assert (paid["status_url"], paid["cancel_url"]) == (quote.status_url, quote.cancel_url)
    assert (paid["clip_count"], paid["final_video_url"]) == (1, None)
    assert paid["paid_at"] == "2026-11-02T09:30:00Z"
    assert (row.state, row.sealed_token) == (PaymentState.PAID, None)


async def test_the_run_is_woken_with_the_frozen_render_and_no_token(
    stack: ApiStack, till: Till
) -> None:
    """Case 34, the gateway's half: neither token is in what Temporal is given."""
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote, "spt_secret")

    [(payment, event)] = stack.workflows.settled
    row = till.stack_row(quote.id)
    assert event is None
    assert (payment.quote_id, payment.project_id) == (quote.id, row.project_id)
    assert (payment.amount_cents, payment.currency) == (PRICE_CENTS, "usd")
    assert payment.charges_digest == row.charges_digest == payment.render.plan.charges.digest
    assert payment.expires_at == row.expires_at
    assert "spt_secret" not in payment.model_dump_json()
    assert quote.token not in payment.model_dump_json()


async def test_a_challenge_of_the_payment_url_pays_where_the_quote_was_asked_for(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        fresh = quote_of(await client.get(quote.payment_url), quote.body)
        paid = await pay(client, fresh, at_quotes=True)

    assert "digest" not in fresh.challenge.parameters
    assert paid.status_code == 202
    assert till.charges == {fresh.challenge.id: "spt_1"}


@pytest.mark.payment_case(1)
@pytest.mark.parametrize("at_quotes", [True, False])
async def test_the_same_payment_again_is_answered_with_the_same_receipt(
    stack: ApiStack, till: Till, *, at_quotes: bool
) -> None:
    """Case 1: one charge, one render, one receipt."""
    async with stack.client() as client:
        quote = await ask(client)
        first = await pay(client, quote, at_quotes=at_quotes)
        stack.time.elapsed_seconds += 60
        second = await pay(client, quote, at_quotes=at_quotes)

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.headers["payment-receipt"] == first.headers["payment-receipt"]
    assert second.json()["project_id"] == first.json()["project_id"]
    assert len(till.charges) == len(stack.workflows.settled) == 1


@pytest.mark.payment_case(1)
@pytest.mark.parametrize("at_quotes", [True, False])
async def test_a_payment_is_recognised_after_its_quote_would_have_expired(
    stack: ApiStack, till: Till, *, at_quotes: bool
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
        stack.time.elapsed_seconds += 3600
        again = await pay(client, quote, at_quotes=at_quotes)

    assert again.status_code == 200
    assert receipt_of(again)["reference"] == "pi_1"
    assert len(till.charges) == 1


async def test_the_payment_url_of_a_paid_quote_shows_its_receipt(
    stack: ApiStack, till: Till
) -> None:
    async with stack.client() as client:
        quote = await ask(client)
        paid = await pay(client, quote)
        shown = await client.get(quote.payment_url)

    assert shown.status_code == 200
    assert shown.headers["payment-receipt"] == paid.headers["payment-receipt"]
    assert len(till.charges) == 1


@pytest.mark.payment_case(4)
@pytest.mark.parametrize("at_quotes", [True, False])
async def test_another_payment_for_a_paid_quote_is_refused_without_a_challenge(
    stack: ApiStack, till: Till, *, at_quotes: bool
) -> None:
    """Case 4: a new token, for the same challenge or a new one."""
    async with stack.client() as client:
        quote = await ask(client)
        other = quote_of(await client.get(quote.payment_url), quote.body)
        await pay(client, quote)
        answers = [
            await pay(client, quote, "spt_2", at_quotes=at_quotes),
            await pay(client, other, "spt_2", at_quotes=at_quotes),
        ]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (403, "quote_already_paid")
        assert "www-authenticate" not in answer.headers
        assert "payment-receipt" not in answer.headers
    assert list(till.charges.values()) == ["spt_1"]


@pytest.mark.payment_case(5, 18)
@pytest.mark.parametrize("at_quotes", [True, False])
async def test_a_declined_card_gets_a_new_challenge_and_a_good_one_pays(
    stack: ApiStack, till: Till, *, at_quotes: bool
) -> None:
    """Cases 17 and 18, and 5: the challenge of a declined payment is used up."""
    till.behaviour, till.reason = "decline", "insufficient_funds"
    async with stack.client() as client:
        quote = await ask(client)
        declined = await pay(client, quote, at_quotes=at_quotes)
        fresh = quote_of(declined, quote.body)
        till.behaviour = "approve"
        replayed = await pay(client, quote, at_quotes=at_quotes)
        other_token = await pay(client, quote, "spt_2", at_quotes=at_quotes)
        paid = await pay(client, fresh, "spt_2", at_quotes=at_quotes)

    assert problem_of(declined) == (402, "verification-failed")
    assert "too little money" in declined.json()["detail"]
    assert "Nothing was charged" in declined.json()["detail"]
    assert (fresh.id, fresh.token) == (quote.id, quote.token)
    assert fresh.challenge.id != quote.challenge.id
    assert problem_of(replayed) == problem_of(other_token) == (402, "invalid-challenge")
    assert quote_of(replayed).id == quote.id
    assert paid.status_code == 202
    assert till.charges == {fresh.challenge.id: "spt_2"}


async def test_a_word_that_is_not_known_is_a_plain_refusal(stack: ApiStack, till: Till) -> None:
    till.behaviour, till.reason = "decline", "a_word_of_tomorrow"
    async with stack.client() as client:
        declined = await pay(client, await ask(client))

    assert declined.json()["detail"].startswith("The payment was refused. Nothing was charged")


@pytest.mark.payment_case(19)
async def test_a_card_whose_bank_asks_its_holder_is_told_apart(stack: ApiStack, till: Till) -> None:
    """Case 19."""
    till.behaviour = "confirm"
    async with stack.client() as client:
        quote = await ask(client)
        answer = await pay(client, quote)

    assert problem_of(answer) == (402, "payment-action-required")
    assert quote_of(answer).id == quote.id
    assert till.charges == {}


async def test_a_quote_that_was_refused_too_often_is_closed(stack: ApiStack, till: Till) -> None:
    till.behaviour = "decline"
    async with stack.client() as client:
        quote = await ask(client)
        first = quote
        for _ in range(9):
            quote = quote_of(await pay(client, quote), quote.body)
        last = await pay(client, quote)
        till.behaviour = "approve"
        shown = await client.get(quote.payment_url)
        status = (await client.get(quote.status_url)).json()
        asked_again = await pay(client, quote, "spt_2", at_quotes=True)

    assert problem_of(last) == problem_of(shown) == (410, "payment-expired")
    assert "refused too often" in last.json()["detail"]
    assert status["status"] == "expired"
    assert problem_of(asked_again) == (402, "payment-expired")
    assert quote_of(asked_again).id != first.id
    assert till.charges == {}


@pytest.mark.payment_case(11)
@pytest.mark.requirement("QUOTE-6")
async def test_an_expired_quote_is_gone_at_its_payment_url(stack: ApiStack, till: Till) -> None:
    """Case 11: with and without a payment, in its last second and after it."""
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.elapsed_seconds += 30 * 60
        shown = await client.get(quote.payment_url)
        paid = await pay(client, quote)

    assert problem_of(shown) == problem_of(paid) == (410, "payment-expired")
    assert "www-authenticate" not in paid.headers
    assert till.charges == {}
    assert till.stack_row(quote.id).attempts == 0


@pytest.mark.payment_case(11)
@pytest.mark.requirement("QUOTE-6")
async def test_an_expired_payment_is_offered_a_new_quote_where_it_was_asked_for(
    stack: ApiStack, till: Till
) -> None:
    """Case 11."""
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.elapsed_seconds += 30 * 60
        answer = await pay(client, quote, at_quotes=True)
        new = quote_of(answer, quote.body)
        paid = await pay(client, new, at_quotes=True)

    assert problem_of(answer) == (402, "payment-expired")
    assert new.id != quote.id
    assert paid.status_code == 202
    assert till.charges == {new.challenge.id: "spt_1"}


@pytest.mark.payment_case(32)
async def test_the_last_second_of_a_quote_still_pays(stack: ApiStack, till: Till) -> None:
    """Case 32: one clock decides, that of the server which keeps the row."""
    async with stack.client() as client:
        quote = await ask(client)
        stack.time.elapsed_seconds += 30 * 60 - 0.001
        paid = await pay(client, quote)

    assert paid.status_code == 202
    assert len(till.charges) == 1


@pytest.mark.payment_case(44)
async def test_looking_at_a_payment_url_changes_nothing(stack: ApiStack, till: Till) -> None:
    """Case 44: link previews come by GET and HEAD, again and again."""
    async with stack.client() as client:
        quote = await ask(client)
        before = till.stack_row(quote.id)
        answers = [
            await client.request(method, quote.payment_url) for method in ("GET", "HEAD", "GET")
        ]

    after = till.stack_row(quote.id)
    assert [problem_of(answer)[0] for answer in (answers[0], answers[2])] == [402, 402]
    assert answers[1].status_code == 402
    assert answers[1].headers["www-authenticate"].startswith("Payment ")
    assert after.updated_at == before.updated_at
    assert (after.state, after.attempts) == (PaymentState.QUOTED, 0)
    assert stack.workflows.settled == []


@pytest.mark.payment_case(10)
@pytest.mark.parametrize(
    "token",
    ["", "wrong", "fvs_claim_" + "0" * 38, "%00", "%ff%fe", "x" * 3000],
    ids=["none", "malformed", "wrong checksum", "NUL", "no UTF-8", "long"],
)
async def test_whatever_is_wrong_with_a_claim_token_is_the_same_as_an_unknown_quote(
    stack: ApiStack, till: Till, token: str
) -> None:
    """Case 10, on every route that takes one, with a payment and without."""
    async with stack.client() as client:
        quote, other = await ask(client), await ask(client)
        unknown = "quote_" + "f" * 24
        paths = [f"{QUOTES}/{{}}/pay", "/api/agent/paid-renders/{}"]
        answers = [
            await client.get(with_claim(path.format(quote_id), each), headers=headers)
            for path in paths
            for quote_id, each in (
                (unknown, quote.token),
                ("%00", quote.token),
                (quote.id, token),
                (quote.id, other.token),
            )
            for headers in ({}, quote.challenge.paid_with("spt_1"))
        ]
        answers += [
            await client.post(with_claim(f"/api/agent/paid-renders/{quote.id}/cancel", token)),
            await client.get(with_claim(f"/api/agent/paid-renders/{quote.id}/receipt", token)),
        ]

    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert till.charges == {}
    assert till.stack_row(quote.id).state is PaymentState.QUOTED


async def test_one_address_sends_so_many_payments_a_minute(stack: ApiStack, till: Till) -> None:
    """Case 38: each is some calls of Stripe's; what was sent before costs nothing."""
    stack.configure(quotes_per_minute_max=2)
    async with stack.client() as client:
        first, second = await ask(client), await ask(client)
        till.behaviour = "decline"
        await pay(client, first)
        await pay(client, second)
        again = quote_of(await client.get(first.payment_url))
        refusal = await pay(client, again, "spt_2")
        repeated = await pay(client, first)
        till.behaviour = "approve"
        stack.time.elapsed_seconds += int(refusal.headers["retry-after"])
        paid = await pay(client, again, "spt_2")

    assert (refusal.status_code, refusal.json()["code"]) == (429, "too_many_payments")
    assert "www-authenticate" not in refusal.headers
    assert till.stack_row(second.id).attempts == 1
    assert repeated.status_code == 402
    assert paid.status_code == 202
