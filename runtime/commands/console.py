"""What the administration commands share: the database they work on, and how they answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, NoReturn
from uuid import uuid4

import typer

from studio.contracts.errors import StudioError

if TYPE_CHECKING:
    # The commands' help must not wait for the database library.
    from pydantic import JsonValue
    from sqlalchemy.orm import Session

    from gateway.services.operator_acts import Act
    from runtime.settings import Settings

EXIT_FAILED = 1

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AccountId = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's id.")]
End = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="WHEN",
        help="From now (90d or 12h), or a date or moment (ISO, UTC). Never where left out.",
    ),
]
"""When something ends, as `key_terms.read_moment` takes it."""


@dataclass(frozen=True)
class Administration:
    """One command's work: a session whose transaction commits if the command succeeds."""

    session: "Session"
    settings: "Settings"
    now: datetime

    def act(self, reason: str, *, reference: str | None = None) -> "Act":
        """An act of the shell's user; once a reference, where one is given."""
        from gateway.services.operator_acts import Act
        from studio.operators.records import SHELL

        chosen = uuid4().hex if reference is None else reference
        return Act(operator=SHELL, reference=chosen, reason=reason, now=self.now)

    def record(self, action: str, account_id: str | None, **details: "JsonValue") -> None:
        """Write into the audit log, in the same transaction, what the shell's user does."""
        from studio.operators import service as operators

        operators.record_action(
            self.session,
            operator=operators.SHELL,
            action=action,
            account_id=account_id,
            details=details,
            now=self.now,
        )


@contextmanager
def administration(*, read_only: bool = False) -> Iterator[Administration]:
    """Open the configured database; a foreseen failure becomes a sentence and exit code 1.

    `read_only` leaves SQLite's one write lock to others, for what may take long.
    """
    from runtime.settings import load_settings

    with plain_failures():
        settings = load_settings()
        with _session(settings.database_url, read_only=read_only) as session:
            yield Administration(session, settings, datetime.now(UTC))


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn a failure of ours or of the database into a sentence and exit code 1."""
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from studio.contracts.redaction import redact_text

    try:
        yield
    except StudioError as error:
        fail(error.detail)
    except CommandError:
        fail("The database was made by a newer version of this program; update it.")
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        fail(f"The database cannot be used: {redact_text(reason)}.")


def fail(sentence: str) -> NoReturn:
    """Print the sentence where errors go and end with exit code 1."""
    typer.echo(f"fvs: {sentence}", err=True)
    raise typer.Exit(EXIT_FAILED)


def print_json(answer: object) -> None:
    typer.echo(json.dumps(answer, default=_plain, indent=2, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, object]], *, nothing: str) -> None:
    """Print rows in columns under their names, or the sentence `nothing`."""
    if not rows:
        typer.echo(nothing)
        return
    cells = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    for line in cells:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


@contextmanager
def _session(url: str, *, read_only: bool) -> Iterator["Session"]:
    from studio.db.engine import open_database
    from studio.db.migrate import current_revision, head_revision

    found, known = current_revision(url), head_revision()
    if found != known:
        raise StudioError(
            f"The database is at revision {found or 'none'} and this program works with {known}; "
            "run `fvs migrate` first."
        )
    database = open_database(url)
    try:
        with database.reading() if read_only else database.transaction() as session:
            yield session
    finally:
        database.dispose()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    text = str(value.value if isinstance(value, Enum) else value)
    # What a customer called something must not steer the operator's terminal.
    return "".join(character if character.isprintable() else "?" for character in text)
