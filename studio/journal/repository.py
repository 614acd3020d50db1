"""Every query on the attempt journal.

The row is committed before the provider is called and again with its answer, so whoever comes
after a crash knows whether a paid job may exist, and under which handle.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.journal.errors import AttemptConflict
from studio.journal.tables import AttemptRow, AttemptState

ERROR_LENGTH_MAX = 1000


@dataclass(frozen=True)
class Attempt:
    """What the journal knows of one attempt.

    `open_since`: when it was begun, or prepared; an order can only have gone out after the latter.
    """

    attempt_id: str
    state: AttemptState
    handle: dict[str, str] | None
    error: str | None
    open_since: datetime
    prepared: dict[str, str] | None = None
    refusal: dict[str, str] | None = None


def begin_attempt(
    session: Session,
    *,
    attempt_id: str,
    project_id: str,
    provider: str,
    request_digest: str,
    now: datetime,
) -> Attempt | None:
    """Write down that a submission is about to happen.

    Returns None if this call opened the attempt, and so may submit; otherwise what is known of it.
    AttemptConflict if the id belongs to a different request.
    """
    row = session.get(AttemptRow, attempt_id, with_for_update=True)
    if row is not None:
        if row.request_digest != request_digest:
            raise AttemptConflict(f"attempt {attempt_id} was made for a different request")
        return _as_attempt(row)
    session.add(
        AttemptRow(
            attempt_id=attempt_id,
            project_id=project_id,
            provider=provider,
            request_digest=request_digest,
            state=AttemptState.SUBMITTING,
            created_at=now,
            updated_at=now,
        )
    )
    session.flush()
    return None


def find_attempt(session: Session, attempt_id: str) -> Attempt | None:
    row = session.get(AttemptRow, attempt_id)
    return None if row is None else _as_attempt(row)


def prepare_attempt(
    session: Session, attempt_id: str, prepared: dict[str, str], *, now: datetime
) -> bool:
    """What the provider was given beforehand. Answers whether the order may go out now.

    Not where the attempt was given up meanwhile: another may be under way in its place.
    """
    done = session.execute(
        update(AttemptRow)
        .where(
            AttemptRow.attempt_id == attempt_id,
            AttemptRow.state == AttemptState.SUBMITTING,
            AttemptRow.prepared.is_(None),
        )
        .values(prepared=prepared, updated_at=now)
        .returning(AttemptRow.attempt_id)
    )
    return done.one_or_none() is not None


def accept_attempt(
    session: Session, attempt_id: str, handle: dict[str, str], *, now: datetime
) -> None:
    """The provider has the job. Its handle is never replaced by another."""
    _resolve(session, attempt_id, AttemptState.ACCEPTED, now=now, handle=handle)


def reject_attempt(
    session: Session,
    attempt_id: str,
    error: str,
    *,
    now: datetime,
    refusal: dict[str, str] | None = None,
) -> None:
    """The provider refused: nothing was ordered. `refusal` says how, for whoever comes again."""
    _resolve(session, attempt_id, AttemptState.REJECTED, now=now, error=error, refusal=refusal)


def lose_attempt(
    session: Session, attempt_id: str, error: str, *, prepared: bool, now: datetime
) -> bool:
    """The provider knows of no such job: a new attempt may be made.

    `prepared` is how far it had come when the provider was asked. False, and no change, where it
    was prepared since: then it may have been ordered since.
    """
    conditions = [
        AttemptRow.attempt_id == attempt_id,
        AttemptRow.state == AttemptState.SUBMITTING,
    ]
    if not prepared:
        conditions.append(AttemptRow.prepared.is_(None))
    done = session.execute(
        update(AttemptRow)
        .where(*conditions)
        .values(state=AttemptState.LOST, error=error[:ERROR_LENGTH_MAX], updated_at=now)
        .returning(AttemptRow.attempt_id)
    )
    return done.one_or_none() is not None


def _resolve(
    session: Session,
    attempt_id: str,
    state: AttemptState,
    *,
    now: datetime,
    handle: dict[str, str] | None = None,
    error: str | None = None,
    refusal: dict[str, str] | None = None,
) -> None:
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.attempt_id == attempt_id, AttemptRow.state == AttemptState.SUBMITTING)
        .values(
            state=state,
            handle=handle,
            error=error[:ERROR_LENGTH_MAX] if error else None,
            refusal=refusal,
            updated_at=now,
        )
    )


def _as_attempt(row: AttemptRow) -> Attempt:
    return Attempt(
        row.attempt_id,
        row.state,
        row.handle,
        row.error,
        row.updated_at,
        prepared=row.prepared,
        refusal=row.refusal,
    )
