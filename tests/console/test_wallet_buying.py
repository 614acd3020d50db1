"""Credits are bought from the wallet's page, at the stand-in of Stripe."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest

from gateway.console.wallet import TURNED_BACK
from gateway.services.people import NewPerson
from studio.accounts.service import suspend_account
from tests.api.kit import ApiStack
from tests.api.topup_kit import CreditShop, credit_shop
from tests.console.kit import EMAIL, PASSWORD, Browser
from tests.console.operator_kit import id_of
from tests.console.page_forms import SAME_ORIGIN, form_of

WALLET = "/settings/wallet"
BUY = f"{WALLET}/buy"
OTHER = "other@example.com"

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=")  # the SDK's own way with httpx


@dataclass(frozen=True)
class Customer:
    """A member in front of the wallet of a gateway that sells credits."""

    shop: CreditShop
    browser: Browser

    async def form(self, **fields: str) -> dict[str, str]:
        """The form of the page as it is now, with these fields in it."""
        page = (await self.browser.open(WALLET)).text
        return {**form_of(page, BUY).fields, "choice": "25", **fields}

    async def send(self, form: dict[str, str], **headers: str) -> httpx2.Response:
        return await self.browser.http.post(BUY, data=form, headers=headers or SAME_ORIGIN)

    async def buy(self, **fields: str) -> httpx2.Response:
        return await self.send(await self.form(**fields))

    def sessions(self) -> list[int]:
        """What is to be paid at the pages that were opened, in cents."""
        return [session.amount for session in self.shop.stripe.books.sessions()]


@pytest.fixture
async def customer(stack: ApiStack) -> AsyncIterator[Customer]:
    async with (
        credit_shop(stack) as shop,
        httpx2.AsyncClient(base_url=shop.base_url) as http,
    ):
        await _sign_up(shop, EMAIL)
        browser = Browser(http)
        await browser.sign_in()
        yield Customer(shop, browser)


async def _sign_up(shop: CreditShop, email: str) -> None:
    person = NewPerson(name="Maker", email=email, password=PASSWORD)
    await shop.gateway.people.sign_up(person, address="127.0.0.1")


def _available(customer: Customer) -> int:
    return customer.shop.available(id_of(customer.shop.stack, EMAIL))


async def test_a_chosen_amount_is_paid_at_stripe_and_is_in_the_wallet_on_the_way_back(
    customer: Customer,
) -> None:
    answer = await customer.buy(choice="25")
    assert answer.status_code == 303
    paid = await customer.shop.pay(answer.headers["location"])
    await customer.shop.told()
    page = (await customer.browser.open(paid.headers["location"])).text
    assert "Thank you: 2,500 credits are in your wallet." in page
    assert ">2,500</b>" in page
    assert '<span class="badge good">Paid</span>' in page
    assert _available(customer) == 2500


async def test_an_amount_that_was_typed_counts_before_the_chosen_one(customer: Customer) -> None:
    assert (await customer.buy(choice="25", dollars="7")).status_code == 303
    assert customer.sessions() == [700]


@pytest.mark.parametrize(
    "dollars",
    [
        "-5",
        "0",
        "4",
        "5001",
        "10.5",
        "1e3",
        "+10",
        "$10",
        "\N{FULLWIDTH DIGIT ONE}0",
        "9" * 50,
        "NaN",
        "0x10",
    ],
)
async def test_what_is_no_amount_is_said_beside_its_field_and_buys_nothing(
    customer: Customer, dollars: str
) -> None:
    answer = await customer.buy(dollars=dollars)
    assert answer.status_code == 422
    assert re.search(r'<input id="dollars"[^>]*aria-invalid="true"', answer.text)
    assert customer.sessions() == []


@pytest.mark.parametrize("choice", ["", "7", "-25", "25.0"])
async def test_only_the_amounts_of_the_page_can_be_chosen(customer: Customer, choice: str) -> None:
    assert (await customer.buy(choice=choice)).status_code == 422
    assert customer.sessions() == []


async def test_the_same_form_twice_is_one_purchase_and_another_amount_another(
    customer: Customer,
) -> None:
    form = await customer.form()
    first, again = [(await customer.send(form)).headers["location"] for _ in range(2)]
    other = (await customer.send({**form, "choice": "50"})).headers["location"]
    assert first == again != other
    assert sorted(customer.sessions()) == [2500, 5000]


async def test_a_form_whose_purchase_was_paid_is_told_so_and_charges_nothing_more(
    customer: Customer,
) -> None:
    form = await customer.form()
    await customer.shop.pay((await customer.send(form)).headers["location"])
    await customer.shop.told()
    answer = await customer.send(form)
    assert answer.status_code == 409
    assert "This purchase has ended" in answer.text
    assert customer.shop.charges() == 1


async def test_whoever_turns_back_is_told_that_nothing_was_charged(customer: Customer) -> None:
    await customer.buy()
    [session] = customer.shop.stripe.books.sessions()
    assert session.cancel_url is not None
    page = (await customer.browser.open(session.cancel_url)).text
    assert TURNED_BACK in page
    assert '<span class="badge live">Not paid yet</span>' in page
    assert _available(customer) == 0


async def test_another_accounts_purchase_is_as_unknown_as_none(customer: Customer) -> None:
    await customer.shop.pay((await customer.buy()).headers["location"])
    await customer.shop.told()
    await _sign_up(customer.shop, OTHER)
    [session] = customer.shop.stripe.books.sessions()
    async with httpx2.AsyncClient(base_url=customer.shop.base_url) as http:
        other = Browser(http)
        await other.sign_in(OTHER)
        answers = [
            await other.open(f"{WALLET}?session_id={session_id}")
            for session_id in (session.id, "cs_test_none")
        ]
        page = (await other.open(WALLET)).text
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "Purchases" not in page
    assert customer.shop.available(id_of(customer.shop.stack, OTHER)) == 0


async def test_a_form_of_another_site_or_with_more_fields_buys_nothing(customer: Customer) -> None:
    form = await customer.form()
    refused = [
        await customer.send(form, **{"Sec-Fetch-Site": "cross-site"}),
        await customer.send({**form, "csrf": "not ours"}),
        await customer.send({**form, "credits": "1000000"}),
        await customer.send({**form, "account_id": "acct_other"}),
        await customer.send({**form, "form_id": "short"}),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 422, 422, 422]
    assert customer.sessions() == []


async def test_a_suspended_account_sees_its_wallet_and_buys_nothing(customer: Customer) -> None:
    form = await customer.form()
    stack = customer.shop.stack
    with stack.database.transaction() as session:
        suspend_account(session, account_id=id_of(stack, EMAIL), now=stack.time.now())
    page = await customer.browser.open(WALLET)
    answer = await customer.send(form)
    assert page.status_code == 200
    assert f'action="{BUY}"' not in page.text
    assert answer.status_code == 403
    assert customer.sessions() == []
