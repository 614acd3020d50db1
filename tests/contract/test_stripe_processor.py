"""The payment processor's adapter against the stand-in of Stripe, over the wire.

What is proved on the stand-in's books: however often an order is sent and whatever breaks on its
way, it is charged once; and what surely was not charged is told from what may have been.
"""

import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.records import Intent
from runtime.stripe_standin.server import StripeStandin
from runtime.stripe_standin.store import Store
from studio.contracts.payment import RefundState
from studio.payments.errors import (
    PaymentActionRequired,
    PaymentDeclined,
    PaymentUnknown,
    ProcessorMisconfigured,
    RefundRefused,
)
from studio.payments.ports import ChargeOrder, Payment, RefundOrder
from studio.payments.stripe import (
    API_VERSION,
    PAGE_LENGTH,
    PAGES_MAX,
    SEARCH_DELAY_SECONDS,
    StripeProcessor,
    TokenPlace,
    open_stripe,
)
from tests.kit.stripe_standin import KEY, SETTINGS, Seller, new_quote

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

CENTS = 120
QUICK_SECONDS = 0.5
"""How long these tests wait for an answer that will not come."""

LOST_BEFORE = (Fault.UNAVAILABLE_BEFORE, Fault.RESET_BEFORE, Fault.CLOSED_BEFORE)
LOST_AFTER = (
    Fault.UNAVAILABLE_AFTER,
    Fault.RESET_AFTER,
    Fault.CLOSED_AFTER,
    Fault.CUT_REPLY,
    Fault.MALFORMED_REPLY,
)


@dataclass
class Till:
    """A stand-in, who mints tokens at it, and the adapter."""

    stripe: StripeStandin
    seller: Seller
    processor: StripeProcessor
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    def order(self, method: str = "pm_card_visa", *, max_amount: int = CENTS) -> ChargeOrder:
        return ChargeOrder(
            quote_id=new_quote(),
            challenge_id="challenge-1",
            amount_cents=CENTS,
            currency="usd",
            charges_digest="d" * 64,
            token=self.seller.mint(method, max_amount),
        )

    async def paid(self, method: str = "pm_card_visa") -> tuple[ChargeOrder, Payment]:
        order = self.order(method)
        return order, await self.processor.charge(order)

    async def find(self, quote_id: str, challenge_id: str) -> Payment | None:
        """Of a claim that was made when the stand-in was."""
        return await self.processor.find(quote_id, challenge_id, since=self.since)

    def charged(self, order: ChargeOrder) -> int:
        return self.stripe.books.balance(order.quote_id).charged


@pytest.fixture
def stripe() -> Iterator[StripeStandin]:
    with StripeStandin(SETTINGS) as standin:
        yield standin


@pytest.fixture
async def till(stripe: StripeStandin) -> AsyncIterator[Till]:
    with Seller(stripe.url) as seller:
        async with open_stripe(
            KEY, base_url=stripe.url, answer_seconds_max=QUICK_SECONDS
        ) as processor:
            yield Till(stripe, seller, processor)


def _refund(payment: Payment, order: ChargeOrder, cents: int = CENTS, key: str = "") -> RefundOrder:
    return RefundOrder(
        quote_id=order.quote_id,
        payment_id=payment.payment_id,
        amount_cents=cents,
        key=key or f"refund_{order.quote_id}",
    )


async def test_an_order_sent_twice_is_one_charge(till: Till) -> None:
    order = till.order()
    payments = [await till.processor.charge(order) for _ in range(2)]
    assert payments[0] == payments[1]
    assert (payments[0].amount_cents, payments[0].currency) == (CENTS, "usd")
    assert till.charged(order) == CENTS
    [request, repeated] = till.stripe.books.requests("intents.create")
    assert (request.version, repeated.replayed) == (API_VERSION, True)
    assert request.form["metadata[challenge_id]"] == order.challenge_id
    assert request.form["metadata[charges_digest]"] == order.charges_digest
    assert request.form["automatic_payment_methods[allow_redirects]"] == "never"
    assert not [name for name in request.form if name.startswith("payment_method_types")]
    assert request.idempotency_key.startswith(f"mpp_{order.challenge_id}_")


@pytest.mark.payment_case(30)
async def test_a_currency_is_the_same_in_capitals(till: Till) -> None:
    """Edge case 30."""
    payment = await till.processor.charge(replace(till.order(), currency="USD"))
    assert payment.currency == "usd"


@pytest.mark.parametrize("place", ["top_level", "payment_method_data"])
async def test_a_token_can_be_sent_in_either_place(
    stripe: StripeStandin, place: TokenPlace
) -> None:
    with Seller(stripe.url) as seller:
        async with open_stripe(KEY, base_url=stripe.url, token_place=place) as processor:
            await processor.charge(Till(stripe, seller, processor).order())


