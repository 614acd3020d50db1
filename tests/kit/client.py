"""A caller of a test's stack: submits, polls and downloads over HTTP, as an agent does."""

import json
import time
from pathlib import Path
from typing import Any

import httpx2

from studio.ledger import service as ledger
from tests.kit.stack import ACCOUNT, LOOK_SECONDS, NeverHappened, Stack

TERMINAL = ("completed", "failed", "canceled")
POLL_SECONDS_MAX = 1.5
"""The contract's own promise: a status answers within this, even right after a kill."""

SHORT_FILM = {
    "name": "A short film",
    "screenplay": "Shot 1: A paper boat drifts along a gutter after the rain.",
    "shot_count": 1,
    "scene_target_duration_seconds": 4,
    "stage_voice_briefs_enabled": True,
    "style_prompt": "slow piano",
}


class Agent:
    """Talks to one stack with its account's key. `revisions`: the newest one of each render."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._http = httpx2.Client(
            base_url=f"{stack.base_url}/api/agent", headers=stack.headers, timeout=30
        )
        self.revisions: dict[str, int] = {}

    def submit(
        self, payload: dict[str, Any] | None = None, files: list[Path] | None = None
    ) -> dict[str, Any]:
        parts: list[tuple[str, Any]] = [
            ("request_json", (None, json.dumps(payload or SHORT_FILM).encode()))
        ]
        parts += [("files", (path.name, path.read_bytes())) for path in files or []]
        response = self._http.post("/renders", files=parts)
        assert response.status_code == 201, response.text
        return dict(response.json())

    def status(self, project_id: str) -> dict[str, Any]:
        """One poll. It must answer, in time, and never with an older revision."""
        response = self._http.get(f"/renders/{project_id}", timeout=POLL_SECONDS_MAX)
        assert response.status_code == 200, response.text
        resource = dict(response.json())
        assert resource["revision"] >= self.revisions.get(project_id, 0)
        self.revisions[project_id] = resource["revision"]
        return resource

    def cancel(self, project_id: str) -> dict[str, Any]:
        response = self._http.post(f"/renders/{project_id}/cancel")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def wait_until_ended(self, project_id: str, seconds: float = 120) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while (resource := self.status(project_id))["status"] not in TERMINAL:
            if time.monotonic() > deadline:
                raise NeverHappened(f"the render did not end: {resource}")
            time.sleep(LOOK_SECONDS * 4)
        return resource

    def download(self, url: str, destination: Path) -> Path:
        response = httpx2.get(url, timeout=30)
        assert response.status_code == 200, response.text
        destination.write_bytes(response.content)
        return destination

    def money(self, project_id: str) -> ledger.SubjectSummary:
        with self._stack.database.reading() as session:
            return ledger.summary(session, subject=project_id)

    def audit(self) -> list[str]:
        """What does not add up in the ledger, and credits held for nothing."""
        with self._stack.database.reading() as session:
            findings = ledger.audit(session)
            held = ledger.balance(session, wallet=ledger.wallet_id(ACCOUNT)).held
        return [*findings, *([f"{held} credits are still held"] if held else [])]

    def close(self) -> None:
        self._http.close()
