"""`fvs topups`: purchases of credits, and refunds of them to the card that paid."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from runtime.commands.console import (
    AsJson,
    administration,
    fail,
    plain_failures,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    # The commands' help must not wait for the database library.
    from sqlalchemy.orm import Session

    from runtime.settings import Settings
    from studio.topups.tables import TopUpRow

LIST_LENGTH = 50

app = typer.Typer(help="Credits bought, and their money.", no_args_is_help=True)

TopUpId = Annotated[str, typer.Argument(metavar="TOP_UP", help="The purchase's id.")]
_Result = TypeVar("_Result")


@app.command("list")
def list_(
    account: Annotated[str | None, typer.Option(help="Only purchases of this account.")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only purchases in this state, such as open.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = LIST_LENGTH,
    *,
    as_json: AsJson = False,
) -> None:
    """List purchases, newest first."""
    from studio.topups.repository import list_top_ups
    from studio.topups.tables import TopUpState

    known = [one.value for one in TopUpState]
    if state is not None and state not in known:
        fail(f"{state} is no state of a purchase; there are {', '.join(known)}.")
    wanted = TopUpState(state) if state is not None else None
    with administration(read_only=True) as work:
        found = list_top_ups(work.session, limit=limit, account_id=account, state=wanted)
        rows = [_facts(row) for row in found]
    if as_json:
        print_json(rows)
        return
    columns = ("top_up_id", "account_id", "state", "amount_cents", "refunded_cents", "owed_credits")
    print_table(
        [{name: row[name] for name in (*columns, "created_at")} for row in rows],
        nothing="There are no purchases.",
    )


@app.command()
def show(top_up_id: TopUpId, *, as_json: AsJson = False) -> None:
    """Show a purchase: its payment, what went back, and what its account owes for it."""
    from studio.topups.repository import load_top_up

    with administration(read_only=True) as work:
        facts = _facts(load_top_up(work.session, top_up_id))
    _print(facts, as_json=as_json)


@app.command()
def refund(
    top_up_id: TopUpId,
    cents: Annotated[
        int | None, typer.Option(min=1, help="How much; without it all that is left.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a purchase back to its card, and take its credits out of the wallet.

    What of them was spent is owed: the account starts no render until it has topped up.
    """
    from studio.topups.repository import load_top_up

    with administration(read_only=True) as work:
        load_top_up(work.session, top_up_id)
        settings = work.settings
    # What is logged on the way belongs where errors go: the answer may be read by a program.
    with plain_failures(), redirect_stdout(sys.stderr):
        given_back = asyncio.run(_refund(settings, top_up_id, cents))
    with administration(read_only=True) as work:
        facts = _facts(load_top_up(work.session, top_up_id))
    if as_json:
        print_json({**facts, "given_back_cents": given_back})
    else:
        typer.echo(
            f"{given_back} cents of {top_up_id} go back to the card; of its credits "
            f"{facts['withdrawn_credits']} were taken back and {facts['owed_credits']} are owed."
        )


async def _refund(settings: "Settings", top_up_id: str, cents: int | None) -> int:
    from datetime import UTC, datetime

    from runtime.processor import open_payments
    from studio.db.engine import open_database
    from studio.ledger import service as ledger
    from studio.topups.looking import Purchases

    database = open_database(settings.database_url)

    async def transact(work: "Callable[[Session], _Result]") -> _Result:
        with database.transaction() as session:
            return work(session)

    try:
        async with open_payments(settings) as payments:
            purchases = Purchases(
                checkout=payments.checkout,
                transact=transact,
                wallets=ledger,
                now=lambda: datetime.now(UTC),
            )
            return await purchases.refund(top_up_id, cents=cents)
    finally:
        database.dispose()


def _print(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print_table([{"field": name, "value": value} for name, value in facts.items()], nothing="")


def _facts(row: "TopUpRow") -> dict[str, object]:
    return {
        "top_up_id": row.top_up_id,
        "account_id": row.account_id,
        "state": row.state,
        "credits": row.credits,
        "amount_cents": row.amount_cents,
        "currency": row.currency,
        "session_id": row.session_id,
        "payment_id": row.payment_id,
        "refunded_cents": row.refunded_cents,
        "withdrawn_credits": row.withdrawn_credits,
        "owed_credits": row.owed_credits,
        "disputed_at": row.disputed_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "paid_at": row.paid_at,
    }