@pytest.mark.payment_case(20, 21)
@pytest.mark.parametrize("fault", [*LOST_BEFORE, *LOST_AFTER, Fault.HANG_AFTER, Fault.BUSY])
async def test_an_answer_that_is_lost_is_unknown_and_the_same_order_tells_it(
    till: Till, fault: Fault
) -> None:
    """Edge case 20."""
    order = till.order()
    till.stripe.faults.add("intents.create", fault)
    with pytest.raises(PaymentUnknown):
        await till.processor.charge(order)
    assert len(till.stripe.books.requests("intents.create")) == 1  # nothing is repeated unasked
    await till.processor.charge(order)
    assert till.charged(order) == CENTS


@pytest.mark.payment_case(20)
async def test_a_request_that_is_still_under_way_is_unknown(till: Till) -> None:
    order = till.order()
    till.stripe.faults.add("intents.create", Fault.KEY_IN_USE)
    with pytest.raises(PaymentUnknown):
        await till.processor.charge(order)


@pytest.mark.payment_case(20)
async def test_a_broken_answer_that_stripe_keeps_for_a_day_is_found(till: Till) -> None:
    order = till.order()
    till.stripe.faults.add("intents.create", Fault.BROKEN_AFTER)
    for _ in range(2):
        with pytest.raises(PaymentUnknown):
            await till.processor.charge(order)
    found = await till.find(order.quote_id, order.challenge_id)
    assert found is not None
    assert found.amount_cents == CENTS == till.charged(order)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_our_own_fault_and_no_decline(
    till: Till, status: int
) -> None:
    till.stripe.faults.add("intents.create", Fault.DENIED, status=status)
    with pytest.raises(ProcessorMisconfigured):
        await till.processor.charge(till.order())


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined"),
    ],
)
async def test_a_declined_card_is_a_decline_with_a_reason_of_ours(
    till: Till, method: str, reason: str
) -> None:
    """Edge case 18."""
    order = till.order(method)
    with pytest.raises(PaymentDeclined) as refusal:
        await till.processor.charge(order)
    assert refusal.value.reason == reason
    assert await till.find(order.quote_id, order.challenge_id) is None


@pytest.mark.payment_case(17)
async def test_a_token_that_cannot_pay_is_a_decline(till: Till) -> None:
    """Edge case 17: too little, unknown, used up."""
    used = till.order()
    await till.processor.charge(used)
    for order in (
        till.order(max_amount=CENTS - 1),
        replace(till.order(), token="spt_that_nobody_minted"),
        replace(till.order(), token=used.token, challenge_id="challenge-2"),
    ):
        with pytest.raises(PaymentDeclined) as refusal:
            await till.processor.charge(order)
        assert refusal.value.reason == "token_refused"
        assert order.token not in str(refusal.value)
        assert till.charged(order) == 0


async def test_the_same_key_with_another_price_is_refused_and_the_charge_is_found(
    till: Till,
) -> None:
    order, payment = await till.paid()
    with pytest.raises(PaymentDeclined):
        await till.processor.charge(replace(order, amount_cents=CENTS + 1))
    assert await till.find(order.quote_id, order.challenge_id) == payment


@pytest.mark.payment_case(19)
async def test_a_card_that_needs_its_holder_is_refused_and_its_payment_canceled(
    till: Till,
) -> None:
    """Edge case 19."""
    order = till.order("pm_card_authenticationRequired")
    for _ in range(2):
        with pytest.raises(PaymentActionRequired):
            await till.processor.charge(order)
    assert [intent.status for intent in till.stripe.books.intents()] == ["canceled"]
    assert await till.find(order.quote_id, order.challenge_id) is None


async def test_a_payment_left_open_is_canceled_when_it_is_looked_for(till: Till) -> None:
    order = till.order("pm_card_authenticationRequired")
    till.stripe.faults.add("intents.create", Fault.RESET_AFTER)
    with pytest.raises(PaymentUnknown):
        await till.processor.charge(order)
    assert await till.find(order.quote_id, order.challenge_id) is None
    assert [intent.status for intent in till.stripe.books.intents()] == ["canceled"]


@pytest.mark.parametrize(
    ("method", "outcome"),
    [("pm_usBankAccount_success", None), ("pm_usBankAccount_accountClosed", PaymentDeclined)],
)
async def test_what_is_processing_is_unknown_until_it_has_ended(
    till: Till, method: str, outcome: type[Exception] | None
) -> None:
    order = till.order(method)
    for _ in range(2):
        with pytest.raises(PaymentUnknown):
            await till.processor.charge(order)
    with pytest.raises(PaymentUnknown):
        await till.find(order.quote_id, order.challenge_id)
    till.stripe.let_turns_happen()
    if outcome is None:
        assert (await till.processor.charge(order)).amount_cents == CENTS
    else:
        with pytest.raises(outcome):
            await till.processor.charge(order)


async def test_a_payment_is_found_before_search_knows_it(till: Till) -> None:
    till.stripe.change(search_delay_seconds=3600)
    order, payment = await till.paid()
    for _ in range(3):
        await till.paid()
    assert await till.find(order.quote_id, order.challenge_id) == payment
    assert await till.find(order.quote_id, "another") is None
    assert await till.find("quote_' OR '1", order.challenge_id) is None


