"""`fvs accounts`: customers and what their omitted request fields take."""

from typing import Annotated

import typer

from runtime.commands.console import (
    AccountId,
    AsJson,
    administration,
    print_json,
    print_table,
)

LIST_LENGTH = 100

app = typer.Typer(help="Accounts and their saved defaults.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call the account.")],
    account_id: Annotated[
        str | None, typer.Option("--id", help="Its id; made up where left out.")
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(help="Let its owner sign in, with a password that is printed this once."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Create an account with an empty wallet."""
    from studio.accounts import service as accounts
    from studio.identity import service as identity
    from studio.ledger import service as ledger

    chosen = accounts.new_account_id() if account_id is None else account_id
    password = None if email is None else identity.generate_password()
    with administration() as work:
        accounts.create_account(work.session, account_id=chosen, name=name, now=work.now)
        ledger.open_wallet(work.session, owner=chosen, now=work.now)
        if email is not None and password is not None:
            email = identity.create_login(
                work.session,
                account_id=chosen,
                email=email,
                password_hash=identity.new_password_hash(identity.Argon2Passwords(), password),
                now=work.now,
            )
        work.record("accounts.create", chosen)
    if as_json:
        print_json({"account_id": chosen, "name": name, "email": email, "password": password})
        return
    typer.echo(f"Created account {chosen}. Next: fvs keys create {chosen}")
    if password is not None:
        typer.echo(f"{email} signs in with {password}")
        typer.echo("Pass it on now: it is not stored and not shown again.", err=True)


@app.command()
def suspend(
    account_id: AccountId,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Have an account start nothing from now on; it may still look, and cancel."""
    from gateway.services import operator_acts
    from studio.accounts import service as accounts

    with administration() as work:
        act = work.act(reason)
        operator_acts.suspend(work.session, act, account_id=account_id)
        account = accounts.get_account(work.session, account_id=account_id)
    if as_json:
        print_json({"account_id": account_id, "suspended_at": account.suspended_at})
    else:
        typer.echo(f"{account_id} is suspended.")


@app.command()
def resume(
    account_id: AccountId,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """End the suspension of an account."""
    from gateway.services import operator_acts

    with administration() as work:
        operator_acts.resume(work.session, work.act(reason), account_id=account_id)
    if as_json:
        print_json({"account_id": account_id, "suspended_at": None})
    else:
        typer.echo(f"{account_id} is not suspended.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = LIST_LENGTH,
    *,
    as_json: AsJson = False,
) -> None:
    """List accounts, newest first."""
    from studio.accounts import service as accounts

    with administration(read_only=True) as work:
        found = accounts.list_accounts(work.session, limit=limit)
    rows = [
        {
            "account_id": account.account_id,
            "name": account.name,
            "role": account.role,
            "suspended_at": account.suspended_at,
            "created_at": account.created_at,
        }
        for account in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, nothing="There are no accounts yet.")


@app.command()
def show(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Show an account, its credits and its defaults."""
    from studio.accounts import service as accounts
    from studio.identity import service as identity
    from studio.ledger import service as ledger

    with administration() as work:
        account = accounts.get_account(work.session, account_id=account_id)
        wallet = ledger.open_wallet(work.session, owner=account_id, now=work.now)
        balance = ledger.balance(work.session, wallet=wallet)
        keys = accounts.list_keys(work.session, account_id=account_id)
        emails = identity.emails_of(work.session, account_ids=[account_id])
    about = {
        "account_id": account.account_id,
        "name": account.name,
        "email": emails.get(account_id),
        "role": account.role,
        "suspended_at": account.suspended_at,
        "created_at": account.created_at,
        "credits_available": balance.available,
        "credits_held": balance.held,
        "low_balance_credits": account.low_balance_credits,
        "keys_active": sum(key.is_active(work.now) for key in keys),
    }
    defaults = account.defaults.model_dump(mode="json")
    if as_json:
        print_json({**about, "defaults": defaults})
    else:
        print_table(_as_rows({**about, **defaults}), nothing="")


@app.command()
def defaults(
    account_id: AccountId,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a default; may be repeated."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show the saved defaults of an account, or change some of them."""
    from runtime.commands.defaults import changed_defaults
    from studio.accounts import service as accounts

    with administration() as work:
        saved = accounts.account_defaults(work.session, account_id=account_id)
        if changes:
            saved = changed_defaults(saved, changes, today=work.now.date())
            accounts.save_defaults(work.session, account_id=account_id, defaults=saved)
    answer = saved.model_dump(mode="json")
    if as_json:
        print_json(answer)
    else:
        print_table(_as_rows(answer), nothing="")


def _as_rows(fields: dict[str, object]) -> list[dict[str, object]]:
    return [{"field": name, "value": value} for name, value in fields.items()]
