"""`fvs operators`: accounts that may see every account's runs, grant credits and suspend."""

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

app = typer.Typer(help="Accounts with an operator's rights.", no_args_is_help=True)


@app.command()
def add(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Make an account an operator's."""
    _change(account_id, is_operator=True, as_json=as_json)


@app.command()
def remove(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """Make an account a customer's again."""
    _change(account_id, is_operator=False, as_json=as_json)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = LIST_LENGTH,
    *,
    as_json: AsJson = False,
) -> None:
    """List operators, newest account first."""
    from studio.accounts import service as accounts

    with administration(read_only=True) as work:
        found = accounts.list_accounts(
            work.session, limit=limit, role=accounts.AccountRole.OPERATOR
        )
    rows = [
        {"account_id": account.account_id, "name": account.name, "created_at": account.created_at}
        for account in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, nothing="There are no operators yet.")


def _change(account_id: str, *, is_operator: bool, as_json: bool) -> None:
    from studio.accounts import service as accounts

    role = accounts.AccountRole.OPERATOR if is_operator else accounts.AccountRole.CUSTOMER
    with administration() as work:
        if accounts.set_role(work.session, account_id=account_id, role=role):
            work.record("operators.add" if is_operator else "operators.remove", account_id)
    if as_json:
        print_json({"account_id": account_id, "role": role})
    else:
        typer.echo(f"{account_id} is {'an operator' if is_operator else 'a customer'}.")
