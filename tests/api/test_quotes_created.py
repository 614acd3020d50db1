"""Asking for a quote: what is offered, what it is bound to, and that nothing else happens."""

from typing import Any

import httpx2
import pytest

from gateway.limits import QUOTE_BYTES_A_TOKEN
from gateway.services.payment_setup import MissingSettings
from studio.contracts.workflow_io import RenderInput
from tests.api.kit import KEY_HEADER, ApiStack
from tests.api.quote_kit import (
    BODY,
    NETWORK_ID,
    PAID,
    PRICE_CENTS,
    PROBLEMS,
    QUOTES,
    REALM,
    Challenge,
    Till,
    ask,
    post_quote,
    quote_of,
    raw,
    reprice,
)

ANOTHER_BODY = {"request": {**BODY["request"], "name": "Another"}}


pytestmark = pytest.mark.usefixtures("till")


def brief(**fields: object) -> dict[str, Any]:
    return {"request": {**BODY["request"], **fields}}


async def refused(client: httpx2.AsyncClient, body: object) -> dict[str, Any]:
    answer = await client.post(QUOTES, json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" not in answer.headers
    return dict(answer.json())


@pytest.mark.requirement("QUOTE-1")
@pytest.mark.requirement("QUOTE-3")
async def test_a_quote_is_offered_with_every_field_of_the_reference(stack: ApiStack) -> None:
    async with stack.client() as client:
        answer = await post_quote(client, raw(BODY))

    document = answer.json()
    quote_id, token = document["quote_id"], document["claim_token"]
    base = "http://gateway.test/api/agent"
    assert answer.status_code == 402
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "payment-receipt" not in answer.headers
    assert {name: document[name] for name in document if name not in {"lines", "warnings"}} == {
        "type": PROBLEMS + "payment-required",
        "title": "Payment Required",
        "status": 402,
        "detail": (
            "This render costs $1.20: pay the challenge of WWW-Authenticate at payment_url, then "
            "poll status_url."
        ),
        "code": "payment_required",
        "request_id": answer.headers["x-request-id"],
        "payment_method": "stripe_mpp",
        "quote_id": quote_id,
        "amount_cents": PRICE_CENTS,
        "currency": "usd",
        "credits_quoted": PRICE_CENTS,
        "payment_url": f"{base}/render-quotes/{quote_id}/pay?claim_token={token}",
        "status_url": f"{base}/paid-renders/{quote_id}?claim_token={token}",
        "cancel_url": f"{base}/paid-renders/{quote_id}/cancel?claim_token={token}",
        "claim_token": token,
        "expires_at": "2026-11-02T10:00:00Z",
        "challengeId": Challenge.of(answer).id,
    }
    assert quote_id.startswith("quote_")
    assert len(quote_id) == len("quote_") + 24
    assert sum(line["credits"] for line in document["lines"]) == PRICE_CENTS
    assert any("not configured" in warning for warning in document["warnings"])


@pytest.mark.requirement("QUOTE-2")
async def test_the_challenge_asks_for_the_price_of_this_quote_for_this_seller(
    stack: ApiStack, till: Till
) -> None:
    """Case 30: the currency is in small letters everywhere."""
    async with stack.client() as client:
        quote = await ask(client)

    parameters = quote.challenge.parameters
    assert {name: parameters[name] for name in ("realm", "method", "intent", "expires")} == {
        "realm": REALM,
        "method": "stripe",
        "intent": "charge",
        "expires": "2026-11-02T10:00:00Z",
    }
    request = quote.challenge.request
    assert request["amount"] == "120"
    assert request["currency"] == "usd" == quote.document["currency"]
    assert request["methodDetails"]["networkId"] == NETWORK_ID
    assert request["methodDetails"]["metadata"] == {
        "quote_id": quote.id,
        "charges_digest": till.stack_row(quote.id).charges_digest,
    }


@pytest.mark.payment_case(37)
async def test_the_whole_render_is_frozen_in_the_quote_and_nothing_else_happens(
    stack: ApiStack, till: Till
) -> None:
    """Cases 36 and 37, the gateway's half: nothing is fetched, held or started."""
    upload = {"url": "https://files.example/reference.jpg", "filename": "reference.jpg"}
    async with stack.client() as client:
        quote = await ask(client, {**BODY, "upload_urls": [upload, "https://files.example/b.png"]})

    row = till.stack_row(quote.id)
    render = RenderInput.model_validate(row.workflow_input)
    assert (render.account_id, render.fetch_count, render.asset_count) == (quote.id, 2, 2)
    assert render.project_id == row.project_id
    assert render.plan.charges.total_credits == row.amount_cents == PRICE_CENTS
    assert render.plan.charges.digest == row.charges_digest
    assert row.request["video_model"] == "veo-3.1-fast-generate-001"
    assert [each["url"] for each in row.upload_urls] == [
        "https://files.example/reference.jpg",
        "https://files.example/b.png",
    ]
    assert row.claim_hash not in quote.token
    assert (row.sealed_token, row.challenge_id, row.attempts) == (None, None, 0)
    assert stack.workflows.started == {}
    assert stack.workflows.settled == []
    assert stack.stored_files() == []


@pytest.mark.requirement("BILL-5")
@pytest.mark.parametrize(
    "request_",
    [
        BODY["request"],
        {
            "name": "Reference",
            "screenplay": "Shot 1: A. Shot 2: B. Shot 3: C.",
            "shot_count": 3,
            "scene_target_duration_seconds": 24,
            "stage_voice_briefs_enabled": False,
        },
    ],
    ids=["120 credits", "474 credits"],
)
async def test_a_quote_costs_what_the_same_render_costs_an_account(
    stack: ApiStack, request_: dict[str, Any]
) -> None:
    async with stack.client() as client:
        quote = await ask(client, {"request": request_})
        estimate = (await client.post("/api/agent/renders/estimate", json=request_)).json()

    assert quote.document["credits_quoted"] == estimate["total_credits"]
    assert quote.document["lines"] == [
        {name: value for name, value in line.items() if value is not None}
        for line in estimate["lines"]
    ]
    metadata = quote.challenge.request["methodDetails"]["metadata"]
    assert metadata["charges_digest"] == estimate["digest"]


@pytest.mark.payment_case(36)
async def test_a_key_changes_nothing_about_a_quote(stack: ApiStack, till: Till) -> None:
    """Case 36: no key opens a way around paying, and another account's key is no business here."""
    key = stack.open_account(credits_=1000)
    async with stack.client() as client:
        known = quote_of(await post_quote(client, raw(BODY), {KEY_HEADER: key}))
        unknown = quote_of(await post_quote(client, raw(BODY), {KEY_HEADER: "fvs_live_wrong"}))
        render = await client.get(
            f"/api/agent/renders/{till.stack_row(known.id).project_id}", headers={KEY_HEADER: key}
        )

    assert known.document["amount_cents"] == unknown.document["amount_cents"] == PRICE_CENTS
    assert render.status_code == 404
    assert stack.available() == 1000
    assert stack.workflows.started == {}


async def test_a_request_is_validated_before_it_is_priced(stack: ApiStack) -> None:
    async with stack.client() as client:
        misspelt = await refused(client, brief(shot_cuont=2))
        bare = await refused(client, BODY["request"])
        infeasible = await refused(client, brief(shot_count=3, scene_target_duration_seconds=60))
        unnamed = await refused(client, brief(assets=[{"filename": "a.png"}]))
        insecure = await refused(client, {**BODY, "upload_urls": ["http://files.example/a.png"]})
        broken = await client.post(
            QUOTES, content=b"{", headers={"Content-Type": "application/json"}
        )

    assert [each["pointer"] for each in misspelt["errors"]] == ["/request/shot_cuont"]
    assert "under" in bare["detail"]
    assert {each["pointer"] for each in infeasible["errors"]} == {
        "/request/shot_count",
        "/request/scene_target_duration_seconds",
    }
    assert unnamed["errors"][0]["pointer"].startswith("/request/assets")
    assert insecure["errors"][0]["pointer"].startswith("/upload_urls/0")
    assert broken.status_code == 422


async def test_a_wait_is_ignored_with_a_warning(stack: ApiStack) -> None:
    async with stack.client() as client:
        quote = await ask(client, brief(wait_for_completion_seconds=600))

    assert stack.time.elapsed_seconds == 0
    assert any("wait_for_completion_seconds" in each for each in quote.document["warnings"])


@pytest.mark.payment_case(29)
async def test_a_price_below_the_least_a_card_can_pay_is_filled_up(stack: ApiStack) -> None:
    """Case 29, below: the minimum is a line of its own, so that the sum is the price."""
    known = stack.dependencies.pricing.catalogue.prices
    video = {
        row: price.model_copy(update={"with_sound": dict.fromkeys(price.with_sound, 1)})
        for row, price in known.video_per_second.items()
    }
    reprice(
        stack, project=0, production=0, critic_per_shot=0, voice_briefs=0, video_per_second=video
    )
    async with stack.client() as client:
        quote = await ask(client)

    lines = quote.document["lines"]
    assert quote.document["amount_cents"] == 50
    assert quote.challenge.request["amount"] == "50"
    assert lines[-1]["label"] == "Minimum charge"
    assert sum(line["credits"] for line in lines) == 50


@pytest.mark.payment_case(29)
async def test_a_price_above_the_most_a_payment_can_be_is_refused_with_the_price(
    stack: ApiStack,
) -> None:
    """Case 29, above."""
    dear = brief(
        video_model="veo-3.1-generate-001",
        video_resolution="4k",
        shot_count=64,
        scene_target_duration_seconds=512,
    )
    reprice(stack, project=12_000)
    async with stack.client() as client:
        problem = await refused(client, dear)

    assert problem["code"] == "quote_too_dear"
    assert "$500.00" in problem["detail"]
    assert "This render costs $" in problem["detail"]


@pytest.mark.payment_case(28)
async def test_the_quoted_price_stands_whatever_prices_become(stack: ApiStack) -> None:
    """Case 28."""
    async with stack.client() as client:
        quote = await ask(client)
    reprice(stack, project=5000)
    async with stack.client() as client:
        again = quote_of(await client.get(quote.payment_url))
        paid = await post_quote(client, quote.body, quote.challenge.paid_with("spt_1"))

    assert again.document["amount_cents"] == PRICE_CENTS
    assert again.document["lines"] == quote.document["lines"]
    assert paid.status_code == 202
    assert paid.json()["amount_cents"] == PRICE_CENTS


@pytest.mark.payment_case(45)
async def test_the_same_key_and_body_give_the_same_quote_with_a_new_challenge(
    stack: ApiStack, till: Till
) -> None:
    """Case 45."""
    key = {"Idempotency-Key": "once"}
    async with stack.client() as client:
        first = quote_of(await post_quote(client, raw(BODY), key))
        replay = await post_quote(client, raw(BODY), key)
        other_body = await post_quote(client, raw(ANOTHER_BODY), key)
        other_key = quote_of(await post_quote(client, raw(BODY), {"Idempotency-Key": "twice"}))
        wrong_key = await post_quote(client, raw(BODY), {"Idempotency-Key": "a b"})

    again = quote_of(replay)
    assert replay.headers["idempotent-replayed"] == "true"
    assert (again.id, again.token) == (first.id, first.token)
    assert again.challenge.id != first.challenge.id
    assert (other_body.status_code, other_body.json()["code"]) == (409, "idempotency_key_reused")
    assert other_key.id != first.id
    assert wrong_key.status_code == 422
    assert "once" not in (till.stack_row(first.id).idempotency_hash or "")


@pytest.mark.payment_case(45)
async def test_a_key_is_the_callers_own_by_address(stack: ApiStack) -> None:
    """Case 45: two callers may use the same key, and neither is told of the other's quote."""
    key = {"Idempotency-Key": "1"}
    async with stack.client() as client:
        here = quote_of(await post_quote(client, raw(BODY), key))
    async with stack.client(address="198.51.100.7") as client:
        there = quote_of(await post_quote(client, raw(BODY), key))

    assert there.id != here.id


@pytest.mark.payment_case(45)
async def test_a_key_whose_quote_is_over_is_good_for_a_new_one(stack: ApiStack) -> None:
    key = {"Idempotency-Key": "once"}
    async with stack.client() as client:
        first = quote_of(await post_quote(client, raw(BODY), key))
        stack.time.elapsed_seconds += 30 * 60
        second = quote_of(await post_quote(client, raw(ANOTHER_BODY), key))
        third = quote_of(await post_quote(client, raw(ANOTHER_BODY), key))

    assert second.id != first.id
    assert third.id == second.id


@pytest.mark.payment_case(45)
async def test_a_replayed_quote_that_is_paid_is_answered_as_paid(stack: ApiStack) -> None:
    key = {"Idempotency-Key": "once"}
    async with stack.client() as client:
        quote = quote_of(await post_quote(client, raw(BODY), key))
        await client.post(quote.payment_url, headers=quote.challenge.paid_with("spt_1"))
        replay = await post_quote(client, raw(BODY), key)

    assert replay.status_code == 200
    assert "payment-receipt" in replay.headers
    assert replay.json()["quote_id"] == quote.id


@pytest.mark.payment_case(38)
async def test_one_address_has_so_many_quotes_a_minute(stack: ApiStack) -> None:
    """Case 38, the gateway's half; what was asked for before costs nothing."""
    stack.configure(quotes_per_minute_max=2)
    key = {"Idempotency-Key": "once"}
    async with stack.client() as client:
        await post_quote(client, raw(BODY), key)
        await ask(client)
        refusal = await post_quote(client, raw(BODY))
        replay = await post_quote(client, raw(BODY), key)
        stack.time.elapsed_seconds += int(refusal.headers["retry-after"])
        await ask(client)

    assert (refusal.status_code, refusal.json()["code"]) == (429, "too_many_quotes")
    assert replay.status_code == 402


@pytest.mark.parametrize("path", [QUOTES, f"{QUOTES}/quote_1/pay"])
async def test_a_server_without_its_settings_says_which_are_missing(
    stack: ApiStack, path: str
) -> None:
    stack.configure(payments=MissingSettings(("STRIPE_SECRET_KEY", "FVS_MPP_SECRET")))
    key = stack.open_account()
    async with stack.client() as client:
        answer = await client.post(path, json=BODY)
        renders = await client.get("/api/agent/renders", headers={KEY_HEADER: key})

    assert (answer.status_code, answer.json()["code"]) == (503, "payments_not_configured")
    assert "STRIPE_SECRET_KEY, FVS_MPP_SECRET are not set" in answer.json()["detail"]
    assert "retry-after" in answer.headers
    assert renders.status_code == 200


@pytest.mark.payment_case(39)
async def test_links_lead_where_the_caller_came_from_and_nothing_is_redirected(
    stack: ApiStack,
) -> None:
    """Case 39: a proxy's https is in the payment URL, which answers by itself."""
    stack.configure(public_base_url="https://studio.example")
    async with stack.client() as client:
        quote = await ask(client)
        answers = [
            await client.get(f"{QUOTES}/{quote.id}/pay?claim_token={quote.token}"),
            await client.get(f"{QUOTES}/{quote.id}/pay/?claim_token={quote.token}"),
            await client.get(f"{PAID}/{quote.id}/?claim_token={quote.token}"),
        ]

    assert quote.payment_url.startswith("https://studio.example/api/agent/render-quotes/")
    assert [answer.status_code for answer in answers] == [402, 404, 404]


async def test_a_large_quote_counts_as_several_and_is_made_nonetheless(stack: ApiStack) -> None:
    """It is kept whole, so that it is not only their number that fills a disk."""
    stack.configure(quotes_per_minute_max=3)
    large = raw({"request": {**BODY["request"], "instructions": "a" * (2 * QUOTE_BYTES_A_TOKEN)}})
    async with stack.client() as client:
        await ask(client)
        refusal = await post_quote(client, large)
        stack.time.elapsed_seconds += int(refusal.headers["retry-after"])
        made = await post_quote(client, large)

    assert (refusal.status_code, made.status_code) == (429, 402)
