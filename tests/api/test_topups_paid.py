"""Credits are bought once, whatever happens to the page, the webhooks and the way back."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from gateway.routes.webhooks import WEBHOOKS_PATH
from gateway.services.payment_setup import MissingSettings
from gateway.services.topups import OPEN_TRIES_MAX, PAGE_LIFETIME, PAGE_OPENED_WITHIN
from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.refund_documents import event_document
from studio.contracts.names import test_side_of as side_of
from studio.contracts.purchase import CheckoutUnavailable
from studio.payments.errors import PaymentsNotConfigured
from studio.topups.errors import (
    NothingForSale,
    TooManyTopUps,
    TopUpConflict,
    TopUpOver,
    UnknownTopUp,
)
from studio.topups.repository import OPEN_MAX
from studio.topups.tables import TopUpRow, TopUpState
from tests.api.kit import ApiStack
from tests.api.stripe_messages import signature
from tests.api.topup_kit import (
    ACCOUNT,
    CREDITS,
    DECLINED_CARD,
    GOOD_CARD,
    OTHER,
    SECRET,
    CreditShop,
    credit_shop,
    new_form,
    session_of,
)

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

LOST_BEFORE = (Fault.RESET_BEFORE, Fault.UNAVAILABLE_BEFORE)
LOST_AFTER = (Fault.RESET_AFTER, Fault.CUT_REPLY, Fault.UNAVAILABLE_AFTER)


@pytest.fixture
async def shop(stack: ApiStack) -> AsyncIterator[CreditShop]:
    stack.open_account(ACCOUNT, credits_=0)
    stack.open_account(OTHER, credits_=0)
    async with credit_shop(stack) as opened:
        yield opened


def _is_credited_once(shop: CreditShop) -> bool:
    return (shop.credited(), shop.available(), shop.charges()) == ([CREDITS], CREDITS, 1)


async def test_a_payment_at_the_page_is_credited_and_leads_back(shop: CreditShop) -> None:
    url = await shop.start()
    assert url.startswith(shop.stripe.url)
    assert (shop.row(url).state, shop.available()) == (TopUpState.OPEN, 0)
    answer = await shop.pay(url)
    assert answer.headers["location"] == f"{shop.wallet_url}?session_id={session_of(url)}"
    await shop.told()
    view = await shop.finish(url)
    assert (view.state, view.credits, view.amount_cents) == (TopUpState.PAID, CREDITS, CREDITS)
    own = await shop.gateway.top_ups.list(ACCOUNT, limit=10)
    assert [seen.top_up_id for seen in own] == [view.top_up_id]
    assert await shop.gateway.top_ups.list(OTHER, limit=10) == []
    assert _is_credited_once(shop)
    assert (shop.found("paid"), shop.statuses()) == (1, {200})


async def test_a_page_that_is_sent_twice_pays_once(shop: CreditShop) -> None:
    url = await shop.start()
    answers = [await shop.pay(url) for _ in range(2)]
    await shop.told()
    assert {answer.status_code for answer in answers} == {303}
    assert _is_credited_once(shop)


async def test_who_comes_back_before_the_webhook_is_credited_then(shop: CreditShop) -> None:
    shop.stripe.hold_webhooks()
    url = await shop.start()
    await shop.pay(url)
    assert (await shop.finish(url)).state is TopUpState.PAID
    assert _is_credited_once(shop)
    await shop.release()
    assert _is_credited_once(shop)


@pytest.mark.parametrize("reverse", [False, True])
async def test_webhooks_may_come_twice_and_in_reverse(shop: CreditShop, *, reverse: bool) -> None:
    shop.stripe.hold_webhooks()
    await shop.pay(await shop.start())
    await shop.release(reverse=reverse, times=2)
    assert _is_credited_once(shop)
    assert shop.statuses() == {200}
    assert shop.found("paid") == 1


async def test_a_declined_card_credits_nothing_and_another_one_pays(shop: CreditShop) -> None:
    url = await shop.start()
    assert (await shop.pay(url, card_number=DECLINED_CARD)).status_code == 402
    await shop.told()
    assert ((await shop.finish(url)).state, shop.credited()) == (TopUpState.OPEN, [])
    await shop.pay(url, card_number=GOOD_CARD)
    await shop.told()
    assert _is_credited_once(shop)


async def test_a_session_that_expires_ends_the_purchase(shop: CreditShop) -> None:
    url = await shop.start()
    shop.stack.time.elapsed_seconds += PAGE_LIFETIME.total_seconds()
    shop.stripe.let_turns_happen()
    await shop.told()
    assert shop.row(url).state is TopUpState.EXPIRED
    assert (await shop.pay(url)).status_code == 410
    assert (shop.credited(), shop.charges()) == ([], 0)


async def test_a_delayed_payment_is_credited_when_it_has_arrived(shop: CreditShop) -> None:
    url = await shop.start()
    await shop.pay(url, payment_method="pm_usBankAccount_success")
    await shop.told()
    assert ((await shop.finish(url)).state, shop.credited()) == (TopUpState.OPEN, [])
    shop.stripe.let_turns_happen()
    await shop.told()
    assert _is_credited_once(shop)


async def test_a_delayed_payment_that_comes_back_ends_the_purchase(shop: CreditShop) -> None:
    url = await shop.start()
    await shop.pay(url, payment_method="pm_usBankAccount_accountClosed")
    shop.stripe.let_turns_happen()
    await shop.told()
    assert (shop.row(url).state, shop.credited()) == (TopUpState.FAILED, [])


async def test_the_same_form_is_the_same_page_until_it_is_paid(shop: CreditShop) -> None:
    form = new_form()
    first, again = [await shop.start(form) for _ in range(2)]
    assert first == again
    with pytest.raises(TopUpConflict):
        await shop.start(form, dollars=30)
    assert await shop.start(form, account=OTHER) != first
    await shop.pay(first)
    with pytest.raises(TopUpOver):
        await shop.start(form)
    await shop.told()
    assert _is_credited_once(shop)


@pytest.mark.parametrize("fault", [*LOST_BEFORE, *LOST_AFTER])
async def test_a_page_whose_answer_was_lost_is_the_same_page_the_next_time(
    shop: CreditShop, fault: Fault
) -> None:
    """As after a gateway that died between the row and the page."""
    form = new_form()
    shop.stripe.faults.add("sessions.create", fault, times=OPEN_TRIES_MAX)
    with pytest.raises(CheckoutUnavailable):
        await shop.start(form)
    shop.stack.time.elapsed_seconds += 60
    await shop.pay(await shop.start(form))
    await shop.told()
    assert len(shop.stripe.books.sessions()) == 1
    assert _is_credited_once(shop)


async def test_a_form_that_is_still_being_worked_on_waits_for_its_page(shop: CreditShop) -> None:
    form = new_form()
    shop.stripe.faults.add("sessions.create", Fault.KEY_IN_USE, times=OPEN_TRIES_MAX - 1)
    assert await shop.start(form) == await shop.start(form)
    urls = await asyncio.gather(*(shop.start(f"{form}-at-once") for _ in range(4)))
    assert len(set(urls)) == 1
    assert len(shop.stripe.books.sessions()) == 2


async def test_who_opens_page_after_page_has_to_pay_first(shop: CreditShop) -> None:
    urls = [await shop.start() for _ in range(OPEN_MAX)]
    with pytest.raises(TooManyTopUps):
        await shop.start()
    await shop.pay(urls[0])
    await shop.told()
    assert await shop.start()


async def test_a_form_that_got_no_page_within_an_hour_gets_none(shop: CreditShop) -> None:
    form = new_form()
    shop.stripe.faults.add("sessions.create", Fault.RESET_BEFORE, times=OPEN_TRIES_MAX)
    with pytest.raises(CheckoutUnavailable):
        await shop.start(form)
    shop.stack.time.elapsed_seconds += PAGE_OPENED_WITHIN.total_seconds() + 1
    with pytest.raises(TopUpOver):
        await shop.start(form)
    assert shop.stripe.books.sessions() == []


async def test_a_webhook_leads_to_a_purchase_that_does_not_know_its_page(shop: CreditShop) -> None:
    """The gateway died before it wrote the page down; its address got out all the same."""
    url = await shop.start()
    with shop.stack.database.transaction() as session:
        session.execute(update(TopUpRow).values(session_id=None))
    await shop.pay(url)
    await shop.told()
    assert _is_credited_once(shop)
    assert shop.row(url).state is TopUpState.PAID


async def test_while_stripe_gives_no_answer_a_webhook_is_sent_again(stack: ApiStack) -> None:
    stack.open_account(ACCOUNT, credits_=0)
    async with credit_shop(stack, pauses_seconds=[0, 0]) as shop:
        shop.stripe.faults.add("sessions.get", Fault.UNAVAILABLE_BEFORE, times=2)
        await shop.pay(await shop.start())
        await shop.told()
        assert shop.statuses() == {200, 503}
        assert _is_credited_once(shop)


async def test_who_comes_back_while_stripe_gives_no_answer_sees_an_open_purchase(
    shop: CreditShop,
) -> None:
    shop.stripe.hold_webhooks()
    url = await shop.start()
    await shop.pay(url)
    shop.stripe.faults.add("sessions.get", Fault.RESET_BEFORE)
    assert (await shop.finish(url)).state is TopUpState.OPEN
    await shop.release()
    assert _is_credited_once(shop)


async def test_another_accounts_session_is_as_unknown_as_none(shop: CreditShop) -> None:
    url = await shop.start()
    await shop.pay(url)
    with pytest.raises(UnknownTopUp) as of_another:
        await shop.finish(url, account=OTHER)
    with pytest.raises(UnknownTopUp) as of_none:
        await shop.finish("cs_test_none")
    assert of_another.value.detail == of_none.value.detail
    assert shop.available(OTHER) == 0


@pytest.mark.parametrize("changes", [{"amount_cents": 1999}, {"currency": "eur"}])
async def test_a_payment_of_another_amount_or_currency_is_flagged_and_not_credited(
    shop: CreditShop, changes: dict[str, object]
) -> None:
    url = await shop.start()
    with shop.stack.database.transaction() as session:
        session.execute(update(TopUpRow).values(**changes))
    await shop.pay(url)
    await shop.told()
    assert ((await shop.finish(url)).state, shop.credited()) == (TopUpState.OPEN, [])
    assert shop.found("mismatch") > 0
    assert shop.statuses() == {200}


async def test_the_test_side_of_an_account_buys_nothing(shop: CreditShop) -> None:
    with pytest.raises(NothingForSale):
        await shop.start(account=side_of(ACCOUNT))
    assert shop.stripe.books.sessions() == []


async def _sent_by_hand(shop: CreditShop, *, livemode: bool = False, secret: str = SECRET) -> int:
    """The word of the payment as Stripe would send it, but for these; how it was answered."""
    [event] = shop.stripe.books.events("checkout.session.completed")
    body = json.dumps({**event_document(event), "livemode": livemode}).encode()
    signed = signature(body, at=shop.stack.time.now().timestamp(), secret=secret)
    headers = {"Stripe-Signature": signed, "Content-Type": "application/json"}
    answer = await shop.browser.post(
        f"{shop.base_url}{WEBHOOKS_PATH}", content=body, headers=headers
    )
    return answer.status_code


async def test_a_message_that_is_not_signed_with_our_secret_or_of_the_other_mode_credits_nothing(
    shop: CreditShop,
) -> None:
    shop.stripe.hold_webhooks()
    await shop.pay(await shop.start())
    assert await _sent_by_hand(shop, secret="whsec_of_another") == 400
    assert await _sent_by_hand(shop, livemode=True) == 200
    assert (shop.credited(), shop.heard("refused"), shop.heard("other_mode")) == ([], 1, 1)
    assert await _sent_by_hand(shop) == 200
    assert _is_credited_once(shop)


@pytest.mark.parametrize("missing", [("STRIPE_SECRET_KEY",), ("STRIPE_WEBHOOK_SECRET",)])
async def test_without_its_settings_nothing_is_sold_and_the_setting_is_named(
    stack: ApiStack, missing: tuple[str, ...]
) -> None:
    stack.open_account(ACCOUNT, credits_=0)
    async with credit_shop(stack) as shop:
        pass
    stack.configure(checkout=MissingSettings(missing))
    gateway = type(shop.gateway)(stack.dependencies)
    with pytest.raises(PaymentsNotConfigured, match=missing[0]):
        await gateway.top_ups.start(
            ACCOUNT, dollars=20, form_id=new_form(), wallet_url="http://shop.test/wallet"
        )
    await gateway.close()
