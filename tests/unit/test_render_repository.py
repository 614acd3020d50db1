"""The record of renders, on both databases."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from studio.contracts.assets import AssetKind, AssetRef
from studio.contracts.quote_request import UploadUrl
from studio.contracts.request import RenderRequest
from studio.contracts.status import RenderSnapshot, RenderState, Stage
from studio.db.cursor import InvalidCursor
from studio.db.engine import Database
from studio.renders.errors import UnknownRender
from studio.renders.progress import list_progress, read_progress
from studio.renders.repository import (
    NewRender,
    count_active,
    find_by_idempotency_key,
    get_render,
    insert_render,
    keep_fetched,
    list_active,
    load_render,
    mark_started,
    request_cancel,
    store_snapshot,
)
from tests.kit.renders import render_input

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def _insert(
    database: Database,
    *,
    account: str = "acct_a",
    key: str | None = None,
    age_seconds: int = 0,
    name: str = "A film",
    upload_urls: tuple[UploadUrl, ...] = (),
) -> str:
    render = render_input(shots=1)
    new = NewRender(
        project_id=render.project_id,
        account_id=account,
        request=RenderRequest(name=name, screenplay="A boat."),
        assets=(),
        workflow_input=render,
        snapshot=RenderSnapshot(credits_reserved=166),
        fingerprint="f" * 64,
        idempotency_key=key,
        upload_urls=upload_urls,
    )
    with database.transaction() as session:
        insert_render(session, new, now=NOW - timedelta(seconds=age_seconds))
    return render.project_id


def _store(database: Database, project_id: str, revision: int, state: RenderState) -> int:
    snapshot = RenderSnapshot(revision=revision, status=state, stage=Stage.FILMING)
    with database.transaction() as session:
        return store_snapshot(session, project_id, snapshot, now=NOW)


@pytest.mark.requirement("AUTH-5")
def test_another_accounts_render_looks_like_an_unknown_one(database: Database) -> None:
    project_id = _insert(database, account="acct_a")
    with database.reading() as session:
        with pytest.raises(UnknownRender) as foreign:
            get_render(session, project_id, account_id="acct_b")
        with pytest.raises(UnknownRender) as unknown:
            get_render(session, "proj_api_0000000000000000", account_id="acct_b")
    assert foreign.value.detail.replace(project_id, "X") == unknown.value.detail.replace(
        "proj_api_0000000000000000", "X"
    )


def test_a_row_only_moves_forward(database: Database) -> None:
    project_id = _insert(database)
    assert _store(database, project_id, 5, RenderState.RUNNING) == 5
    assert _store(database, project_id, 4, RenderState.RUNNING) == 5
    assert _store(database, project_id, 5, RenderState.FAILED) == 5
    with database.reading() as session:
        assert load_render(session, project_id).status == RenderState.RUNNING


def test_a_terminal_row_never_changes_again(database: Database) -> None:
    project_id = _insert(database)
    _store(database, project_id, 7, RenderState.COMPLETED)
    assert _store(database, project_id, 9, RenderState.RUNNING) == 7
    with database.reading() as session:
        row = load_render(session, project_id)
    assert (row.status, row.finished_at) == (RenderState.COMPLETED, NOW)


def test_an_idempotency_key_belongs_to_one_render_of_an_account(database: Database) -> None:
    first = _insert(database, key="order-1")
    other_account = _insert(database, account="acct_b", key="order-1")
    with pytest.raises(IntegrityError):
        _insert(database, key="order-1")
    with database.reading() as session:
        found = find_by_idempotency_key(session, "acct_a", "order-1")
        assert found is not None
        assert found.project_id == first != other_account
        assert find_by_idempotency_key(session, "acct_a", "order-2") is None


@pytest.mark.parametrize(
    ("part", "found"), [("AIR", "Fair airs"), ("50%", "Half: 50%"), ("a_f", "a_film"), ("/", "a/b")]
)
def test_a_part_of_the_name_is_found_as_it_is_written_in_either_case(
    database: Database, part: str, found: str
) -> None:
    for name in ("Fair airs", "Half: 50%", "50 films", "a_film", "A film", "a/b"):
        _insert(database, name=name)
    _insert(database, account="acct_b", name=found)
    with database.reading() as session:
        page = list_progress(session, account_id="acct_a", limit=10, name_part=part)
    assert [row.name for row in page.renders] == [found]


def test_lists_are_newest_first_and_paged_without_gaps(database: Database) -> None:
    ids = [_insert(database, age_seconds=age) for age in range(5)]
    _insert(database, account="acct_b")
    seen: list[str] = []
    cursor = None
    with database.reading() as session:
        while True:
            page = list_progress(session, account_id="acct_a", limit=2, cursor=cursor)
            seen += [row.project_id for row in page.renders]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == ids


def test_lists_can_be_narrowed_to_a_status(database: Database) -> None:
    failed, _queued = _insert(database), _insert(database)
    _store(database, failed, 3, RenderState.FAILED)
    with database.reading() as session:
        page = list_progress(session, account_id="acct_a", limit=10, status=RenderState.FAILED)
    assert [row.project_id for row in page.renders] == [failed]


def _forged(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "YWJj",
        "MjAyNi0xMS0yM3xh",
        _forged("0001-01-01T00:00:00+14:00|proj_api_0"),
        _forged("9999-12-31T23:59:59-14:00|proj_api_0"),
        _forged("2026-11-23T12:00:00+00:00|proj\0"),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(database: Database, cursor: str) -> None:
    with database.reading() as session, pytest.raises(InvalidCursor):
        list_progress(session, account_id="acct_a", limit=2, cursor=cursor)


def test_an_id_that_no_database_can_hold_is_unknown(database: Database) -> None:
    with database.reading() as session, pytest.raises(UnknownRender):
        read_progress(session, "proj_api_\0", account_id="acct_a")


def test_only_renders_that_have_not_ended_count_as_active(database: Database) -> None:
    _insert(database)
    _store(database, _insert(database), 3, RenderState.CANCELED)
    with database.reading() as session:
        assert count_active(session, "acct_a") == 1


def test_the_sweep_sees_open_renders_older_than_its_grace(database: Database) -> None:
    old, _young = _insert(database, age_seconds=60), _insert(database)
    with database.reading() as session:
        rows = list_active(session, created_before=NOW - timedelta(seconds=30), limit=10)
    assert [row.project_id for row in rows] == [old]


def test_a_start_and_a_wish_to_cancel_are_remembered(database: Database) -> None:
    project_id = _insert(database)
    with database.transaction() as session:
        mark_started(session, project_id, "run-1")
        request_cancel(session, project_id, now=NOW)
    with database.reading() as session:
        row = load_render(session, project_id)
    assert (row.run_id, row.cancel_requested) == ("run-1", True)


def _asset(sha256: str) -> AssetRef:
    return AssetRef(
        index=0,
        key=f"projects/p/assets/{sha256}.png",
        sha256=sha256,
        kind=AssetKind.IMAGE,
        media_type="image/png",
        size_bytes=1,
        filename="cat.png",
    )


def test_what_was_fetched_first_stays_and_its_addresses_are_forgotten(database: Database) -> None:
    address = UploadUrl(url="https://media.example/cat.png?sig=5ec4e7")
    project_id = _insert(database, upload_urls=(address,))
    first, second = _asset("a" * 64), _asset("b" * 64)
    with database.transaction() as session:
        assert load_render(session, project_id).upload_urls == [address.model_dump(mode="json")]
        assert keep_fetched(session, project_id, [first], now=NOW) == (first,)
    with database.transaction() as session:
        assert keep_fetched(session, project_id, [second], now=NOW) == (first,)
    with database.reading() as session:
        row = load_render(session, project_id)
        assert (row.upload_urls, row.assets) == ([], [first.model_dump(mode="json")])


def test_fetched_files_of_a_render_that_is_not_there_are_refused(database: Database) -> None:
    with pytest.raises(UnknownRender), database.transaction() as session:
        keep_fetched(session, "proj_api_unknown", [], now=NOW)
