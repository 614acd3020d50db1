"""The adapter of Stripe Checkout against the stand-in, over the wire."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from studio.contracts.purchase import (
    CheckoutUnavailable,
    FoundPurchase,
    PurchaseOrder,
    PurchaseRefund,
    PurchaseStanding,
    PurchaseState,
)
from studio.payments.checkout import StripeCheckout
from studio.payments.errors import (
    CheckoutRefused,
    PaymentError,
    ProcessorMisconfigured,
    RefundRefused,
)
from studio.payments.stripe import API_VERSION
from studio.topups.ports import Checkout
from tests.kit.stripe_standin import KEY, SETTINGS, STANDIN_NOW, Seller, StandinClock

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

QUICK_SECONDS = 1.5
"""How long these tests wait for an answer that will not come."""
CENTS = 2000
ORDER = PurchaseOrder(
    top_up_id="topup_1",
    credits=CENTS,
    amount_cents=CENTS,
    currency="usd",
    success_url="https://shop.example/wallet?session_id={CHECKOUT_SESSION_ID}",
    cancel_url="https://shop.example/wallet",
    expires_at=datetime.fromtimestamp(STANDIN_NOW, UTC) + timedelta(hours=2),
)
LOST = (
    Fault.RESET_BEFORE,
    Fault.UNAVAILABLE_BEFORE,
    Fault.BUSY,
    Fault.HANG_BEFORE,
    Fault.MALFORMED_REPLY,
    Fault.CUT_REPLY,
)


@dataclass
class Counter:
    """`checkout` is held to the port."""

    stripe: StripeStandin
    checkout: Checkout

    async def open(self) -> str:
        return (await self.checkout.create(ORDER)).session_id

    async def bought(self, method: str = "pm_card_visa") -> PurchaseStanding:
        session_id = await self.open()
        self.stripe.pay(session_id, method)
        return await self.checkout.read(session_id)

    def refund(self, found: PurchaseStanding, cents: int, key: str = "key") -> PurchaseRefund:
        return PurchaseRefund(found.top_up_id, found.payment_id or "", cents, key)


@pytest.fixture
def stripe(clock: StandinClock) -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS, now=clock) as standin:
        yield standin


@pytest.fixture
async def counter(stripe: StripeStandin) -> AsyncIterator[Counter]:
    checkout = StripeCheckout.connect(KEY, base_url=stripe.url, answer_seconds_max=QUICK_SECONDS)
    yield Counter(stripe, checkout)
    await checkout.close()


async def test_an_order_sent_twice_is_one_page(counter: Counter) -> None:
    first, again = [await counter.checkout.create(ORDER) for _ in range(2)]
    assert first == again
    assert first.url == f"{counter.stripe.url}/c/pay/{first.session_id}"
    [session] = counter.stripe.books.sessions()
    assert (session.amount, session.currency, session.items[0].name) == (
        CENTS,
        "usd",
        "2,000 credits",
    )
    assert (session.client_reference_id, session.expires_at) == ("topup_1", STANDIN_NOW + 7200)
    assert session.metadata == session.payment_metadata == {"top_up_id": "topup_1"}
    assert not session.has_adaptive_pricing
    [sent, _] = counter.stripe.books.requests("sessions.create")
    assert (sent.idempotency_key, sent.version) == ("topup_1", API_VERSION)


async def test_the_same_order_with_other_details_is_refused(counter: Counter) -> None:
    await counter.open()
    with pytest.raises(CheckoutRefused, match="other details"):
        await counter.checkout.create(replace(ORDER, cancel_url="https://other.example/"))


@pytest.mark.parametrize("fault", LOST)
async def test_an_answer_that_was_lost_may_be_asked_for_again(
    counter: Counter, fault: Fault
) -> None:
    counter.stripe.faults.add("sessions.create", fault)
    with pytest.raises(CheckoutUnavailable):
        await counter.open()
    session_id = await counter.open()
    assert [session.id for session in counter.stripe.books.sessions()] == [session_id]


@pytest.mark.parametrize("call", ["sessions.get", "refunds.list", "disputes.list"])
@pytest.mark.parametrize("fault", LOST)
async def test_a_standing_is_told_whole_or_not_at_all(
    counter: Counter, call: str, fault: Fault
) -> None:
    session_id = await counter.open()
    counter.stripe.pay(session_id)
    counter.stripe.faults.add(call, fault)
    with pytest.raises(CheckoutUnavailable):
        await counter.checkout.read(session_id)
    assert (await counter.checkout.read(session_id)).state is PurchaseState.PAID


async def test_a_purchase_is_open_until_it_is_paid(counter: Counter) -> None:
    page = await counter.checkout.create(ORDER)
    waiting = await counter.checkout.read(page.session_id)
    assert waiting == PurchaseStanding(
        session_id=page.session_id, top_up_id="topup_1", state=PurchaseState.OPEN, url=page.url
    )
    assert counter.stripe.pay(page.session_id, "pm_card_chargeDeclined")
    declined = await counter.checkout.read(page.session_id)
    assert (declined.state, declined.received_cents) == (PurchaseState.OPEN, 0)
    counter.stripe.pay(page.session_id)
    paid = await counter.checkout.read(page.session_id)
    assert (paid.state, paid.received_cents, paid.currency, paid.url) == (
        PurchaseState.PAID,
        CENTS,
        "usd",
        None,
    )
    assert paid.payment_id is not None
    assert await counter.checkout.find(paid.payment_id) == FoundPurchase(page.session_id, "topup_1")


@pytest.mark.parametrize(
    ("method", "state"),
    [
        ("pm_usBankAccount_success", PurchaseState.PAID),
        ("pm_usBankAccount_accountClosed", PurchaseState.FAILED),
    ],
)
async def test_a_delayed_payment_is_under_way_until_it_arrives_or_comes_back(
    counter: Counter, method: str, state: PurchaseState
) -> None:
    waiting = await counter.bought(method)
    assert (waiting.state, waiting.received_cents) == (PurchaseState.PROCESSING, 0)
    counter.stripe.let_turns_happen()
    assert (await counter.checkout.read(waiting.session_id)).state is state


async def test_a_page_ends_at_its_time(counter: Counter, clock: StandinClock) -> None:
    session_id = await counter.open()
    clock.seconds += 7200
    counter.stripe.let_turns_happen()
    found = await counter.checkout.read(session_id)
    assert (found.state, found.url) == (PurchaseState.EXPIRED, None)


async def test_refunds_are_counted_but_for_those_that_came_back(counter: Counter) -> None:
    paid = await counter.bought("pm_card_refundFail")
    await counter.checkout.refund(counter.refund(paid, 500, "a"))
    found = await counter.checkout.read(paid.session_id)
    assert (found.refunded_cents, found.refunds_made) == (500, 1)
    counter.stripe.let_turns_happen()
    found = await counter.checkout.read(paid.session_id)
    assert (found.refunded_cents, found.refunds_made, found.state) == (0, 1, PurchaseState.PAID)


async def test_a_refund_sent_twice_is_one_and_more_than_there_is_is_refused(
    counter: Counter,
) -> None:
    paid = await counter.bought()
    for _ in range(2):
        await counter.checkout.refund(counter.refund(paid, 500))
    assert (await counter.checkout.read(paid.session_id)).refunded_cents == 500
    with pytest.raises(RefundRefused):
        await counter.checkout.refund(counter.refund(paid, CENTS, "another"))


@pytest.mark.parametrize(
    ("evidence", "cents"), [("winning_evidence", 0), ("losing_evidence", CENTS)]
)
async def test_a_dispute_counts_until_it_is_won(
    counter: Counter, evidence: str, cents: int
) -> None:
    paid = await counter.bought()
    counter.stripe.dispute(paid.payment_id or "")
    assert (await counter.checkout.read(paid.session_id)).disputed_cents == CENTS
    [dispute] = counter.stripe.books.disputes()
    with Seller(counter.stripe.url) as seller:
        seller.client.v1.disputes.update(
            dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
        )
    assert (await counter.checkout.read(paid.session_id)).disputed_cents == cents


async def test_what_is_not_ours_is_found_as_nothing(counter: Counter) -> None:
    with Seller(counter.stripe.url) as seller:
        assert await counter.checkout.find(seller.bought().id) is None
    with pytest.raises(CheckoutRefused, match="resource_missing"):
        await counter.checkout.read("cs_test_none")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_told_as_such(counter: Counter, status: int) -> None:
    counter.stripe.faults.add("sessions.create", Fault.DENIED, status=status)
    with pytest.raises(PaymentError) as caught:
        await counter.open()
    assert isinstance(caught.value, ProcessorMisconfigured)
