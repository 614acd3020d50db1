"""Two gateways that sell from one database, and a worker whose renders take no time.

Shared by the tests of one process: each has quotes of its own and finds Stripe's stand-in without
faults. What a test asserts of money is in the stand-in's books, in the guest's wallet and in what
was ordered, never in what an answer says alone.
"""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
from sqlalchemy import select

from runtime.stripe_standin.books import Balance
from studio.contracts.payment import FINAL_STATES, PaymentState
from studio.db.engine import Database
from studio.quotes.repository import load_quote
from studio.quotes.tables import QuoteRow
from tests.kit.customer import ONE_SHOT, Customer, JsonObject, Offer
from tests.kit.moments import Moments
from tests.kit.quick_worker import ORDERS
from tests.kit.stack import FAST, Stack
from tests.kit.till import Till, taking_payments
from tests.kit.tls_host import Authority, Internet, open_internet

PRICE_CENTS: Final = 120
UNTOUCHED: Final = Balance()
CHARGED_ONCE: Final = Balance(1, PRICE_CENTS, 0, 0)
GIVEN_BACK: Final = Balance(1, PRICE_CENTS, 1, PRICE_CENTS)
REPLICA: Final = "replica"


@dataclass(frozen=True)
class Payment:
    """What one payer sends: where to, the credential, and the body that goes with it."""

    url: str
    authorization: str
    body: JsonObject | None = None


@dataclass(frozen=True)
class Market:
    """`elsewhere` is the base URL of the second gateway; `internet` has the hosts of uploads."""

    stack: Stack
    till: Till
    customer: Customer
    moments: Moments
    internet: Internet
    elsewhere: str = ""

    @property
    def quotes_url(self) -> str:
        return f"{self.stack.base_url}/api/agent/render-quotes"

    def there(self, url: str) -> str:
        """The same address at the other gateway."""
        return url.replace(self.stack.base_url, self.elsewhere)

    def ways(self, offer: Offer, authorization: str) -> tuple[Payment, ...]:
        """All four ways to pay a quote that was asked for with the default body."""
        body = {"request": ONE_SHOT}
        here = (
            Payment(offer.problem["payment_url"], authorization),
            Payment(self.quotes_url, authorization, body),
        )
        return (
            *here,
            *(Payment(self.there(way.url), way.authorization, way.body) for way in here),
        )

    def send(self, payment: Payment) -> httpx2.Response:
        return self.customer.send(payment.url, payment.authorization, body=payment.body)

    def send_at_once(self, payments: Sequence[Payment]) -> list[httpx2.Response]:
        with ThreadPoolExecutor(len(payments)) as pool:
            return list(pool.map(self.send, payments))

    def row(self, offer: Offer) -> QuoteRow:
        return quote_row(self.stack.database, offer.quote_id)

    def columns(self, offer: Offer) -> dict[str, object]:
        """Everything that is stored of a quote, to see that nothing changed."""
        table = QuoteRow.__table__
        wanted = select(table).where(table.c.quote_id == offer.quote_id)
        with self.stack.database.reading() as session:
            return dict(session.execute(wanted).mappings().one())

    def orders(self, offer: Offer) -> int:
        """How many clips were ordered for this quote."""
        return self.moments.count(ORDERS, self.row(offer).project_id)

    def wait_until(self, offer: Offer, *states: PaymentState, seconds: float = 60) -> None:
        self.stack.wait_for(
            lambda: self.row(offer).state in states,
            f"the quote is {' or '.join(states)}",
            seconds,
        )

    def at_rest(self, offer: Offer) -> tuple[PaymentState, Balance, int]:
        """Once no money is on its way: where it is, Stripe's books, and the clips ordered.

        The guest's wallet is empty, and the ledger adds up.
        """
        self.wait_until(offer, *FINAL_STATES)
        wallet = self.customer.wallet(offer.quote_id)
        assert (wallet.available, wallet.held) == (0, 0)
        assert self.customer.audit() == []
        assert self.row(offer).sealed_token is None
        return self.row(offer).state, self.till.balance(offer.quote_id), self.orders(offer)


RENDERED_ONCE: Final = (PaymentState.COMPLETED, CHARGED_ONCE, 1)
"""`Market.at_rest` of a quote that was paid and made."""


def quote_row(database: Database, quote_id: str) -> QuoteRow:
    with database.reading() as session:
        return load_quote(session, quote_id)


@contextmanager
def open_market(
    folder: Path, temporal_address: str, authority: Authority, **variables: str
) -> Iterator[Market]:
    """Everything but its processes, which the test starts; `variables` are of all of them."""
    stack = Stack(folder, temporal_address, timings=FAST)
    try:
        with taking_payments(stack) as till, hosts_of_uploads(authority) as internet:
            (stack.chaos / "authority.pem").write_text(authority.pem)
            stack.variables.update(FVS_TEST_UPLOADS_PORT=str(internet.port), **variables)
            with closing(Customer(stack, till)) as customer:
                yield Market(stack, till, customer, Moments(stack.chaos), internet)
    finally:
        stack.stop()


@contextmanager
def hosts_of_uploads(authority: Authority) -> Iterator[Internet]:
    """The small internet of the tests, served from a thread for a worker in another process."""
    ready, ends = threading.Event(), asyncio.Event()
    opened: list[Internet] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with open_internet(authority.server_context()) as internet:
            opened.append(internet)
            ready.set()
            await ends.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield opened[0]
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join()
        loop.close()
