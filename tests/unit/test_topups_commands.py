"""`fvs topups`: what operators see of purchases, and refunds to the card that paid."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from runtime.commands.topups import app
from runtime.stripe_standin.faults import Fault
from runtime.stripe_standin.server import StripeStandin
from studio.accounts.service import create_account
from studio.contracts.purchase import PurchaseOrder
from studio.db.engine import open_database
from studio.ledger import service as ledger
from studio.payments.checkout import StripeCheckout
from studio.topups.records import NewTopUp, new_top_up
from studio.topups.repository import insert_once, load_top_up, note_session
from studio.topups.settling import settle
from tests.kit.stripe_standin import KEY, SETTINGS, Seller

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx

ACCOUNT = "acct_one"
CREDITS = 2000


class Till:
    """A purchase of 20 dollars that is paid and credited, and the commands on it."""

    def __init__(self, url: str, stripe: StripeStandin) -> None:
        self.stripe = stripe
        self.database = open_database(url)
        self.environment = {
            "FVS_DATABASE_URL": url,
            "FVS_STRIPE_SECRET_KEY": KEY,
            "FVS_STRIPE_BASE_URL": stripe.url,
        }
        self.now = datetime.now(UTC)
        with self.database.transaction() as session:
            create_account(session, account_id=ACCOUNT, name="One", now=self.now)
        self.paid = new_top_up(ACCOUNT, dollars=20, form_id="form-of-the-commands-1")
        asyncio.run(self._buy(self.paid, pays=True))

    async def _buy(self, new: NewTopUp, *, pays: bool) -> None:
        checkout = StripeCheckout.connect(KEY, base_url=self.stripe.url)
        wallet_url = "https://shop.example/wallet"
        until = self.now + timedelta(hours=2)
        order = PurchaseOrder(
            new.top_up_id, CREDITS, CREDITS, new.currency, wallet_url, wallet_url, until
        )
        page = await checkout.create(order)
        if pays:
            self.stripe.pay(page.session_id)
        found = await checkout.read(page.session_id)
        await checkout.close()
        with self.database.transaction() as session:
            insert_once(session, new, now=self.now)
            note_session(session, new.top_up_id, page.session_id)
        with self.database.transaction() as session:
            seen = load_top_up(session, new.top_up_id)
            session.expunge(seen)
            settle(session, seen, found, wallets=ledger, now=self.now)

    def open_another(self) -> NewTopUp:
        new = new_top_up(ACCOUNT, dollars=20, form_id="form-of-the-commands-2")
        asyncio.run(self._buy(new, pays=False))
        return new

    def fvs(self, *words: str, **variables: str) -> Result:
        return CliRunner().invoke(app, list(words), env={**self.environment, **variables})

    def answer(self, *words: str) -> Any:
        result = self.fvs(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    @property
    def available(self) -> int:
        with self.database.reading() as session:
            return ledger.balance(session, wallet=ledger.wallet_id(ACCOUNT)).available

    def refunds(self) -> list[int]:
        return [refund.amount for refund in self.stripe.books.refunds()]


@pytest.fixture
def till(sqlite_url: str) -> Iterator[Till]:
    with StripeStandin(SETTINGS) as stripe:
        made = Till(sqlite_url, stripe)
        yield made
        made.database.dispose()


def test_purchases_are_listed_and_shown(till: Till) -> None:
    other = till.open_another()
    listed = {one["top_up_id"]: one["state"] for one in till.answer("list")}
    assert listed == {till.paid.top_up_id: "paid", other.top_up_id: "open"}
    assert [one["state"] for one in till.answer("list", "--state", "open")] == ["open"]
    assert till.answer("list", "--account", "acct_two") == []
    shown = till.answer("show", till.paid.top_up_id)
    assert (shown["account_id"], shown["credits"], shown["owed_credits"]) == (ACCOUNT, CREDITS, 0)
    assert till.paid.top_up_id in till.fvs("list").stdout
    assert till.paid.top_up_id in till.fvs("show", till.paid.top_up_id).stdout


@pytest.mark.parametrize(
    "words",
    [
        ("show", "topup_none"),
        ("refund", "topup_none"),
        ("list", "--state", "x"),
    ],
)
def test_what_there_is_not_is_a_sentence_and_exit_code_1(till: Till, words: tuple[str]) -> None:
    result = till.fvs(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("fvs: ")
    assert result.stdout == ""


def test_a_purchase_is_given_back_in_parts_and_then_the_rest_but_no_more(till: Till) -> None:
    for _ in range(2):
        assert (
            till.answer("refund", till.paid.top_up_id, "--cents", "500")["given_back_cents"] == 500
        )
    facts = till.answer("refund", till.paid.top_up_id)
    assert (facts["given_back_cents"], facts["refunded_cents"]) == (1000, 2000)
    assert (till.refunds(), till.available) == ([500, 500, 1000], 0)
    for words in ((), ("--cents", "1")):
        refused = till.fvs("refund", till.paid.top_up_id, *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "0 cents" in refused.stderr


def test_what_was_spent_is_owed_and_said(till: Till) -> None:
    with till.database.transaction() as session:
        wallet = ledger.wallet_id(ACCOUNT)
        ledger.pay_out(
            session, wallet=wallet, credits=1500, reference="s", reason="spent", now=till.now
        )
    said = till.fvs("refund", till.paid.top_up_id)
    assert said.exit_code == 0
    assert "500 were taken back and 1500 are owed" in said.stdout


def test_a_refund_whose_answer_was_lost_is_asked_for_again_and_is_one(till: Till) -> None:
    till.stripe.faults.add("refunds.create", Fault.RESET_AFTER, times=2)
    assert till.answer("refund", till.paid.top_up_id, "--cents", "500")["refunded_cents"] == 500
    assert (till.refunds(), till.available) == ([500], 1500)


def test_where_stripe_does_not_say_the_operator_is_told_to_look_first(till: Till) -> None:
    till.stripe.faults.add("refunds.create", Fault.RESET_AFTER, times=5)
    lost = till.fvs("refund", till.paid.top_up_id, "--cents", "500")
    assert lost.exit_code == 1
    assert "before you ask again" in lost.stderr
    # What Stripe knows of counts, also where its answer did not arrive.
    assert till.answer("refund", till.paid.top_up_id)["given_back_cents"] == 1500
    assert (till.refunds(), till.available) == ([500, 1500], 0)


def test_a_refund_by_hand_that_nobody_told_of_leaves_only_the_rest(till: Till) -> None:
    with till.database.reading() as session:
        payment_id = load_top_up(session, till.paid.top_up_id).payment_id or ""
    with Seller(till.stripe.url) as seller:
        seller.client.v1.refunds.create({"payment_intent": payment_id, "amount": 1800})
    assert till.fvs("refund", till.paid.top_up_id, "--cents", "500").exit_code == 1
    assert till.answer("refund", till.paid.top_up_id)["given_back_cents"] == 200


def test_an_open_purchase_has_nothing_to_give_back(till: Till) -> None:
    refused = till.fvs("refund", till.open_another().top_up_id)
    assert refused.exit_code == 1
    assert "nothing was paid" in refused.stderr


def test_without_a_key_of_stripe_the_setting_is_named(till: Till) -> None:
    refused = till.fvs("refund", till.paid.top_up_id, FVS_STRIPE_SECRET_KEY="")
    assert refused.exit_code == 1
    assert "STRIPE_SECRET_KEY" in refused.stderr
