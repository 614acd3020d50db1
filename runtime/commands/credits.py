"""`fvs credits`: what accounts have, what they spent, and whether it adds up."""

import secrets
from typing import Annotated

import typer

from runtime.commands.console import (
    EXIT_FAILED,
    AccountId,
    AsJson,
    End,
    administration,
    print_json,
    print_table,
)

GRANT_REFERENCE_BYTES = 8
STATEMENT_LENGTH = 50
GIFT = "A gift"

app = typer.Typer(help="Credits: 1 credit is 1 US cent.", no_args_is_help=True)


@app.command()
def grant(
    account_id: AccountId,
    credits: Annotated[int, typer.Argument(min=1, help="How many credits.")],
    reference: Annotated[
        str | None,
        typer.Option(help="Granting again under the same reference changes nothing."),
    ] = None,
    reason: Annotated[str, typer.Option(help="The account reads it in its statement.")] = GIFT,
    expires: End = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give credits to an account. They are spent before bought ones, and may end."""
    from gateway.services import operator_acts
    from runtime.commands.key_terms import read_moment

    # An empty reference is a mistake: granted under one of ours, a repetition would grant again.
    chosen = f"grant_{secrets.token_hex(GRANT_REFERENCE_BYTES)}" if reference is None else reference
    with administration() as work:
        balance = operator_acts.grant_credits(
            work.session,
            work.act(reason, reference=chosen),
            account_id=account_id,
            credits=credits,
            expires_at=None if expires is None else read_moment(expires, now=work.now),
        )
    if as_json:
        print_json({"account_id": account_id, "reference": chosen, "balance": balance})
    else:
        typer.echo(f"{account_id} has {balance.available} credits available ({chosen}).")


@app.command()
def balance(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Show the credits of an account: available, held, spent and ever granted, and its gifts."""
    from dataclasses import asdict

    from studio.accounts import service as accounts
    from studio.ledger import service as ledger

    with administration() as work:
        accounts.get_account(work.session, account_id=account_id)
        wallet = ledger.open_wallet(work.session, owner=account_id, now=work.now)
        found = ledger.balance(work.session, wallet=wallet)
        gifts = ledger.open_grants(work.session, wallet=wallet)
    if as_json:
        print_json({**asdict(found), "grants": gifts})
        return
    print_table([asdict(found)], nothing="")
    if gifts:
        typer.echo()
        print_table([asdict(gift) for gift in gifts], nothing="")


@app.command()
def statement(
    account_id: AccountId,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = STATEMENT_LENGTH,
    *,
    as_json: AsJson = False,
) -> None:
    """List what happened to an account's credits, newest first."""
    from studio.accounts import service as accounts
    from studio.ledger import service as ledger

    with administration() as work:
        accounts.get_account(work.session, account_id=account_id)
        wallet = ledger.open_wallet(work.session, owner=account_id, now=work.now)
        lines = ledger.statement(work.session, wallet=wallet, limit=limit).lines
    if as_json:
        print_json(lines)
        return
    rows: list[dict[str, object]] = [
        {
            "when": line.created_at,
            "what": line.code,
            "phase": line.phase,
            "credits": line.credits,
            "available": f"{line.change_available:+d}",
            "subject": line.subject,
            "line": line.line_id,
            "reason": line.reason,
        }
        for line in lines
    ]
    print_table(rows, nothing="Nothing has happened to these credits yet.")


@app.command()
def audit(*, as_json: AsJson = False) -> None:
    """Check that the whole ledger adds up; exit code 1 where it does not."""
    from studio.ledger import service as ledger

    with administration(read_only=True) as work:
        findings = ledger.audit(work.session)
    if as_json:
        print_json({"findings": findings})
    else:
        for finding in findings or ["The ledger adds up."]:
            typer.echo(finding)
    if findings:
        raise typer.Exit(EXIT_FAILED)