async def test_a_claim_is_looked_up_however_many_others_paid_before_it(tmp_path: Path) -> None:
    """More than can be looked at in the hour that search may be behind, as at a busy account."""
    state_file = tmp_path / "stripe.db"
    _fill(state_file, created=int(time.time()) - SEARCH_DELAY_SECONDS // 2)
    settings = replace(SETTINGS, state_file=state_file, search_delay_seconds=SEARCH_DELAY_SECONDS)
    with StripeStandin(settings) as stripe, Seller(stripe.url) as seller:
        async with open_stripe(KEY, base_url=stripe.url) as processor:
            till = Till(stripe, seller, processor)
            order, payment = await till.paid()
            assert await till.find(order.quote_id, order.challenge_id) == payment
            assert await till.find(order.quote_id, "another") is None


def _fill(state_file: Path, *, created: int) -> None:
    """As many payments of others as are looked at for one claim at most."""
    store = Store(state_file)
    with store.transaction():
        for number in range(PAGES_MAX * PAGE_LENGTH):
            store.put(
                Intent(
                    id=f"pi_{number}",
                    created=created,
                    client_secret="",
                    amount=CENTS,
                    currency="usd",
                    metadata={},
                    description=None,
                    allow_redirects=None,
                )
            )
    store.close()


@pytest.mark.parametrize("call", ["intents.search", "intents.list", "intents.get"])
async def test_a_look_that_fails_is_unknown_and_never_none(till: Till, call: str) -> None:
    order, _ = await till.paid()
    till.stripe.faults.add(call, Fault.UNAVAILABLE_BEFORE)
    with pytest.raises(PaymentUnknown):
        await till.find(order.quote_id, order.challenge_id)


@pytest.mark.payment_case(25)
@pytest.mark.parametrize("cents", [CENTS, 45])
async def test_a_refund_is_made_once_however_often_it_is_asked_for(till: Till, cents: int) -> None:
    order, payment = await till.paid()
    refunds = [await till.processor.refund(_refund(payment, order, cents)) for _ in range(3)]
    assert len(set(refunds)) == 1
    assert refunds[0].state is RefundState.SUCCEEDED
    assert till.stripe.books.balance(order.quote_id).refunded == cents
    assert await till.processor.refund_of(refunds[0].refund_id) == refunds[0]


@pytest.mark.payment_case(25)
@pytest.mark.parametrize("fault", [*LOST_BEFORE, *LOST_AFTER, Fault.BUSY, Fault.BROKEN_AFTER])
async def test_a_refund_whose_answer_is_lost_is_the_same_refund(till: Till, fault: Fault) -> None:
    """Edge case 25: the refund's time-out."""
    order, payment = await till.paid()
    till.stripe.faults.add("refunds.create", fault)
    with pytest.raises(PaymentUnknown):
        await till.processor.refund(_refund(payment, order, 45))
    await till.processor.refund(_refund(payment, order, 45))
    assert till.stripe.books.balance(order.quote_id).refunded == 45


async def test_what_was_given_back_by_hand_is_given_back(till: Till) -> None:
    order, payment = await till.paid()
    by_hand = await till.processor.refund(_refund(payment, order, key="by-hand"))
    assert await till.processor.refund(_refund(payment, order)) == by_hand


async def test_more_than_what_is_left_is_refused_and_so_is_what_nobody_paid(till: Till) -> None:
    order, payment = await till.paid()
    await till.processor.refund(_refund(payment, order, 45, key="by-hand"))
    with pytest.raises(RefundRefused):
        await till.processor.refund(_refund(payment, order))
    with pytest.raises(PaymentUnknown):
        await till.processor.refund_of("re_unknown")


async def test_a_pending_refund_and_one_that_fails_later_are_told(till: Till) -> None:
    order, payment = await till.paid("pm_card_pendingRefund")
    pending = await till.processor.refund(_refund(payment, order))
    assert pending.state is RefundState.PENDING
    other, failing = await till.paid("pm_card_refundFail")
    succeeded = await till.processor.refund(_refund(failing, other))
    till.stripe.let_turns_happen()
    assert (await till.processor.refund_of(pending.refund_id)).state is RefundState.SUCCEEDED
    assert (await till.processor.refund_of(succeeded.refund_id)).state is RefundState.FAILED


@pytest.mark.payment_case(34)
async def test_neither_the_token_nor_the_key_is_ever_logged(
    till: Till, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Edge case 34."""
    with caplog.at_level(logging.DEBUG):
        order, payment = await till.paid()
        declined = till.order("pm_card_chargeDeclined")
        refused = replace(till.order(), token="spt_that_nobody_minted")
        for bad in (declined, refused):
            with pytest.raises(PaymentDeclined):
                await till.processor.charge(bad)
        await till.processor.refund(_refund(payment, order))
    told = caplog.text + "".join(capsys.readouterr())
    for secret in (order.token, declined.token, refused.token, KEY):
        assert secret not in told
    assert order.token not in repr(order)
