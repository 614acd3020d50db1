"""What the benchmarks of critical path, history and paying once make of what they measured."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise

from pydantic import JsonValue
from rich.console import Console
from sqlalchemy.orm import Session

from bench.bare_workflow import BareOrder
from bench.chaos import DeathPlan, number_of, project_id_of
from bench.critical_path import Size as Overhead
from bench.history import Extent, Growth, Size, finding
from bench.options import Options
from bench.pay_once_renders import KLING, VEO, Film, films, shots_of
from bench.pay_once_report import NaiveTally, Run
from bench.pay_once_report import finding as pay_once_finding
from bench.pay_once_tally import Tally, tally
from bench.renders import store
from studio.accounts.service import create_account
from studio.contracts.keys import preview_key
from studio.contracts.status import ClipSnapshot, ClipState, RenderSnapshot, RenderState
from studio.db.engine import Database
from studio.journal.repository import accept_attempt, begin_attempt, prepare_attempt
from studio.ledger import service as ledger
from studio.renders.repository import store_snapshot

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT = "acct_bench"
PROJECT = project_id_of(7, 3)


def _options() -> Options:
    return Options(Console(file=StringIO()))


def test_the_slower_of_both_clocks_is_held_against_the_target() -> None:
    size = Overhead(3, by_caller=[0.5, 0.6], by_history=[0.4, 0.7], bare_by_caller=[0.3, 0.2, 0.4])
    assert (size.worst, size.bare) == (0.7, 0.3)
    assert not size.met
    assert Overhead(3, by_caller=[0.6], by_history=[0.68]).met


def test_a_history_is_a_fixed_part_and_a_part_a_shot() -> None:
    growth = Growth.between((3, Extent(130, 5000)), (64, Extent(1350, 127000)))
    assert growth == Growth(a_shot=Extent(20, 2000), fixed=Extent(70, -1000))


def test_the_history_of_a_shot_is_compared_with_the_bare_one() -> None:
    sizes = [
        Size(_order(3), Extent(100, 50_000), Extent(90, 20_000)),
        Size(_order(64), Extent(1_320, 660_000), Extent(1_310, 142_000)),
    ]
    found = finding(_options(), sizes, rounds=1)
    assert (found.value, found.baseline, found.ratio) == (10_000, 2_000, 5.0)
    assert found.details["events_a_shot"] == 20


def test_each_moment_kills_every_nth_render_and_always_the_same() -> None:
    plan = DeathPlan(seed=7, stride=4, folder="")
    moment = "submit_clip:commit#1:after"
    killed = [number for number in range(12) if plan.dies(project_id_of(7, number), moment)]
    assert len(killed) == 3
    assert {later - former for former, later in pairwise(killed)} == {4}
    assert not DeathPlan(seed=7, stride=0, folder="").dies(PROJECT, moment)


def test_a_project_id_tells_the_render_s_number() -> None:
    assert number_of(project_id_of(7, 0x1_0003)) == 0x1_0003


def test_every_third_film_of_a_studio_has_two_shots() -> None:
    studios = [VEO, KLING]
    made = films(studios, [project_id_of(1, number) for number in range(8)], ACCOUNT)
    assert [len(film.render.plan.shots) for film in made] == [2, 2, 1, 1, 1, 1, 2, 2]
    assert [shots_of(number, 2) for number in range(8)] == [2, 2, 1, 1, 1, 1, 2, 2]
    assert {film.render.plan.models.video.provider for film in made} == {"google-cloud", "kling"}


def test_a_job_whose_clip_is_in_the_film_was_paid_for_something(database: Database) -> None:
    film = _filmed(database)
    counted = _tally(database, film, [_job("job-1")])
    assert (counted.clips, counted.billed_jobs, counted.orphaned_credits) == (1, 1, 0)
    assert counted.findings == []
    assert counted.amplification == 1.0


def test_a_second_job_for_the_same_attempt_is_an_orphan_at_the_plan_s_price(
    database: Database,
) -> None:
    film = _filmed(database)
    counted = _tally(database, film, [_job("job-1"), _job("job-2")])
    prices = {line.line_id: line.credits for line in film.render.plan.charges.lines}
    assert counted.orphaned_jobs == 1
    assert counted.orphaned_credits == prices["shot-001/video"] > 0
    assert counted.amplification == 2.0
    assert counted.findings != []


def test_a_clip_that_was_not_charged_is_found(database: Database) -> None:
    film = _filmed(database, charged=False)
    assert any("not those charged" in sentence for sentence in _tally(database, film, []).findings)


def test_what_failed_without_a_bill_is_no_orphan(database: Database) -> None:
    film = _filmed(database)
    counted = _tally(database, film, [_job("job-1"), _job("job-2", billed=False)])
    assert (counted.accepted_jobs, counted.billed_jobs, counted.orphaned_jobs) == (2, 1, 0)


def test_the_target_needs_a_hundred_renders_and_not_one_finding() -> None:
    good = Tally(clips=130, billed_jobs=130)
    good.renders["completed"] = 100
    few = Tally(clips=130, billed_jobs=130)
    few.renders["completed"] = 99
    bad = Tally(clips=130, billed_jobs=130, findings=["A charge was settled twice."])
    bad.renders["completed"] = 100
    assert [_pay_once(counted)["target_met"] for counted in (good, few, bad)] == [
        True,
        False,
        False,
    ]
    assert {"runs", "kills", "submits", "clips", "orphaned_credits"} <= set(_pay_once(good))


def _pay_once(counted: Tally) -> Mapping[str, JsonValue]:
    naive = NaiveTally(
        renders=10, shots=12, tries_max=3, clips=10, accepted=16, billed=15, deaths=4
    )
    run = Run(counted, settled=[], deaths=["a:b#1:after"], moments={"a:b#1:after"}, faults=_NONE)
    return pay_once_finding(_options(), run, naive, seed=7, providers=["kling"]).details


_NONE = Tally().renders


def _order(shots: int) -> BareOrder:
    return BareOrder(
        project_id="",
        shots=shots,
        calls_before=2,
        calls_a_shot=5,
        encodings_a_shot=1,
        encodings_after=1,
        writes=10,
        lines=12,
        media_queue="",
    )


def _job(job_id: str, *, billed: bool = True) -> dict[str, JsonValue]:
    return {
        "number": 1,
        "id": job_id,
        "call": "kling.submit",
        "billed": billed,
        "fingerprint": {"external_task_id": f"{PROJECT}-shot001-take1"},
    }


def _tally(database: Database, film: Film, jobs: Sequence[dict[str, JsonValue]]) -> Tally:
    with database.reading() as session:
        return tally(session, [film], {"jobs": list(jobs), "requests": []})


def _filmed(database: Database, *, charged: bool = True) -> Film:
    """A completed render of one shot at Kling, whose journal knows its order."""
    film = films([KLING, KLING, KLING, KLING], ["x", "x", "x", "x", PROJECT], ACCOUNT)[4]
    render = film.render
    with database.transaction() as session:
        create_account(session, account_id=ACCOUNT, name="Bench", now=NOW)
        wallet = ledger.open_wallet(session, owner=ACCOUNT, now=NOW)
        ledger.top_up(session, wallet=wallet, credits=10_000, reference="bench", now=NOW)
        store(session, film.frozen, render, now=NOW)
        _order_clip(session)
        clip = ClipSnapshot(
            index=1, status=ClipState.COMPLETED, attempts=1, video_key=preview_key(PROJECT, 1, 1)
        )
        lines = [line.line_id for line in render.plan.charges.lines]
        if not charged:
            lines.remove("shot-001/video")
        ledger.settle_lines(session, subject=PROJECT, line_ids=lines, now=NOW)
        ledger.release_open(session, subject=PROJECT, now=NOW)
        snapshot = RenderSnapshot(revision=9, status=RenderState.COMPLETED, clips=(clip,))
        store_snapshot(session, PROJECT, snapshot, now=NOW)
    return film


def _order_clip(session: Session) -> None:
    attempt_id = f"{PROJECT}-shot001-take1"
    begin_attempt(
        session,
        attempt_id=attempt_id,
        project_id=PROJECT,
        provider="kling",
        request_digest="d" * 64,
        now=NOW,
    )
    prepare_attempt(session, attempt_id, {}, now=NOW)
    accept_attempt(session, attempt_id, {"task_id": "job-1"}, now=NOW)
