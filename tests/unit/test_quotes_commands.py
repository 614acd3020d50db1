"""`fvs quotes`: what operators see of quotes, and a refund that is asked for again."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from runtime.commands.quotes import app
from studio.contracts.payment import PaymentState, RefundState
from studio.contracts.status import RenderState
from studio.db.engine import open_database
from studio.quotes.tables import QuoteRow
from tests.kit.stored_quotes import StoredQuote


class Till:
    """A quote in a database, and the commands on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.database = open_database(url)
        self.quote = StoredQuote(self.database, folder)

    def fvs(self, *words: str) -> Result:
        return CliRunner().invoke(app, list(words), env={"FVS_DATABASE_URL": self.url})

    def answer(self, *words: str) -> dict[str, Any]:
        """The document that a command prints; of a list, by the quotes' ids."""
        result = self.fvs(*words, "--json")
        assert result.exit_code == 0, result.output
        printed = json.loads(result.stdout)
        if isinstance(printed, list):
            return {one["quote_id"]: one for one in printed}
        return dict(printed)


@pytest.fixture
def till(sqlite_url: str, tmp_path: Path) -> Till:
    return Till(sqlite_url, tmp_path / "files")


async def _sent_back(quote: StoredQuote) -> None:
    """A refund that the card's bank did not take."""
    quote.processor.refund_states = [RefundState.FAILED]
    await quote.pay()
    await quote.begin()
    await quote.run_render(RenderState.FAILED)
    await quote.conclude()
    await quote.refund()


async def test_a_quote_is_listed_and_shown_without_anything_secret(till: Till) -> None:
    quote = till.quote
    quote.claim()
    listed = till.answer("list")
    assert {name: one["state"] for name, one in listed.items()} == {quote.quote_id: "settling"}
    assert till.answer("list", "--state", "refunding") == {}
    await quote.settle()
    shown = till.answer("show", quote.quote_id)
    assert shown["payment_id"] == "pi_1"
    assert shown["wallet"]["available"] == quote.price
    text = till.fvs("show", quote.quote_id).output + till.fvs("list").output
    for secret in ("spt_of_the_tests", quote.row.claim_hash, "A boat."):
        assert secret not in json.dumps(shown) + text


def test_a_quote_that_nobody_paid_has_no_wallet(till: Till) -> None:
    shown = till.answer("show", till.quote.quote_id)
    assert shown["wallet"] is None


@pytest.mark.parametrize(
    "words",
    [("show", "quote_unknown"), ("refund-again", "quote_unknown"), ("list", "--state", "x")],
)
def test_what_there_is_not_is_a_sentence_and_exit_code_1(till: Till, words: tuple[str]) -> None:
    result = till.fvs(*words)
    assert result.exit_code == 1
    assert result.stderr.startswith("fvs: ")
    assert result.stdout == ""


async def test_a_refund_that_was_sent_back_is_asked_for_again(till: Till) -> None:
    quote = till.quote
    await _sent_back(quote)
    assert quote.wallet.available == quote.price
    facts = till.answer("refund-again", quote.quote_id)
    assert (facts["refund_state"], facts["refund_attempts"]) == (None, 1)
    assert till.fvs("refund-again", quote.quote_id).exit_code == 1
    quote.processor.refund_states = [RefundState.SUCCEEDED]
    await quote.refund()
    assert quote.state is PaymentState.REFUNDED
    assert quote.wallet.available == 0


def test_only_what_was_sent_back_is_asked_for_again(till: Till) -> None:
    quote = till.quote
    quote.transact(
        lambda session: session.execute(update(QuoteRow).values(refund_state=RefundState.PENDING))
    )
    assert till.fvs("refund-again", quote.quote_id).exit_code == 1
