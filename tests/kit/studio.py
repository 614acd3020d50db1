"""A deployment whose models are the vendors' server, shared by the tests of one process.

Starting gateway and worker takes longer than most renders. Each test gets new books, no faults and
a director of its own; what it needs to see of an older render it keeps.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.kit.client import Agent
from tests.kit.director import Director
from tests.kit.stack import Stack
from tests.kit.vendors.books import Books
from tests.kit.vendors.server import VendorServer

GOOGLE_KEY = "AIza-a-key-of-the-test-suite-0123456789"
FAL_KEY = "fal-id-of-the-tests:fal-secret-of-the-tests"
KLING_KEY = "kling-key-of-the-test-suite-0123456789"
OMNI_IMAGE = "omni-image-backend-1"
OMNI_VIDEO = "gemini-omni-1.2-flash"
KLING = "kling-v3-pro-image-to-video"
RENDER_SECONDS_MAX = 180

ONE_SHOT: dict[str, Any] = {
    "name": "One shot",
    "screenplay": "Shot 1: A knight draws a sword.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "stage_voice_briefs_enabled": False,
    "video_model": KLING,
}


@dataclass
class Made:
    """A render that has ended, and what the vendors saw of it."""

    resource: dict[str, Any]
    books: Books
    director: Director
    uploads: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def project_id(self) -> str:
        return str(self.resource["project_id"])

    @property
    def clips(self) -> list[dict[str, Any]]:
        return list(self.resource["clips"])

    @property
    def warnings(self) -> list[str]:
        return list(self.resource["warnings"])


@dataclass
class Studio:
    stack: Stack
    agent: Agent
    vendors: VendorServer

    def fresh(self) -> None:
        """Forget the last test: new books, no faults, nothing scripted; and a worker that runs."""
        self.vendors.fresh()
        self.vendors.responder = Director()
        if "worker" not in self.stack.children:
            self.stack.start_worker()

    @property
    def director(self) -> Director:
        responder = self.vendors.responder
        assert isinstance(responder, Director)
        return responder

    def direct(self, director: Director) -> Director:
        self.vendors.responder = director
        return director

    def submit(self, brief: dict[str, Any], files: list[Path] | None = None) -> str:
        return str(self.agent.submit(brief, files)["project_id"])

    def ended(self, project_id: str) -> Made:
        resource = self.agent.wait_until_ended(project_id, seconds=RENDER_SECONDS_MAX)
        uploads = dict(self.vendors.uploads)
        return Made(resource, self.vendors.books, self.director, uploads)

    def completed(self, brief: dict[str, Any], files: list[Path] | None = None) -> Made:
        made = self.ended(self.submit(brief, files))
        assert made.resource["status"] == "completed", made.resource
        return made

    def film_of(self, made: Made, folder: Path) -> Path:
        return self.agent.download(made.resource["final_video_url"], folder / "film.mp4")

    def estimate(self, brief: dict[str, Any]) -> dict[str, Any]:
        answer = self._post("/estimate", brief)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refused(self, brief: dict[str, Any]) -> dict[str, Any]:
        """The problem that a submission is refused with."""
        answer = self._post("", brief)
        assert answer.status_code == 422, answer.text
        return dict(answer.json())

    def _post(self, path: str, brief: dict[str, Any]) -> httpx2.Response:
        address = f"{self.stack.base_url}/api/agent/renders{path}"
        return httpx2.post(address, json=brief, headers=self.stack.headers, timeout=30)

    def receipt(self, made: Made) -> dict[str, dict[str, Any]]:
        """The lines of the receipt by their ids."""
        answer = httpx2.get(
            f"{made.resource['status_url']}/receipt", headers=self.stack.headers, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return {line["line_id"]: line for line in answer.json()["lines"]}

    def assert_no_key_in(self, made: Made) -> None:
        logs = [path.read_text() for path in self.stack.directory.glob("*.log")]
        for key in (GOOGLE_KEY, FAL_KEY, FAL_KEY.split(":")[1], KLING_KEY):
            assert not [text for text in (json.dumps(made.resource), *logs) if key in text]


@contextmanager
def running_studio(
    folder: Path, temporal_address: str, vendors: VendorServer, **variables: str
) -> Iterator[Studio]:
    """Gateway and worker against `vendors`, with these settings and Google's key."""
    stack = Stack(folder, temporal_address, credits_granted=100_000)
    stack.variables.update(
        FVS_UNCONFIGURED_MODELS="refuse",
        FVS_GOOGLE_API_KEY=GOOGLE_KEY,
        FVS_GOOGLE_BASE_URL=vendors.url,
        **variables,
    )
    try:
        stack.start_worker()
        stack.start_gateway()
        agent = Agent(stack)
        yield Studio(stack, agent, vendors)
        agent.close()
    finally:
        stack.stop()
