"""What Stripe tells reaches the run of its quote: often, late, in any order, and only if signed."""

from datetime import timedelta

import httpx2
import pytest
import structlog

from gateway.services.payment_setup import MissingSettings
from gateway.services.webhooks import WebhookTrust
from studio.contracts.payment import EventKind, PaymentEvent, PaymentState, RefundState
from studio.contracts.request import RenderRequest
from studio.payments.webhooks import BODY_BYTES_MAX
from studio.quotes.claims import record_payment
from studio.quotes.records import NewQuote
from studio.quotes.repository import insert_quote, load_quote
from tests.api.kit import BRIEF, ApiStack
from tests.api.stripe_messages import (
    SECRET,
    dispute,
    message,
    payment_intent,
    refund,
    signature,
)

WEBHOOKS = "/api/stripe/webhooks"
QUOTE = "quote_000000000000000000000001"
PAYMENT = "pi_1"
SUCCEEDED = message("payment_intent.succeeded", payment_intent(PAYMENT, quote_id=QUOTE))


@pytest.fixture
def stack(stack: ApiStack) -> ApiStack:
    """One that believes Stripe's test mode."""
    stack.configure(webhooks=WebhookTrust(secrets=(SECRET,), livemode=False))
    return stack


async def offer_quote(stack: ApiStack, *, payment_id: str | None = None) -> None:
    """A quote in the record, paid if a payment is given; nothing was told to its run yet."""
    key = stack.open_account()
    async with stack.client(key) as client:
        made = (await client.post("/api/agent/renders", json=BRIEF)).json()
    render = stack.workflows.started.pop(made["project_id"])
    now = stack.time.now()
    with stack.database.transaction() as session:
        insert_quote(
            session,
            NewQuote(
                quote_id=QUOTE,
                request=RenderRequest.model_validate(BRIEF),
                upload_urls=(),
                workflow_input=render,
                currency="usd",
                body_digest="sha-256=x",
                fingerprint="f" * 64,
                claim_hash="c" * 64,
                idempotency_hash=None,
                expires_at=now + timedelta(minutes=30),
            ),
            now=now,
        )
        if payment_id is not None:
            record_payment(session, QUOTE, payment_id=payment_id, challenge_id=None, now=now)


async def tell(stack: ApiStack, body: bytes, *, sign: str | None = None) -> httpx2.Response:
    """Send a message, signed now unless it is said how; `""` sends no signature."""
    given = signature(body, at=stack.time.now().timestamp()) if sign is None else sign
    headers = [(b"Content-Type", b"application/json; charset=utf-8")]
    if given:
        headers.append((b"Stripe-Signature", given.encode("latin-1")))
    async with stack.client() as client:
        return await client.post(WEBHOOKS, content=body, headers=headers)


def told(stack: ApiStack) -> list[PaymentEvent | None]:
    """The events that runs were told, in order."""
    return [event for _, event in stack.workflows.settled]


def counted(stack: ApiStack, outcome: str) -> float | None:
    registry = stack.dependencies.metrics.registry
    return registry.get_sample_value("fvs_stripe_webhooks_total", {"outcome": outcome})


async def test_a_payment_is_told_to_its_quotes_run_which_is_started_for_it(
    stack: ApiStack,
) -> None:
    await offer_quote(stack)

    answer = await tell(stack, SUCCEEDED)

    [(payment, event)] = stack.workflows.settled
    with stack.database.reading() as session:
        row = load_quote(session, QUOTE)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert event == PaymentEvent(
        kind=EventKind.PAYMENT_SUCCEEDED,
        payment_id=PAYMENT,
        challenge_id="challenge-1",
        amount_cents=120,
        currency="usd",
    )
    assert (payment.quote_id, payment.project_id) == (QUOTE, row.project_id)
    assert payment.charges_digest == payment.render.plan.charges.digest == row.charges_digest
    assert (payment.amount_cents, payment.currency) == (row.amount_cents, "usd")
    assert payment.expires_at == row.expires_at
    assert row.state is PaymentState.QUOTED  # the gateway decides nothing
    assert counted(stack, "forwarded") == 1


