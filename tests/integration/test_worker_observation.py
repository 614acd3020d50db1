"""What a worker tells of its renders: log lines that name their run, and metrics over HTTP."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import structlog
from temporalio.client import Client, WorkflowFailureError

from runtime.failures import data_converter
from runtime.observation import quiet_sdk_loggers
from runtime.ports import free_port
from runtime.settings import Settings
from runtime.telemetry import worker_runtime
from runtime.temporal_server import RunningTemporal
from runtime.worker import interceptors
from studio.contracts.errors import StudioError
from studio.contracts.workflow_io import RenderInput
from studio.providers.errors import ProviderRejected
from tests.kit.logs import LogLines, logged
from tests.kit.metrics import Scrape, scrape
from tests.kit.renders import render_input
from tests.kit.runs import running
from tests.kit.scripted import Script, ScriptedStudio

pytestmark = pytest.mark.temporal

KEY = "fvs_live_" + "k3Y" * 12 + "ab"
SIGNATURE = "5ae1" * 16
TOKEN = "t0k3n" * 6
SECRETS = (KEY, SIGNATURE, TOKEN)
LEAK = f"{KEY} at https://h/f.mp4?X-FVS-Expires=1&X-FVS-Signature={SIGNATURE}&claim_token={TOKEN}"


@dataclass(frozen=True)
class Watched:
    """A client whose workers serve their metrics on `port`."""

    client: Client
    port: int

    def scrape(self) -> Scrape:
        return scrape(self.port)


@pytest.fixture(scope="module")
async def watched(temporal_server: RunningTemporal) -> Watched:
    settings = Settings(worker_metrics_port=free_port())
    assert settings.worker_metrics_port is not None
    client = await Client.connect(
        temporal_server.address,
        namespace=temporal_server.namespace,
        data_converter=data_converter,
        runtime=worker_runtime(settings),
    )
    return Watched(client, settings.worker_metrics_port)


@pytest.fixture
def log() -> Iterator[LogLines]:
    with logged("worker") as lines:
        quiet_sdk_loggers()
        yield lines


def observed(script: Script | None = None) -> ScriptedStudio:
    return ScriptedStudio(script=script or {}, interceptors=tuple(interceptors()))


def once(error: Callable[[], Exception]) -> Callable[[int], None]:
    """A step whose first call raises this."""

    def step(call: int) -> None:
        if call == 1:
            raise error()

    return step


async def history_of(watched: Watched, render: RenderInput) -> bytes:
    """Everything that Temporal keeps of a run: payloads are JSON inside of it."""
    handle = watched.client.get_workflow_handle(render.project_id)
    history = await handle.fetch_history()
    description = await handle.describe()
    parts = [event.SerializeToString() for event in history.events]
    return b"\n".join([*parts, description.raw_description.SerializeToString()])


async def test_every_line_inside_a_render_names_its_run(watched: Watched, log: LogLines) -> None:
    def tell(_call: int) -> None:
        structlog.get_logger("ours").info("told by us")
        logging.getLogger("theirs").warning("told by a library")

    studio, render = observed({"plan_shots": tell}), render_input(shots=1)
    async with running(watched.client, studio, render) as handle:
        await handle.result()
        run_id = handle.result_run_id or handle.first_execution_run_id
    for event in ("told by us", "told by a library"):
        [line] = log.events(event)
        assert line["project_id"] == render.project_id
        assert line["run_id"] == run_id
        assert (line["activity"], line["attempt"]) == ("plan_shots", 1)
    [end] = log.events("render ended")
    assert end["project_id"] == render.project_id
    assert end["run_id"] == run_id
    assert end["status"] == "completed"
    assert end["credits_settled"] == render.plan.charges.total_credits


async def test_each_activity_tells_its_end_once_and_a_replay_tells_nothing(
    watched: Watched, log: LogLines
) -> None:
    studio, render = observed(), render_input(shots=2)
    async with running(watched.client, studio, render) as handle:
        await handle.result()
    # `running` has replayed the whole history by now, in this process.
    assert len(log.events("render ended")) == 1
    ends = [line for line in log.events("activity ended") if line["activity"] == "draw_keyframe"]
    assert [line["outcome"] for line in ends] == ["completed", "completed"]
    assert all(isinstance(line["duration_seconds"], float) for line in ends)


async def test_an_unexpected_error_keeps_its_traceback_in_the_log_and_out_of_the_history(
    watched: Watched, log: LogLines
) -> None:
    studio = observed({"plan_shots": once(lambda: RuntimeError(f"a defect with {LEAK}"))})
    render = render_input(shots=1)
    async with running(watched.client, studio, render) as handle:
        await handle.result()
    [line] = [line for line in log.events("activity ended") if line["outcome"] == "failed"]
    assert (line["code"], line["level"], line["attempt"]) == ("unexpected", "error", 1)
    assert line["project_id"] == render.project_id
    assert "RuntimeError: a defect with fvs_live_[redacted]" in str(line["exception"])
    assert log.events("Completing activity as failed") == []
    history = await history_of(watched, render)
    assert b"a defect" not in history
    assert [secret for secret in SECRETS if secret in log.text] == []


class Refused(StudioError):
    code = "refused_here"


@pytest.mark.parametrize("kind", [ProviderRejected, Refused])
async def test_a_secret_in_a_providers_sentence_reaches_neither_log_nor_history(
    kind: type[StudioError], watched: Watched, log: LogLines
) -> None:
    studio = observed({"submit_clip": once(lambda: kind(f"We do not film {LEAK}"))})
    render = render_input(shots=1)
    async with running(watched.client, studio, render) as handle:
        with contextlib.suppress(WorkflowFailureError):
            await handle.result()
    history = await history_of(watched, render)
    assert b"We do not film" in history
    assert [secret for secret in SECRETS if secret.encode() in history] == []
    assert [secret for secret in SECRETS if secret in log.text] == []
    assert "We do not film" in log.text


async def test_renders_shots_stages_and_credits_are_counted_once(
    watched: Watched, log: LogLines
) -> None:
    before = watched.scrape()
    rejected = ProviderRejected("No.")
    studio = observed({"submit_clip/2": once(lambda: rejected)})
    render = render_input(shots=3)
    async with running(watched.client, studio, render) as handle:
        await handle.result()
    after = watched.scrape()

    def grown(name: str, **labels: str) -> float:
        return after.value(name, labels) - before.value(name, labels)

    assert grown("fvs_renders_ended_total", status="completed") == 1
    assert grown("fvs_render_duration_seconds_count", status="completed") == 1
    assert grown("fvs_shots_ended_total", outcome="filmed") == 2
    assert grown("fvs_shots_ended_total", outcome="replaced") == 1
    assert grown("fvs_credits_settled_total", kind="video") == 240
    assert grown("fvs_credits_released_total", kind="video") == 120
    assert grown("fvs_credits_settled_total") == sum(studio.prices[line] for line in studio.settled)
    assert grown("fvs_credits_released_total") == sum(
        studio.prices[line] for line in studio.released
    )
    for stage in ("input", "planning", "storyboarding", "filming", "production"):
        assert grown("fvs_stage_duration_seconds_count", stage=stage) == 1
    assert (
        grown("fvs_activity_failures_total", code="provider_rejected", activity_type="submit_clip")
        == 1
    )
    assert log.events("render ended")[0]["shots"] == 3


async def test_the_sdks_own_metrics_are_on_the_same_page(watched: Watched) -> None:
    async with running(watched.client, observed(), render_input(shots=1)) as handle:
        await handle.result()
    names = watched.scrape().names()
    assert "temporal_workflow_completed_total" in names
    assert "temporal_activity_execution_latency_seconds_bucket" in names


async def test_no_id_and_no_secret_is_a_label(watched: Watched) -> None:
    studio = observed({"submit_clip": once(lambda: type("E", (StudioError,), {"code": KEY})("x"))})
    render = render_input(shots=1)
    async with running(watched.client, studio, render) as handle:
        await handle.result()
    values = watched.scrape().label_values()
    assert [value for value in values if render.project_id in value or KEY in value] == []
    assert "other" in values
