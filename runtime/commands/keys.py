"""`fvs keys`: API keys. A key is printed once, when it is made, and never again."""

from typing import TYPE_CHECKING, Annotated

import typer

from runtime.commands.console import AsJson, administration, print_json, print_table

if TYPE_CHECKING:
    from runtime.settings import Settings
    from studio.accounts.service import IssuedKey

app = typer.Typer(help="API keys of an account.", no_args_is_help=True)

AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, as `list` shows it.")]


@app.command()
def create(
    account_id: AccountId,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "API key",
    *,
    test: Annotated[
        bool, typer.Option("--test", help="A test key: local models where none is configured.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a key and print it, this once."""
    from studio.accounts import service as accounts

    with administration() as work:
        issued = accounts.issue_key(
            work.session,
            account_id=account_id,
            name=name,
            environment="test" if test else "live",
            peppers=_peppers(work.settings),
            now=work.now,
        )
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
        revoked_at = accounts.key_info(work.session, key_id=key_id).revoked_at
    if as_json:
        print_json({"key_id": key_id, "revoked_at": revoked_at})
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