@pytest.mark.payment_case(23)
async def test_a_message_that_comes_twice_is_forwarded_twice_and_says_the_same(
    stack: ApiStack,
) -> None:
    await offer_quote(stack)

    answers = [await tell(stack, SUCCEEDED) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {200}
    assert stack.workflows.settled[0] == stack.workflows.settled[1]


@pytest.mark.payment_case(23)
async def test_messages_are_forwarded_in_any_order(stack: ApiStack) -> None:
    await offer_quote(stack, payment_id=PAYMENT)

    late = message("refund.updated", refund("re_1", PAYMENT, status="succeeded"))
    early = message("refund.created", refund("re_1", PAYMENT, status="pending"))
    for body in (late, early, SUCCEEDED):
        assert (await tell(stack, body)).status_code == 200

    assert [event.kind for event in told(stack) if event] == [
        EventKind.REFUND_CHANGED,
        EventKind.REFUND_CHANGED,
        EventKind.PAYMENT_SUCCEEDED,
    ]


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("refund.updated", "succeeded", RefundState.SUCCEEDED),
        ("refund.failed", "failed", RefundState.FAILED),
        ("charge.refund.updated", "canceled", RefundState.CANCELED),
    ],
)
async def test_a_refund_finds_its_quote_by_the_payment(
    stack: ApiStack, kind: str, status: str, state: RefundState
) -> None:
    await offer_quote(stack, payment_id=PAYMENT)

    await tell(stack, message(kind, refund("re_1", PAYMENT, status=status)))

    [(payment, event)] = stack.workflows.settled
    assert payment.quote_id == QUOTE
    assert event is not None
    assert (event.refund_id, event.refund_state) == ("re_1", state)


async def test_a_dispute_finds_its_quote_by_the_payment(stack: ApiStack) -> None:
    await offer_quote(stack, payment_id=PAYMENT)

    await tell(stack, message("charge.dispute.created", dispute(PAYMENT)))

    assert told(stack) == [PaymentEvent(kind=EventKind.DISPUTED, payment_id=PAYMENT)]


async def test_a_payment_that_failed_is_told_too(stack: ApiStack) -> None:
    await offer_quote(stack)
    failed = payment_intent(PAYMENT, quote_id=QUOTE, status="requires_payment_method")

    await tell(stack, message("payment_intent.payment_failed", failed))

    assert [event.kind for event in told(stack) if event] == [EventKind.PAYMENT_FAILED]


@pytest.mark.payment_case(23)
@pytest.mark.parametrize(
    "sign",
    ["", "nonsense", "t=1", "v1=00", "t=,v1=", "t=x,v1=00", f"t={'9' * 5000},v1=00", "é"],
)
async def test_what_is_not_signed_is_refused_and_nothing_is_done(
    stack: ApiStack, sign: str
) -> None:
    await offer_quote(stack)

    answer = await tell(stack, SUCCEEDED, sign=sign)

    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_refused")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert stack.workflows.settled == []
    assert counted(stack, "refused") == 1


@pytest.mark.payment_case(23)
async def test_another_secret_and_another_body_are_refused(stack: ApiStack) -> None:
    await offer_quote(stack)
    now = stack.time.now().timestamp()
    genuine = signature(SUCCEEDED, at=now)
    dearer = SUCCEEDED.replace(b"120", b"999")

    answers = [
        await tell(stack, SUCCEEDED, sign=signature(SUCCEEDED, at=now, secret="whsec_other")),
        await tell(stack, dearer, sign=genuine),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert stack.workflows.settled == []


@pytest.mark.payment_case(23, 32)
@pytest.mark.parametrize("off_seconds", [-301, 301])
async def test_an_old_signature_is_refused_like_one_of_the_future(
    stack: ApiStack, off_seconds: int
) -> None:
    await offer_quote(stack)
    at = stack.time.now().timestamp() + off_seconds

    answer = await tell(stack, SUCCEEDED, sign=signature(SUCCEEDED, at=at))

    assert answer.status_code == 400
    assert stack.workflows.settled == []


async def test_while_a_secret_is_rotated_both_are_believed(stack: ApiStack) -> None:
    await offer_quote(stack)
    stack.configure(webhooks=WebhookTrust(secrets=("whsec_new", SECRET), livemode=False))

    assert (await tell(stack, SUCCEEDED)).status_code == 200
    assert len(stack.workflows.settled) == 1


async def test_the_json_is_not_looked_at_before_the_signature(stack: ApiStack) -> None:
    answer = await tell(stack, b"[" * 100_000, sign="t=1,v1=00")

    assert answer.status_code == 400
    assert "signature" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"no json", b"[]", b"\xff"])
