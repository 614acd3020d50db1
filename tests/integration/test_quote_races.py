"""Who changes one quote at the same moment: threads on a real database of either kind."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.contracts.payment import EventKind, PaymentEvent, PaymentState
from studio.db.engine import Database
from studio.payments.ports import ChargeOrder
from studio.quotes.claims import claim_quote
from studio.quotes.progress import request_cancel
from studio.quotes.records import Claim
from tests.kit.stored_quotes import NOW, TOKEN, StoredQuote

QUOTES = 8


def _together(*works: Callable[[], object]) -> list[BaseException]:
    """Run them at one moment, each in a thread; what they raised."""
    barrier = threading.Barrier(len(works))
    raised: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - asserted on by the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.parametrize("number", range(QUOTES))
def test_a_claim_and_a_cancellation_at_once_never_contradict_each_other(
    database: Database, tmp_path: Path, number: int
) -> None:
    quote = StoredQuote(database, tmp_path / str(number))
    claim = Claim(challenge_id=f"c{number}", credential_hash="h" * 64, sealed_token=b"sealed")
    raised = _together(
        lambda: quote.transact(lambda s: claim_quote(s, quote.quote_id, claim, now=NOW)),
        lambda: quote.transact(lambda s: request_cancel(s, quote.quote_id, now=NOW)),
    )
    assert raised == []
    assert quote.row.cancel_requested
    if quote.state is PaymentState.SETTLING:
        assert quote.row.sealed_token is not None
    else:
        assert quote.state is PaymentState.EXPIRED
        assert quote.row.challenge_id is None


async def test_a_webhook_and_a_charge_at_once_fill_the_wallet_once(
    database: Database, tmp_path: Path
) -> None:
    quote = StoredQuote(database, tmp_path / "files")
    quote.claim()
    order = ChargeOrder(quote.quote_id, "c1", quote.price, "usd", "digest", TOKEN)
    charged = await quote.processor.charge(order)  # and the worker died before it could say so
    event = PaymentEvent(
        kind=EventKind.PAYMENT_SUCCEEDED,
        payment_id=charged.payment_id,
        challenge_id="c1",
        amount_cents=quote.price,
        currency="usd",
    )
    standings = await asyncio.gather(
        *(quote.settle(event if number % 2 else None) for number in range(QUOTES))
    )
    assert {standing.stray_payment_id for standing in standings} == {None}
    assert quote.state is PaymentState.PAID
    assert quote.wallet.granted == quote.processor.charged_cents == quote.price


async def test_a_render_begins_once_however_many_ask(database: Database, tmp_path: Path) -> None:
    quote = StoredQuote(database, tmp_path / "files")
    await quote.pay()
    begun = await asyncio.gather(*(quote.begin() for _ in range(QUOTES)))
    assert all(one.starts for one in begun)
    assert quote.wallet.held == quote.price
