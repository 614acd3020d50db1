"""Every query on the journal of calls that answer at once.

Such a call has no handle to ask about, so what a crash loses is bounded instead: a try is counted
before the call, given back where nothing was paid for, and a stored result is never bought again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.journal.errors import AttemptConflict, TriesExhausted
from studio.journal.tables import CallRow


@dataclass(frozen=True)
class Call:
    """What makes a call the same call. `request_digest` is a SHA-256 in hex."""

    call_id: str
    project_id: str
    provider: str
    request_digest: str


def begin_call(
    session: Session, call: Call, *, tries_max: int, now: datetime
) -> dict[str, Any] | None:
    """Count a try that is about to be made; or answer with the result that is there already.

    Without a result the request may still change (a successor, a softer text): its tries count on,
    whoever they were for. A result is the answer to every request of its id, for a run that is
    reset asks for it by the first one again. Raises TriesExhausted where as many tries as allowed
    may have been paid for without a result, and AttemptConflict if the id belongs to another
    render.
    """
    row = session.get(CallRow, call.call_id, with_for_update=True)
    if row is None:
        row = CallRow(
            call_id=call.call_id,
            project_id=call.project_id,
            provider=call.provider,
            request_digest=call.request_digest,
            tries=0,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
    if row.project_id != call.project_id:
        raise AttemptConflict(f"call {call.call_id} was made for a different render")
    if row.result is not None:
        return row.result
    row.request_digest, row.provider = call.request_digest, call.provider
    if row.tries >= tries_max:
        raise TriesExhausted(call.provider, row.tries)
    row.tries += 1
    row.updated_at = now
    session.flush()
    return None


def find_result(session: Session, call_id: str) -> dict[str, Any] | None:
    row = session.get(CallRow, call_id)
    return None if row is None else row.result


def keep_result(session: Session, call: Call, result: dict[str, Any], *, now: datetime) -> None:
    """Keep the result of work that costs nothing to try but may not be possible again.

    The first one stays.
    """
    if session.get(CallRow, call.call_id, with_for_update=True) is None:
        session.add(
            CallRow(
                call_id=call.call_id,
                project_id=call.project_id,
                provider=call.provider,
                request_digest=call.request_digest,
                tries=0,
                result=result,
                created_at=now,
                updated_at=now,
            )
        )


def return_try(session: Session, call_id: str, *, now: datetime) -> None:
    """The provider took nothing on: the try does not count."""
    session.execute(
        update(CallRow)
        .where(CallRow.call_id == call_id, CallRow.tries > 0)
        .values(tries=CallRow.tries - 1, updated_at=now)
    )


def finish_call(session: Session, call_id: str, result: dict[str, Any], *, now: datetime) -> None:
    """The result is stored; the first one stays where two workers made the same call."""
    session.execute(
        update(CallRow)
        .where(CallRow.call_id == call_id, CallRow.result.is_(None))
        .values(result=result, updated_at=now)
    )
