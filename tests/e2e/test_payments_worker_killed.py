"""`kill -9` of the worker at every await of a quote's way: one charge, one render or one refund.

Each row of the table is a quote of its own that stands still at a moment of its own when the one
kill comes; another worker is started, and each quote's books are looked at.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import Enum, auto

import httpx2
import pytest

from runtime.stripe_standin.refund_documents import dispute_document
from runtime.temporal_server import RunningTemporal
from studio.contracts.payment import PaymentState
from tests.kit.customer import Offer, offer_of, receipt_of
from tests.kit.market import GIVEN_BACK, RENDERED_ONCE, UNTOUCHED, Market, open_market
from tests.kit.till import DECLINED_CARD, GOOD_CARD
from tests.kit.tls_host import Authority

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

REFUNDED_WHOLE = (PaymentState.REFUNDED, GIVEN_BACK, 0)


class Story(Enum):
    """What is to become of a quote, whoever dies."""

    MADE = auto()
    FAILS = auto()
    CANCELED = auto()
    DECLINED = auto()
    DISPUTED = auto()


@dataclass(frozen=True)
class Moment:
    """`at` is a moment of the quote's run, or of its render's where `of_render`."""

    at: str
    story: Story = Story.MADE
    of_render: bool = False


UNCHARGED = "before-charge"
MOMENTS = {
    "claim not looked at": Moment("before-commit:look"),
    "claim looked at": Moment("after-commit:look"),
    "charge not sent": Moment(UNCHARGED),
    "charged, answer not kept": Moment("after-charge"),
    "payment not committed": Moment("before-commit:pay"),
    "payment committed, answer lost": Moment("after-commit:pay"),
    "render not begun": Moment("before-commit:begin"),
    "render begun, answer lost": Moment("after-commit:begin"),
    "render started as a child": Moment("before-commit:confirm", of_render=True),
    "holds confirmed, answer lost": Moment("after-commit:confirm", of_render=True),
    "clip ordered": Moment("step:await_clip", of_render=True),
    "render not closed": Moment("before-commit:close", of_render=True),
    "render closed, answer lost": Moment("after-commit:close", of_render=True),
    "not concluded": Moment("before-commit:settle_up"),
    "concluded, answer lost": Moment("after-commit:settle_up"),
    "failed, nothing owed yet": Moment("before-commit:settle_up", Story.FAILS),
    "failed, owed, answer lost": Moment("after-commit:settle_up", Story.FAILS),
    "refund not looked at": Moment("before-commit:owe", Story.FAILS),
    "refund looked at": Moment("after-commit:owe", Story.FAILS),
    "refund not sent": Moment("before-refund", Story.FAILS),
    "refund made, answer not kept": Moment("after-refund", Story.FAILS),
    "refund not committed": Moment("before-commit:give_back", Story.FAILS),
    "refund committed, answer lost": Moment("after-commit:give_back", Story.FAILS),
    "canceled, charge not sent": Moment(UNCHARGED, Story.CANCELED),
    "canceled, charged": Moment("after-charge", Story.CANCELED),
    "canceled, payment committed": Moment("after-commit:pay", Story.CANCELED),
    "canceled, render not begun": Moment("before-commit:begin", Story.CANCELED),
    "decline not committed": Moment("before-commit:decline", Story.DECLINED),
    "decline committed, answer lost": Moment("after-commit:decline", Story.DECLINED),
    "dispute not committed": Moment("before-commit:dispute", Story.DISPUTED),
    "dispute committed, files still there": Moment("after-commit:dispute", Story.DISPUTED),
}
BESIDE = 2
"""Payments that are made beside those of the table."""


@dataclass
class Died:
    """A worker that was killed with all of these under way, and the one that took over."""

    market: Market
    offers: dict[str, Offer]
    payments: dict[str, str]
    answers: dict[str, "Future[httpx2.Response]"]
    urls: dict[str, str] = field(default_factory=dict)
    late: Offer | None = None

    def hold(self, name: str, moment: Moment) -> None:
        self.market.moments.stop(self.run_of(name, moment), moment.at)

    def run_of(self, name: str, moment: Moment) -> str:
        offer = self.offers[name]
        render_id = self.market.row(offer).project_id
        return render_id if moment.of_render else f"paid-render-{offer.quote_id}"

    def is_held(self) -> bool:
        return all(
            self.market.moments.is_held(self.run_of(name, moment), moment.at)
            for name, moment in MOMENTS.items()
        )


@pytest.fixture(scope="module")
def died(
    tmp_path_factory: pytest.TempPathFactory, temporal_server: RunningTemporal, authority: Authority
) -> Iterator[Died]:
    folder = tmp_path_factory.mktemp("killed") / "stack"
    with (
        open_market(folder, temporal_server.address, authority) as market,
        ThreadPoolExecutor(len(MOMENTS) + BESIDE) as pool,
    ):
        market.stack.start_quick_worker()
        market.stack.start_gateway()
        # Or a webhook would carry on what stands between the charge and its record.
        market.till.stripe.hold_webhooks()
        died = Died(market, {}, {}, {})
        for name, moment in MOMENTS.items():
            begin(died, pool, name, moment)
        for name in named(Story.CANCELED):
            cancel(died, name)
        market.stack.wait_for(died.is_held, "all stand where they are to stand")
        market.stack.kill("worker")
        for name in ("charged, answer not kept", "clip ordered", "refund not sent"):
            market.customer.status(died.offers[name])
        died.late = market.customer.ask()
        died.answers["late"] = pool.submit(market.customer.pay, died.late)
        market.stack.wait_for(
            lambda: died.late is not None and market.row(died.late).state is PaymentState.SETTLING,
            "it is claimed",
        )
        market.stack.start_quick_worker()
        yield died
        market.till.stripe.release_webhooks()


def begin(died: Died, pool: ThreadPoolExecutor, name: str, moment: Moment) -> None:
    """Ask, and pay in a thread of its own; a dispute comes when the film is there."""
    market = died.market
    offer = died.offers[name] = market.customer.ask()
    is_declined, is_disputed = moment.story is Story.DECLINED, moment.story is Story.DISPUTED
    card = DECLINED_CARD if is_declined else GOOD_CARD
    died.payments[name] = market.customer.answer_to(offer, card=card)
    if moment.story is Story.FAILS:
        market.moments.fail(market.row(offer).project_id, "plan_shots", "The model refused.")
    if moment.story is Story.CANCELED:
        market.moments.stop(died.run_of(name, moment), UNCHARGED)
    if not is_disputed:
        died.hold(name, moment)
    died.answers[name] = pool.submit(
        market.customer.send, offer.problem["payment_url"], died.payments[name]
    )
    if is_disputed:
        assert market.at_rest(offer) == RENDERED_ONCE
        died.urls[name] = market.customer.status(offer)["final_video_url"]
        died.hold(name, moment)
        dispute(market, str(market.row(offer).payment_id))


def dispute(market: Market, payment_id: str) -> None:
    stripe = market.till.stripe
    stripe.dispute(payment_id)
    [made] = [each for each in stripe.books.disputes() if each.intent_id == payment_id]
    stripe.tell("charge.dispute.created", dispute_document(made))


def cancel(died: Died, name: str) -> None:
    """While it is about to be charged, so that nobody renders it; then to where it is to stand."""
    run = f"paid-render-{died.offers[name].quote_id}"
    market = died.market
    market.stack.wait_for(lambda: market.moments.is_held(run, UNCHARGED), "the charge is not sent")
    market.customer.cancel(died.offers[name])
    if MOMENTS[name].at != UNCHARGED:
        market.moments.let_go(run, UNCHARGED)


def named(*stories: Story) -> list[str]:
    return [name for name, moment in MOMENTS.items() if moment.story in stories]


@pytest.mark.payment_case(21, 26)
@pytest.mark.parametrize("name", named(Story.MADE, Story.FAILS, Story.CANCELED))
def test_a_paid_quote_survives_the_death_of_its_worker(died: Died, name: str) -> None:
    market, offer = died.market, died.offers[name]
    expected = RENDERED_ONCE if MOMENTS[name].story is Story.MADE else REFUNDED_WHOLE
    assert market.at_rest(offer) == expected
    answer = died.answers[name].result()
    assert answer.status_code in {202, 503}
    assert "www-authenticate" not in answer.headers
    again = market.customer.send(offer.problem["payment_url"], died.payments[name])
    assert again.status_code == 200
    assert receipt_of(again)["reference"] == market.row(offer).payment_id
    assert market.at_rest(offer) == expected


@pytest.mark.payment_case(18)
@pytest.mark.parametrize("name", named(Story.DECLINED))
def test_a_decline_survives_the_death_of_its_worker(died: Died, name: str) -> None:
    market, offer = died.market, died.offers[name]
    market.wait_until(offer, PaymentState.QUOTED)
    assert market.till.balance(offer.quote_id) == UNTOUCHED
    assert died.answers[name].result().status_code in {402, 503}
    again = market.customer.send(offer.problem["payment_url"], died.payments[name])
    assert market.customer.pay(offer_of(again)).status_code == 202
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(40)
@pytest.mark.parametrize("name", named(Story.DISPUTED))
def test_a_dispute_survives_the_death_of_its_worker(died: Died, name: str) -> None:
    market, offer = died.market, died.offers[name]
    market.stack.wait_for(
        lambda: httpx2.get(died.urls[name]).status_code == 404, "the film is taken away"
    )
    assert market.row(offer).disputed_at is not None
    assert market.at_rest(offer) == RENDERED_ONCE


@pytest.mark.payment_case(27)
def test_a_payment_that_comes_while_there_is_no_worker_is_charged_and_rendered_once(
    died: Died,
) -> None:
    assert died.late is not None
    assert died.market.at_rest(died.late) == RENDERED_ONCE
    assert died.answers["late"].result().status_code in {202, 503}