async def test_what_is_signed_but_is_no_message_is_refused(stack: ApiStack, body: bytes) -> None:
    assert (await tell(stack, body)).status_code == 400


async def test_a_body_above_the_limit_is_not_read(stack: ApiStack) -> None:
    answer = await tell(stack, b" " * (BODY_BYTES_MAX + 1))

    assert answer.status_code == 413
    assert stack.workflows.settled == []


@pytest.mark.payment_case(23)
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (message("customer.created", {"id": "cus_1", "object": "customer"}), "ignored"),
        (message("refund.updated", {"id": "re_1"}), "ignored"),
        (
            message("payment_intent.succeeded", payment_intent("pi_2", quote_id=None)),
            "unknown_payment",
        ),
        (
            message("payment_intent.succeeded", payment_intent("pi_2", quote_id="quote_none")),
            "unknown_payment",
        ),
        (message("charge.dispute.created", dispute("pi_2")), "unknown_payment"),
        (
            message(
                "payment_intent.succeeded", payment_intent(PAYMENT, quote_id=QUOTE), livemode=True
            ),
            "other_mode",
        ),
    ],
)
async def test_what_does_not_concern_us_is_taken_and_dropped(
    stack: ApiStack, body: bytes, outcome: str
) -> None:
    await offer_quote(stack, payment_id=PAYMENT)

    answer = await tell(stack, body)

    assert answer.status_code == 200
    assert stack.workflows.settled == []
    assert counted(stack, outcome) == 1


@pytest.mark.payment_case(23)
async def test_a_live_gateway_does_not_believe_test_mode(stack: ApiStack) -> None:
    await offer_quote(stack)
    stack.configure(webhooks=WebhookTrust(secrets=(SECRET,), livemode=True))
    live = message(
        "payment_intent.succeeded", payment_intent(PAYMENT, quote_id=QUOTE), livemode=True
    )

    for body in (SUCCEEDED, live):
        assert (await tell(stack, body)).status_code == 200

    assert len(stack.workflows.settled) == 1


async def test_while_temporal_is_away_stripe_is_asked_to_send_it_again(stack: ApiStack) -> None:
    await offer_quote(stack)
    stack.workflows.away = True
    refused = await tell(stack, SUCCEEDED)
    stack.workflows.away = False
    taken = await tell(stack, SUCCEEDED)

    assert (refused.status_code, refused.json()["code"]) == (503, "workflows_unavailable")
    assert "Retry-After" in refused.headers
    assert taken.status_code == 200
    assert [event.kind for event in told(stack) if event] == [EventKind.PAYMENT_SUCCEEDED]
    assert (counted(stack, "failed"), counted(stack, "forwarded")) == (1, 1)


async def test_while_the_database_is_away_stripe_is_asked_to_send_it_again(
    stack: ApiStack,
) -> None:
    await offer_quote(stack)
    with stack.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE quote RENAME TO quote_away")

    answer = await tell(stack, SUCCEEDED)

    assert answer.status_code == 503
    assert stack.workflows.settled == []


async def test_without_its_settings_the_route_says_which_are_missing(stack: ApiStack) -> None:
    stack.configure(webhooks=MissingSettings(("STRIPE_WEBHOOK_SECRET",)))

    answer = await tell(stack, SUCCEEDED)

    assert (answer.status_code, answer.json()["code"]) == (503, "payments_not_configured")
    assert "STRIPE_WEBHOOK_SECRET" in answer.json()["detail"]


async def test_the_log_names_the_event_and_the_quote_and_nothing_of_the_message(
    stack: ApiStack,
) -> None:
    await offer_quote(stack)
    marked = {**payment_intent(PAYMENT, quote_id=QUOTE), "description": "hush"}
    with structlog.testing.capture_logs() as lines:
        await tell(stack, message("payment_intent.succeeded", marked))

    [line] = [line for line in lines if line["event"] == "webhook forwarded"]
    assert (line["event_id"], line["quote_id"]) == ("evt_1", QUOTE)
    assert "hush" not in str(lines)
    assert "v1=" not in str(lines)
