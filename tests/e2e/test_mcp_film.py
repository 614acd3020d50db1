"""A film over MCP alone, by real processes: submitted, waited for, and there."""

from pathlib import Path
from typing import Any

import pytest

from tests.kit.client import SHORT_FILM, TERMINAL, Agent
from tests.kit.stack import Stack
from tests.mcp.kit import MODES, called, port_client

pytestmark = [pytest.mark.e2e, pytest.mark.temporal]


@pytest.mark.requirement("MCP-1", "MCP-5")
@pytest.mark.parametrize("mode", MODES)
async def test_a_film_is_made_over_mcp_alone(
    stack: Stack, agent: Agent, tmp_path: Path, mode: str
) -> None:
    stack.start_worker()
    statuses: list[dict[str, Any]] = []
    async with port_client(stack.base_url, stack.headers, mode=mode) as client:
        submitted = await called(client, "fvs_submit_render", request=SHORT_FILM)
        project_id = submitted["project_id"]
        while not statuses or statuses[-1]["status"] not in TERMINAL:
            told = await called(
                client, "fvs_get_render_status", project_id=project_id, wait_seconds=45
            )
            statuses.append(told)
    revisions = [told["revision"] for told in statuses]
    assert revisions == sorted(revisions)
    assert (statuses[-1]["status"], statuses[-1]["progress_percent"]) == ("completed", 100)
    film = agent.download(statuses[-1]["final_video_url"], tmp_path / "film.mp4")
    assert film.stat().st_size > 0
