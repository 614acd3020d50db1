"""`fvs keys`: API keys. A key is printed once, when it is made, and never again."""

from typing import TYPE_CHECKING, Annotated

import typer

from runtime.commands.console import (
    AccountId,
    AsJson,
    End,
    administration,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from runtime.settings import Settings
    from studio.accounts.service import IssuedKey

app = typer.Typer(help="API keys of an account.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `list` shows it.")]


@app.command()
def create(
    account_id: AccountId,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "API key",
    *,
    test: Annotated[
        bool, typer.Option("--test", help="A test key: local models and test credits alone.")
    ] = False,
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            metavar="SCOPE",
            help="renders:read, renders:write or wallet:read; may be repeated. All where left out.",
        ),
    ] = None,
    expires: End = None,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests a minute, in each gateway process.")
    ] = None,
    per_month: Annotated[
        int | None, typer.Option(min=1, help="Credits that its renders may cost a month (UTC).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it, this once."""
    from runtime.commands.key_terms import read_moment, read_scopes
    from studio.accounts import service as accounts

    with administration() as work:
        terms = accounts.KeyTerms(
            scopes=read_scopes(scopes),
            expires_at=None if expires is None else read_moment(expires, now=work.now),
            requests_per_minute_max=per_minute,
            credits_per_month_max=per_month,
        )
        issued = accounts.issue_key(
            work.session,
            account_id=account_id,
            name=name,
            environment="test" if test else "live",
            peppers=_peppers(work.settings),
            now=work.now,
            terms=terms,
        )
        work.record("keys.create", account_id, key_id=issued.key_id)
    _print_issued(issued, as_json=as_json)


@app.command("list")
def list_(account_id: AccountId, *, as_json: AsJson = False) -> None:
    """List the keys of an account, revoked and expired ones too, oldest first."""
    from studio.accounts import service as accounts

    with administration(read_only=True) as work:
        found = accounts.list_keys(work.session, account_id=account_id)
    rows: list[dict[str, object]] = [
        {
            "key_id": key.key_id,
            "hint": key.hint,
            "name": key.name,
            "environment": key.environment,
            "active": key.is_active(work.now),
            "scopes": " ".join(sorted(key.terms.scopes)),
            "per_minute": key.terms.requests_per_minute_max,
            "per_month": key.terms.credits_per_month_max,
            "created_at": key.created_at,
            "last_used_at": key.last_used_at,
            "expires_at": key.terms.expires_at,
            "revoked_at": key.revoked_at,
        }
        for key in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, nothing="The account has no keys.")


@app.command()
def revoke(key_id: KeyId, *, as_json: AsJson = False) -> None:
    """Refuse a key from now on."""
    from studio.accounts import service as accounts

    with administration() as work:
        accounts.revoke_key(work.session, key_id=key_id, now=work.now)
        info = accounts.key_info(work.session, key_id=key_id)
        work.record("keys.revoke", info.account_id, key_id=key_id)
    if as_json:
        print_json({"key_id": key_id, "revoked_at": info.revoked_at})
    else:
        typer.echo(f"Revoked {key_id}.")


@app.command()
def rotate(key_id: KeyId, *, as_json: AsJson = False) -> None:
    """Create a successor and print it; the old key works for 24 hours more."""
    from studio.accounts import service as accounts

    with administration() as work:
        issued = accounts.rotate_key(
            work.session, key_id=key_id, peppers=_peppers(work.settings), now=work.now
        )
        account_id = accounts.key_info(work.session, key_id=key_id).account_id
        work.record("keys.rotate", account_id, key_id=key_id, successor_id=issued.key_id)
    _print_issued(issued, as_json=as_json)


def _peppers(settings: "Settings") -> list[bytes]:
    """Those of the settings; beside `fvs dev`, where none is set, that of its folder.

    A key made under another pepper than the gateway's would never work.
    """
    from runtime.dev_files import stack_pepper

    known = stack_pepper(settings.database_url) if settings.key_pepper is None else None
    return settings.key_peppers() if known is None else [known.encode()]


def _print_issued(issued: "IssuedKey", *, as_json: bool) -> None:
    if as_json:
        print_json({"key_id": issued.key_id, "api_key": issued.secret, "hint": issued.hint})
    else:
        typer.echo(issued.secret)
        typer.echo(
            f"Key {issued.key_id}. Keep it now: it is not stored and not shown again.", err=True
        )
