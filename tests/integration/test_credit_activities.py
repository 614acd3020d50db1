"""The activities that hold, settle and release, on a real database of either kind."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.credits import HoldsReleased, LedgerCreditActivities
from activities.errors import to_application_error
from activities.workbench import Workbench
from studio.accounts.service import create_account
from studio.contracts.request import RenderRequest
from studio.contracts.status import ClipSnapshot, ClipState, RenderSnapshot, RenderState, Stage
from studio.contracts.workflow_io import HoldRequest, ProgressUpdate, RenderInput
from studio.db.engine import Database
from studio.ledger import service as ledger
from studio.ledger.errors import InsufficientCredits
from studio.renders.repository import NewRender, insert_render, load_render, store_snapshot
from studio.storage.local import LocalStorage
from studio.storage.signing import SigningKey, UrlSigner
from tests.kit.renders import render_input

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def bench(database: Database, tmp_path: Path) -> Workbench:
    signer = UrlSigner([SigningKey("test", b"0" * 32)])
    storage = LocalStorage(tmp_path / "storage", signer)
    return Workbench(database=database, storage=storage, scratch=tmp_path, now=lambda: NOW)


def _stored_render(database: Database, *, granted: int = 1000) -> RenderInput:
    account = f"acct_{uuid.uuid4().hex[:8]}"
    render = render_input(shots=1).model_copy(update={"account_id": account})
    new = NewRender(
        project_id=render.project_id,
        account_id=account,
        request=RenderRequest(name="A film", screenplay="A boat."),
        assets=(),
        workflow_input=render,
        snapshot=RenderSnapshot(),
        fingerprint="f" * 64,
    )
    with database.transaction() as session:
        create_account(session, account_id=account, name="Test", now=NOW)
        wallet = ledger.open_wallet(session, owner=account, now=NOW)
        ledger.top_up(session, wallet=wallet, credits=granted, reference=account, now=NOW)
        insert_render(session, new, now=NOW)
    return render


def _hold(render: RenderInput) -> HoldRequest:
    return HoldRequest(project_id=render.project_id, account_id=render.account_id, plan=render.plan)


def _update(render: RenderInput, revision: int, *lines: str) -> ProgressUpdate:
    snapshot = RenderSnapshot(
        revision=revision, status=RenderState.RUNNING, stage=Stage.PLANNING, credits_settled=999
    )
    return ProgressUpdate(project_id=render.project_id, settle_line_ids=lines, snapshot=snapshot)


async def test_confirming_twice_holds_once(bench: Workbench) -> None:
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    for _ in range(2):
        await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    with bench.database.reading() as session:
        summary = ledger.summary(session, subject=render.project_id)
        held = ledger.balance(session, wallet=ledger.wallet_id(render.account_id)).held
    assert summary.reserved == summary.open == held == render.plan.charges.total_credits


async def test_too_few_credits_is_final_and_changes_nothing(bench: Workbench) -> None:
    render = _stored_render(bench.database, granted=10)
    activities = LedgerCreditActivities(bench)
    with pytest.raises(InsufficientCredits) as refusal:
        await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    assert to_application_error(refusal.value).non_retryable
    with bench.database.reading() as session:
        assert ledger.summary(session, subject=render.project_id).reserved == 0
        assert load_render(session, render.project_id).run_id is None


async def test_progress_repeated_settles_once_and_shows_what_the_ledger_says(
    bench: Workbench,
) -> None:
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    update = _update(render, 3, "project", "planning")
    receipts = [
        await ActivityEnvironment().run(activities.record_progress, update) for _ in range(2)
    ]
    assert [receipt.credits_settled for receipt in receipts] == [22, 22]
    with bench.database.reading() as session:
        row = load_render(session, render.project_id)
    assert RenderSnapshot.model_validate(row.snapshot).credits_settled == 22


async def test_closing_settles_what_was_earned_and_releases_the_rest(bench: Workbench) -> None:
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    snapshot = RenderSnapshot(revision=9, status=RenderState.CANCELED, stage=Stage.FILMING)
    update = ProgressUpdate(
        project_id=render.project_id,
        settle_line_ids=("project", "shot-001/video"),
        snapshot=snapshot,
    )
    for _ in range(2):
        receipt = await ActivityEnvironment().run(activities.close_render, update)
        assert receipt.credits_settled == 132
    with bench.database.reading() as session:
        summary = ledger.summary(session, subject=render.project_id)
        assert (summary.settled, summary.open) == (132, 0)
        assert ledger.audit(session) == []
        assert load_render(session, render.project_id).finished_at == NOW


async def test_a_render_that_has_ended_cannot_be_run_again_uncovered(bench: Workbench) -> None:
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    await ActivityEnvironment().run(activities.close_render, _update(render, 9, "project"))
    with pytest.raises(HoldsReleased) as refusal:
        await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    assert to_application_error(refusal.value).non_retryable


async def test_the_settling_write_corrects_a_status_of_the_same_revision(bench: Workbench) -> None:
    """A gateway stored the queried status a moment before the money was settled."""
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    early = RenderSnapshot(revision=3, status=RenderState.RUNNING, stage=Stage.PLANNING)
    with bench.database.transaction() as session:
        store_snapshot(session, render.project_id, early, now=NOW)
    await ActivityEnvironment().run(activities.record_progress, _update(render, 3, "project"))
    with bench.database.reading() as session:
        row = load_render(session, render.project_id)
    assert RenderSnapshot.model_validate(row.snapshot).credits_settled == 12


def test_what_reaches_the_history_is_a_sentence_of_ours() -> None:
    secret = "postgresql://user:password@db/fvs"
    error = to_application_error(RuntimeError(secret))
    assert isinstance(error, ApplicationError)
    assert secret not in str(error)
    assert "RuntimeError" in str(error)


async def test_a_partial_update_adds_to_the_clips_and_warnings_that_the_record_has(
    bench: Workbench,
) -> None:
    render = _stored_render(bench.database)
    activities = LedgerCreditActivities(bench)
    await ActivityEnvironment().run(activities.confirm_holds, _hold(render))
    whole = RenderSnapshot(
        revision=2,
        clips=(ClipSnapshot(index=1, attempts=1), ClipSnapshot(index=2)),
        warnings=("First.", "Second."),
    )
    part = RenderSnapshot(
        revision=3,
        clips=(ClipSnapshot(index=2, status=ClipState.FILMING),),
        warnings=("Second.", "Third."),
    )
    for snapshot, partial in ((whole, False), (part, True)):
        update = ProgressUpdate(project_id=render.project_id, snapshot=snapshot, partial=partial)
        await ActivityEnvironment().run(activities.record_progress, update)
    with bench.database.reading() as session:
        stored = RenderSnapshot.model_validate(load_render(session, render.project_id).snapshot)
    assert stored.clips == (
        ClipSnapshot(index=1, attempts=1),
        ClipSnapshot(index=2, status=ClipState.FILMING),
    )
    assert stored.warnings == ("First.", "Second.", "Third.")
