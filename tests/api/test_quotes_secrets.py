"""Neither the payment token nor the claim token is written anywhere, whatever goes wrong."""

import pytest

from gateway.services.payment_setup import MissingSettings
from studio.quotes.tables import QuoteRow
from tests.api.kit import KEY_HEADER, ApiStack
from tests.api.quote_kit import SECRET, Till, ask, pay, post_quote, quote_of

SPT = "spt_1Nbu0000000000000000000000"


@pytest.mark.payment_case(34)
async def test_no_log_line_and_no_error_has_a_token_in_it(
    stack: ApiStack, till: Till, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 34, the gateway's half. The lines are as they are before anything is redacted."""
    key = stack.open_account()
    async with stack.client() as client:
        quote = await ask(client)
        payment = quote.challenge.paid_with(SPT)
        forged = quote.challenge.changed(id="A" * 43).paid_with(SPT)
        till.behaviour = "decline"
        answers = [
            await client.post(quote.payment_url, headers=forged),
            await client.post(quote.payment_url, headers={**payment, KEY_HEADER: key}),
            await client.post(quote.payment_url, headers={"Authorization": f"Payment {SPT}"}),
            await client.post(quote.payment_url + "x", headers=payment),
            await pay(client, quote, SPT),
            await pay(client, quote, SPT, at_quotes=True),
        ]
        fresh = quote_of(await client.get(quote.payment_url), quote.body)
        stack.workflows.settle_fails = True
        answers.append(await pay(client, fresh, SPT))
        stack.workflows.settle_fails = False
        till.resolve("approve")
        answers += [
            await pay(client, fresh, SPT),
            await client.get(quote.status_url),
            await client.post(quote.cancel_url),
        ]
        with stack.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE quote RENAME TO quote_away")
        answers.append(await pay(client, fresh, SPT))
        answers.append(await client.get(quote.status_url))

    lines = capsys.readouterr()
    assert len(till.charges) == 1
    assert "/api/agent/render-quotes/{quote_id}/pay" in lines.out
    credential = payment["Authorization"].removeprefix("Payment ")
    for secret in (SPT, quote.token, credential, SECRET, "claim_token"):
        assert secret not in lines.out + lines.err
    for answer in answers:
        assert SPT not in answer.text + str(answer.headers)
        assert SECRET not in answer.text


@pytest.mark.payment_case(34)
async def test_the_database_has_a_hash_of_the_claim_token_and_a_sealed_payment_token(
    stack: ApiStack, till: Till
) -> None:
    till.behaviour = "silent"
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote, SPT)
        settling = stored(till.stack_row(quote.id))
        till.resolve("approve")
        paid = till.stack_row(quote.id)

    assert quote.token not in settling
    assert SPT not in settling
    assert list(till.charges.values()) == [SPT]
    assert paid.sealed_token is None


def stored(row: QuoteRow) -> str:
    return str({name: getattr(row, name) for name in QuoteRow.__table__.columns.keys()})  # noqa: SIM118


async def test_an_unconfigured_server_shows_what_was_paid_before(
    stack: ApiStack, till: Till
) -> None:
    """Whoever paid keeps their film when the operator stops selling."""
    async with stack.client() as client:
        quote = await ask(client)
        await pay(client, quote)
    stack.configure(payments=MissingSettings())
    async with stack.client() as client:
        status = await client.get(quote.status_url)
        refused = await post_quote(client, quote.body)

    assert (status.status_code, status.json()["payment_status"]) == (200, "paid")
    assert refused.status_code == 503
    assert len(till.charges) == 1
