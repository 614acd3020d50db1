"""`kill -9` of the gateway at every await of a purchase: one page, one charge, one top-up.

The customer sends the form again, pays, comes back, or never does; Stripe sends its webhooks again;
and where both fail, the sweep of a real worker asks.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from runtime.temporal_server import RunningTemporal
from studio.ledger import service as ledger
from studio.ledger.tables import TransferCode, TransferRow
from studio.topups.records import new_top_up
from studio.topups.repository import load_top_up
from studio.topups.tables import TopUpState
from tests.kit.moments import Moments
from tests.kit.operator import sweep_top_ups
from tests.kit.selling_gateway import DOOR
from tests.kit.stack import ACCOUNT, Stack
from tests.kit.till import Till, taking_payments

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

CREDITS = 2000
DOLLARS = 20


@dataclass
class Buyer:
    """Somebody with a form, at a gateway that dies."""

    stack: Stack
    till: Till
    moments: Moments
    form_id: str
    sent: list["Future[httpx2.Response]"] = field(default_factory=list)

    @property
    def top_up_id(self) -> str:
        return new_top_up(ACCOUNT, dollars=DOLLARS, form_id=self.form_id).top_up_id

    @property
    def session_id(self) -> str:
        [session] = [
            session
            for session in self.till.stripe.books.sessions()
            if session.client_reference_id == self.top_up_id
        ]
        return session.id

    def begin(self) -> httpx2.Response:
        order = {
            "account_id": ACCOUNT,
            "dollars": DOLLARS,
            "form_id": self.form_id,
            "wallet_url": f"{self.stack.base_url}/settings/wallet",
        }
        return httpx2.post(f"{self.stack.base_url}{DOOR}", json=order, timeout=60)

    def come_back(self) -> httpx2.Response:
        url = f"{self.stack.base_url}{DOOR}/{self.session_id}"
        return httpx2.get(url, params={"account": ACCOUNT}, timeout=60)

    def is_paid(self) -> bool:
        with self.stack.database.reading() as session:
            return load_top_up(session, self.top_up_id).state is TopUpState.PAID

    def credited(self) -> list[int]:
        """What the ledger has of this purchase's payment."""
        with self.stack.database.reading() as session:
            assert ledger.audit(session) == []
            payment_id = load_top_up(session, self.top_up_id).payment_id
            return list(
                session.scalars(
                    select(TransferRow.amount).where(
                        TransferRow.code == TransferCode.TOP_UP,
                        TransferRow.subject == f"payment:{payment_id}",
                    )
                )
            )

    def charges(self) -> int:
        return self.till.stripe.books.balance(self.top_up_id, key="top_up_id").charges

    def is_credited_once(self) -> bool:
        return (self.credited(), self.charges()) == ([CREDITS], 1)


@dataclass(frozen=True)
class Counter:
    stack: Stack
    till: Till
    moments: Moments

    def buyer(self, name: str) -> Buyer:
        return Buyer(self.stack, self.till, self.moments, f"form-of-the-buyer-{name}")

    def die_and_return(self) -> None:
        self.stack.kill("gateway")
        self.stack.start_selling_gateway()


@pytest.fixture(scope="module")
def counter(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal
) -> Iterator[Counter]:
    folder: Path = tmp_path_factory.mktemp("counter") / "stack"
    stack = Stack(folder, temporal_server.address)
    try:
        with taking_payments(stack) as till:
            stack.start_selling_gateway()
            yield Counter(stack, till, Moments(stack.chaos))
    finally:
        stack.stop()


@pytest.mark.parametrize("moment", ["before-page", "after-page"])
def test_a_gateway_that_dies_around_the_page_opens_the_same_one_for_the_same_form(
    counter: Counter, moment: str
) -> None:
    buyer = counter.buyer(moment)
    counter.moments.stop(buyer.top_up_id, moment)
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(buyer.begin)
        counter.stack.wait_for(
            lambda: counter.moments.is_held(buyer.top_up_id, moment), f"it stands at {moment}"
        )
        counter.die_and_return()
        with pytest.raises(httpx2.HTTPError):
            lost.result()
    url = buyer.begin().json()["url"]
    assert url.endswith(buyer.session_id)  # the one that Stripe knows of
    counter.till.stripe.pay(buyer.session_id)
    counter.stack.wait_for(buyer.is_paid, "the webhook is taken")
    assert buyer.is_credited_once()


@pytest.mark.parametrize("moment", ["before-read", "after-read"])
def test_a_gateway_that_dies_between_a_payment_and_its_credits_credits_it_once(
    counter: Counter, moment: str
) -> None:
    """Told by a webhook and by the customer who came back, at once."""
    buyer = counter.buyer(moment)
    buyer.begin()
    counter.moments.stop(buyer.session_id, moment)
    counter.till.stripe.pay(buyer.session_id)
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(buyer.come_back)
        counter.stack.wait_for(
            lambda: counter.moments.is_held(buyer.session_id, moment), f"it stands at {moment}"
        )
        assert not buyer.is_paid()
        counter.die_and_return()
        with pytest.raises(httpx2.HTTPError):
            lost.result()
    counter.stack.wait_for(buyer.is_paid, "the webhook is sent again")
    assert buyer.come_back().json() == {"state": "paid"}
    assert buyer.is_credited_once()


def test_a_payment_that_nobody_tells_of_is_found_by_the_sweep(counter: Counter) -> None:
    """The gateway is dead when the money comes, and the customer never comes back."""
    buyer = counter.buyer("gone")
    buyer.begin()
    counter.till.stripe.hold_webhooks()
    counter.till.stripe.pay(buyer.session_id)
    counter.stack.kill("gateway")
    counter.stack.start_quick_worker()
    sweep_top_ups(counter.stack)
    assert buyer.is_credited_once()
    counter.stack.start_selling_gateway()
    counter.till.stripe.release_webhooks(reverse=True, times=2)
    counter.till.stripe.drain_webhooks()
    assert buyer.is_credited_once()
