"""The attempt journal, on both databases: one attempt is one order."""

from datetime import UTC, datetime

import pytest

from studio.db.engine import Database
from studio.journal.errors import AttemptConflict
from studio.journal.repository import (
    Attempt,
    accept_attempt,
    begin_attempt,
    find_attempt,
    lose_attempt,
    reject_attempt,
)
from studio.journal.tables import AttemptState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def _begin(database: Database, digest: str = "d" * 64) -> Attempt | None:
    with database.transaction() as session:
        return begin_attempt(
            session,
            attempt_id="attempt-1",
            project_id="proj_api_1",
            provider="local",
            request_digest=digest,
            now=NOW,
        )


def _find(database: Database) -> Attempt:
    with database.reading() as session:
        found = find_attempt(session, "attempt-1")
    assert found is not None
    return found


def test_only_the_first_call_may_order(database: Database) -> None:
    assert _begin(database) is None
    again = _begin(database)
    assert again is not None
    assert again.state == AttemptState.SUBMITTING


def test_an_attempt_stands_for_one_request(database: Database) -> None:
    _begin(database)
    with pytest.raises(AttemptConflict):
        _begin(database, digest="e" * 64)


def test_a_handle_once_kept_is_never_replaced(database: Database) -> None:
    _begin(database)
    with database.transaction() as session:
        accept_attempt(session, "attempt-1", {"job": "1"}, now=NOW)
        accept_attempt(session, "attempt-1", {"job": "2"}, now=NOW)
        lose_attempt(session, "attempt-1", "late", now=NOW)
    assert _find(database) == Attempt("attempt-1", AttemptState.ACCEPTED, {"job": "1"}, None, NOW)


def test_a_refusal_is_kept_with_its_reason_cut_to_size(database: Database) -> None:
    _begin(database)
    with database.transaction() as session:
        reject_attempt(session, "attempt-1", "x" * 5000, now=NOW)
    found = _find(database)
    assert (found.state, found.error) == (AttemptState.REJECTED, "x" * 1000)


def test_an_unknown_attempt_is_not_invented(database: Database) -> None:
    with database.reading() as session:
        assert find_attempt(session, "attempt-9") is None
