"""What a render depends on goes away and comes back: nothing is lost, nothing charged twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from runtime.temporal_config import load_temporal_config
from runtime.temporal_server import RunningTemporal, start_temporal
from tests.kit.client import SHORT_FILM, Agent
from tests.kit.film import check_film
from tests.kit.operator import forget, sweep, terminate
from tests.kit.stack import FAST, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


def test_a_render_goes_on_while_the_gateway_is_restarted(
    stack: Stack, agent: Agent, tmp_path: Path
) -> None:
    stack.start_worker(hold="before-put:screenplay.json")
    project_id = agent.submit()["project_id"]
    stack.wait_until_held()
    before = agent.status(project_id)
    stack.kill("gateway")
    stack.kill("worker")
    stack.start_worker(hold="before-put:screenplay.json")
    stack.start_gateway()
    assert agent.status(project_id)["revision"] >= before["revision"]
    resource = agent.wait_until_ended(project_id)
    assert resource["status"] == "completed"
    check_film(agent.download(resource["final_video_url"], tmp_path / "film.mp4"), seconds=4)
    assert agent.audit() == []


def test_a_gateway_killed_between_the_insert_and_the_start_loses_no_render(
    stack: Stack, agent: Agent
) -> None:
    """The row was committed and Temporal was never told: the sweep starts it."""
    project_id = agent.submit()["project_id"]
    forget(stack, project_id)
    stack.start_worker()
    assert project_id in sweep(stack).started
    assert agent.wait_until_ended(project_id)["status"] == "completed"
    assert agent.audit() == []


def test_the_holds_of_a_terminated_workflow_are_released(stack: Stack, agent: Agent) -> None:
    stack.start_worker(hold="before-put:screenplay.json")
    project_id = agent.submit()["project_id"]
    stack.wait_until_held()
    terminate(stack, project_id)
    stack.kill("worker")
    stack.start_worker(hold="before-put:screenplay.json")
    assert project_id in sweep(stack).released
    resource = agent.status(project_id)
    assert (resource["status"], resource["is_running"]) == ("failed", False)
    assert agent.audit() == []
    assert agent.money(project_id).settled == resource["credits_settled"]


def test_while_the_database_is_locked_calls_are_told_when_to_come_back(
    stack: Stack, agent: Agent
) -> None:
    stack.start_worker(hold="before-put:keyframe-1.png")
    project_id = agent.submit()["project_id"]
    stack.wait_until_held()
    with closing(sqlite3.connect(stack.directory / "fvs.db", isolation_level=None)) as blocker:
        blocker.execute("BEGIN EXCLUSIVE")
        refused = httpx2.post(
            f"{stack.base_url}/api/agent/renders",
            headers=stack.headers,
            json=SHORT_FILM,
            timeout=30,
        )
        stack.kill("worker")
        stack.start_worker(hold="before-put:keyframe-1.png")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
        assert refused.headers["Content-Type"] == "application/problem+json"
        blocker.execute("ROLLBACK")
    assert agent.wait_until_ended(project_id)["status"] == "completed"
    assert agent.audit() == []


def test_a_store_that_refuses_for_a_while_only_delays_the_film(stack: Stack, agent: Agent) -> None:
    stack.start_worker(fail="clip-1.mov")
    project_id = agent.submit()["project_id"]
    stack.wait_for((stack.chaos / "refused").exists, "the store refuses the clip")
    assert agent.status(project_id)["status"] == "running"
    (stack.chaos / "mended").touch()
    assert agent.wait_until_ended(project_id)["status"] == "completed"
    assert len(stack.orders()) == 1
    assert agent.audit() == []


@contextmanager
def _impatient(folder: Path, server: RunningTemporal, **limits: float) -> Iterator[Stack]:
    """A deployment that gives up after these limits, with its gateway running."""
    deployment = Stack(folder, server.address, timings=FAST.model_copy(update=limits))
    try:
        deployment.start_gateway()
        yield deployment
    finally:
        deployment.stop()


@pytest.fixture
def hasty(tmp_path: Path, temporal_server: RunningTemporal) -> Iterator[Stack]:
    """Tries a step that fails for a quarter of a minute only."""
    limits = {"stage_deadline_seconds": 15.0, "join_timeout_seconds": 15.0}
    with _impatient(tmp_path / "hasty", temporal_server, **limits) as deployment:
        yield deployment


@pytest.fixture
def tired_of_waiting(tmp_path: Path, temporal_server: RunningTemporal) -> Iterator[Stack]:
    """Waits half a minute for a clip that never comes, and as long as usual for all else."""
    limits = {"clip_timeout_seconds": 30.0}
    with _impatient(tmp_path / "tired", temporal_server, **limits) as deployment:
        yield deployment


def test_no_room_for_the_film_ends_in_a_clear_failure_with_the_clips_kept(
    hasty: Stack, tmp_path: Path
) -> None:
    agent = Agent(hasty)
    hasty.start_worker(fail="_final.mp4")
    resource = agent.wait_until_ended(agent.submit()["project_id"])
    agent.close()
    assert resource["status"] == "failed"
    assert resource["last_error"] == "No room is left in the store."
    assert resource["current_stage"] == "production"
    assert resource["final_video_url"] is None
    check_film(agent.download(resource["clips"][0]["video_url"], tmp_path / "clip.mp4"), seconds=4)
    money = agent.money(resource["project_id"])
    assert money.settled == resource["credits_settled"] == resource["credits_reserved"] - 10 - 2
    assert agent.audit() == []


def test_a_provider_that_hangs_costs_one_shot_and_not_the_render(tired_of_waiting: Stack) -> None:
    """The first poll never answers: that shot is given up, replaced and not charged."""
    agent = Agent(tired_of_waiting)
    tired_of_waiting.start_worker(hold="poll")
    payload = SHORT_FILM | {"shot_count": 2, "screenplay": "Shot 1: A boat. Shot 2: A bridge."}
    resource = agent.wait_until_ended(agent.submit(payload)["project_id"])
    agent.close()
    assert resource["status"] == "completed"
    assert sorted(clip["status"] for clip in resource["clips"]) == ["completed", "replaced"]
    video, critic = 60, 5
    assert resource["credits_settled"] == resource["credits_reserved"] - video - critic
    assert agent.audit() == []
    assert sorted(order[-5:] for order in tired_of_waiting.orders()) == ["take0", "take1", "take1"]


def test_a_render_goes_on_after_temporal_itself_was_killed(tmp_path: Path) -> None:
    config = load_temporal_config()
    database, log = tmp_path / "temporal.db", tmp_path / "temporal.log"
    server = start_temporal(config, log_file=log, db_file=database, headless=True)
    stack = Stack(tmp_path / "stack", server.address)
    try:
        stack.start_gateway()
        agent = Agent(stack)
        stack.start_worker(hold="before-put:keyframe-1.png")
        project_id = agent.submit()["project_id"]
        stack.wait_until_held()
        server.child.process.kill()
        server.child.finish(10)
        assert agent.status(project_id)["status"] == "running"
        refused = httpx2.post(
            f"{stack.base_url}/api/agent/renders",
            headers=stack.headers,
            json=SHORT_FILM,
            timeout=30,
        )
        assert refused.status_code == 503
        stack.kill("worker")
        port = int(server.address.rpartition(":")[2])
        server = start_temporal(config, log_file=log, db_file=database, port=port, headless=True)
        stack.start_worker(hold="before-put:keyframe-1.png")
        assert agent.wait_until_ended(project_id)["status"] == "completed"
        assert agent.audit() == []
        agent.close()
    finally:
        stack.stop()
        server.stop()
