"""The SDK's own client on a real connection, in every mode that it has."""

import pytest

from tests.api.kit import BRIEF, KEY_HEADER, ApiStack
from tests.api.serving import serving
from tests.mcp.kit import called, port_client


@pytest.mark.requirement("MCP-1")
@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
async def test_a_client_lists_submits_waits_and_cancels(stack: ApiStack, mode: str) -> None:
    key = stack.open_account()
    told: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert (total, message) == (10, "input: 0% of the film")
        told.append(progress)

    async with (
        serving(stack) as server,
        port_client(f"http://127.0.0.1:{server.port}", {KEY_HEADER: key}, mode=mode) as client,
    ):
        tools = (await client.list_tools()).tools
        own_url = f"http://127.0.0.1:{server.port}"
        submitted = await called(client, "fvs_submit_render", request=BRIEF)
        project_id = submitted["project_id"]
        await client.call_tool(
            "fvs_get_render_status",
            {"project_id": project_id, "wait_seconds": 10},
            progress_callback=note,
        )
        canceled = await called(client, "fvs_cancel_render", project_id=project_id)
    assert {"fvs_submit_render", "fvs_open_chatgpt_app"} <= {tool.name for tool in tools}
    assert submitted["status_url"].startswith(f"{own_url}/api/agent/renders/")
    assert told == [0, 5]
    assert canceled["cancel_requested"] is True
