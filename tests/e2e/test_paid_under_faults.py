"""Real gateway and worker, a Stripe that fails, and a machine that dies: one charge, one render."""

from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from runtime.stripe_standin.books import Balance
from runtime.stripe_standin.faults import Fault
from tests.kit.customer import Offer
from tests.kit.shop import Shop

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

PRICE_CENTS = 120
CHARGED_ONCE = Balance(1, PRICE_CENTS, 0, 0)


def paid_in_the_end(shop: Shop, offer: Offer, authorization: str) -> httpx2.Response:
    """Send the same payment until its outcome is known; every other answer says to wait."""
    answers: list[httpx2.Response] = []

    def is_known() -> bool:
        answers.append(shop.customer.send(offer.problem["payment_url"], authorization))
        if answers[-1].status_code == 503:
            assert "retry-after" in answers[-1].headers
            assert "www-authenticate" not in answers[-1].headers
            return False
        return True

    shop.stack.wait_for(is_known, "it is known what became of the payment", seconds=120)
    return answers[-1]


@pytest.mark.payment_case(20, 21)
@pytest.mark.parametrize(
    "fault",
    [
        Fault.RESET_BEFORE,
        Fault.RESET_AFTER,
        Fault.UNAVAILABLE_AFTER,
        Fault.MALFORMED_REPLY,
        Fault.KEY_IN_USE,
    ],
)
def test_an_answer_of_stripe_that_is_lost_is_one_charge(shop: Shop, fault: Fault) -> None:
    offer = shop.customer.ask()
    shop.till.stripe.faults.add("intents.create", fault, matching=offer.quote_id)
    paid = paid_in_the_end(shop, offer, shop.customer.answer_to(offer))
    assert paid.status_code in (200, 202), paid.text
    assert shop.till.balance(offer.quote_id) == CHARGED_ONCE


@pytest.mark.payment_case(20, 21)
@pytest.mark.parametrize(
    ("process", "fault"),
    [
        ("worker", Fault.HANG_BEFORE),
        ("worker", Fault.HANG_AFTER),
        ("gateway", Fault.HANG_AFTER),
    ],
)
def test_a_process_that_is_killed_while_stripe_is_asked_charges_once(
    own_shop: Shop, process: str, fault: Fault
) -> None:
    """Killed with the charge under way, before or after the card was charged."""
    stack, customer, till = own_shop.stack, own_shop.customer, own_shop.till
    stack.start_worker()
    offer = customer.ask()
    payment = customer.answer_to(offer)
    till.stripe.faults.add("intents.create", fault)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(customer.send, offer.problem["payment_url"], payment)
        stack.wait_for(lambda: bool(till.stripe.faults.happened), "Stripe is asked")
        stack.kill(process)
        if process == "worker":
            stack.start_worker()
        else:
            stack.start_gateway()
        first.exception()
    paid = paid_in_the_end(own_shop, offer, payment)
    assert paid.status_code in (200, 202), paid.text
    ended = customer.wait_until_ended(offer)
    assert (ended["status"], ended["payment_status"]) == ("completed", "completed")
    assert till.balance(offer.quote_id) == CHARGED_ONCE
    assert customer.audit() == []


@pytest.mark.payment_case(24)
def test_a_webhook_tells_what_stripe_itself_did_not(shop: Shop) -> None:
    """The charge happened, and every repetition of the request is answered with the same 500."""
    offer = shop.customer.ask()
    shop.till.stripe.faults.add("intents.create", Fault.BROKEN_AFTER, matching=offer.quote_id)
    shop.till.stripe.change(search_delay_seconds=3600)
    try:
        paid = paid_in_the_end(shop, offer, shop.customer.answer_to(offer))
    finally:
        shop.till.stripe.change(search_delay_seconds=0)
    assert paid.status_code in (200, 202)
    assert shop.till.balance(offer.quote_id) == CHARGED_ONCE


@pytest.mark.payment_case(25)
@pytest.mark.requirement("QUOTE-7")
def test_a_lost_answer_to_a_refund_is_one_refund(hasty_shop: Shop) -> None:
    hasty_shop.stack.start_worker(fail="screenplay.json")
    hasty_shop.till.stripe.faults.add("refunds.create", Fault.RESET_AFTER)
    offer = hasty_shop.customer.bought()
    ended = hasty_shop.customer.wait_until_ended(offer)
    assert (ended["status"], ended["payment_status"]) == ("failed", "refunded")
    assert hasty_shop.till.balance(offer.quote_id) == Balance(1, PRICE_CENTS, 1, PRICE_CENTS)
