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
    prepare_attempt,
    reject_attempt,
)
from studio.journal.tables import AttemptState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 12, 1, tzinfo=UTC)


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
        assert not lose_attempt(session, "attempt-1", "late", prepared=True, now=NOW)
    assert _find(database) == Attempt("attempt-1", AttemptState.ACCEPTED, {"job": "1"}, None, NOW)


def test_an_attempt_is_given_up_only_as_far_as_it_was_asked_about(database: Database) -> None:
    _begin(database)
    with database.transaction() as session:
        assert prepare_attempt(session, "attempt-1", {}, now=LATER)
        assert not lose_attempt(session, "attempt-1", "asked too soon", prepared=False, now=LATER)
        assert lose_attempt(session, "attempt-1", "no such job", prepared=True, now=LATER)
    assert _find(database).state == AttemptState.LOST


def test_an_attempt_that_was_given_up_is_not_prepared_any_more(database: Database) -> None:
    _begin(database)
    with database.transaction() as session:
        assert lose_attempt(session, "attempt-1", "no such job", prepared=False, now=NOW)
        assert not prepare_attempt(session, "attempt-1", {}, now=LATER)


def test_an_order_is_as_old_as_its_preparation(database: Database) -> None:
    """It cannot have gone out before: a slow upload is no part of the provider's delay."""
    _begin(database)
    assert _find(database).open_since == NOW
    with database.transaction() as session:
        prepare_attempt(session, "attempt-1", {"start": "url"}, now=LATER)
    assert _find(database).open_since == LATER


def test_a_refusal_is_kept_with_its_reason_cut_to_size(database: Database) -> None:
    _begin(database)
    with database.transaction() as session:
        reject_attempt(session, "attempt-1", "x" * 5000, now=NOW)
    found = _find(database)
    assert (found.state, found.error) == (AttemptState.REJECTED, "x" * 1000)


def test_an_unknown_attempt_is_not_invented(database: Database) -> None:
    with database.reading() as session:
        assert find_attempt(session, "attempt-9") is None
