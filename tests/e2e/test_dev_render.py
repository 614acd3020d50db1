"""The real stack: a render goes on whatever is killed, and is still there after a restart."""

import json
import os
import signal
from pathlib import Path
from typing import Self

import httpx2
import pytest
from pydantic import BaseModel, ConfigDict

from tests.e2e.dev_driver import RunningStack, free_ports, fvs_dev, running_stack, until

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]

BRIEF = {
    "name": "One shot",
    "screenplay": "Shot 1: A glass airship drifts over a frozen city.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "video_resolution": "720p",
    "stage_voice_briefs_enabled": False,
}


class Render(BaseModel):
    model_config = ConfigDict(extra="ignore")

    project_id: str
    status: str
    final_video_url: str | None
    credits_reserved: int
    credits_settled: int


class Api:
    """A client of a running stack."""

    def __init__(self, stack: RunningStack) -> None:
        self.client = httpx2.Client(
            base_url=f"{stack.note.gateway_url}/api/agent",
            headers={"X-FVS-Agent-Key": stack.note.api_key},
            trust_env=False,
            timeout=30.0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def submit(self) -> Render:
        form = {"request_json": (None, json.dumps(BRIEF))}
        answer = self.client.post("/renders", files=form)
        assert answer.status_code == 201, answer.text
        return Render.model_validate_json(answer.content)

    def look(self, project_id: str) -> Render | None:
        try:
            answer = self.client.get(f"/renders/{project_id}")
        except httpx2.HTTPError:
            return None
        return Render.model_validate_json(answer.content) if answer.is_success else None


def ended(api: Api, project_id: str) -> bool:
    render = api.look(project_id)
    return render is not None and render.status in {"completed", "failed", "canceled"}


@pytest.mark.requirement("FLOW-1")
def test_a_render_outlives_its_processes_and_a_restart_of_the_stack(tmp_path: Path) -> None:
    ports = free_ports()
    with running_stack(tmp_path, ports, fvs_dev) as stack, Api(stack) as api:
        project_id = api.submit().project_id
        before = stack.pids.model_dump()
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not set(before.values()) & set(stack.pids.model_dump().values()))
        until(lambda: api.look(project_id) is not None)
        assert stack.stop() == 0
    with running_stack(tmp_path, ports, fvs_dev) as stack, Api(stack) as api:
        until(lambda: ended(api, project_id))
        render = api.look(project_id)
        assert render is not None
        assert render.status == "completed"
        assert render.credits_settled == render.credits_reserved
        assert render.final_video_url is not None
        film = httpx2.get(render.final_video_url, trust_env=False)
        assert film.content[4:8] == b"ftyp"
