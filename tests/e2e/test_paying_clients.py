"""Clients of others pay for a render without an account, and money goes back where it must."""

from pathlib import Path

import httpx
import pytest

from runtime.stripe_standin.books import Balance
from tests.kit.customer import ONE_SHOT, Offer, receipt_of
from tests.kit.film import check_film
from tests.kit.payers import PAYMENT_REJECTED, Ran, pay_with_mpp
from tests.kit.shop import Shop
from tests.kit.till import DECLINED_CARD

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

PRICE_CENTS = 120
"""The reference's own: one shot of four seconds in 720p, with a guest's defaults."""


def assert_paid(ran: Ran) -> None:
    """The command was asked to pay, paid, and has a render and a receipt for it."""
    assert (ran.exit_code, ran.statuses) == (0, [402, 202]), ran
    assert ran.receipt is not None
    assert ran.receipt["status"] == "success"
    assert ran.receipt["reference"].startswith("pi_")


def paid_once(shop: Shop, offer: Offer) -> bool:
    """This quote has one charge of its whole price, whatever became of it afterwards."""
    balance = shop.till.balance(offer.quote_id)
    return (balance.charges, balance.charged) == (1, PRICE_CENTS)


@pytest.mark.requirement("QUOTE-1", "QUOTE-2", "QUOTE-4")
def test_mppx_pays_where_it_asks_for_the_price(shop: Shop) -> None:
    ran = shop.mppx.pay(shop.quotes_url, body={"request": ONE_SHOT})
    assert_paid(ran)
    resource = ran.json
    assert resource["status"] in ("queued", "running")
    assert resource["project_id"].startswith("proj_api_")
    assert shop.till.balance(resource["quote_id"]) == Balance(1, PRICE_CENTS, 0, 0)


@pytest.mark.requirement("QUOTE-3", "QUOTE-4")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_mppx_pays_the_payment_url(shop: Shop, method: str) -> None:
    offer = shop.customer.ask()
    ran = shop.mppx.pay(offer.problem["payment_url"], method=method)
    assert_paid(ran)
    assert ran.json["quote_id"] == offer.quote_id
    assert paid_once(shop, offer)


@pytest.mark.payment_case(18)
def test_mppx_is_told_of_a_declined_card_and_pays_with_a_good_one(shop: Shop) -> None:
    offer = shop.customer.ask()
    url = offer.problem["payment_url"]
    refused = shop.mppx.pay(url, card=DECLINED_CARD)
    assert refused.exit_code == PAYMENT_REJECTED
    assert "problems/verification-failed" in refused.errors
    assert "Nothing was charged" in refused.errors
    assert shop.till.balance(offer.quote_id) == Balance()
    assert_paid(shop.mppx.pay(url))
    assert paid_once(shop, offer)


@pytest.mark.payment_case(1)
def test_mppx_is_not_charged_for_what_is_paid(shop: Shop) -> None:
    offer = shop.customer.bought()
    ran = shop.mppx.pay(offer.problem["payment_url"])
    assert (ran.exit_code, ran.statuses) == (0, [200])
    assert ran.json["quote_id"] == offer.quote_id
    assert paid_once(shop, offer)


@pytest.mark.requirement("QUOTE-4", "QUOTE-5")
async def test_the_python_client_pays_and_polls_to_a_film(shop: Shop, tmp_path: Path) -> None:
    paid = await pay_with_mpp(shop.till, shop.quotes_url, body={"request": ONE_SHOT})
    assert paid.status_code == 202, paid.text
    resource = paid.json()
    offer = bought_by(paid)
    assert receipt_of(paid)["reference"].startswith("pi_")
    ended = shop.customer.wait_until_ended(offer)
    assert (ended["status"], ended["payment_status"]) == ("completed", "completed")
    film = shop.customer.download(ended["final_video_url"], tmp_path / "film.mp4")
    check_film(film, seconds=4)
    assert shop.till.balance(resource["quote_id"]) == Balance(1, PRICE_CENTS, 0, 0)
    wallet = shop.customer.wallet(offer.quote_id)
    assert (wallet.available, wallet.held) == (0, 0)
    assert shop.customer.audit() == []


def bought_by(paid: httpx.Response) -> Offer:
    """The quote that an answer to a payment belongs to, as far as polling needs it."""
    resource = paid.json()
    return Offer({"quote_id": resource["quote_id"], "status_url": resource["status_url"]}, "", {})


@pytest.mark.payment_case(25)
@pytest.mark.requirement("QUOTE-7")
def test_a_render_that_fails_for_good_is_refunded_once_and_in_full(hasty_shop: Shop) -> None:
    hasty_shop.stack.start_worker(fail="screenplay.json")
    customer = hasty_shop.customer
    offer = customer.bought()
    ended = customer.wait_until_ended(offer)
    assert (ended["status"], ended["payment_status"]) == ("failed", "refunded")
    assert ended["refunded_cents"] == PRICE_CENTS
    assert ended["last_error"]
    assert ended["final_video_url"] is None
    assert hasty_shop.till.balance(offer.quote_id) == Balance(1, PRICE_CENTS, 1, PRICE_CENTS)
    wallet = customer.wallet(offer.quote_id)
    assert (wallet.available, wallet.held) == (0, 0)
    assert customer.audit() == []


@pytest.mark.payment_case(26)
@pytest.mark.requirement("QUOTE-7")
def test_a_canceled_render_gives_back_what_was_not_delivered(own_shop: Shop) -> None:
    """Canceled with its keyframe drawn and before its clip was ordered."""
    own_shop.stack.start_worker(hold="before-submit")
    customer = own_shop.customer
    offer = customer.bought()
    own_shop.stack.wait_until_held()
    customer.cancel(offer)
    own_shop.stack.kill("worker")
    own_shop.stack.start_worker()
    ended = customer.wait_until_ended(offer)
    assert (ended["status"], ended["payment_status"]) == ("canceled", "refunded")
    delivered = customer.settled(ended["project_id"])
    assert 0 < delivered < PRICE_CENTS
    back = PRICE_CENTS - delivered
    assert ended["refunded_cents"] == back
    assert own_shop.till.balance(offer.quote_id) == Balance(1, PRICE_CENTS, 1, back)
    wallet = customer.wallet(offer.quote_id)
    assert (wallet.available, wallet.held) == (0, 0)
    assert customer.audit() == []
