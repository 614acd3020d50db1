"""Refunds and disputes take credits back, whoever makes them and whenever they are told."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import stripe

from runtime.stripe_standin.faults import Fault
from studio.ledger import service as ledger
from studio.topups.tables import TopUpRow, TopUpState
from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.topup_kit import ACCOUNT, CREDITS, KEY, CreditShop, credit_shop
from tests.kit.stripe_standin import Seller

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

REFUND_FAILS = "4000 0000 0000 5126"


@pytest.fixture
def key(stack: ApiStack) -> str:
    return stack.open_account(ACCOUNT, credits_=0, environment="live")


@pytest.fixture
async def shop(stack: ApiStack, key: str) -> AsyncIterator[CreditShop]:
    assert key
    async with credit_shop(stack) as opened:
        yield opened


@pytest.fixture
def seller(shop: CreditShop) -> "Dashboard":
    return Dashboard(shop)


class Dashboard:
    """Stripe's dashboard, where people give money back and answer disputes."""

    def __init__(self, shop: CreditShop) -> None:
        self._shop = shop

    def refund(self, row: TopUpRow, cents: int | None = None) -> None:
        with Seller(self._shop.stripe.url, KEY) as seller:
            seller.client.v1.refunds.create(
                {"payment_intent": row.payment_id or "", **({"amount": cents} if cents else {})}
            )

    def dispute(self, row: TopUpRow) -> None:
        self._shop.stripe.dispute(row.payment_id or "")

    def answer(self, row: TopUpRow, evidence: str) -> None:
        with Seller(self._shop.stripe.url, KEY) as seller:
            [dispute] = seller.client.v1.disputes.list({"payment_intent": row.payment_id or ""})
            seller.client.v1.disputes.update(
                dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
            )


def _taken(shop: CreditShop, row: TopUpRow) -> tuple[int, int, int, int]:
    """What was refunded, withdrawn and is owed, and what the wallet has."""
    now = shop.again(row)
    return now.refunded_cents, now.withdrawn_credits, now.owed_credits, shop.available()


def _spend(shop: CreditShop, credits: int) -> None:
    with shop.stack.database.transaction() as session:
        ledger.pay_out(
            session,
            wallet=ledger.wallet_id(ACCOUNT),
            credits=credits,
            reference="spent",
            reason="spent",
            now=shop.stack.time.now(),
        )


async def _submit(shop: CreditShop, key: str) -> httpx2.Response:
    return await shop.browser.post(
        f"{shop.base_url}/api/agent/renders",
        json=BRIEF,
        headers={KEY_HEADER: key},
    )


async def test_refunds_in_part_and_whole_take_the_credits_back(
    shop: CreditShop, seller: Dashboard
) -> None:
    row = await shop.bought()
    seller.refund(row, 500)
    await shop.told()
    assert _taken(shop, row) == (500, 500, 0, 1500)
    seller.refund(row, 500)
    await shop.told()
    assert _taken(shop, row) == (1000, 1000, 0, 1000)
    seller.refund(row)
    await shop.told()
    assert _taken(shop, row) == (2000, 2000, 0, 0)
    with pytest.raises(stripe.InvalidRequestError):
        seller.refund(row)
    assert shop.credited() == [CREDITS]
    assert shop.again(row).state is TopUpState.PAID


@pytest.mark.parametrize("reverse", [False, True])
async def test_words_of_a_payment_and_its_refund_come_twice_and_in_any_order(
    shop: CreditShop, seller: Dashboard, *, reverse: bool
) -> None:
    shop.stripe.hold_webhooks()
    url = await shop.start()
    await shop.pay(url)
    [intent] = shop.stripe.books.intents()
    row = shop.row(url)
    row.payment_id = intent.id
    seller.refund(row, 700)
    await shop.release(reverse=reverse, times=2)
    assert _taken(shop, row) == (700, 700, 0, 1300)
    assert shop.credited() == [CREDITS]
    assert (shop.statuses(), shop.heard("unknown_payment")) == ({200}, 0)


