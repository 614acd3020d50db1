"""`fvs quotes`: where the money of paid quotes is, and refunds that have to be asked for again."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.commands.console import AsJson, administration, fail, print_json, print_table

if TYPE_CHECKING:
    # The commands' help must not wait for the database library.
    from studio.quotes.tables import QuoteRow

LIST_LENGTH = 50

app = typer.Typer(help="Paid quotes and their money.", no_args_is_help=True)

QuoteId = Annotated[str, typer.Argument(metavar="QUOTE", help="The quote's id.")]


@app.command("list")
def list_(
    state: Annotated[
        str | None, typer.Option(help="Only quotes in this state, such as refunding.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = LIST_LENGTH,
    *,
    as_json: AsJson = False,
) -> None:
    """List quotes, newest first."""
    from studio.contracts.payment import PaymentState
    from studio.quotes.repository import list_quotes

    known = [one.value for one in PaymentState]
    if state is not None and state not in known:
        fail(f"{state} is no state of a quote; there are {', '.join(known)}.")
    wanted = PaymentState(state) if state is not None else None
    with administration(read_only=True) as work:
        rows = [_facts(row) for row in list_quotes(work.session, limit=limit, state=wanted)]
    if as_json:
        print_json(rows)
        return
    columns = ("quote_id", "state", "amount_cents", "refund_cents", "refund_state", "created_at")
    print_table(
        [{name: row[name] for name in columns} for row in rows], nothing="There are no quotes."
    )


@app.command()
def show(quote_id: QuoteId, *, as_json: AsJson = False) -> None:
    """Show a quote's state, its payment, its refund and its guest's wallet. No secrets."""
    from studio.ledger import service as ledger
    from studio.ledger.errors import UnknownWallet
    from studio.quotes.repository import load_quote

    with administration(read_only=True) as work:
        facts = _facts(load_quote(work.session, quote_id))
        try:
            wallet = ledger.wallet_id(quote_id)
            balance = asdict(ledger.balance(work.session, wallet=wallet))
        except UnknownWallet:
            balance = {}  # nobody paid
    if as_json:
        print_json({**facts, "wallet": balance or None})
        return
    fields = {**facts, **{f"wallet_{name}": value for name, value in balance.items()}}
    print_table([{"field": name, "value": value} for name, value in fields.items()], nothing="")


@app.command("refund-again")
def refund_again(quote_id: QuoteId, *, as_json: AsJson = False) -> None:
    """Let a refund that did not reach its card be asked for anew; a worker does it soon."""
    from studio.quotes.progress import try_refund_again
    from studio.quotes.repository import load_quote

    with administration() as work:
        if not try_refund_again(work.session, quote_id, now=work.now):
            fail(f"No refund of {quote_id} was sent back; see `fvs quotes show {quote_id}`.")
        facts = _facts(load_quote(work.session, quote_id))
    if as_json:
        print_json(facts)
    else:
        typer.echo(
            f"{facts['refund_cents']} cents of {quote_id} go back to the card again: the next "
            "sweep of a worker, within two minutes, asks for it."
        )


def _facts(row: "QuoteRow") -> dict[str, object]:
    """What an operator may see: neither the brief, nor a token, nor a hash of one."""
    return {
        "quote_id": row.quote_id,
        "project_id": row.project_id,
        "state": row.state,
        "name": row.name,
        "amount_cents": row.amount_cents,
        "currency": row.currency,
        "attempts": row.attempts,
        "payment_id": row.payment_id,
        "cancel_requested": row.cancel_requested,
        "refund_cents": row.refund_cents,
        "refund_id": row.refund_id,
        "refund_state": row.refund_state,
        "refund_attempts": row.refund_attempts,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "claimed_at": row.claimed_at,
        "paid_at": row.paid_at,
        "refunded_at": row.refunded_at,
        "disputed_at": row.disputed_at,
    }
