"""`fvs audit`: what operators did, on the command line and in the console."""

import json
from typing import Annotated

import typer

from runtime.commands.console import AsJson, administration, print_json, print_table

LIST_LENGTH = 50

app = typer.Typer(help="The audit log of operators.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `list` a command of its own while it is the only one."""


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = LIST_LENGTH,
    cursor: Annotated[
        str | None, typer.Option(help="Go on behind a page, as its JSON says.")
    ] = None,
    account_id: Annotated[
        str | None, typer.Option("--account", help="Only what concerns this account.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List what operators did, newest first."""
    from studio.operators import service as operators

    with administration(read_only=True) as work:
        page = operators.list_actions(
            work.session, limit=limit, cursor=cursor, account_id=account_id
        )
    if as_json:
        print_json({"actions": page.actions, "next_cursor": page.next_cursor})
        return
    rows: list[dict[str, object]] = [
        {
            "when": action.created_at,
            "who": action.operator,
            "what": action.action,
            "account": action.account_id,
            "details": json.dumps(dict(action.details), ensure_ascii=False),
        }
        for action in page.actions
    ]
    print_table(rows, nothing="No operator has done anything yet.")