async def test_a_refund_after_spending_is_owed_and_keeps_renders_from_starting(
    shop: CreditShop, seller: Dashboard, key: str
) -> None:
    row = await shop.bought()
    _spend(shop, 1500)
    seller.refund(row, 1000)
    await shop.told()
    assert _taken(shop, row) == (1000, 500, 500, 0)
    # A wallet that got credits otherwise still owes: nothing is started with them.
    with shop.stack.database.transaction() as session:
        wallet, now = ledger.wallet_id(ACCOUNT), shop.stack.time.now()
        ledger.top_up(session, wallet=wallet, credits=400, reference="gift", now=now)
    refused = await _submit(shop, key)
    assert (refused.status_code, refused.json()["code"]) == (402, "credits_owed")
    assert "500 credits" in refused.json()["detail"]
    assert shop.stack.workflows.started == {}
    assert shop.available() == 400


async def test_the_next_purchase_pays_what_is_owed_and_renders_start_again(
    shop: CreditShop, seller: Dashboard, key: str
) -> None:
    row = await shop.bought()
    _spend(shop, 1500)
    seller.refund(row)
    await shop.told()
    assert _taken(shop, row) == (2000, 500, 1500, 0)
    await shop.bought()
    assert _taken(shop, row) == (2000, 2000, 0, 500)
    assert (await _submit(shop, key)).status_code == 201


async def test_a_refund_that_comes_back_gives_the_credits_back(
    shop: CreditShop, seller: Dashboard
) -> None:
    url = await shop.start()
    await shop.pay(url, card_number=REFUND_FAILS)
    await shop.told()
    row = shop.row(url)
    seller.refund(row)
    await shop.told()
    assert _taken(shop, row) == (2000, 2000, 0, 0)
    shop.stripe.let_turns_happen()
    await shop.told()
    assert _taken(shop, row) == (0, 0, 0, CREDITS)
    assert shop.credited() == [CREDITS]


@pytest.mark.parametrize(
    ("evidence", "available"), [("winning_evidence", CREDITS), ("losing_evidence", 0)]
)
async def test_a_dispute_takes_the_credits_and_only_winning_it_gives_them_back(
    shop: CreditShop, seller: Dashboard, evidence: str, available: int
) -> None:
    row = await shop.bought()
    seller.dispute(row)
    await shop.told()
    assert _taken(shop, row) == (0, 2000, 0, 0)
    assert shop.again(row).disputed_at == shop.stack.time.now()
    seller.answer(row, evidence)
    await shop.told()
    assert _taken(shop, row) == (0, CREDITS - available, 0, available)
    assert (shop.again(row).disputed_at is None) is (available == CREDITS)
    assert shop.credited() == [CREDITS]


@pytest.mark.parametrize("reverse", [False, True])
async def test_a_refund_and_a_dispute_never_take_more_than_was_paid_in_any_order(
    shop: CreditShop, seller: Dashboard, *, reverse: bool
) -> None:
    row = await shop.bought()
    shop.stripe.hold_webhooks()
    seller.refund(row, 500)
    seller.dispute(row)
    await shop.release(reverse=reverse, times=2)
    assert _taken(shop, row) == (500, 2000, 0, 0)
    seller.answer(row, "winning_evidence")
    await shop.told()
    assert _taken(shop, row) == (500, 500, 0, 1500)


async def test_words_of_other_peoples_payments_are_taken_and_dropped(shop: CreditShop) -> None:
    with Seller(shop.stripe.url, KEY) as seller:
        paid = seller.bought()
        seller.client.v1.refunds.create({"payment_intent": paid.id})
    shop.stripe.dispute(paid.id)
    await shop.told()
    assert shop.statuses() == {200}
    assert (shop.credited(), shop.heard("looked")) == ([], 0)


async def test_while_stripe_gives_no_answer_the_word_of_a_refund_is_sent_again(
    stack: ApiStack, key: str
) -> None:
    assert key
    async with credit_shop(stack, pauses_seconds=[0, 0, 0]) as shop:
        row = await shop.bought()
        shop.stripe.faults.add("refunds.list", Fault.RESET_BEFORE)
        shop.stripe.faults.add("disputes.list", Fault.UNAVAILABLE_BEFORE)
        Dashboard(shop).refund(row)
        await shop.told()
        assert shop.statuses() == {200, 503}
        assert _taken(shop, row) == (2000, 2000, 0, 0)
