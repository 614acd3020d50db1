"""Webhooks of the stand-in of Stripe; the signatures are checked by Stripe's own code."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stripe

from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.settings import StandinSettings
from tests.kit.stripe_standin import SETTINGS, WEBHOOK_SECRET, Seller
from tests.kit.webhook_inbox import WebhookInbox

AT_ONCE = (0.0,) * 5
"""Pauses between attempts: none."""


@pytest.fixture
def inbox() -> Iterator[WebhookInbox]:
    with WebhookInbox(WEBHOOK_SECRET) as running:
        yield running


@pytest.fixture
def settings(inbox: WebhookInbox) -> StandinSettings:
    return replace(
        SETTINGS,
        webhook_url=inbox.url,
        webhook_secret=WEBHOOK_SECRET,
        webhook_pauses_seconds=AT_ONCE,
    )


@pytest.fixture
def standin(settings: StandinSettings) -> Iterator[StripeStandin]:
    with StripeStandin(settings) as running:
        yield running


def _refunded(seller: Seller, method: str) -> None:
    seller.client.v1.refunds.create({"payment_intent": seller.bought(method).id})


def _declined(seller: Seller) -> None:
    with pytest.raises(stripe.CardError):
        seller.bought("pm_card_chargeDeclined")


def _canceled(seller: Seller) -> None:
    waiting = seller.bought("pm_card_authenticationRequired")
    seller.client.v1.payment_intents.cancel(waiting.id)


_CREATED = "payment_intent.created"
_SUCCEEDED = "payment_intent.succeeded"
_REFUNDED = [_CREATED, _SUCCEEDED, "refund.created", "charge.refunded"]


@pytest.mark.parametrize(
    ("deed", "types"),
    [
        (lambda seller: seller.bought(), [_CREATED, _SUCCEEDED]),
        (_declined, [_CREATED, "payment_intent.payment_failed"]),
        (
            _canceled,
            [_CREATED, "payment_intent.requires_action", "payment_intent.canceled"],
        ),
        (lambda seller: _refunded(seller, "pm_card_visa"), _REFUNDED),
        (lambda seller: _refunded(seller, "pm_card_pendingRefund"), [*_REFUNDED, "refund.updated"]),
        (
            lambda seller: _refunded(seller, "pm_card_refundFail"),
            [*_REFUNDED, "refund.updated", "refund.failed"],
        ),
        (
            lambda seller: seller.bought("pm_card_createDispute"),
            [_CREATED, _SUCCEEDED, "charge.dispute.created"],
        ),
        (
            lambda seller: seller.bought("pm_usBankAccount_success"),
            [_CREATED, "payment_intent.processing", _SUCCEEDED],
        ),
    ],
)
def test_what_happens_to_money_is_told_signed(
    standin: StripeStandin,
    seller: Seller,
    inbox: WebhookInbox,
    deed: Callable[[Seller], object],
    types: list[str],
) -> None:
    deed(seller)
    standin.let_turns_happen()
    assert sorted(inbox.types(len(types))) == sorted(types)
    standin.drain_webhooks()
    assert inbox.taken.empty()


def test_an_event_says_what_it_is_about_and_which_request_caused_it(
    seller: Seller, inbox: WebhookInbox
) -> None:
    paid = seller.pay(seller.mint(), quote_id="q1", key="mpp_k")
    event = next(event for event in (inbox.next(), inbox.next()) if event.type == _SUCCEEDED)
    assert (event.livemode, event.object) == (False, "event")
    assert event.request
    assert event.request.idempotency_key == "mpp_k"
    assert paid.last_response
    assert event.request.id == paid.last_response.headers["request-id"]
    assert event.data.object["id"] == paid.id
    assert event.data.object["metadata"]["quote_id"] == "q1"


def test_a_payment_that_is_replayed_is_told_once(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    token = seller.mint()
    for _ in range(2):
        seller.pay(token, key="k")
    inbox.types(2)
    standin.drain_webhooks()
    assert inbox.taken.empty()


def test_an_event_comes_again_until_it_is_taken(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    standin.hold_webhooks()
    seller.client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    inbox.statuses[:] = [500, 302, 404]
    standin.release_webhooks()
    assert len({inbox.next().id for _ in range(4)}) == 1
    standin.drain_webhooks()
    assert [delivery.status for delivery in standin.deliveries] == [500, 302, 404, 200]
    (event,) = seller.client.v1.events.list().data
    assert event.pending_webhooks == 0


def test_an_endpoint_that_never_takes_it_is_given_up_and_the_event_stays_listed(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    inbox.statuses[:] = [503] * 100
    seller.client.v1.payment_intents.create({"amount": 500, "currency": "usd"})
    standin.drain_webhooks()
    assert [delivery.status for delivery in standin.deliveries] == [503] * (len(AT_ONCE) + 1)
    (event,) = seller.client.v1.events.list().data
    assert (event.type, event.pending_webhooks) == (_CREATED, 1)


def test_an_endpoint_that_answers_slowly_holds_up_no_payment(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    inbox.gate.clear()
    assert [seller.bought().status for _ in range(3)] == ["succeeded"] * 3
    inbox.gate.set()
    inbox.types(6)
    standin.drain_webhooks()
    assert all(delivery.is_taken for delivery in standin.deliveries)


def test_held_events_come_twice_and_in_the_opposite_order_when_it_is_wished(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    standin.hold_webhooks()
    seller.bought()
    standin.drain_webhooks()
    assert inbox.taken.empty()
    standin.release_webhooks(reverse=True, times=2)
    assert inbox.types(4) == [_SUCCEEDED, _SUCCEEDED, _CREATED, _CREATED]


def test_any_event_can_be_told_at_any_time(
    standin: StripeStandin, seller: Seller, inbox: WebhookInbox
) -> None:
    standin.hold_webhooks()
    paid = seller.bought()
    told = standin.tell("payment_intent.payment_failed", paid.id)
    event = inbox.next()
    assert (event.id, event.data.object["id"]) == (told, paid.id)
    standin.tell("made.up", {"id": "x_1", "object": "nothing"})
    assert inbox.next().data.object["id"] == "x_1"
    with pytest.raises(ValueError, match="no payment"):
        standin.tell("payment_intent.succeeded", "pi_none")


def test_what_was_not_told_or_done_yet_comes_after_a_restart_with_the_same_state(
    tmp_path: Path, settings: StandinSettings, inbox: WebhookInbox
) -> None:
    kept = replace(settings, state_file=tmp_path / "stripe.db")
    nowhere = replace(kept, webhook_url="http://127.0.0.1:9/", webhook_pauses_seconds=(3600.0,))
    with StripeStandin(nowhere) as running, Seller(running.url) as seller:
        paid = seller.bought("pm_card_createDispute")
    with StripeStandin(replace(kept, later_seconds=0.0)):
        events = {event.type: event for event in (inbox.next(), inbox.next(), inbox.next())}
    assert set(events) == {_CREATED, _SUCCEEDED, "charge.dispute.created"}
    assert events["charge.dispute.created"].data.object["payment_intent"] == paid.id


def test_what_nobody_took_for_three_days_is_not_sent_any_more(
    tmp_path: Path, settings: StandinSettings, inbox: WebhookInbox
) -> None:
    now = [time.time()]
    kept = replace(settings, state_file=tmp_path / "stripe.db")
    with StripeStandin(kept, now=lambda: now[0]) as running, Seller(running.url) as seller:
        running.hold_webhooks()
        seller.bought()
    now[0] += 3 * 24 * 3600 + 1
    with StripeStandin(kept, now=lambda: now[0]) as running:
        running.drain_webhooks()
        assert inbox.taken.empty()


def test_a_signature_of_another_secret_is_not_accepted(seller: Seller, inbox: WebhookInbox) -> None:
    inbox.secret = "whsec_other"
    seller.bought()
    with pytest.raises(stripe.SignatureVerificationError):
        inbox.next()
